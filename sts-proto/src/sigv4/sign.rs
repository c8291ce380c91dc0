//! The signer, and the header form.

use std::time::SystemTime;

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Uri};
use sha2::{Digest, Sha256};

use super::canonical::{Canonical, Fields, Gather, Hex, Path, Sink};
use super::date::Date;
use super::explain::Explanation;
use super::inputs::Inputs;
use super::{Scope, SignError, SigningKey};
use crate::keys::Credentials;
use crate::secret::Secret;

/// The algorithm for a scope of several regions.
pub(super) const SIGV4A: &[u8] = b"AWS4-ECDSA-P256-SHA256";

const DATE_NAME: &str = "x-amz-date";
const DATE: HeaderName = HeaderName::from_static(DATE_NAME);
const TOKEN_NAME: &str = "x-amz-security-token";
const TOKEN: HeaderName = HeaderName::from_static(TOKEN_NAME);
const REGION_SET_NAME: &str = "x-amz-region-set";
const REGION_SET: HeaderName = HeaderName::from_static(REGION_SET_NAME);
const CONTENT_SHA256_NAME: &str = "x-amz-content-sha256";
const CONTENT_SHA256: HeaderName = HeaderName::from_static(CONTENT_SHA256_NAME);

/// Signs requests. Its setters cover the differences between services.
///
/// ```
/// use sts_proto::sigv4::{Scope, Signer};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let keys = sts_proto::Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
/// # let now = std::time::UNIX_EPOCH;
/// // With the settings for S3.
/// let scope = Scope::new("eu-west-1", "s3");
/// let url = "https://bucket.s3.eu-west-1.amazonaws.com/a//b";
/// let mut request = http::Request::put(url).body("content")?;
/// let signer = Signer::new(&keys, &scope, now)
///     .normalize_path(false)
///     .double_encode(false)
///     .content_sha256(true);
/// signer.sign(&mut request)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Signer<'a> {
    pub(super) credentials: &'a Credentials,
    pub(super) scope: &'a Scope,
    now: SystemTime,
    normalize_path: bool,
    double_encode: bool,
    content_sha256: bool,
    pub(super) token_after_signing: bool,
    key: Option<&'a SigningKey>,
    /// In place of that which follows from the scope.
    #[cfg(feature = "roles-anywhere")]
    algorithm: Option<&'static str>,
}

impl<'a> Signer<'a> {
    /// A signer for the time `now`. A fraction of a second is dropped.
    pub fn new(credentials: &'a Credentials, scope: &'a Scope, now: SystemTime) -> Self {
        Self {
            credentials,
            scope,
            now,
            normalize_path: true,
            double_encode: true,
            content_sha256: false,
            token_after_signing: false,
            key: None,
            #[cfg(feature = "roles-anywhere")]
            algorithm: None,
        }
    }

    /// Whether to remove `.`, `..` and repeated slashes from the path that is signed (not from the one that
    /// is sent). `true` by default; S3 expects `false`.
    pub fn normalize_path(mut self, yes: bool) -> Self {
        self.normalize_path = yes;
        self
    }

    /// Whether to encode the `%` of escapes in the path again. `true` by default; S3 expects `false`.
    pub fn double_encode(mut self, yes: bool) -> Self {
        self.double_encode = yes;
        self
    }

    /// Whether the header form sets and signs `x-amz-content-sha256`, the hash of the body. `false` by
    /// default; S3 expects `true`.
    pub fn content_sha256(mut self, yes: bool) -> Self {
        self.content_sha256 = yes;
        self
    }

    /// Whether to add the session token without signing it. `false` by default; a few services (AWS IoT, for
    /// one) expect `true`.
    pub fn session_token_after_signing(mut self, yes: bool) -> Self {
        self.token_after_signing = yes;
        self
    }

    /// Signs with a derived key, which must come from the same secret access key. If it is for another day or
    /// scope, it is ignored and a new one is derived. Signature Version 4a derives its key for each signature.
    pub fn key(mut self, key: &'a SigningKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Names another algorithm in the string to sign.
    #[cfg(feature = "roles-anywhere")]
    pub(super) fn algorithm_name(mut self, name: &'static str) -> Self {
        self.algorithm = Some(name);
        self
    }

    /// Signs in the header form.
    ///
    /// Sets `authorization`, `x-amz-date`, `x-amz-security-token` and, for a scope of several regions,
    /// `x-amz-region-set`, replacing existing ones, so that the same request can be signed again for another attempt. Marks
    /// `authorization` and the token as sensitive.
    ///
    /// # Errors
    ///
    /// If the request cannot be signed as it is. It is then unchanged, except after
    /// [`SignError::TooManyHeaders`].
    pub fn sign<B: AsRef<[u8]>>(&self, request: &mut Request<B>) -> Result<(), SignError> {
        let inputs = Inputs::new(self, request)?;
        let canonical = self.header_form(request, &inputs);
        let signature = self.signature(&inputs.date, &canonical)?;
        let authorization = self.authorization(&inputs.date, &canonical.fields, &signature)?;
        let date = HeaderValue::from_bytes(inputs.date.timestamp()).map_err(|_| SignError::Time)?;
        let hash = self.content_sha256.then(|| HeaderValue::from_bytes(inputs.payload.as_bytes()));
        let token = self.token_header()?;
        let regions = self.scope.regions().map(HeaderValue::from_str).transpose();
        let regions = regions.map_err(|_| SignError::Scope)?;
        if let Some(authority) = inputs.plain_authority(request.uri())? {
            let mut parts = request.uri().clone().into_parts();
            parts.authority = Some(authority);
            *request.uri_mut() = Uri::from_parts(parts).map_err(|_| SignError::Uri)?;
        }

        let headers = request.headers_mut();
        set(headers, DATE, Some(date))?;
        if let Some(Ok(hash)) = hash {
            set(headers, CONTENT_SHA256, Some(hash))?;
        }
        if regions.is_some() {
            set(headers, REGION_SET, regions)?;
        }
        set(headers, TOKEN, token)?;
        set(headers, AUTHORIZATION, Some(authorization))
    }

    /// Returns what [`Signer::sign`] would compute, without changing the request: for tests, and to compare
    /// with the canonical request that a service quotes in a `SignatureDoesNotMatch` error.
    ///
    /// # Errors
    ///
    /// As [`Signer::sign`].
    pub fn explain<B: AsRef<[u8]>>(&self, request: &Request<B>) -> Result<Explanation, SignError> {
        let inputs = Inputs::new(self, request)?;
        self.token_header()?;
        self.explanation(&inputs.date, &self.header_form(request, &inputs))
    }

    fn header_form<'r, B>(&'r self, request: &'r Request<B>, inputs: &'r Inputs<'_>) -> Canonical<'r> {
        let set_by_us = |name: &HeaderName| {
            *name == DATE
                || *name == TOKEN
                || (self.content_sha256 && *name == CONTENT_SHA256)
                || (self.scope.regions().is_some() && *name == REGION_SET)
        };
        let mut fields = inputs.fields(request.headers(), set_by_us);
        fields.push(DATE_NAME, inputs.date.timestamp());
        if self.content_sha256 {
            fields.push(CONTENT_SHA256_NAME, inputs.payload.as_bytes());
        }
        if let Some(token) = self.token().filter(|_| !self.token_after_signing) {
            fields.push(TOKEN_NAME, token.expose().as_bytes());
        }
        if let Some(regions) = self.scope.regions() {
            fields.push(REGION_SET_NAME, regions.as_bytes());
        }
        Canonical {
            method: request.method().as_str(),
            path: self.path(request.uri()),
            query: [request.uri().query().unwrap_or_default().as_bytes(), b"", b""],
            fields,
            payload: &inputs.payload,
        }
    }

    fn token_header(&self) -> Result<Option<HeaderValue>, SignError> {
        let Some(token) = self.token() else { return Ok(None) };
        let mut value = HeaderValue::from_str(token.expose()).map_err(|_| SignError::SessionToken)?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// The session token; `None` if it is empty.
    pub(super) fn token(&self) -> Option<&'a Secret> {
        self.credentials.session_token.as_ref().filter(|token| !token.expose().is_empty())
    }

    /// Checks what goes into the credential scope in both forms, and returns the time.
    pub(super) fn date(&self) -> Result<Date, SignError> {
        // Commas separate the header's parts, and slashes the parts of the scope.
        let word = |text: &str, refused: u8| {
            let fits = |byte: u8| byte.is_ascii_graphic() & (byte != b',') & (byte != refused);
            !text.is_empty() && text.bytes().fold(true, |all, byte| all & fits(byte))
        };
        if !word(&self.credentials.access_key_id, b',') {
            return Err(SignError::AccessKeyId);
        }
        if !word(self.scope.region(), b'/') || !word(self.scope.service(), b'/') {
            return Err(SignError::Scope);
        }
        if !self.scope.regions().is_none_or(|regions| regions.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err(SignError::Scope);
        }
        Date::new(self.now)
    }

    pub(super) fn path<'r>(&self, uri: &'r Uri) -> Path<'r> {
        Path { text: uri.path(), normalize: self.normalize_path, double_encode: self.double_encode }
    }

    pub(super) fn signature(&self, date: &Date, canonical: &Canonical<'_>) -> Result<Signature, SignError> {
        let mut hash = Sha256::new();
        let mut text = Gather::new(&mut hash);
        canonical.put(&mut text);
        text.finish();
        self.signature_of(date, &Hex::new(hash.finalize().into()))
    }

    pub(super) fn signature_of(&self, date: &Date, hash: &Hex) -> Result<Signature, SignError> {
        #[cfg(feature = "sigv4a")]
        if self.scope.regions().is_some() {
            let mut text = Vec::with_capacity(160);
            self.put_string_to_sign(date, hash, &mut text);
            return super::asymmetric::sign(self.credentials, &text).map(Signature::Ecdsa);
        }
        let derived;
        let key = match self.key {
            Some(key) if key.fits(date.day(), self.scope) => key,
            _ => {
                derived = SigningKey::of_day(&self.credentials.secret_access_key, date, self.scope);
                &derived
            }
        };
        let mut mac = key.mac();
        let mut text = Gather::new(&mut mac);
        self.put_string_to_sign(date, hash, &mut text);
        text.finish();
        Ok(Signature::Hmac(Hex::new(hmac::Mac::finalize(mac).into_bytes().into())))
    }

    /// Source: "Create a signed AWS API request", step "Create a string to sign", AWS IAM User Guide.
    pub(super) fn put_string_to_sign(&self, date: &Date, hash: &Hex, sink: &mut impl Sink) {
        sink.put(self.algorithm());
        sink.put(b"\n");
        sink.put(date.timestamp());
        sink.put(b"\n");
        self.put_scope(date, b"/", sink);
        sink.put(b"\n");
        sink.put(hash.as_bytes());
    }

    pub(super) fn algorithm(&self) -> &'static [u8] {
        #[cfg(feature = "roles-anywhere")]
        if let Some(name) = self.algorithm {
            return name.as_bytes();
        }
        match self.scope.regions() {
            None => b"AWS4-HMAC-SHA256",
            Some(_) => SIGV4A,
        }
    }

    /// `20150830/us-east-1/service/aws4_request`; a scope of several regions names none here.
    pub(super) fn put_scope(&self, date: &Date, slash: &[u8], sink: &mut impl Sink) {
        sink.put(date.yyyymmdd());
        sink.put(slash);
        if self.scope.regions().is_none() {
            sink.put(self.scope.region().as_bytes());
            sink.put(slash);
        }
        sink.put(self.scope.service().as_bytes());
        sink.put(slash);
        sink.put(b"aws4_request");
    }

    fn authorization(
        &self,
        date: &Date,
        fields: &Fields<'_>,
        signature: &Signature,
    ) -> Result<HeaderValue, SignError> {
        // With room to spare, another allocation would be made for the header.
        const FIXED: usize = " Credential=/YYYYMMDD///aws4_request, SignedHeaders=, Signature=".len();
        let given = self.algorithm().len()
            + self.credentials.access_key_id.len()
            + self.scope.region().len()
            + self.scope.service().len();
        let mut text = Vec::with_capacity(FIXED + given + fields.names_len() + signature.as_bytes().len());
        text.put(self.algorithm());
        text.put(b" Credential=");
        text.put(self.credentials.access_key_id.as_bytes());
        text.put(b"/");
        self.put_scope(date, b"/", &mut text);
        text.put(b", SignedHeaders=");
        fields.put_names(b";", &mut text);
        text.put(b", Signature=");
        text.put(signature.as_bytes());
        let mut value = HeaderValue::try_from(text).map_err(|_| SignError::AccessKeyId)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// A signature in lower-case hexadecimal digits.
pub(super) enum Signature {
    Hmac(Hex),
    #[cfg(feature = "sigv4a")]
    Ecdsa(String),
}

impl Signature {
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Hmac(hex) => hex.as_bytes(),
            #[cfg(feature = "sigv4a")]
            Self::Ecdsa(hex) => hex.as_bytes(),
        }
    }
}

/// Replaces all headers of this name, or removes them.
fn set(headers: &mut HeaderMap, name: HeaderName, value: Option<HeaderValue>) -> Result<(), SignError> {
    match value {
        Some(value) => drop(headers.try_insert(name, value).map_err(|_| SignError::TooManyHeaders)?),
        // Comparing a few names costs less than a hash.
        None if headers.keys().all(|known| *known != name) => {}
        None => drop(headers.remove(name)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use http::header::HOST;

    use super::super::{KeyCache, sign};
    use super::*;

    const TOKEN_TEXT: &str = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";

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

    #[test]
    fn signs_the_published_get_vanilla() {
        let mut request = get("/");
        request.headers_mut().insert(HOST, HeaderValue::from_static("example.amazonaws.com"));
        let explanation = Signer::new(&keys(), &scope(), now()).explain(&request).unwrap();
        assert_eq!(
            explanation.canonical_request,
            "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n\
             e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            explanation.string_to_sign,
            "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n\
             bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63"
        );
        assert_eq!(explanation.signature, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");

        sign(&mut request, &keys(), &scope(), now()).unwrap();
        assert_eq!(
            request.headers()[AUTHORIZATION],
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
    }

    #[test]
    fn signing_again_replaces_the_whole_signature() {
        let mut request = get("https://example.amazonaws.com/");
        let temporary = keys().with_session_token(TOKEN_TEXT);
        request.headers_mut().append(DATE, HeaderValue::from_static("one"));
        request.headers_mut().append(DATE, HeaderValue::from_static("two"));
        request.headers_mut().append(AUTHORIZATION, HeaderValue::from_static("Basic none"));
        sign(&mut request, &temporary, &scope(), now() + Duration::from_secs(5)).unwrap();
        let signed = request.clone();
        assert_eq!(request.headers().len(), 3);
        assert_eq!(request.headers()[TOKEN], TOKEN_TEXT);

        sign(&mut request, &keys(), &scope(), now()).unwrap();
        let mut afresh = get("https://example.amazonaws.com/");
        sign(&mut afresh, &keys(), &scope(), now()).unwrap();
        assert_eq!(request.headers(), afresh.headers());

        sign(&mut request, &temporary, &scope(), now() + Duration::from_secs(5)).unwrap();
        assert_eq!(request.headers(), signed.headers());
    }

    #[test]
    fn marks_and_redacts_secrets() {
        let mut request = get("https://example.amazonaws.com/");
        let temporary = keys().with_session_token(TOKEN_TEXT);
        let (scope, now) = (scope(), now());
        let signer = Signer::new(&temporary, &scope, now);
        let shown = format!("{signer:?} {:?}", signer.explain(&request).unwrap());
        signer.sign(&mut request).unwrap();
        assert!(request.headers()[TOKEN].is_sensitive());
        assert!(request.headers()[AUTHORIZATION].is_sensitive());
        let shown = format!("{shown} {request:?}");
        for secret in [TOKEN_TEXT, "wJalrXUtnFEMI", "Signature="] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn a_cached_key_gives_the_same_signature_and_one_that_does_not_fit_is_ignored() {
        let (keys, scope, now) = (keys(), scope(), now());
        let mut cache = KeyCache::default();
        let request = get("https://example.amazonaws.com/");
        let plain = Signer::new(&keys, &scope, now);
        let expected = plain.explain(&request).unwrap();
        let other = Scope::new("us-west-2", "service");
        for (scope, now) in [(&scope, now), (&scope, now + Duration::from_secs(86_400)), (&other, now)] {
            let key = cache.get(&keys, scope, now).unwrap();
            assert_eq!(plain.clone().key(key).explain(&request).unwrap(), expected);
        }
    }

    #[test]
    fn refuses_a_request_that_cannot_be_signed_and_leaves_it_unchanged() {
        let uri = "https://example.amazonaws.com/";
        let id = |id: &str| Credentials::new(id, "secret");
        let mut no_host = get(uri);
        no_host.headers_mut().insert(HOST, HeaderValue::from_static(" "));
        for (request, keys, scope, now, error) in [
            (get("/"), keys(), scope(), now(), SignError::HostMissing),
            (no_host, keys(), scope(), now(), SignError::HostMissing),
            (get(uri), id(""), scope(), now(), SignError::AccessKeyId),
            (get(uri), id("AKID\n"), scope(), now(), SignError::AccessKeyId),
            (get(uri), id("AKID, x"), scope(), now(), SignError::AccessKeyId),
            (get(uri), id("\u{1234}"), scope(), now(), SignError::AccessKeyId),
            (get(uri), keys().with_session_token("a\r\nb"), scope(), now(), SignError::SessionToken),
            (get(uri), keys(), Scope::new("", "sts"), now(), SignError::Scope),
            (get(uri), keys(), Scope::new("eu/west", "sts"), now(), SignError::Scope),
            (get(uri), keys(), Scope::new("eu-west-1", "s t s"), now(), SignError::Scope),
            (get(uri), keys(), scope(), now() + Duration::from_secs(1 << 39), SignError::Time),
        ] {
            let mut after = request.clone();
            assert_eq!(sign(&mut after, &keys, &scope, now), Err(error));
            assert_eq!(after.headers(), request.headers());
            let text = error.to_string();
            assert!(
                text.starts_with(char::is_lowercase) && !text.ends_with('.') && !text.contains("AKID"),
                "{text}"
            );
        }
        sign(&mut get(uri), &keys().with_session_token(""), &scope(), now()).unwrap();
    }
}
