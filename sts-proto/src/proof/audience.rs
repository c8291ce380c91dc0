//! A service of one's own.

use std::time::SystemTime;

use super::Proof;
use super::error::ProofError;
use super::request::{Header, Place, Signed, audience_name};
use super::vault::four_fields;
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::secret::Secret;

/// A login to any service that takes proofs which name it in a header of its choice: JSON with the four fields that Vault
/// introduced and Consul took over (`iam_http_request_method`, `iam_request_url`, `iam_request_body` and
/// `iam_request_headers`).
///
/// A service written with this crate checks it with `proof::verify::Verifier::audience` of the same header and audience, and
/// `Verifier::request`.
///
/// ```
/// # use std::time::SystemTime;
/// # use sts_proto::Credentials;
/// # use sts_proto::endpoint::{Endpoint, EndpointParams};
/// use sts_proto::proof::{Audience, Proof};
///
/// # let region = Some("eu-west-1");
/// # let params = EndpointParams { region, ..Default::default() };
/// # let endpoint = Endpoint::resolve(&params)?;
/// # let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let service = "billing.example.com";
/// let login = Audience::new("x-example-audience", service);
/// let body = login.prove(&endpoint, &keys, SystemTime::now())?;
/// # let _ = body;
/// # Ok::<(), sts_proto::proof::ProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    header: String,
    audience: String,
}

impl Audience {
    /// For the service that looks for this audience in this header. The header is one of the service's own, such as
    /// `x-example-audience`: not one of HTTP's (`host`, `date`, `content-…`), of proxies (`x-forwarded-…`) or of AWS (`x-amz-…`),
    /// nor one that is never signed, such as `user-agent`.
    pub fn new(header: impl Into<String>, audience: impl Into<String>) -> Self {
        Self { header: header.into(), audience: audience.into() }
    }
}

impl Proof for Audience {
    type Output = Secret;

    fn prove(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Secret, ProofError> {
        audience_name(&self.header)?;
        let header = Header { name: &self.header, value: &self.audience, argument: "audience" };
        let signed = Signed::post(Place::Body, &[header], endpoint, credentials, now)?;
        Ok(four_fields(&signed, None))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{endpoint, keys, now};
    use super::super::{Consul, ProofError};
    use super::*;

    #[test]
    fn it_is_what_consul_takes_with_a_header_of_ones_own() {
        let made = Audience::new("X-Consul-IAM-ServerID", "consul.example.com");
        let consul = Consul::new().server_id("consul.example.com");
        let made = made.prove(&endpoint(), &keys(), now()).unwrap();
        let consul = consul.prove(&endpoint(), &keys(), now()).unwrap();
        assert_eq!(made.expose(), consul.expose());
    }

    #[test]
    fn a_header_that_has_a_meaning_of_its_own_is_refused() {
        let prove = |name: &str, value: &str| Audience::new(name, value).prove(&endpoint(), &keys(), now());
        let names = "Host accept Content-Type content-length Authorization X-Amz-Date x-amzn-any User-Agent connection Date \
                     Cookie X-Forwarded-Host sec-fetch-mode";
        for name in names.split(' ').chain(["", "a b", "é"]) {
            let error = prove(name, "a").unwrap_err();
            assert!(matches!(error, ProofError::Argument { name: "audience header", .. }), "{name}: {error}");
        }
        for value in ["", " a", "a ", "a\nb", "a\tb", "a  b", "é"] {
            let error = prove("x-a", value).unwrap_err();
            assert!(matches!(error, ProofError::Argument { name: "audience", .. }), "{value:?}: {error}");
        }
    }
}
