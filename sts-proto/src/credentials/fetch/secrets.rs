use bytes::Bytes;
use http::{HeaderValue, Request};

use crate::error::Redactor;
use crate::secret::Secret;

/// The secrets of a request, which are not to be shown where the answer quotes them.
pub(super) struct Secrets(Vec<HeaderValue>);

impl Secrets {
    pub(super) fn of(request: &Request<Bytes>) -> Self {
        let headers = request.headers().values();
        Self(headers.filter(|value| value.is_sensitive()).cloned().collect())
    }

    /// `code`, if it looks like one and holds none of the secrets.
    pub(super) fn checked<'a>(&self, code: &'a str) -> Option<&'a str> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:#-".contains(&byte);
        let fits = (1..=LONGEST_CODE).contains(&code.len()) && code.bytes().all(plain);
        // Tokens that are too short to be told from other text are few, and a code can be done without.
        let short = |secret: &HeaderValue| secret.to_str().is_ok_and(|secret| code.contains(secret));
        Some(code).filter(|code| fits && !self.0.iter().any(short) && !self.are_quoted_in(code))
    }

    /// Whether one of them is in `text`, or much of one.
    pub(super) fn are_quoted_in(&self, text: &str) -> bool {
        let secrets: Vec<Secret> = self.0.iter().flat_map(words).collect();
        Redactor::new(&secrets).finds(text)
    }
}

/// What a header holds, and each word of it: a token often stands behind the name of a scheme, which is no secret.
fn words(value: &HeaderValue) -> impl Iterator<Item = Secret> {
    let text = std::str::from_utf8(value.as_bytes()).unwrap_or_default();
    let words = text.split_ascii_whitespace().filter(|word| !word.eq_ignore_ascii_case("bearer"));
    words.chain([text]).map(Secret::from)
}

/// No code is longer, in bytes.
const LONGEST_CODE: usize = 64;
