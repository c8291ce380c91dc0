//! Base64 (RFC 4648), strict: one text for each sequence of bytes.

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

    /// The bytes of a text; `None` for all but the one text that [`encode`](Self::encode) makes of them.
    #[cfg(any(feature = "verify", test))]
    pub(crate) fn decode(self, text: &[u8]) -> Option<Vec<u8>> {
        let digits = match (self.padded, text) {
            (true, [start @ .., b'=', b'=']) | (true, [start @ .., b'=']) => start,
            _ => text,
        };
        if self.padded && !text.len().is_multiple_of(4) || digits.len() % 4 == 1 {
            return None;
        }
        if self.padded && text.len() != digits.len().div_ceil(4) * 4 {
            return None;
        }
        let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
        for four in digits.chunks(4) {
            let mut bits = 0;
            for digit in four {
                bits = bits << 6 | self.value(*digit)?;
            }
            bits <<= 6 * (4 - four.len());
            let [_, first, second, third] = bits.to_be_bytes();
            let unused = match four.len() {
                2 => u32::from(second) << 8 | u32::from(third),
                3 => u32::from(third),
                _ => 0,
            };
            // The bits that stand for no byte are zero (RFC 4648 §3.5).
            if unused != 0 {
                return None;
            }
            bytes.extend([first, second, third].into_iter().take(four.len() - 1));
        }
        Some(bytes)
    }

    #[cfg(any(feature = "verify", test))]
    fn value(self, digit: u8) -> Option<u32> {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            _ => match self.letters {
                [.., one, _] if *one == digit => 62,
                [.., one] if *one == digit => 63,
                _ => return None,
            },
        };
        Some(value.into())
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
            assert_eq!(STANDARD.decode(expected.as_bytes()).as_deref(), Some(text.as_bytes()));
            assert_eq!(
                URL.decode(expected.trim_end_matches('=').as_bytes()).as_deref(),
                Some(text.as_bytes())
            );
        }
        assert_eq!(STANDARD.encode(&[0xfb, 0xff, 0xbf]), "+/+/");
        assert_eq!(URL.encode(&[0xfb, 0xff, 0xbf]), "-_-_");
    }

    #[test]
    fn every_sequence_of_bytes_has_one_text() {
        for first in 0..=u8::MAX {
            for bytes in [&[first][..], &[first, !first], &[first, 7, !first], &[first, 1, 2, 3]] {
                for kind in [STANDARD, URL_PADDED, URL] {
                    assert_eq!(kind.decode(kind.encode(bytes).as_bytes()).as_deref(), Some(bytes));
                }
            }
        }
        for text in [
            "Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", "Zm9v=", "Zm9v====", "=", "==", "====",
            "Zg==Zg==", "Zm 9v", "Zm9v\n", "Zm-_", "Zm9vé", "Z===",
        ] {
            assert_eq!(STANDARD.decode(text.as_bytes()), None, "{text}");
        }
        for text in ["Z", "Zg==", "Zh", "Zm9", "Zm+/", "Zm9vZ"] {
            assert_eq!(URL.decode(text.as_bytes()), None, "{text}");
        }
    }
}
