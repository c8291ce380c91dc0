//! Base64 (RFC 4648), strict: one text for each sequence of bytes.

#[cfg(any(feature = "login", feature = "roles-anywhere", feature = "verify", test))]
use std::mem;

#[cfg(any(feature = "login", feature = "roles-anywhere", feature = "verify", test))]
use zeroize::Zeroizing;

/// An alphabet, and whether a text is filled up to a multiple of four characters.
#[derive(Clone, Copy)]
pub(crate) struct Base64 {
    letters: &'static [u8; 64],
    /// The place of each byte in the alphabet.
    #[cfg(any(feature = "login", feature = "roles-anywhere", feature = "verify", test))]
    places: &'static [u8; 256],
    padded: bool,
}

/// RFC 4648 §4.
pub(crate) const STANDARD: Base64 = Base64 {
    letters: STANDARD_LETTERS,
    #[cfg(any(feature = "login", feature = "roles-anywhere", feature = "verify", test))]
    places: &STANDARD_PLACES,
    padded: true,
};
/// RFC 4648 §5.
pub(crate) const URL_PADDED: Base64 = Base64 {
    letters: URL_LETTERS,
    #[cfg(any(feature = "login", feature = "roles-anywhere", feature = "verify", test))]
    places: &URL_PLACES,
    padded: true,
};
/// RFC 4648 §5, without padding (§3.2).
pub(crate) const URL: Base64 = Base64 { padded: false, ..URL_PADDED };

impl Base64 {
    /// How long the text of this many bytes is.
    pub(crate) fn length(self, bytes: usize) -> usize {
        if self.padded { bytes.div_ceil(3) * 4 } else { (bytes * 4).div_ceil(3) }
    }

    /// The text of these bytes. It does not grow while it is written, so that no part of a secret is left behind.
    pub(crate) fn encode(self, bytes: &[u8]) -> String {
        let mut text = Vec::with_capacity(self.length(bytes.len()));
        self.append(bytes, &mut text);
        // Letters are ASCII.
        String::from_utf8(text).unwrap_or_default()
    }

    /// The same at the end of a text, which has the room if no part of a secret is to be left behind.
    pub(crate) fn append(self, bytes: &[u8], text: &mut Vec<u8>) {
        let letter = |bits: u32| self.letters.get(bits as usize & 63).copied().unwrap_or(b'=');
        let (threes, rest) = bytes.as_chunks::<3>();
        for [first, second, third] in threes {
            let bits = u32::from(*first) << 16 | u32::from(*second) << 8 | u32::from(*third);
            text.extend_from_slice(&[
                letter(bits >> 18),
                letter(bits >> 12),
                letter(bits >> 6),
                letter(bits),
            ]);
        }
        let mut last = [b'='; 4];
        let used = match rest {
            [first] => {
                let bits = u32::from(*first) << 16;
                last = [letter(bits >> 18), letter(bits >> 12), b'=', b'='];
                2
            }
            [first, second] => {
                let bits = u32::from(*first) << 16 | u32::from(*second) << 8;
                last = [letter(bits >> 18), letter(bits >> 12), letter(bits >> 6), b'='];
                3
            }
            _ => 0,
        };
        let used = if self.padded && used > 0 { 4 } else { used };
        text.extend(last.iter().take(used));
    }

    /// The bytes of a text; `None` for all but the one text that [`encode`](Self::encode) makes of them.
    #[cfg(any(feature = "login", feature = "roles-anywhere", feature = "verify", test))]
    pub(crate) fn decode(self, text: &[u8]) -> Option<Vec<u8>> {
        let digits = match (self.padded, text) {
            (true, [start @ .., b'=', b'=']) | (true, [start @ .., b'=']) => start,
            _ => text,
        };
        if self.padded && text.len() != digits.len().div_ceil(4) * 4 {
            return None;
        }
        let place = |digit: u8| u32::from(self.places.get(usize::from(digit)).copied().unwrap_or(NOWHERE));
        let (fours, rest) = digits.as_chunks::<4>();
        // It may be a key, of which nothing is left where it is damaged.
        let mut bytes = Zeroizing::new(Vec::with_capacity(fours.len() * 3 + 2));
        bytes.resize(fours.len() * 3, 0);
        // Whether there was another character is looked at once, at the end.
        let mut all = 0;
        for ([first, second, third, fourth], decoded) in fours.iter().zip(bytes.as_chunks_mut::<3>().0) {
            let [first, second, third, fourth] =
                [place(*first), place(*second), place(*third), place(*fourth)];
            all |= first | second | third | fourth;
            let [_, three @ ..] = (first << 18 | second << 12 | third << 6 | fourth).to_be_bytes();
            *decoded = three;
        }
        // The bits that stand for no byte are zero (RFC 4648 §3.5).
        let unused = match *rest {
            [] => 0,
            [first, second] => {
                all |= place(first) | place(second);
                let [_, one, unused @ ..] = (place(first) << 18 | place(second) << 12).to_be_bytes();
                bytes.push(one);
                u16::from_be_bytes(unused)
            }
            [first, second, third] => {
                all |= place(first) | place(second) | place(third);
                let bits = place(first) << 18 | place(second) << 12 | place(third) << 6;
                let [_, one, other, unused] = bits.to_be_bytes();
                bytes.extend_from_slice(&[one, other]);
                u16::from(unused)
            }
            _ => return None,
        };
        (all < 64 && unused == 0).then(|| mem::take(&mut *bytes))
    }
}

const STANDARD_LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[cfg(any(feature = "login", feature = "roles-anywhere", feature = "verify", test))]
static STANDARD_PLACES: [u8; 256] = places(STANDARD_LETTERS);
#[cfg(any(feature = "login", feature = "roles-anywhere", feature = "verify", test))]
static URL_PLACES: [u8; 256] = places(URL_LETTERS);

/// The place of a byte that is no letter.
#[cfg(any(feature = "login", feature = "roles-anywhere", feature = "verify", test))]
const NOWHERE: u8 = u8::MAX;

#[cfg(any(feature = "login", feature = "roles-anywhere", feature = "verify", test))]
#[allow(clippy::indexing_slicing)] // at compile time
const fn places(letters: &[u8; 64]) -> [u8; 256] {
    let mut places = [NOWHERE; 256];
    let mut place = 0;
    while place < letters.len() {
        places[letters[place] as usize] = place as u8;
        place += 1;
    }
    places
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
