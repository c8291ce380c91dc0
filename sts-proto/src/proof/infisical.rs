//! Infisical.

use std::time::SystemTime;

use super::Proof;
use super::draft::Draft;
use super::error::ProofError;
use super::request::{Place, Signed};
use crate::base64::STANDARD;
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::secret::Secret;

/// A login with the AWS auth of Infisical: JSON to post to [`PATH`](Self::PATH). Infisical names itself in no header, so
/// a proof for one server serves for every other one of its kind.
///
/// Source: Infisical's documentation, "AWS Auth".
///
/// ```
/// # use std::time::SystemTime;
/// # use sts_proto::Credentials;
/// # use sts_proto::endpoint::{Endpoint, EndpointParams};
/// use sts_proto::proof::{Proof, Infisical};
///
/// # let region = Some("eu-west-1");
/// # let params = EndpointParams { region, ..Default::default() };
/// # let endpoint = Endpoint::resolve(&params)?;
/// # let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let id = "7f0f2b7e-1111-2222-3333-444455556666";
/// let login = Infisical::new(id);
/// let body = login.prove(&endpoint, &keys, SystemTime::now())?;
/// println!("POST {}", Infisical::PATH);
/// # let _ = body;
/// # Ok::<(), sts_proto::proof::ProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Infisical {
    identity_id: String,
}

impl Infisical {
    /// For the machine identity with this id.
    pub fn new(identity_id: impl Into<String>) -> Self {
        Self { identity_id: identity_id.into() }
    }

    /// Where to post.
    pub const PATH: &str = "/api/v1/auth/aws-auth/login";
}

impl Proof for Infisical {
    type Output = Secret;

    fn prove(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Secret, ProofError> {
        let signed = Signed::post(Place::Body, &[], endpoint, credentials, now)?;
        let headers = signed.headers_json(false);
        let mut json = Draft::with_capacity(512 + headers.len() * 3 / 2);
        json.put("{\"identityId\":");
        json.put_json(&self.identity_id);
        json.put(",\"iamHttpRequestMethod\":");
        json.put_json(signed.method());
        json.put(",\"iamRequestBody\":\"");
        json.put_base64(STANDARD, signed.body().as_bytes());
        json.put("\",\"iamRequestHeaders\":\"");
        json.put_base64(STANDARD, headers.as_bytes());
        json.put("\"}");
        Ok(json.into_secret())
    }
}
