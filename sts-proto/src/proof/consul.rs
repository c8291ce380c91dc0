//! HashiCorp Consul.

use std::time::SystemTime;

use super::Proof;
use super::error::ProofError;
use super::request::{Header, Place, Signed};
use super::vault::four_fields;
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::member::IntoOptional;
use crate::secret::Secret;

/// The bearer token of a login with the auth method `aws-iam` of HashiCorp Consul: JSON, which `consul login` and
/// `PUT /v1/acl/login` take as `BearerToken`.
///
/// Source: Consul's documentation, "AWS IAM auth method", and its package `iamauth`. The method's `STSEndpoint` and
/// `STSRegion` have to be those of the client.
///
/// ```
/// # use std::time::SystemTime;
/// # use sts_proto::Credentials;
/// # use sts_proto::endpoint::{Endpoint, EndpointParams};
/// use sts_proto::proof::{Consul, Proof};
///
/// # let region = Some("eu-west-1");
/// # let params = EndpointParams { region, ..Default::default() };
/// # let endpoint = Endpoint::resolve(&params)?;
/// # let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let login = Consul::new().server_id("consul.example.com");
/// let token = login.prove(&endpoint, &keys, SystemTime::now())?;
/// # let _ = token;
/// # Ok::<(), sts_proto::proof::ProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Consul {
    server_id: Option<String>,
}

impl Consul {
    /// Without a server id.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value that the auth method is set up with (`ServerIDHeaderValue`), sent in `X-Consul-IAM-ServerID`. Without it,
    /// a proof for one server serves for every other one that asks for none.
    pub fn server_id<By>(mut self, id: impl IntoOptional<String, By>) -> Self {
        self.server_id = id.into_optional();
        self
    }
}

impl Proof for Consul {
    type Output = Secret;

    fn prove(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Secret, ProofError> {
        let id = self.server_id.as_deref();
        let id = id.map(|value| Header { name: "X-Consul-IAM-ServerID", value, argument: "server id" });
        let signed = Signed::post(Place::Body, id.as_slice(), endpoint, credentials, now)?;
        Ok(four_fields(&signed, None))
    }
}
