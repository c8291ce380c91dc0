//! Base64 (RFC 4648 §4 and §5).

/// With `+`, `/` and padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    written(bytes, b"+/", true)
}

/// With `-` and `_`, and without padding, as JSON Web Signatures have it.
#[cfg(feature = "login")]
pub(crate) fn encode_for_url(bytes: &[u8]) -> String {
    written(bytes, b"-_", false)
}

/// Reads what [`encode`] writes. White space is passed over; `None` for anything else.
#[cfg(feature = "login")]
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_ascii_end();
    let text = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    // A buffer that grows would leave copies of a secret behind.
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        (bits, count) = ((bits << 6 | u32::from(value)) & 0x3fff, count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    (count < 6 && bits & ((1 << count) - 1) == 0).then_some(bytes)
}

fn written(bytes: &[u8], last: &[u8; 2], padded: bool) -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |position| u32::from(three.get(position).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) as usize & 63;
            match ALPHABET.get(value).or_else(|| last.get(value.wrapping_sub(ALPHABET.len()))) {
                Some(letter) if digit <= three.len() => text.push(char::from(*letter)),
                _ if padded => text.push('='),
                _ => {}
            }
        }
    }
    text
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
            assert_eq!(encode(text.as_bytes()), expected);
            #[cfg(feature = "login")]
            {
                assert_eq!(encode_for_url(text.as_bytes()), expected.trim_end_matches('='));
                assert_eq!(decode(expected).as_deref(), Some(text.as_bytes()));
            }
        }
        assert_eq!(encode(&[0xfb, 0xff, 0xbf]), "+/+/");
    }

    #[cfg(feature = "login")]
    #[test]
    fn what_is_read() {
        assert_eq!(encode_for_url(&[0xfb, 0xff, 0xbf]), "-_-_");
        assert_eq!(decode(" +/\r\n+/\n"), Some(vec![0xfb, 0xff, 0xbf]));
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&all)), Some(all));
        for bad in ["-_-_", "Zg===", "Z", "Zh==", "Zm9=v", "Zm\u{e9}9v", "="] {
            let read = decode(bad);
            assert!(read.is_none() || bad == "=", "{bad}: {read:?}");
        }
    }
}
