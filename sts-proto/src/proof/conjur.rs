//! CyberArk Conjur.

use std::time::SystemTime;

use http::Method;

use super::Proof;
use super::error::ProofError;
use super::request::{Place, Signed};
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::secret::Secret;

/// The body of a request to authenticate with the authenticator `authn-iam` of CyberArk Conjur: the headers of a signed
/// `GET`, in JSON. Conjur names itself in no header, so a proof for one server serves for every other one.
///
/// Source: Conjur's documentation, "AWS IAM Authenticator", and its API client for Python.
///
/// ```
/// # use std::time::SystemTime;
/// # use sts_proto::Credentials;
/// # use sts_proto::endpoint::{Endpoint, EndpointParams};
/// use sts_proto::proof::{Proof, Conjur};
///
/// # let region = Some("eu-west-1");
/// # let params = EndpointParams { region, ..Default::default() };
/// # let endpoint = Endpoint::resolve(&params)?;
/// # let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let login = Conjur::new();
/// let token = login.prove(&endpoint, &keys, SystemTime::now())?;
/// # let _ = token;
/// # Ok::<(), sts_proto::proof::ProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Conjur {}

impl Conjur {
    /// For Conjur, which asks for nothing.
    pub fn new() -> Self {
        Self {}
    }
}

impl Proof for Conjur {
    type Output = Secret;

    fn prove(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Secret, ProofError> {
        let signed = Signed::new(Method::GET, Place::Query, &[], endpoint, credentials, now)?;
        Ok(signed.headers_json(false).into_secret())
    }
}
