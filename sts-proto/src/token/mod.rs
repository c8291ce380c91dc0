//! Tokens of other services of AWS: presigned URLs that take the place of a password.
//!
//! | service | type | what is handed over |
//! |---|---|---|
//! | RDS and Aurora | [`Rds`] | the password of a database user |
//! | Aurora DSQL | [`Dsql`] | the password of a database role |
//! | ElastiCache | [`ElastiCache`] | the password of `AUTH` |
//! | MemoryDB | [`MemoryDb`] | the password of `AUTH` |
//! | MSK | [`Msk`] | the token of SASL/OAUTHBEARER |
//!
//! Each is a [proof](crate::proof::Proof): a client makes one with `client.prove(&token)`. A token opens a connection for 15
//! minutes; the connection itself lasts longer.
//!
//! It is signed for the region that is set here, else for the client's: in lower case, and for a real region where a name such as
//! `aws-global` or `fips-us-east-1` is set. That is so even where the client has an endpoint URL, since these services are AWS's.
//!
//! The text is a [`Secret`], since it is a password.
//!
//! ```
//! use std::time::SystemTime;
//! use sts_proto::Credentials;
//! use sts_proto::endpoint::{Endpoint, EndpointParams};
//! use sts_proto::proof::Proof;
//! use sts_proto::token::Rds;
//!
//! let region = Some("eu-west-1");
//! let params = EndpointParams { region, ..Default::default() };
//! let endpoint = Endpoint::resolve(&params)?;
//! let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
//! let host = "db.123456789012.eu-west-1.rds.amazonaws.com";
//! let login = Rds::new(host, 5432, "jane_doe");
//! let password = login.prove(&endpoint, &keys, SystemTime::now())?;
//! assert!(password.expose().starts_with("db.123456789012."));
//! # Ok::<(), sts_proto::proof::ProofError>(())
//! ```

mod dsql;
mod elasticache;
mod memorydb;
mod msk;
mod rds;

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use http::Request;

pub use dsql::Dsql;
pub use elasticache::ElastiCache;
pub use memorydb::MemoryDb;
pub use msk::{Msk, MskToken};
pub use rds::Rds;

use crate::endpoint::{Endpoint, read_host_and_port, signing_region};
use crate::keys::Credentials;
use crate::proof::{Draft, ProofError};
use crate::scope::Scope;
use crate::secret::Secret;
use crate::sigv4::{self, SignError};

#[cfg(doc)]
use crate::proof::Proof;

/// What a token is signed for.
struct Target<'a> {
    service: &'static str,
    /// In lower case.
    host: String,
    /// The client's if none is set.
    region: Option<&'a str>,
    port: Option<u16>,
    lifetime: Duration,
}

impl<'a> Target<'a> {
    /// For the maximum that the services take.
    fn new(service: &'static str, host: String, region: Option<&'a str>) -> Self {
        Self { service, host, region, port: None, lifetime: QUARTER_OF_AN_HOUR }
    }

    /// The presigned URL without its scheme.
    fn presign(
        &self,
        query: &[(&str, &str)],
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Draft, ProofError> {
        let mut url = Draft::with_capacity(256);
        url.put(SCHEME);
        url.put(&self.host);
        if let Some(port) = self.port {
            url.put(&format!(":{port}"));
        }
        for (index, (name, value)) in query.iter().enumerate() {
            url.put(if index > 0 { "&" } else { "/?" });
            url.put(name);
            url.put("=");
            url.put_escaped(value);
        }
        let mut request = Request::new("");
        *request.uri_mut() = url.as_str().parse().map_err(|_| SignError::Uri)?;
        let region = region(self.region, endpoint)?.into_owned();
        let scope = Scope::new(region, self.service);
        sigv4::presign(&mut request, credentials, &scope, now, self.lifetime)?;
        let uri = request.uri();
        let target = uri.path_and_query().map_or("", |target| target.as_str());
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let mut text = Draft::with_capacity(authority.len() + target.len());
        text.put(authority);
        text.put(target);
        Ok(text)
    }

    /// The same, as it is handed over.
    fn password(
        &self,
        query: &[(&str, &str)],
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Secret, ProofError> {
        Ok(self.presign(query, endpoint, credentials, now)?.into_secret())
    }
}

/// The region that is set for the token, else the client's, as AWS names it.
fn region<'a>(set: Option<&'a str>, endpoint: &'a Endpoint) -> Result<Cow<'a, str>, ProofError> {
    let region = set.map_or_else(|| endpoint.region(), Ok)?;
    Ok(signing_region(region)?)
}

/// A host name in lower case.
fn host(name: &'static str, text: &str) -> Result<String, ProofError> {
    let problem = match read_host_and_port(text) {
        Ok((host, None)) => return Ok(host),
        Ok((_, Some(_))) => "has a port: give the name alone",
        Err(_) if text.is_empty() => "is empty",
        Err(_) if text.contains("://") => "has a scheme: give the name alone",
        Err(_) if text.contains('/') => "has a path: give the name alone",
        // The name is called what it is already.
        Err(problem) => problem.strip_prefix("has a host that ").unwrap_or(problem),
    };
    Err(ProofError::Argument { name, problem })
}

fn user(text: &str) -> Result<&str, ProofError> {
    let empty = ProofError::Argument { name: "user", problem: "is empty" };
    if text.is_empty() { Err(empty) } else { Ok(text) }
}

const SCHEME: &str = "https://";
const QUARTER_OF_AN_HOUR: Duration = Duration::from_secs(900);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::{EndpointError, EndpointParams};
    use crate::proof::Proof;

    #[test]
    fn more_than_a_name_is_called_what_it_is() {
        for (text, problem) in [
            ("https://db.example.com", "has a scheme: give the name alone"),
            ("https://db.example.com:5432/", "has a scheme: give the name alone"),
            ("db.example.com/path", "has a path: give the name alone"),
            ("db.example.com:5432/path", "has a path: give the name alone"),
            ("db.example.com:5432", "has a port: give the name alone"),
            ("", "is empty"),
            (
                "a b",
                "is neither an IP address nor a name made of letters, digits, '-', '_' and '.' (labels of 1 to 63 characters, no \
                 '-' at their ends)",
            ),
            ("10.0.0", "looks like an IPv4 address but is not one"),
        ] {
            assert_eq!(host("host", text), Err(ProofError::Argument { name: "host", problem }), "{text}");
        }
    }

    #[test]
    fn tokens_are_signed_for_the_region_that_is_set_where_sts_is_global() {
        for (region, expected) in
            [("eu-west-1", "eu-west-1"), ("EU-WEST-1", "eu-west-1"), ("aws-global", "us-east-1")]
        {
            let params =
                EndpointParams { region: Some(region), use_global_endpoint: true, ..Default::default() };
            let endpoint = Endpoint::resolve(&params).unwrap();
            assert_eq!(endpoint.signing_region(), Some("us-east-1"));
            let prove = |token: Rds| {
                let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
                let token = token.prove(&endpoint, &keys, SystemTime::UNIX_EPOCH).unwrap();
                token.expose().split("%2F").nth(2).unwrap().to_owned()
            };
            assert_eq!(prove(Rds::new("db.example.com", 5432, "jane_doe")), expected);
            assert_eq!(prove(Rds::new("db.example.com", 5432, "jane_doe").region("sa-east-1")), "sa-east-1");
        }
    }

    #[test]
    fn a_token_that_says_its_end_ends_with_the_credentials() {
        let endpoint = Endpoint::resolve(&EndpointParams { region: Some("eu-west-1"), ..Default::default() });
        let endpoint = endpoint.unwrap();
        let after = |milliseconds| SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds);
        for (end, expected) in [
            (None, 900_000),
            (Some(901_000), 900_000),
            (Some(900_000), 900_000),
            (Some(60_000), 60_000),
            (Some(60_500), 60_500),
            (Some(0), 0),
        ] {
            let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI").with_expiration(end.map(after));
            let made = Msk::new().prove(&endpoint, &keys, after(999)).unwrap();
            assert_eq!(made.expires, after(expected), "{end:?}");
        }
    }

    /// What a token's own region, or else a client's, is signed for by each type. The last is in its host.
    fn regions(set: Option<&str>, endpoint: &Endpoint) -> Vec<Result<String, ProofError>> {
        let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
        let now = SystemTime::UNIX_EPOCH;
        let scope = |token: &str| token.split("%2F").nth(2).unwrap_or_default().to_owned();
        let rds = Rds::new("db.example.com", 5432, "jane").region(set).prove(endpoint, &keys, now);
        let dsql = Dsql::new("db.example.com").region(set).prove(endpoint, &keys, now);
        let cache = ElastiCache::new("cache", "jane").region(set).prove(endpoint, &keys, now);
        let memory = MemoryDb::new("cluster", "jane").region(set).prove(endpoint, &keys, now);
        let mut found: Vec<_> = [rds, dsql, cache, memory]
            .into_iter()
            .map(|token| token.map(|token| scope(token.expose())))
            .collect();
        let msk = Msk::new().region(set).prove(endpoint, &keys, now).map(|token| {
            let url = crate::base64::URL.decode(token.token.expose().as_bytes()).unwrap();
            String::from_utf8(url.to_vec()).unwrap()
        });
        let host = |url: &str| url.split('.').nth(1).unwrap_or_default().to_owned();
        found.extend([msk.clone().map(|url| scope(&url)), msk.map(|url| host(&url))]);
        found
    }

    #[test]
    fn a_region_is_signed_for_as_aws_names_it() {
        let resolve = |region, endpoint_url| {
            let params = EndpointParams { region: Some(region), endpoint_url, ..Default::default() };
            Endpoint::resolve(&params).unwrap()
        };
        let client = resolve("sa-east-1", None);
        for (region, expected) in [
            ("eu-west-1", "eu-west-1"),
            ("EU-West-1", "eu-west-1"),
            ("US-GOV-WEST-1", "us-gov-west-1"),
            ("fips-us-east-1", "us-east-1"),
            ("us-gov-east-1-FIPS", "us-gov-east-1"),
            ("aws-global", "us-east-1"),
            ("AWS-CN-Global", "cn-northwest-1"),
            ("moon-1", "moon-1"),
        ] {
            for found in regions(Some(region), &client) {
                assert_eq!(found.as_deref(), Ok(expected), "{region}");
            }
        }
        // A server of one's own may have named its region so; the other services are those of AWS.
        for found in regions(None, &resolve("EU-West-1", Some("https://sts.example.com"))) {
            assert_eq!(found.as_deref(), Ok("eu-west-1"));
        }
        for region in ["", "eu west", "eu/west", "eu-west-1.evil.example", "\u{e9}"] {
            for found in regions(Some(region), &client) {
                let error = EndpointError::InvalidRegion { region: region.to_owned(), set_by: None };
                assert_eq!(found, Err(ProofError::Endpoint(error)), "{region}");
            }
        }
    }
}
