//! Texts that hold a secret while they are written.

use std::mem;

use zeroize::Zeroizing;

use crate::base64::Base64;
use crate::escape::{UNRESERVED, pieces};
use crate::secret::Secret;

/// A text that is being written. It is wiped when it is dropped, and so is what it leaves behind when it grows.
#[derive(Default)]
pub(crate) struct Draft(Zeroizing<Vec<u8>>);

impl Draft {
    /// With room for this many bytes, and for more if that turns out to be too few.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(bytes)))
    }

    pub(crate) fn put(&mut self, text: &str) {
        self.put_bytes(text.as_bytes());
    }

    /// A JSON string (RFC 8259 §7), with its quotation marks.
    pub(crate) fn put_json(&mut self, text: &str) {
        self.put("\"");
        for piece in text.split_inclusive(|c| matches!(c, '"' | '\\' | '\0'..='\x1f')) {
            let mut before = piece.chars();
            match before.next_back() {
                Some(c @ ('"' | '\\')) => {
                    self.put(before.as_str());
                    self.put(if c == '"' { "\\\"" } else { "\\\\" });
                }
                Some(c @ '\0'..='\x1f') => {
                    self.put(before.as_str());
                    self.put(&format!("\\u{:04x}", u32::from(c)));
                }
                _ => self.put(piece),
            }
        }
        self.put("\"");
    }

    pub(crate) fn put_base64(&mut self, kind: Base64, bytes: &[u8]) {
        self.make_room(kind.length(bytes.len()));
        kind.append(bytes, &mut self.0);
    }

    /// Percent-encoded, except for the unreserved characters of RFC 3986.
    pub(crate) fn put_escaped(&mut self, text: &str) {
        pieces(text.as_bytes(), &UNRESERVED, |piece| self.put_bytes(piece));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn as_str(&self) -> &str {
        // All that is put is text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(crate) fn into_secret(mut self) -> Secret {
        Secret::new(String::from_utf8(mem::take(&mut *self.0)).unwrap_or_default())
    }

    fn put_bytes(&mut self, bytes: &[u8]) {
        self.make_room(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn make_room(&mut self, bytes: usize) {
        let length = self.0.len() + bytes;
        if length > self.0.capacity() {
            let mut larger = Vec::with_capacity(length.max(2 * self.0.capacity()));
            larger.extend_from_slice(&self.0);
            self.0 = Zeroizing::new(larger);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base64::STANDARD;

    #[test]
    fn json_is_what_a_reader_takes() {
        let all: String = ('\0'..='\u{ff}').chain(['\u{2028}', '\u{1f980}']).collect();
        for text in ["", "plain", "\"", "\\", "a\"b\\c\nd", "\u{7f}é", &all] {
            let mut draft = Draft::default();
            draft.put_json(text);
            assert_eq!(serde_json::from_str::<String>(draft.as_str()).unwrap(), text);
        }
    }

    #[test]
    fn a_draft_grows() {
        let mut draft = Draft::with_capacity(1);
        for _ in 0..3 {
            draft.put("a/");
            draft.put_base64(STANDARD, b"fo");
            draft.put_escaped("é/");
        }
        assert_eq!(draft.into_secret().expose(), "a/Zm8=%C3%A9%2F".repeat(3));
    }
}
