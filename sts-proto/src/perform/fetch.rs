//! What sending with `fetch` takes, in a web page, a worker or Node.js: which headers it is given, and what its answers mean.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use crate::text::to_str;
use crate::transport::{TransportError, TransportErrorKind};
use crate::wire::MAX_BODY;

/// The headers of a request that `fetch` is given, which writes `host` and `content-length` by itself.
pub fn fetch_headers(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let given = headers.iter().filter(|(name, _)| ![HOST, CONTENT_LENGTH].contains(name));
    given.filter_map(|(name, value)| Some((name.as_str(), to_str(value)?)))
}

/// An answer of `fetch` while it is read.
#[derive(Debug)]
pub struct FetchAnswer {
    response: Response<()>,
    body: Vec<u8>,
}

impl FetchAnswer {
    /// An answer with this status, which is 0 where a browser hides a redirect that it was told not to follow.
    pub fn new(status: u16) -> Self {
        let mut response = Response::new(());
        let status = if status == 0 { StatusCode::FOUND.as_u16() } else { status };
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        Self { response, body: Vec::new() }
    }

    /// The answer has this header, as far as the page may see it. `fetch` has undone the encoding of the body, so what says
    /// something of that is left out.
    pub fn header(&mut self, name: &str, value: &str) {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
            return;
        };
        if ![CONTENT_ENCODING, CONTENT_LENGTH].contains(&name) {
            self.response.headers_mut().append(name, value);
        }
    }

    /// The body has this many bytes more.
    ///
    /// # Errors
    ///
    /// That is more than [`MAX_BODY`] altogether. Do not read them, and abort.
    pub fn extend(&mut self, bytes: usize) -> Result<&mut Vec<u8>, TransportError> {
        match bytes <= MAX_BODY - self.body.len().min(MAX_BODY) {
            true => Ok(&mut self.body),
            false => Err(TransportErrorKind::TooLarge.into()),
        }
    }

    /// The whole answer.
    pub fn finish(self) -> Response<Bytes> {
        self.response.map(|()| self.body.into())
    }
}

/// `fetch` has given no answer. It says `why`, which in a browser is next to nothing.
pub fn fetch_failed(why: &str) -> TransportError {
    let why = format!(
        "fetch says {why:?}; a page is not told whether the host has no address, refuses connections, shows no certificate \
         that is trusted, or does not allow the page's origin (cors)"
    );
    TransportError::new(TransportErrorKind::Connect, why)
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn a_page_gives_fetch_the_headers_that_it_may_send() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("host", "sts.test"), ("content-length", "3"), ("x-amz-date", "now")] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        assert_eq!(fetch_headers(&headers).collect::<Vec<_>>(), [("x-amz-date", "now")]);
    }

    #[test]
    fn an_answer_is_what_the_server_has_sent() {
        let mut answer = FetchAnswer::new(400);
        for (name, value) in
            [("x-amzn-requestid", "id"), ("content-encoding", "gzip"), ("content-length", "9"), ("", "")]
        {
            answer.header(name, value);
        }
        answer.extend(3).unwrap().extend_from_slice(b"abc");
        assert!(answer.extend(MAX_BODY - 3).is_ok());
        assert_eq!(answer.extend(MAX_BODY - 2).unwrap_err().kind(), TransportErrorKind::TooLarge);
        let answer = answer.finish();
        assert_eq!((answer.status(), &answer.body()[..]), (StatusCode::BAD_REQUEST, &b"abc"[..]));
        assert_eq!(answer.headers().len(), 1);
        assert_eq!(answer.headers()["x-amzn-requestid"], "id");
    }

    #[test]
    fn what_a_browser_hides_is_a_redirect() {
        assert_eq!(FetchAnswer::new(0).finish().status(), StatusCode::FOUND);
        assert_eq!(FetchAnswer::new(307).finish().status(), StatusCode::TEMPORARY_REDIRECT);
    }

    #[test]
    fn no_answer_is_no_connection_and_the_error_says_what_a_page_cannot_tell() {
        let error = fetch_failed("Failed to fetch");
        assert_eq!(error.kind(), TransportErrorKind::Connect);
        let why = error.source().map(ToString::to_string).unwrap_or_default();
        assert!(why.starts_with("fetch says \"Failed to fetch\"; a page is not told whether"), "{why}");
    }
}
