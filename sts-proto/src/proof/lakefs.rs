//! lakeFS.

use std::time::{Duration, SystemTime};

use http::header::HOST;
use http::{HeaderName, Method, Request};
use percent_encoding::percent_decode_str;

use super::Proof;
use super::draft::Draft;
use super::error::ProofError;
use super::request::{ACTION, header_value};
use crate::base64::STANDARD;
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::secret::Secret;
use crate::sigv4::{self, SignError};

/// The identity token of a login to lakeFS with an IAM role: the parts of a presigned `POST`, as JSON in base64.
///
/// Source: the client of lakeFS for Python.
///
/// ```
/// # use std::time::SystemTime;
/// # use sts_proto::Credentials;
/// # use sts_proto::endpoint::{Endpoint, EndpointParams};
/// use sts_proto::proof::{LakeFs, Proof};
///
/// # let region = Some("eu-west-1");
/// # let params = EndpointParams { region, ..Default::default() };
/// # let endpoint = Endpoint::resolve(&params)?;
/// # let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let login = LakeFs::new("lakefs.example.com");
/// let token = login.prove(&endpoint, &keys, SystemTime::now())?;
/// # let _ = token;
/// # Ok::<(), sts_proto::proof::ProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LakeFs {
    server_id: String,
    headers: Vec<(String, String)>,
    lifetime: Duration,
}

impl LakeFs {
    /// For the server with this host name, sent in `X-LakeFS-Server-ID`.
    pub fn new(server_id: impl Into<String>) -> Self {
        Self { server_id: server_id.into(), headers: Vec::new(), lifetime: Duration::from_secs(60) }
    }

    /// One more header that the server wants signed. `host` is the endpoint's, `X-LakeFS-Server-ID` is that of [`new`](Self::new),
    /// and the headers that [`sigv4`] never signs (`user-agent`, `authorization`, …) are refused too.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The lifetime that the token names: 1 second to 7 days, whole seconds, 60 seconds by default.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }
}

impl Proof for LakeFs {
    type Output = Secret;

    fn prove(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Secret, ProofError> {
        let mut request = Request::new("");
        *request.method_mut() = Method::POST;
        *request.uri_mut() = endpoint.uri_with_query(ACTION).ok_or(SignError::Uri)?;
        let id = header_value("server id", &self.server_id)?;
        request.headers_mut().insert(SERVER_ID, id);
        for (name, value) in &self.headers {
            let problem = "has a name that no header can have, or that is not signed as it is given";
            let is_signed =
                |name: &HeaderName| ![HOST, SERVER_ID].contains(name) && !sigv4::is_unsigned(name.as_str());
            let name = name.parse().ok().filter(is_signed);
            let name = name.ok_or(ProofError::Argument { name: "additional header", problem })?;
            request.headers_mut().insert(name, header_value("additional header", value)?);
        }
        request.headers_mut().insert(HOST, endpoint.host().clone());
        let scope = endpoint.scope()?;
        sigv4::presign(&mut request, credentials, scope, now, self.lifetime)?;

        let query = request.uri().query().unwrap_or_default();
        let item = |name: &str| {
            let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            percent_decode_str(value.unwrap_or_default()).decode_utf8().unwrap_or_default()
        };
        let host = endpoint.host().to_str().unwrap_or_default();
        let mut json = Draft::with_capacity(512 + query.len());
        let texts = [
            ("{\"method\":", "POST"),
            (",\"host\":", host),
            (",\"region\":", scope.region()),
            (",\"action\":", "GetCallerIdentity"),
            (",\"date\":", &item("X-Amz-Date")),
            (",\"expiration_duration\":", &item("X-Amz-Expires")),
            (",\"access_key_id\":", &credentials.access_key_id),
            (",\"signature\":", &item("X-Amz-Signature")),
            (",\"version\":", "2011-06-15"),
            (",\"algorithm\":", "AWS4-HMAC-SHA256"),
        ];
        for (name, value) in texts {
            json.put(name);
            json.put_json(value);
        }
        if let Some(token) = credentials.session_token.as_ref().filter(|token| !token.expose().is_empty()) {
            json.put(",\"security_token\":");
            json.put_json(token.expose());
        }
        for (index, name) in item("X-Amz-SignedHeaders").split(';').enumerate() {
            json.put(if index > 0 { "," } else { ",\"signed_headers\":[" });
            json.put_json(name);
        }
        json.put("]}");
        let mut token = Draft::with_capacity(STANDARD.length(json.len()));
        token.put_base64(STANDARD, json.as_bytes());
        Ok(token.into_secret())
    }
}

const SERVER_ID: HeaderName = HeaderName::from_static("x-lakefs-server-id");

#[cfg(test)]
mod tests {
    use super::super::testing::{endpoint, keys, now};
    use super::*;

    #[test]
    fn a_header_that_would_not_be_signed_as_given_is_refused() {
        let prove = |name: &str| LakeFs::new("h").header(name, "v").prove(&endpoint(), &keys(), now());
        for name in ["x-tenant", "content-type"] {
            let token = prove(name).unwrap();
            let json = STANDARD.decode(token.expose().as_bytes()).unwrap();
            let signed = format!("\"{}\"", name.to_ascii_lowercase());
            assert!(String::from_utf8_lossy(&json).contains(&signed), "{name}");
        }
        for name in ["", "x y", "User-Agent", "transfer-encoding", "proxy-x", "Host", "X-LakeFS-Server-ID"] {
            let error = prove(name).unwrap_err();
            let expected = "the proof cannot be made: the additional header has a name that no header can have, or that is \
                            not signed as it is given";
            assert_eq!(error.to_string(), expected, "{name}");
        }
    }
}
