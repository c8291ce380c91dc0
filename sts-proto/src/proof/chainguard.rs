//! Chainguard.

use std::time::SystemTime;

use super::Proof;
use super::draft::Draft;
use super::error::ProofError;
use super::request::{Header, Place, Signed};
use crate::base64::URL_PADDED;
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::secret::Secret;

/// The token of an AWS identity for Chainguard, which its security token service exchanges: an HTTP/1.1 request in
/// base64url with padding. `POST /` with the action in the query, `Accept: application/json`, and audience and identity
/// in signed headers.
///
/// Source: Chainguard's package `sdk`, `auth/aws`.
///
/// ```
/// # use std::time::SystemTime;
/// # use sts_proto::Credentials;
/// # use sts_proto::endpoint::{Endpoint, EndpointParams};
/// use sts_proto::proof::{Proof, Chainguard};
///
/// # let region = Some("eu-west-1");
/// # let params = EndpointParams { region, ..Default::default() };
/// # let endpoint = Endpoint::resolve(&params)?;
/// # let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let issuer = "https://issuer.enforce.dev";
/// let identity = Chainguard::new(issuer, "0123456789abcdef");
/// let token = identity.prove(&endpoint, &keys, SystemTime::now())?;
/// # let _ = token;
/// # Ok::<(), sts_proto::proof::ProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chainguard {
    audience: String,
    identity: String,
}

impl Chainguard {
    /// For this audience (the URL of the issuer) and the id of the identity to be assumed.
    pub fn new(audience: impl Into<String>, identity: impl Into<String>) -> Self {
        Self { audience: audience.into(), identity: identity.into() }
    }
}

impl Proof for Chainguard {
    type Output = Secret;

    fn prove(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Secret, ProofError> {
        let headers = [
            Header { name: "Accept", value: "application/json", argument: "media type" },
            Header { name: "Chainguard-Audience", value: &self.audience, argument: "audience" },
            Header { name: "Chainguard-Identity", value: &self.identity, argument: "identity" },
        ];
        let signed = Signed::post(Place::Query, &headers, endpoint, credentials, now)?;
        let http = signed.http();
        let mut token = Draft::with_capacity(URL_PADDED.length(http.len()));
        token.put_base64(URL_PADDED, http.as_bytes());
        Ok(token.into_secret())
    }
}
