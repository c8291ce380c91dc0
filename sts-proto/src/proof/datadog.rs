//! Datadog.

use std::time::SystemTime;

use super::Proof;
use super::draft::Draft;
use super::error::ProofError;
use super::request::{Header, Place, Signed};
use crate::base64::STANDARD;
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::secret::Secret;

/// The proof of Datadog's cloud authentication, which its API exchanges for an access token: body, headers, method and
/// URL with bars between them, all but the method in base64.
///
/// Source: Datadog's documentation, "Cloud-based authentication", and its API client for Python.
///
/// ```
/// # use std::time::SystemTime;
/// # use sts_proto::Credentials;
/// # use sts_proto::endpoint::{Endpoint, EndpointParams};
/// use sts_proto::proof::{Proof, Datadog};
///
/// # let region = Some("eu-west-1");
/// # let params = EndpointParams { region, ..Default::default() };
/// # let endpoint = Endpoint::resolve(&params)?;
/// # let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let org = "3a1b2c3d-4e5f-6789-abcd-ef0123456789";
/// let login = Datadog::new(org);
/// let proof = login.prove(&endpoint, &keys, SystemTime::now())?;
/// # let _ = proof;
/// # Ok::<(), sts_proto::proof::ProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datadog {
    org_uuid: String,
}

impl Datadog {
    /// For the organization with this UUID.
    pub fn new(org_uuid: impl Into<String>) -> Self {
        Self { org_uuid: org_uuid.into() }
    }
}

impl Proof for Datadog {
    type Output = Secret;

    fn prove(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Secret, ProofError> {
        let headers =
            [Header { name: "x-ddog-org-id", value: &self.org_uuid, argument: "organization's uuid" }];
        let signed = Signed::post(Place::Body, &headers, endpoint, credentials, now)?;
        let (headers, url) = (signed.headers_json(true), signed.url_without_slash());
        let mut token = Draft::with_capacity(128 + (headers.len() + url.len()) * 3 / 2);
        token.put_base64(STANDARD, signed.body().as_bytes());
        token.put("|");
        token.put_base64(STANDARD, headers.as_bytes());
        token.put("|");
        token.put(signed.method());
        token.put("|");
        token.put_base64(STANDARD, url.as_bytes());
        Ok(token.into_secret())
    }
}
