//! Base64 (RFC 4648).

/// An alphabet, and whether a text is filled up to a multiple of four characters.
#[derive(Clone, Copy)]
pub(crate) struct Base64 {
    letters: &'static [u8; 64],
    padded: bool,
}

/// RFC 4648 §4.
pub(crate) const STANDARD: Base64 =
    Base64 { letters: b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", padded: true };
/// RFC 4648 §5.
pub(crate) const URL_PADDED: Base64 =
    Base64 { letters: b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", padded: true };
/// RFC 4648 §5, without padding (§3.2).
pub(crate) const URL: Base64 = Base64 { padded: false, ..URL_PADDED };

impl Base64 {
    /// How long the text of this many bytes is.
    pub(crate) fn length(self, bytes: usize) -> usize {
        if self.padded { bytes.div_ceil(3) * 4 } else { (bytes * 4).div_ceil(3) }
    }

    /// The text of these bytes. It does not grow while it is written, so that no part of a secret is left behind.
    pub(crate) fn encode(self, bytes: &[u8]) -> String {
        let mut text = String::with_capacity(self.length(bytes.len()));
        self.append(bytes, &mut text);
        text
    }

    /// The same at the end of a text, which has the room if no part of a secret is to be left behind.
    pub(crate) fn append(self, bytes: &[u8], text: &mut String) {
        let letter = |bits: u32| char::from(self.letters.get(bits as usize & 63).copied().unwrap_or(b'='));
        let (threes, rest) = bytes.as_chunks::<3>();
        for [first, second, third] in threes {
            let bits = u32::from(*first) << 16 | u32::from(*second) << 8 | u32::from(*third);
            text.extend([letter(bits >> 18), letter(bits >> 12), letter(bits >> 6), letter(bits)]);
        }
        match rest {
            [first] => {
                let bits = u32::from(*first) << 16;
                text.extend([letter(bits >> 18), letter(bits >> 12)]);
            }
            [first, second] => {
                let bits = u32::from(*first) << 16 | u32::from(*second) << 8;
                text.extend([letter(bits >> 18), letter(bits >> 12), letter(bits >> 6)]);
            }
            _ => return,
        }
        if self.padded {
            text.extend(std::iter::repeat_n('=', 3 - rest.len()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648 §10.
    #[test]
    fn the_published_vectors() {
        for (text, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(STANDARD.encode(text.as_bytes()), expected);
            assert_eq!(URL_PADDED.encode(text.as_bytes()), expected);
            assert_eq!(URL.encode(text.as_bytes()), expected.trim_end_matches('='));
            assert_eq!(STANDARD.length(text.len()), expected.len());
            assert_eq!(URL.length(text.len()), expected.trim_end_matches('=').len());
        }
        assert_eq!(STANDARD.encode(&[0xfb, 0xff, 0xbf]), "+/+/");
        assert_eq!(URL.encode(&[0xfb, 0xff, 0xbf]), "-_-_");
    }
}
