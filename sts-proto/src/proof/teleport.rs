//! Teleport.

use std::time::SystemTime;

use super::Proof;
use super::error::ProofError;
use super::request::{Header, Place, Signed};
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::secret::Secret;

/// The answer to the challenge of a Teleport cluster for the join method `iam`: an HTTP/1.1 request as it is sent, `POST
/// /` with `Accept: application/json` and the challenge in the signed header `X-Teleport-Challenge`.
///
/// Source: Teleport's documentation, "Joining Services via AWS IAM Role", and RFD 41.
///
/// ```
/// # use std::time::SystemTime;
/// # use sts_proto::Credentials;
/// # use sts_proto::endpoint::{Endpoint, EndpointParams};
/// use sts_proto::proof::{Proof, Teleport};
///
/// # let region = Some("eu-west-1");
/// # let params = EndpointParams { region, ..Default::default() };
/// # let endpoint = Endpoint::resolve(&params)?;
/// # let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let challenge = "mlU7/5Fup9eSD0d2pjJz29io/McKRmrm6Y7Jy45QGs8";
/// let answer = Teleport::new(challenge);
/// let request = answer.prove(&endpoint, &keys, SystemTime::now())?;
/// assert!(request.expose().starts_with("POST / HTTP/1.1\r\n"));
/// # Ok::<(), sts_proto::proof::ProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Teleport {
    challenge: String,
}

impl Teleport {
    /// For this challenge, as the cluster has sent it: 32 bytes in base64 without padding.
    pub fn new(challenge: impl Into<String>) -> Self {
        Self { challenge: challenge.into() }
    }
}

impl Proof for Teleport {
    type Output = Secret;

    fn prove(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Secret, ProofError> {
        let headers = [
            Header { name: "Accept", value: "application/json", argument: "media type" },
            Header { name: "X-Teleport-Challenge", value: &self.challenge, argument: "challenge" },
        ];
        let signed = Signed::post(Place::Body, &headers, endpoint, credentials, now)?;
        Ok(signed.http().into_secret())
    }
}
