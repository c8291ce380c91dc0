//! HashiCorp Vault and OpenBao, and the form that Consul has taken over.

use std::time::SystemTime;

use super::Proof;
use super::draft::Draft;
use super::error::ProofError;
use super::request::{Header, Place, Signed};
use crate::base64::STANDARD;
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::member::IntoOptional;
use crate::secret::Secret;

/// A login with the AWS auth method of HashiCorp Vault or OpenBao, type `iam`: JSON to post to [`path`](Self::path).
///
/// Source: Vault's API documentation, "AWS auth method", "Login". The method has to be set up with the STS endpoint and
/// region of the client where these are not those of `us-east-1`, since Vault sends the request to the endpoint that it
/// knows and refuses a signature for another region.
///
/// ```
/// use std::time::SystemTime;
/// use sts_proto::Credentials;
/// use sts_proto::endpoint::{Endpoint, EndpointParams};
/// use sts_proto::proof::{Proof, Vault};
///
/// let region = Some("us-east-1");
/// let params = EndpointParams { region, ..Default::default() };
/// let endpoint = Endpoint::resolve(&params)?;
/// let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let login = Vault::new("dev-role").server_id("vault.example.com");
/// let body = login.prove(&endpoint, &keys, SystemTime::now())?;
/// println!("POST https://vault.example.com{}", Vault::path("aws"));
/// # let _ = body;
/// # Ok::<(), sts_proto::proof::ProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vault {
    role: String,
    server_id: Option<String>,
}

impl Vault {
    /// For this role of the auth method.
    pub fn new(role: impl Into<String>) -> Self {
        Self { role: role.into(), server_id: None }
    }

    /// The value of the header `X-Vault-AWS-IAM-Server-ID` that the server is set up with
    /// (`iam_server_id_header_value`). Without it, a proof for one server serves for every other one that asks for none.
    pub fn server_id<By>(mut self, id: impl IntoOptional<String, By>) -> Self {
        self.server_id = id.into_optional();
        self
    }

    /// Where to post: `/v1/auth/{mount}/login`. The auth method is mounted at `aws` unless it was set up otherwise.
    pub fn path(mount: &str) -> String {
        format!("/v1/auth/{}/login", mount.trim_matches('/'))
    }
}

impl Proof for Vault {
    type Output = Secret;

    fn prove(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Secret, ProofError> {
        let id = self.server_id.as_deref();
        let id = id.map(|value| Header { name: "X-Vault-AWS-IAM-Server-ID", value, argument: "server id" });
        let signed = Signed::post(Place::Body, id.as_slice(), endpoint, credentials, now)?;
        Ok(four_fields(&signed, Some(&self.role)))
    }
}

/// The request as Vault's four fields, and a role before them.
pub(super) fn four_fields(signed: &Signed<'_>, role: Option<&str>) -> Secret {
    let (url, headers) = (signed.url(), signed.headers_json(true));
    let mut json = Draft::with_capacity(512 + url.len() * 2 + headers.len() * 2);
    json.put("{");
    if let Some(role) = role {
        json.put("\"role\":");
        json.put_json(role);
        json.put(",");
    }
    json.put("\"iam_http_request_method\":");
    json.put_json(signed.method());
    let fields =
        [("url", url.as_bytes()), ("body", signed.body().as_bytes()), ("headers", headers.as_bytes())];
    for (name, bytes) in fields {
        json.put(",\"iam_request_");
        json.put(name);
        json.put("\":\"");
        json.put_base64(STANDARD, bytes);
        json.put("\"");
    }
    json.put("}");
    json.into_secret()
}
