//! What is sent to STS for a proof.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, Request, Response};

use super::super::Draft;
use super::super::request::ACTION;
use super::answer;
use super::identity::Identity;
use super::policy::{AnswerFormat, HONOURED, Policy};
use super::reason::Reason;
use super::request::{Kept, is_listed};
use super::signature::Signature;
use crate::secret::Secret;

/// A proof that breaks no rule that can be checked without asking STS, and the request that is sent for it.
pub struct Checked {
    request: Request<Bytes>,
    partition: &'static str,
    region: String,
    access_key_id: String,
    signature: String,
    expires: SystemTime,
    format: AnswerFormat,
}

impl Checked {
    pub(super) fn of_token(signature: &Signature, expires: &str, policy: &Policy) -> Option<Self> {
        let token = signature.token.as_ref().map(Secret::expose);
        // A session token is base64, of which few characters are escaped.
        let mut url = Draft::with_capacity(512 + token.map_or(0, |token| token.len() * 5 / 4));
        url.put("https://");
        url.put(&signature.host);
        url.put("/?");
        url.put(ACTION);
        let credential = signature.credential();
        let items = [
            ("&X-Amz-Algorithm=", Some("AWS4-HMAC-SHA256")),
            ("&X-Amz-Credential=", Some(&*credential)),
            ("&X-Amz-Date=", Some(&*signature.date)),
            ("&X-Amz-Expires=", Some(expires)),
            ("&X-Amz-SignedHeaders=", Some(&*policy.token_headers)),
            ("&X-Amz-Security-Token=", token),
            ("&X-Amz-Signature=", Some(&*signature.signature)),
        ];
        for (name, value) in items {
            if let Some(value) = value {
                url.put(name);
                url.put_escaped(value);
            }
        }
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = url.as_bytes().try_into().ok()?;
        if let Some((name, value)) = policy.audience.clone() {
            request.headers_mut().insert(name, value);
        }
        Self::new(request, signature, policy)
    }

    pub(super) fn of_request(kept: &Kept, policy: &Policy) -> Option<Self> {
        let signature = &kept.signature;
        let mut request = Request::new(Bytes::from_static(ACTION.as_bytes()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = format!("https://{}/", signature.host).parse().ok()?;
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}, SignedHeaders={}, Signature={}",
            signature.credential(),
            kept.signed,
            signature.signature
        );
        let mut authorization = HeaderValue::from_str(&authorization).ok()?;
        authorization.set_sensitive(true);
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, authorization);
        headers.insert(CONTENT_TYPE, kept.content_type.clone());
        headers.insert(CONTENT_LENGTH, ACTION.len().into());
        headers.insert(DATE, HeaderValue::from_str(&signature.date).ok()?);
        if let Some(token) = &signature.token {
            let mut token = HeaderValue::from_str(token.expose()).ok()?;
            token.set_sensitive(true);
            headers.insert(TOKEN, token);
        }
        if let Some(hash) = &kept.content_sha256 {
            headers.insert(CONTENT_SHA256, hash.clone());
        }
        if let Some((name, value)) = policy.audience.clone() {
            // A header that is sent and not signed has no meaning.
            if is_listed(&kept.signed, name.as_str()) {
                headers.insert(name, value);
            }
        }
        Self::new(request, signature, policy)
    }

    fn new(mut request: Request<Bytes>, signature: &Signature, policy: &Policy) -> Option<Self> {
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_str(&signature.host).ok()?);
        headers.insert(ACCEPT, HeaderValue::from_static(policy.format.as_str()));
        Some(Self {
            request,
            partition: signature.partition,
            region: signature.region.clone(),
            access_key_id: signature.access_key_id.clone(),
            signature: signature.signature.clone(),
            expires: signature.signed_at.checked_add(HONOURED)?,
            format: policy.format,
        })
    }

    /// The request to STS. Its URI, or its headers, are secrets until [`expires`](Self::expires).
    pub fn request(&self) -> &Request<Bytes> {
        &self.request
    }

    /// The partition of the STS that is asked.
    pub fn partition(&self) -> &str {
        self.partition
    }

    /// The region of the STS that is asked.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The key that the proof says it is signed with.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The signature, 64 digits, for a memory of signatures that several processes share.
    pub fn signature(&self) -> &str {
        &self.signature
    }

    /// Until when STS honours the signature, and so how long it has to be remembered: 15 minutes from its date.
    pub fn expires(&self) -> SystemTime {
        self.expires
    }

    /// The identity that the answer to [`request`](Self::request) states.
    ///
    /// # Errors
    ///
    /// A refusal, or an answer that is not to the letter one of STS to `GetCallerIdentity`.
    pub fn read<B: AsRef<[u8]>>(&self, response: &Response<B>) -> Result<Identity, Reason> {
        answer::read(response, self.format, self.partition)
    }
}

/// Prints where the proof goes.
impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, region, access_key_id, expires, .. } = self;
        f.debug_struct("Checked")
            .field("partition", partition)
            .field("region", region)
            .field("access_key_id", access_key_id)
            .field("expires", expires)
            .finish_non_exhaustive()
    }
}

const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");
