use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode};

use crate::text::{to_ascii_lowercase, to_str};

/// What an answer says about itself; present on outputs and on errors.
///
/// Give the request id to AWS support, and write it to your logs: it is not a secret. What is an id is up to the server, and
/// may be long or have several lines: `Display`, `Debug` and [`short_request_id`](Self::short_request_id) show the beginning
/// in one line, the others give all of it.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    status: StatusCode,
    body_request_id: BodyId,
    header_request_id: Option<HeaderValue>,
    rare: Option<Box<Rare>>,
    attempts: u32,
    total_retry_delay: Duration,
}

/// What hardly any answer has.
#[derive(Clone, Default, PartialEq, Eq)]
struct Rare {
    extended_request_id: Option<HeaderValue>,
    cloudfront_id: Option<HeaderValue>,
    content_encoding: Option<Box<str>>,
}

/// The id in the document.
#[derive(Clone, Default, PartialEq, Eq)]
enum BodyId {
    #[default]
    Absent,
    /// The one in the header, as a rule.
    AsInHeader,
    Other(Box<str>),
}

impl Metadata {
    pub(crate) fn new(status: StatusCode, headers: &HeaderMap) -> Self {
        let mut metadata = Self { status, attempts: 1, ..Self::default() };
        let mut rank = REQUEST_ID_HEADERS.len();
        // One look at each header costs less than a look for each name.
        for (name, value) in headers {
            if value.as_bytes().trim_ascii().is_empty() {
                continue;
            }
            match name.as_str() {
                "x-amz-id-2" => keep_first(&mut metadata.rare().extended_request_id, value),
                "x-amz-cf-id" => keep_first(&mut metadata.rare().cloudfront_id, value),
                "content-encoding" => metadata.add_encoding(value),
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

    /// Each line may have several, and `identity` stands for no encoding (RFC 9110 §8.4).
    fn add_encoding(&mut self, value: &HeaderValue) {
        let line = to_ascii_lowercase(&lossy(value));
        let line = line.split(',').map(str::trim).filter(|coding| !["", "identity"].contains(coding));
        let all: Vec<&str> = self.content_encoding().into_iter().chain(line).collect();
        if !all.is_empty() {
            self.rare().content_encoding = Some(all.join(", ").into());
        }
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    pub(crate) fn set_body_request_id(&mut self, id: Option<&str>) {
        self.body_request_id = match id.filter(|id| !id.trim().is_empty()) {
            None => BodyId::Absent,
            id if id == self.header_request_id() => BodyId::AsInHeader,
            Some(id) => BodyId::Other(id.into()),
        };
    }

    pub(crate) fn set_effort(&mut self, attempts: u32, total_retry_delay: Duration) {
        self.attempts = attempts;
        self.total_retry_delay = total_retry_delay;
    }

    /// Passes each id to `replace`, which may return another one for it.
    pub(crate) fn each_text(&mut self, replace: &mut dyn FnMut(&str) -> Option<String>) {
        if let BodyId::Other(id) = &mut self.body_request_id
            && let Some(other) = replace(id)
        {
            *id = other.into();
        }
        replace_in(&mut self.header_request_id, replace);
        if let Some(rare) = &mut self.rare {
            replace_in(&mut rare.extended_request_id, replace);
            replace_in(&mut rare.cloudfront_id, replace);
            if let Some(other) = rare.content_encoding.as_deref().and_then(replace) {
                rare.content_encoding = Some(other.into());
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

    /// The request id as it may be shown: what can be printed of it (ASCII), cut after 128 characters.
    pub fn short_request_id(&self) -> Option<String> {
        self.request_id().map(printable)
    }

    /// `RequestId` in the document.
    pub fn body_request_id(&self) -> Option<&str> {
        match &self.body_request_id {
            BodyId::Absent => None,
            BodyId::AsInHeader => self.header_request_id(),
            BodyId::Other(id) => Some(id),
        }
    }

    /// `x-amzn-requestid`, `x-amzn-request-id` or `x-amz-request-id`, the first that is there and not blank.
    pub fn header_request_id(&self) -> Option<&str> {
        text(&self.header_request_id)
    }

    /// `x-amz-id-2`.
    pub fn extended_request_id(&self) -> Option<&str> {
        text(&self.rare.as_ref()?.extended_request_id)
    }

    /// `x-amz-cf-id`, where CloudFront is on the way.
    pub fn cloudfront_id(&self) -> Option<&str> {
        text(&self.rare.as_ref()?.cloudfront_id)
    }

    /// How the body is encoded, if a server or proxy has compressed it although requests ask for `identity`. A success that is
    /// encoded is an error.
    pub fn content_encoding(&self) -> Option<&str> {
        self.rare.as_ref()?.content_encoding.as_deref()
    }

    /// The same fit to be shown, as what the answer has.
    pub(crate) fn unasked_encoding(&self) -> Option<String> {
        let encoding = printable(self.content_encoding()?);
        Some(format!("content-encoding {encoding}, although the request asks for identity"))
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
        match self.short_request_id() {
            None => f.write_str("no request id"),
            Some(id) => write!(f, "request id {id}"),
        }?;
        if self.attempts > 1 { write!(f, ", {} attempts", self.attempts) } else { Ok(()) }
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = |value: Option<&HeaderValue>| value.map(|value| printable(&lossy(value)));
        let rare = self.rare.as_deref();
        f.debug_struct("Metadata")
            .field("status", &self.status)
            .field("body_request_id", &self.body_request_id().map(printable))
            .field("header_request_id", &id(self.header_request_id.as_ref()))
            .field("extended_request_id", &id(rare.and_then(|rare| rare.extended_request_id.as_ref())))
            .field("cloudfront_id", &id(rare.and_then(|rare| rare.cloudfront_id.as_ref())))
            .field("content_encoding", &self.content_encoding().map(printable))
            .field("attempts", &self.attempts)
            .field("total_retry_delay", &self.total_retry_delay)
            .finish()
    }
}

/// `Debug` shows ids that are not text too.
fn replace_in(id: &mut Option<HeaderValue>, replace: &mut dyn FnMut(&str) -> Option<String>) {
    if let Some(other) = id.as_ref().map(lossy).as_deref().and_then(replace) {
        *id = HeaderValue::try_from(other).ok();
    }
}

fn keep_first(kept: &mut Option<HeaderValue>, value: &HeaderValue) {
    kept.get_or_insert_with(|| value.clone());
}

fn text(value: &Option<HeaderValue>) -> Option<&str> {
    to_str(value.as_ref()?)
}

fn lossy(value: &HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

/// An id as it is shown.
fn printable(id: &str) -> String {
    let mut shown = String::with_capacity(id.len().min(MAX_SHOWN));
    shown.extend(id.chars().filter(char::is_ascii_graphic).take(MAX_SHOWN));
    shown
}

/// How much of an id is shown, in characters.
const MAX_SHOWN: usize = 128;

const REQUEST_ID_HEADERS: [&str; 3] = ["x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id"];

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(name: &'static str, value: &[u8]) -> Metadata {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_bytes(value).unwrap());
        Metadata::new(StatusCode::FORBIDDEN, &headers)
    }

    #[test]
    fn ids_that_are_no_text_are_cleaned_too() {
        for name in ["x-amzn-requestid", "x-amz-id-2", "x-amz-cf-id"] {
            for value in [
                &b"PLANTED/tok+en==\xff"[..],
                b"\xffPLANTED/tok+en==",
                b"PLANTED\xe9/tok+en==",
                b"PLANTED/tok+en==",
            ] {
                let secrets = [crate::secret::Secret::from("PLANTED/tok+en==")];
                let problem = crate::error::ResponseProblem::NoResult;
                let metadata = metadata(name, value);
                let mut error = crate::error::Error::from(crate::error::ResponseError {
                    operation: "A",
                    problem,
                    metadata,
                });
                error.redact(&secrets);
                let shown = format!("{error} {error:?}");
                assert!(shown.contains("[redacted]") && !shown.contains("PLANTED"), "{name}: {shown}");
            }
        }
    }

    #[test]
    fn a_blank_id_is_none_and_hides_no_other() {
        let of = |headers: &[(&'static str, &'static str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, HeaderValue::from_static(value));
            }
            Metadata::new(StatusCode::OK, &map)
        };
        for blank in ["", " \t"] {
            let all = of(&[("x-amzn-requestid", blank), ("x-amz-id-2", blank), ("x-amz-cf-id", blank)]);
            assert_eq!(all, of(&[]), "{blank:?}");
            assert!(all.to_string().ends_with("no request id"), "{all}");
            for name in ["x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id"] {
                let found = of(&[("x-amzn-requestid", blank), (name, "abc"), ("x-amz-request-id", "abc")]);
                assert_eq!(found.request_id(), Some("abc"), "{name} {blank:?}");
            }
        }
    }

    #[test]
    fn ids_are_shown_in_short() {
        for name in ["x-amzn-requestid", "x-amz-id-2", "x-amz-cf-id"] {
            let shown = format!("{:?}", metadata(name, "i".repeat(200_000).as_bytes()));
            assert!(
                shown.contains(&format!("\"{}\"", "i".repeat(MAX_SHOWN))) && shown.len() < 600,
                "{shown}"
            );
        }
        let metadata = metadata("x-amz-request-id", b"a b\tc");
        assert_eq!(
            (metadata.request_id(), metadata.short_request_id().as_deref()),
            (Some("a b\tc"), Some("abc"))
        );
    }
}
