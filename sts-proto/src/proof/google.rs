//! Google Cloud.

use std::time::SystemTime;

use super::Proof;
use super::draft::Draft;
use super::error::ProofError;
use super::request::{Header, Place, Signed};
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::secret::Secret;

/// A subject token for Google's workload identity federation: JSON, percent-encoded, which
/// `https://sts.googleapis.com/v1/token` takes as `subject_token` with [`SUBJECT_TOKEN_TYPE`](Self::SUBJECT_TOKEN_TYPE).
///
/// The provider's name is in the header `x-goog-cloud-target-resource`, and it is **signed**: Google's own libraries
/// leave it unsigned, so that their token for one provider can be turned into one for another.
///
/// Source: Google Cloud's documentation, "Configure workload identity federation with AWS", and AIP-4117.
///
/// ```
/// # use std::time::SystemTime;
/// # use sts_proto::Credentials;
/// # use sts_proto::endpoint::{Endpoint, EndpointParams};
/// use sts_proto::proof::{Proof, Google};
///
/// # let region = Some("eu-west-1");
/// # let params = EndpointParams { region, ..Default::default() };
/// # let endpoint = Endpoint::resolve(&params)?;
/// # let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let audience = "//iam.googleapis.com/projects/1/locations/\
///     global/workloadIdentityPools/aws-pool/providers/aws";
/// let login = Google::new(audience);
/// let token = login.prove(&endpoint, &keys, SystemTime::now())?;
/// assert!(token.expose().starts_with("%7B%22headers%22"));
/// # Ok::<(), sts_proto::proof::ProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Google {
    audience: String,
}

impl Google {
    /// For the provider of this name, the audience:
    /// `//iam.googleapis.com/projects/N/locations/global/workloadIdentityPools/P/providers/Q`.
    pub fn new(audience: impl Into<String>) -> Self {
        Self { audience: audience.into() }
    }

    /// What Google calls a token of this form, for `subject_token_type`.
    pub const SUBJECT_TOKEN_TYPE: &str = "urn:ietf:params:aws:token-type:aws4_request";
}

impl Proof for Google {
    type Output = Secret;

    fn prove(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Secret, ProofError> {
        let headers =
            [Header { name: "x-goog-cloud-target-resource", value: &self.audience, argument: "audience" }];
        let signed = Signed::post(Place::Query, &headers, endpoint, credentials, now)?;
        let mut json = Draft::with_capacity(signed.size());
        json.put("{\"headers\":[");
        for (index, (name, value)) in signed.headers().enumerate() {
            json.put(if index > 0 { ",{\"key\":" } else { "{\"key\":" });
            json.put_json(name);
            json.put(",\"value\":");
            json.put_json(value);
            json.put("}");
        }
        json.put("],\"method\":");
        json.put_json(signed.method());
        json.put(",\"url\":");
        json.put_json(&signed.url_without_slash());
        json.put("}");
        let mut token = Draft::with_capacity(json.len() * 2);
        token.put_escaped(json.as_str());
        Ok(token.into_secret())
    }
}
