//! Snowflake.

use std::time::SystemTime;

use super::Proof;
use super::draft::Draft;
use super::error::ProofError;
use super::request::{Header, Place, Signed};
use crate::base64::STANDARD;
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::secret::Secret;

/// The attestation of an AWS workload for Snowflake's workload identity federation: JSON with URL, method and headers, in
/// base64. It goes to the login request as `TOKEN`, with `AWS` as provider.
///
/// Source: Snowflake's documentation, "Workload identity federation", and its connector for Python.
///
/// ```
/// # use std::time::SystemTime;
/// # use sts_proto::Credentials;
/// # use sts_proto::endpoint::{Endpoint, EndpointParams};
/// use sts_proto::proof::{Proof, Snowflake};
///
/// # let region = Some("eu-west-1");
/// # let params = EndpointParams { region, ..Default::default() };
/// # let endpoint = Endpoint::resolve(&params)?;
/// # let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let login = Snowflake::new();
/// let token = login.prove(&endpoint, &keys, SystemTime::now())?;
/// # let _ = token;
/// # Ok::<(), sts_proto::proof::ProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Snowflake {}

impl Snowflake {
    /// For Snowflake, which has one audience.
    pub fn new() -> Self {
        Self {}
    }
}

impl Proof for Snowflake {
    type Output = Secret;

    fn prove(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Secret, ProofError> {
        let audience = "snowflakecomputing.com";
        let headers = [Header { name: "X-Snowflake-Audience", value: audience, argument: "audience" }];
        let signed = Signed::post(Place::Query, &headers, endpoint, credentials, now)?;
        let mut json = Draft::with_capacity(signed.size());
        json.put("{\"url\":");
        json.put_json(&signed.url());
        json.put(",\"method\":");
        json.put_json(signed.method());
        json.put(",\"headers\":");
        signed.put_headers(false, &mut json);
        json.put("}");
        let mut token = Draft::with_capacity(STANDARD.length(json.len()));
        token.put_base64(STANDARD, json.as_bytes());
        Ok(token.into_secret())
    }
}
