//! Percent-encoding with AWS's rules, for forms, queries and canonical requests.

/// For each byte, whether it is left unescaped.
pub(crate) type Kept = [bool; 256];

/// The unreserved characters of RFC 3986 §2.3.
#[allow(clippy::indexing_slicing)] // at compile time
pub(crate) static UNRESERVED: Kept = {
    let mut kept = [false; 256];
    let mut byte = 0;
    while byte < kept.len() {
        kept[byte] = is_unreserved(byte as u8);
        byte += 1;
    }
    kept
};

/// [`UNRESERVED`] and the slash.
#[allow(clippy::indexing_slicing)] // at compile time
pub(crate) static UNRESERVED_OR_SLASH: Kept = {
    let mut kept = UNRESERVED;
    kept[b'/' as usize] = true;
    kept
};

/// Whether a text contains itself when it is escaped. For names that are known when the program is compiled.
pub(crate) const fn is_plain(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        if !is_unreserved(*byte) {
            return false;
        }
        rest = after;
    }
    true
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Calls `each` with pieces that together are `bytes` escaped: unchanged where `kept` is set, else as `%XX`.
/// All pieces are ASCII.
#[inline]
pub(crate) fn pieces(bytes: &[u8], kept: &Kept, mut each: impl FnMut(&[u8])) {
    let mut rest = bytes;
    loop {
        let run = rest.iter().position(|byte| !is_kept(*byte, kept)).unwrap_or(rest.len());
        let Some((run, after)) = rest.split_at_checked(run) else { return };
        each(run);
        let Some((byte, after)) = after.split_first() else { return };
        each(&[b'%', digit(byte >> 4), digit(byte & 15)]);
        rest = after;
    }
}

fn is_kept(byte: u8, kept: &Kept) -> bool {
    kept.get(usize::from(byte)).is_some_and(|kept| *kept)
}

fn digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'A' + nibble - 10 }
}

/// `text` as a form or a query contains it.
#[cfg(any(feature = "credentials", test))]
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = Vec::with_capacity(text.len());
    pieces(text.as_bytes(), &UNRESERVED, |piece| escaped.extend_from_slice(piece));
    from_ascii(escaped)
}

/// The text of bytes that are ASCII.
pub(crate) fn from_ascii(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_kept_or_escaped() {
        for byte in 0..=u8::MAX {
            let mut shown = Vec::new();
            pieces(&[b'a', byte, b'z'], &UNRESERVED, |piece| shown.extend_from_slice(piece));
            let kept = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            let expected = if kept { char::from(byte).to_string() } else { format!("%{byte:02X}") };
            assert_eq!(shown, format!("a{expected}z").as_bytes());
        }
        for (text, escaped) in
            [("/é ", "%2F%C3%A9%20"), ("", ""), ("2011-06-15", "2011-06-15"), ("a b", "a%20b")]
        {
            assert_eq!(escape(text), escaped);
            assert_eq!(is_plain(text), text == escaped);
        }
    }
}
