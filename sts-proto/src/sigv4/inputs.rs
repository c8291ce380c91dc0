//! The inputs that both forms share: the time, the host, the hash of the body, the headers to sign.

use std::borrow::Cow;

use http::header::{HOST, HeaderMap, HeaderName};
use http::uri::Authority;
use http::{Request, Uri};

use super::SignError;
use super::canonical::{Fields, Hex};
use super::date::Date;
use super::sign::Signer;
use crate::text::to_ascii_lowercase;

/// Computed first for both forms; the canonical request borrows from it.
pub(super) struct Inputs<'r> {
    pub(super) date: Date,
    pub(super) payload: Hex,
    /// Derived from the URI; `None` if the request has a `host` header.
    host: Option<Cow<'r, str>>,
}

impl<'r> Inputs<'r> {
    pub(super) fn new<B: AsRef<[u8]>>(
        signer: &Signer<'_>,
        request: &'r Request<B>,
    ) -> Result<Self, SignError> {
        let date = signer.date()?;
        let host = match request.headers().get(HOST) {
            Some(host) if host.as_bytes().trim_ascii().is_empty() => return Err(SignError::HostMissing),
            Some(_) => None,
            None => Some(host(request.uri()).ok_or(SignError::HostMissing)?),
        };
        Ok(Self { date, payload: Hex::sha256(request.body().as_ref()), host })
    }

    /// `host` and the request's headers that are signed, without those that `skip` selects. Not yet sorted.
    pub(super) fn fields<'b>(
        &'b self,
        headers: &'b HeaderMap,
        skip: impl Fn(&HeaderName) -> bool,
    ) -> Fields<'b> {
        let mut fields = Fields::new();
        if let Some(host) = &self.host {
            fields.push("host", host.as_bytes());
        }
        for (name, value) in headers {
            if !is_unsigned(name.as_str()) && !skip(name) {
                fields.push(name.as_str(), value.as_bytes());
            }
        }
        fields
    }

    /// The URI's authority with a normalised host, if that host is signed and differs from the one in the
    /// URI.
    pub(super) fn plain_authority(&self, uri: &Uri) -> Result<Option<Authority>, SignError> {
        let Some(authority) = uri.authority().filter(|_| self.host.is_some()) else { return Ok(None) };
        let (user, host) = authority.as_str().rsplit_once('@').unwrap_or(("", authority.as_str()));
        let plain = plain(host);
        if plain == host {
            return Ok(None);
        }
        let at = if user.is_empty() { "" } else { "@" };
        Authority::try_from([user, at, &*plain].concat()).map(Some).map_err(|_| SignError::Uri)
    }
}

/// Headers that are never signed; the documentation of [`sigv4`](super) says why.
pub(crate) fn is_unsigned(name: &str) -> bool {
    matches!(
        name,
        "amz-sdk-invocation-id"
            | "amz-sdk-request"
            | "authorization"
            | "connection"
            | "expect"
            | "keep-alive"
            | "te"
            | "traceparent"
            | "tracestate"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "user-agent"
            | "x-amzn-trace-id"
    ) || name.starts_with("proxy-")
}

/// The host from the URI as a client sends it in `host`: no user info, no default port, lower case.
fn host(uri: &Uri) -> Option<Cow<'_, str>> {
    let authority = uri.authority()?.as_str();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match split_port(authority) {
        Some((host, port)) if port.is_empty() || is_default(port, uri) => host,
        _ => authority,
    };
    if host.is_empty() { None } else { Some(plain(host)) }
}

/// The host in lower case; its port, if any, without a leading `+` or zeros.
fn plain(host: &str) -> Cow<'_, str> {
    let padded = split_port(host).filter(|(_, port)| port.starts_with(['0', '+']));
    if let Some((name, port)) = padded.and_then(|(name, port)| Some((name, port.parse::<u16>().ok()?))) {
        Cow::Owned(format!("{}:{port}", to_ascii_lowercase(name)))
    } else if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(to_ascii_lowercase(host))
    } else {
        Cow::Borrowed(host)
    }
}

/// Host and port. A colon inside the brackets of an IPv6 address starts no port.
fn split_port(host: &str) -> Option<(&str, &str)> {
    host.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'))
}

fn is_default(port: &str, uri: &Uri) -> bool {
    matches!((uri.scheme_str(), port.parse()), (Some("https"), Ok(443_u16)) | (Some("http"), Ok(80)))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use http::header::HeaderValue;

    use super::super::{Scope, sign};
    use super::*;
    use crate::keys::Credentials;

    fn keys() -> Credentials {
        Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    }

    fn scope() -> Scope {
        Scope::new("us-east-1", "service")
    }

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_440_938_160)
    }

    fn get(uri: &str) -> Request<Vec<u8>> {
        Request::get(uri).body(Vec::new()).unwrap()
    }

    fn signed_headers(request: &Request<Vec<u8>>) -> String {
        Signer::new(&keys(), &scope(), now()).explain(request).unwrap().signed_headers
    }

    #[test]
    fn leaves_out_headers_that_change_in_transit() {
        let mut request = get("https://example.amazonaws.com/");
        for name in
            ["user-agent", "te", "proxy-authorization", "amz-sdk-request", "traceparent", "authorization"]
        {
            request.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static("any"));
        }
        request.headers_mut().insert("content-length", HeaderValue::from_static("0"));
        request.headers_mut().insert("x-other", HeaderValue::from_bytes(b"\xff\x80").unwrap());
        assert_eq!(signed_headers(&request), "content-length;host;x-amz-date;x-other");
        sign(&mut request, &keys(), &scope(), now()).unwrap();
    }

    #[test]
    fn sends_the_host_that_it_signs() {
        let mut request = get("https://me:Pass@Example.AmazonAWS.com:443/A?B");
        let mut plain = get("https://example.amazonaws.com/A?B");
        sign(&mut request, &keys(), &scope(), now()).unwrap();
        sign(&mut plain, &keys(), &scope(), now()).unwrap();
        assert_eq!(request.headers(), plain.headers());
        assert_eq!(request.uri().to_string(), "https://me:Pass@example.amazonaws.com:443/A?B");

        let mut request = get("https://@h:08443/");
        sign(&mut request, &keys(), &scope(), now()).unwrap();
        assert_eq!(request.uri().authority().and_then(|it| it.port_u16()), Some(8443));
        assert!(request.uri().to_string().ends_with("h:8443/"), "{}", request.uri());

        let mut request = get("https://Other.example/");
        request.headers_mut().insert(HOST, HeaderValue::from_static("Example.com"));
        let explanation = Signer::new(&keys(), &scope(), now()).explain(&request).unwrap();
        assert!(explanation.canonical_request.contains("\nhost:Example.com\n"));
        sign(&mut request, &keys(), &scope(), now()).unwrap();
        assert_eq!(request.uri().authority().unwrap(), "Other.example");
    }

    #[test]
    fn takes_the_host_from_the_uri() {
        for (uri, expected) in [
            ("https://example.com/", Some("example.com")),
            ("https://user:pass@Example.COM:443/", Some("example.com")),
            ("https://example.com:0443", Some("example.com")),
            ("https://example.com:80", Some("example.com:80")),
            ("http://example.com:80", Some("example.com")),
            ("http://example.com:", Some("example.com")),
            ("http://Example.com:08080", Some("example.com:8080")),
            ("http://example.com:+8080", Some("example.com:8080")),
            ("http://example.com:8080", Some("example.com:8080")),
            ("example.com:443", Some("example.com:443")),
            ("http://[2001:DB8::1]/", Some("[2001:db8::1]")),
            ("http://[::1]:80/", Some("[::1]")),
            ("http://[::1]:8080/", Some("[::1]:8080")),
            ("/path", None),
        ] {
            assert_eq!(host(&uri.parse().unwrap()).as_deref(), expected, "{uri}");
        }
    }
}
