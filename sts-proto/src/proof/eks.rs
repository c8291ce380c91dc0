//! Amazon EKS.

use std::time::{Duration, SystemTime};

use http::header::HOST;
use http::{HeaderName, HeaderValue, Request};

use super::draft::Draft;
use super::error::ProofError;
use super::exec_credential::{self, ApiVersion};
use super::request::{ACTION, header_value};
use super::{Proof, end};
use crate::base64::URL;
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::secret::Secret;
use crate::sigv4::{self, SignError};

/// A token for a Kubernetes cluster of Amazon EKS, or one with aws-iam-authenticator: what `aws eks get-token` prints.
///
/// A presigned URL of `GetCallerIdentity` with the cluster's name in the signed header `x-k8s-aws-id`, in base64url behind
/// `k8s-aws-v1.`. Source: the format that aws-iam-authenticator documents ("API Authorization from Outside a Cluster") and
/// the AWS CLI writes.
///
/// Fails with [`ProofError::TooLong`] if the token has more than [`EksToken::MAX_LENGTH`] bytes, which comes of a long
/// session token: clusters refuse it without a reason.
///
/// ```
/// use std::time::SystemTime;
/// use sts_proto::Credentials;
/// use sts_proto::endpoint::{Endpoint, EndpointParams};
/// use sts_proto::proof::{ApiVersion, Eks, Proof};
///
/// let region = Some("eu-west-1");
/// let params = EndpointParams { region, ..Default::default() };
/// let endpoint = Endpoint::resolve(&params)?;
/// let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let cluster = Eks::new("my-cluster");
/// let token = cluster.prove(&endpoint, &keys, SystemTime::now())?;
/// assert!(token.token.expose().starts_with("k8s-aws-v1.aHR0"));
/// // For kubectl, on standard output.
/// let json = token.exec_credential(ApiVersion::V1);
/// # let _ = json;
/// # Ok::<(), sts_proto::proof::ProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eks {
    cluster: String,
}

impl Eks {
    /// For the cluster of this name, or of this id where aws-iam-authenticator is set up with one. Anything but the empty
    /// text that a header can carry: ASCII without control characters.
    pub fn new(cluster: impl Into<String>) -> Self {
        Self { cluster: cluster.into() }
    }
}

impl Proof for Eks {
    type Output = EksToken;

    fn prove(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<EksToken, ProofError> {
        let mut request = Request::new("");
        *request.uri_mut() = endpoint.uri_with_query(ACTION).ok_or(SignError::Uri)?;
        request.headers_mut().insert(HOST, endpoint.host().clone());
        let (name, cluster) = audience(&self.cluster)?;
        request.headers_mut().insert(name, cluster);
        sigv4::presign(&mut request, credentials, endpoint.scope()?, now, LIFETIME_IN_URL)?;

        let uri = request.uri();
        let scheme = uri.scheme_str().unwrap_or("https");
        let (host, target) = (endpoint.host().as_bytes(), uri.path_and_query().map_or("", |it| it.as_str()));
        let length = scheme.len() + "://".len() + host.len() + target.len();
        let mut url = Draft::with_capacity(length);
        url.put(scheme);
        url.put("://");
        url.put(std::str::from_utf8(host).unwrap_or_default());
        url.put(target);
        let length = PREFIX.len() + URL.length(length);
        if length > EksToken::MAX_LENGTH {
            return Err(ProofError::TooLong { length, max: EksToken::MAX_LENGTH });
        }
        let mut token = Draft::with_capacity(length);
        token.put(PREFIX);
        token.put_base64(URL, url.as_bytes());
        Ok(EksToken { token: token.into_secret(), expires: end(now, LIFETIME, credentials) })
    }
}

/// What [`Eks`] makes. `Debug` does not show the token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EksToken {
    /// The bearer token.
    pub token: Secret,
    /// When to make another one: 14 minutes after it was signed, as the AWS CLI says, or when the credentials expire, if
    /// that is before. The cluster takes it for 15 minutes, whatever is said here.
    pub expires: SystemTime,
}

impl EksToken {
    /// The bound of aws-iam-authenticator and of EKS, in bytes.
    pub const MAX_LENGTH: usize = 4096;

    /// The token as kubectl wants it of a credential plugin, on standard output: an `ExecCredential` object in JSON
    /// (Kubernetes, "client-go credential plugins").
    pub fn exec_credential(&self, version: ApiVersion) -> Secret {
        exec_credential::write(version, &self.token, self.expires)
    }
}

/// The header that a token is signed with.
pub(super) fn audience(cluster: &str) -> Result<(HeaderName, HeaderValue), ProofError> {
    Ok((HeaderName::from_static("x-k8s-aws-id"), header_value("cluster name", cluster)?))
}

pub(super) const PREFIX: &str = "k8s-aws-v1.";
/// What the AWS CLI writes into the URL. Neither STS nor clusters go by it.
const LIFETIME_IN_URL: Duration = Duration::from_secs(60);
const LIFETIME: Duration = Duration::from_secs(14 * 60);

#[cfg(test)]
mod tests {
    use super::super::testing::{endpoint, keys, now};
    use super::*;

    #[test]
    fn a_token_that_clusters_refuse_is_an_error() {
        let of = |token: usize| {
            Eks::new("demo").prove(&endpoint(), &keys().with_session_token("a".repeat(token)), now())
        };
        let fits = (2000..3000).rev().find(|length| of(*length).is_ok()).unwrap();
        assert_eq!(of(fits).unwrap().token.expose().len(), EksToken::MAX_LENGTH - 1);
        let error = of(fits + 1).unwrap_err();
        assert_eq!(
            error,
            ProofError::TooLong { length: EksToken::MAX_LENGTH + 1, max: EksToken::MAX_LENGTH }
        );
        assert!(
            error.to_string().contains("has 4097 bytes and its consumer reads at most 4096: use"),
            "{error}"
        );
    }

    #[test]
    fn a_token_ends_with_the_credentials() {
        let of = |keys: &Credentials| Eks::new("demo").prove(&endpoint(), keys, now()).unwrap().expires;
        assert_eq!(of(&keys()), now() + Duration::from_secs(840));
        assert_eq!(
            of(&keys().with_expiration(now() + Duration::from_secs(900))),
            now() + Duration::from_secs(840)
        );
        assert_eq!(
            of(&keys().with_expiration(now() + Duration::from_secs(60))),
            now() + Duration::from_secs(60)
        );
    }

    #[test]
    fn a_name_that_no_header_carries_is_refused_and_not_quoted() {
        for name in ["", " planted", "planted\t", "plan\nted", "planted\u{e9}", "planted\0"] {
            let error = Eks::new(name).prove(&endpoint(), &keys(), now()).unwrap_err().to_string();
            assert!(error.starts_with("the proof cannot be made: the cluster name "), "{error}");
            assert!(!error.contains("planted"), "{error}");
        }
    }
}
