//! HashiCorp Cloud Platform.

use std::time::SystemTime;

use super::Proof;
use super::draft::Draft;
use super::error::ProofError;
use super::request::{Header, Place, Signed};
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::secret::Secret;

/// The caller identity for a workload identity provider of the HashiCorp Cloud Platform: JSON with method, URL and headers.
///
/// Source: HCP's documentation, "Workload identity federation with AWS", and its package `hcp-sdk-go`.
///
/// ```
/// # use std::time::SystemTime;
/// # use sts_proto::Credentials;
/// # use sts_proto::endpoint::{Endpoint, EndpointParams};
/// use sts_proto::proof::{Proof, Hcp};
///
/// # let region = Some("eu-west-1");
/// # let params = EndpointParams { region, ..Default::default() };
/// # let endpoint = Endpoint::resolve(&params)?;
/// # let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let provider = "iam/project/p/service-principal/s/\
///     workload-identity-provider/aws";
/// let login = Hcp::new(provider);
/// let json = login.prove(&endpoint, &keys, SystemTime::now())?;
/// # let _ = json;
/// # Ok::<(), sts_proto::proof::ProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hcp {
    provider: String,
}

impl Hcp {
    /// For the provider with this resource name:
    /// `iam/project/P/service-principal/S/workload-identity-provider/W`.
    pub fn new(provider: impl Into<String>) -> Self {
        Self { provider: provider.into() }
    }
}

impl Proof for Hcp {
    type Output = Secret;

    fn prove(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Secret, ProofError> {
        let headers = [Header {
            name: "X-Hcp-Workload-Identity-Provider",
            value: &self.provider,
            argument: "provider",
        }];
        let signed = Signed::post(Place::Query, &headers, endpoint, credentials, now)?;
        let mut json = Draft::with_capacity(signed.size());
        json.put("{\"url\":");
        json.put_json(&signed.url());
        json.put(",\"method\":");
        json.put_json(signed.method());
        json.put(",\"headers\":");
        signed.put_headers(false, &mut json);
        json.put("}");
        Ok(json.into_secret())
    }
}
