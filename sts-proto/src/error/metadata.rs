use std::fmt;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode};

/// What an answer says about itself; present on outputs and on errors.
///
/// Give the request id to AWS support, and write it to your logs: it is not a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    status: StatusCode,
    body_request_id: Option<Box<str>>,
    header_request_id: Option<HeaderValue>,
    extended_request_id: Option<HeaderValue>,
    cloudfront_id: Option<HeaderValue>,
    attempts: u32,
    total_retry_delay: Duration,
}

impl Metadata {
    pub(crate) fn new(status: StatusCode, headers: &HeaderMap) -> Self {
        let mut metadata = Self { status, attempts: 1, ..Self::default() };
        let mut rank = REQUEST_ID_HEADERS.len();
        // One look at each header costs less than a look for each name.
        for (name, value) in headers {
            match name.as_str() {
                "x-amz-id-2" => keep_first(&mut metadata.extended_request_id, value),
                "x-amz-cf-id" => keep_first(&mut metadata.cloudfront_id, value),
                name => {
                    let found = REQUEST_ID_HEADERS.iter().position(|known| *known == name);
                    if let Some(found) = found.filter(|found| *found < rank) {
                        metadata.header_request_id = Some(value.clone());
                        rank = found;
                    }
                }
            }
        }
        metadata
    }

    pub(crate) fn set_body_request_id(&mut self, id: Option<String>) {
        self.body_request_id = id.filter(|id| !id.trim().is_empty()).map(String::into_boxed_str);
    }

    pub(crate) fn set_effort(&mut self, attempts: u32, total_retry_delay: Duration) {
        self.attempts = attempts;
        self.total_retry_delay = total_retry_delay;
    }

    /// Changes the ids as `clean` says.
    pub(crate) fn clean(&mut self, clean: &impl Fn(&str) -> Option<String>) {
        if let Some(cleaned) = self.body_request_id.as_deref().and_then(clean) {
            self.body_request_id = Some(cleaned.into());
        }
        for id in [&mut self.header_request_id, &mut self.extended_request_id, &mut self.cloudfront_id] {
            if let Some(cleaned) = text(id).and_then(clean) {
                *id = HeaderValue::try_from(cleaned).ok();
            }
        }
    }

    /// The HTTP status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn status_text(&self) -> &str {
        self.status.as_str()
    }

    /// Names the request: the id in the document, else the one in the header.
    pub fn request_id(&self) -> Option<&str> {
        self.body_request_id().or_else(|| self.header_request_id())
    }

    /// `RequestId` in the document.
    pub fn body_request_id(&self) -> Option<&str> {
        self.body_request_id.as_deref()
    }

    /// `x-amzn-requestid`, `x-amzn-request-id` or `x-amz-request-id`, the first that is there.
    pub fn header_request_id(&self) -> Option<&str> {
        text(&self.header_request_id)
    }

    /// `x-amz-id-2`.
    pub fn extended_request_id(&self) -> Option<&str> {
        text(&self.extended_request_id)
    }

    /// `x-amz-cf-id`, where CloudFront is on the way.
    pub fn cloudfront_id(&self) -> Option<&str> {
        text(&self.cloudfront_id)
    }

    /// How many requests were sent for this call, the answered one included.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How long the call waited between its attempts, altogether.
    pub fn total_retry_delay(&self) -> Duration {
        self.total_retry_delay
    }
}

/// `http 403, request id 1d2f…`: the part that every error message ends with. An id is cut after 128 characters
/// and loses what is not printable.
impl fmt::Display for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http {}, ", self.status.as_u16())?;
        match self.request_id() {
            None => f.write_str("no request id"),
            Some(id) => {
                f.write_str("request id ")?;
                id.chars().filter(|c| c.is_ascii_graphic()).take(128).try_for_each(|c| write!(f, "{c}"))
            }
        }?;
        if self.attempts > 1 { write!(f, ", {} attempts", self.attempts) } else { Ok(()) }
    }
}

fn keep_first(kept: &mut Option<HeaderValue>, value: &HeaderValue) {
    kept.get_or_insert_with(|| value.clone());
}

fn text(value: &Option<HeaderValue>) -> Option<&str> {
    value.as_ref()?.to_str().ok()
}

const REQUEST_ID_HEADERS: [&str; 3] = ["x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id"];
