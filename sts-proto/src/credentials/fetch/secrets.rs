use bytes::Bytes;
use http::{HeaderValue, Request};

use crate::error::Redactor;
use crate::secret::Secret;
use crate::text::eq_ignore_ascii_case;

/// The secrets of a request. An answer may quote them, and must not be shown then.
pub(super) struct Secrets {
    headers: Vec<HeaderValue>,
    in_body: Vec<Secret>,
}

impl Secrets {
    pub(super) fn of(request: &Request<Bytes>, in_body: Vec<Secret>) -> Self {
        let headers = request.headers().values();
        Self { headers: headers.filter(|value| value.is_sensitive()).cloned().collect(), in_body }
    }

    /// `code`, if it looks like an error code and contains no secret.
    pub(super) fn checked<'a>(&self, code: &'a str) -> Option<&'a str> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:#-".contains(&byte);
        let fits = (1..=MAX_CODE).contains(&code.len()) && code.bytes().all(plain);
        // The redactor ignores short tokens, since they occur in other text. A code is no great loss, so it does not have to.
        let short = |secret: &HeaderValue| secret.to_str().is_ok_and(|secret| code.contains(secret));
        let quotes = self.headers.iter().any(short)
            || self.in_body.iter().any(|secret| code.contains(secret.expose()));
        Some(code).filter(|code| fits && !quotes && !self.are_quoted_in(code))
    }

    /// Whether `text` contains one of them, or a large part of one.
    pub(super) fn are_quoted_in(&self, text: &str) -> bool {
        let secrets: Vec<Secret> =
            self.headers.iter().flat_map(words).chain(self.in_body.iter().cloned()).collect();
        Redactor::new(&secrets).finds(text)
    }
}

/// The value of a header and each word of it: the token often follows the name of a scheme, which is not a secret.
fn words(value: &HeaderValue) -> impl Iterator<Item = Secret> {
    let text = std::str::from_utf8(value.as_bytes()).unwrap_or_default();
    let words = text.split_ascii_whitespace().filter(|word| !eq_ignore_ascii_case(word, "bearer"));
    words.chain([text]).map(Secret::from)
}

/// Longer than any code, in bytes.
const MAX_CODE: usize = 64;
