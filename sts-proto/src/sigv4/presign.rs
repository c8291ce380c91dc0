//! The query form: a URI that carries its own signature.

use std::borrow::Cow;
use std::time::Duration;

use http::uri::PathAndQuery;
use http::{Request, Uri};
use percent_encoding::percent_decode;
use zeroize::Zeroizing;

use super::SignError;
use super::canonical::{Canonical, Sink, put_encoded};
use super::explain::Explanation;
use super::inputs::Inputs;
use super::sign::Signer;
use crate::escape::UNRESERVED;

/// The query items of a signature. Those of an earlier signature are replaced.
const ITEMS: [&str; 8] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Region-Set",
    "X-Amz-SignedHeaders",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
];
const LIFETIMES: std::ops::RangeInclusive<u64> = 1..=604_800;

impl Signer<'_> {
    /// Signs in the query form: anyone with the URI can send the request, until `lifetime` after `now`.
    ///
    /// Adds the `X-Amz-…` items at the end of the URI's query and removes those of an earlier signature. The
    /// request's headers (except those that the module's documentation names) and its body, which is usually
    /// empty, are signed as well and must be sent unchanged. A fraction of a second in `lifetime` is dropped.
    ///
    /// The URI contains the session token, if there is one, and is as good as a password until it expires:
    /// keep it out of logs. Unlike a header, it cannot be marked sensitive.
    ///
    /// Source: "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)", Amazon S3 API
    /// Reference.
    ///
    /// # Errors
    ///
    /// If the request cannot be signed as it is, or [`SignError::Lifetime`]; the request is then unchanged.
    pub fn presign<B: AsRef<[u8]>>(
        &self,
        request: &mut Request<B>,
        lifetime: Duration,
    ) -> Result<(), SignError> {
        let inputs = Inputs::new(self, request)?;
        let query = Query::new(self, request, &inputs, lifetime)?;
        let signature = self.signature(&inputs.date, &self.query_form(request, &inputs, &query))?;

        let mut parts = request.uri().clone().into_parts();
        let target = query.target(request.uri().path(), signature.as_bytes());
        parts.path_and_query = Some(PathAndQuery::try_from(target).map_err(|_| SignError::Uri)?);
        if let Some(authority) = inputs.plain_authority(request.uri())? {
            parts.authority = Some(authority);
        }
        *request.uri_mut() = Uri::from_parts(parts).map_err(|_| SignError::Uri)?;
        Ok(())
    }

    /// Returns what [`Signer::presign`] would compute, without changing the request.
    ///
    /// # Errors
    ///
    /// As [`Signer::presign`].
    pub fn explain_presign<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        lifetime: Duration,
    ) -> Result<Explanation, SignError> {
        let inputs = Inputs::new(self, request)?;
        let query = Query::new(self, request, &inputs, lifetime)?;
        self.explanation(&inputs.date, &self.query_form(request, &inputs, &query))
    }

    fn query_form<'r, B>(
        &self,
        request: &'r Request<B>,
        inputs: &'r Inputs<'_>,
        query: &'r Query<'_>,
    ) -> Canonical<'r> {
        let token = if self.token_after_signing { b"" } else { &query.token[..] };
        let fields = inputs.fields(request.headers(), |_| false);
        Canonical {
            method: request.method().as_str(),
            path: self.path(request.uri()),
            query: [query.kept.as_bytes(), &query.items, token],
            fields,
            payload: &inputs.payload,
        }
    }
}

/// The query without the signature, encoded.
struct Query<'r> {
    /// The request's own query, without the items of an earlier signature.
    kept: Cow<'r, str>,
    items: Vec<u8>,
    /// The item of the session token; empty without one.
    token: Zeroizing<Vec<u8>>,
}

impl<'r> Query<'r> {
    fn new<B>(
        signer: &Signer<'_>,
        request: &'r Request<B>,
        inputs: &Inputs<'_>,
        lifetime: Duration,
    ) -> Result<Self, SignError> {
        let seconds = lifetime.as_secs();
        if !LIFETIMES.contains(&seconds) {
            return Err(SignError::Lifetime);
        }
        let fields = inputs.fields(request.headers(), |_| false);

        let mut items = Vec::with_capacity(256 + fields.names_len());
        items.put(b"X-Amz-Algorithm=");
        items.put(signer.algorithm());
        items.put(b"&X-Amz-Credential=");
        put_encoded(signer.credentials.access_key_id.as_bytes(), &UNRESERVED, &mut items);
        items.put(b"%2F");
        signer.put_scope(&inputs.date, b"%2F", &mut items);
        items.put(b"&X-Amz-Date=");
        items.put(inputs.date.timestamp());
        items.put(b"&X-Amz-Expires=");
        items.put(seconds.to_string().as_bytes());
        if let Some(regions) = signer.scope.regions() {
            items.put(b"&X-Amz-Region-Set=");
            put_encoded(regions.as_bytes(), &UNRESERVED, &mut items);
        }
        items.put(b"&X-Amz-SignedHeaders=");
        fields.put_names(b";", &mut Encoded(&mut items));

        let mut token = Zeroizing::new(Vec::new());
        if let Some(text) = signer.token() {
            // With room for all of it, so that nothing is left behind where it grows.
            token.reserve(TOKEN.len() + 3 * text.expose().len());
            token.put(TOKEN);
            put_encoded(text.expose().as_bytes(), &UNRESERVED, &mut *token);
        }
        Ok(Self { kept: without_signature(request.uri().query().unwrap_or_default()), items, token })
    }

    /// The path and the whole query.
    fn target(&self, path: &str, signature: &[u8]) -> Vec<u8> {
        let mut target = Vec::with_capacity(
            path.len()
                + self.kept.len()
                + self.items.len()
                + self.token.len()
                + "&&&X-Amz-Signature=?".len()
                + signature.len(),
        );
        target.put(path.as_bytes());
        let mut before = b"?";
        for part in [self.kept.as_bytes(), &self.items, &*self.token] {
            if !part.is_empty() {
                target.put(before);
                target.put(part);
                before = b"&";
            }
        }
        target.put(b"&X-Amz-Signature=");
        target.put(signature);
        target
    }
}

/// Escapes what it writes: the name of a header may contain `#`, `%` or `&`.
struct Encoded<'v>(&'v mut Vec<u8>);

impl Sink for Encoded<'_> {
    fn put(&mut self, bytes: &[u8]) {
        put_encoded(bytes, &UNRESERVED, self.0);
    }
}

fn without_signature(query: &str) -> Cow<'_, str> {
    let is_item = |pair: &str| {
        let key = pair.split('=').next().unwrap_or_default();
        ITEMS.iter().any(|item| percent_decode(key.as_bytes()).eq(item.bytes()))
    };
    if query.split('&').any(is_item) {
        Cow::Owned(query.split('&').filter(|pair| !is_item(pair)).collect::<Vec<_>>().join("&"))
    } else {
        Cow::Borrowed(query)
    }
}

/// Begins the item of the session token.
const TOKEN: &[u8] = b"X-Amz-Security-Token=";

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::super::{Scope, presign};
    use super::*;
    use crate::keys::Credentials;

    const HOUR: Duration = Duration::from_secs(3600);

    fn keys() -> Credentials {
        Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    }

    fn scope() -> Scope {
        Scope::new("us-east-1", "service")
    }

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_440_938_160)
    }

    fn presigned(uri: &str, keys: &Credentials) -> String {
        let mut request = Request::get(uri).body("").unwrap();
        presign(&mut request, keys, &scope(), now(), HOUR).unwrap();
        assert!(request.headers().is_empty());
        request.uri().to_string()
    }

    #[test]
    fn signs_the_published_get_vanilla() {
        let expected = "https://example.amazonaws.com/?X-Amz-Algorithm=AWS4-HMAC-SHA256\
            &X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request\
            &X-Amz-Date=20150830T123600Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host\
            &X-Amz-Signature=e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d";
        assert_eq!(presigned("https://example.amazonaws.com/", &keys()), expected);
        assert_eq!(presigned("https://example.amazonaws.com/?", &keys()), expected);
        assert_eq!(presigned("https://Example.amazonaws.com", &keys()), expected);
    }

    #[test]
    fn appends_to_the_query_and_replaces_an_earlier_signature() {
        let temporary = keys().with_session_token("a/b+c=");
        let once = presigned("https://example.amazonaws.com/p?b=x+y&a=%7e&c", &temporary);
        assert!(once.starts_with("https://example.amazonaws.com/p?b=x+y&a=%7e&c&X-Amz-Algorithm="), "{once}");
        assert!(
            once.contains("&X-Amz-SignedHeaders=host&X-Amz-Security-Token=a%2Fb%2Bc%3D&X-Amz-Signature=")
        );
        assert_eq!(presigned(&once, &temporary), once);
        assert_eq!(presigned(&once.replace("X-Amz-Date", "X%2DAmz-Date"), &temporary), once);
        let plain = presigned("https://example.amazonaws.com/p?b=x+y&a=%7e&c", &keys());
        assert_eq!(presigned(&once, &keys()), plain);
        // The order and the encoding of a query are not signed; its meaning is.
        let signature = |url: &str| url.rsplit_once('=').unwrap().1.to_owned();
        let other = presigned("https://example.amazonaws.com/p?c=&a=~&b=x%2By", &keys());
        assert_eq!(signature(&other), signature(&plain));
        let other = presigned("https://example.amazonaws.com/p?c=&a=~&b=x%20y", &keys());
        assert_ne!(signature(&other), signature(&plain));
    }

    #[test]
    fn any_header_name_fits_into_the_query() {
        let mut request = Request::get("https://example.amazonaws.com/").body("").unwrap();
        for name in ["x-a#b", "x-a%41", "x-a&b"] {
            request.headers_mut().insert(name, http::HeaderValue::from_static("1"));
        }
        let (keys, scope) = (keys(), scope());
        let explained = Signer::new(&keys, &scope, now()).explain_presign(&request, HOUR).unwrap();
        presign(&mut request, &keys, &scope, now(), HOUR).unwrap();
        let names = "&X-Amz-SignedHeaders=host%3Bx-a%23b%3Bx-a%2541%3Bx-a%26b";
        assert!(
            explained.canonical_request.contains(&format!("{names}\n")),
            "{}",
            explained.canonical_request
        );
        let expected = format!("{names}&X-Amz-Signature={}", explained.signature);
        assert!(request.uri().to_string().ends_with(&expected), "{}", request.uri());
    }

    #[test]
    fn refuses_a_request_that_cannot_be_presigned_and_leaves_it_unchanged() {
        let long = format!("https://example.amazonaws.com/?a={}", "a".repeat(65_400));
        let week = Duration::from_secs(604_800);
        for (uri, lifetime, error) in [
            ("https://example.amazonaws.com/", Duration::ZERO, SignError::Lifetime),
            ("https://example.amazonaws.com/", Duration::from_millis(999), SignError::Lifetime),
            ("https://example.amazonaws.com/", week + Duration::from_secs(1), SignError::Lifetime),
            ("https://example.amazonaws.com/", Duration::MAX, SignError::Lifetime),
            ("/", HOUR, SignError::HostMissing),
            ("example.amazonaws.com:443", HOUR, SignError::Uri),
            (&long, HOUR, SignError::Uri),
        ] {
            let mut request = Request::get(uri).body("").unwrap();
            assert_eq!(presign(&mut request, &keys(), &scope(), now(), lifetime), Err(error), "{uri:.60}");
            assert_eq!(request.uri(), uri);
        }
        for lifetime in [Duration::from_millis(1999), week + Duration::from_millis(1)] {
            let mut request = Request::get("https://example.amazonaws.com/").body("").unwrap();
            presign(&mut request, &keys(), &scope(), now(), lifetime).unwrap();
        }
    }
}
