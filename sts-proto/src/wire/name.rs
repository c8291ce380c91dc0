//! Names in XML documents.

/// A name without its prefix, if it is a name (XML 1.0 §2.3, productions 4 to 5).
pub(super) fn local_name(name: &str) -> Option<&str> {
    let begins = |b: u8| !(b.is_ascii_digit() || b == b'-' || b == b'.');
    if !name.bytes().next().is_some_and(begins) {
        return None;
    }
    match name.bytes().fold(0, |found, b| found | CLASSES.get(usize::from(b)).unwrap_or(&NO_NAME)) {
        0 => Some(name),
        COLON => Some(without_prefix(name)),
        found if found & NO_NAME == 0 && is_foreign_name(name) => Some(without_prefix(name)),
        _ => None,
    }
}

fn without_prefix(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

/// Whether the characters beyond ASCII may be in a name, and the first of all may begin one.
fn is_foreign_name(name: &str) -> bool {
    let begins = |c: char| {
        c.is_ascii()
            || matches!(c,
                '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
                | '\u{37f}'..='\u{1fff}' | '\u{200c}' | '\u{200d}' | '\u{2070}'..='\u{218f}'
                | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}'
                | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
    };
    let goes_on =
        |c: char| begins(c) || matches!(c, '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}');
    name.starts_with(begins) && name.chars().all(goes_on)
}

pub(super) fn is_name(name: &str) -> bool {
    local_name(name).is_some()
}

/// Whether a processing instruction may be for this target (XML 1.0 §2.6).
pub(super) fn is_target(name: &str) -> bool {
    is_name(name) && !name.eq_ignore_ascii_case("xml")
}

/// Kinds of bytes, for names: [`NO_NAME`] may not be in one, [`COLON`] ends a prefix, [`FOREIGN`] is part of a character
/// beyond ASCII.
#[allow(clippy::indexing_slicing)] // at compile time
static CLASSES: [u8; 256] = {
    let mut classes = [NO_NAME; 256];
    let mut byte = 0;
    while byte < classes.len() {
        let b = byte as u8;
        if b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.') {
            classes[byte] = 0;
        }
        if !b.is_ascii() {
            classes[byte] = FOREIGN;
        }
        byte += 1;
    }
    classes[b':' as usize] = COLON;
    classes
};
const NO_NAME: u8 = 1;
const COLON: u8 = 2;
const FOREIGN: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_what_is_none() {
        for (name, expected) in [
            ("a", "a"),
            ("_a-1.b", "_a-1.b"),
            ("p:a", "a"),
            ("é", "é"),
            ("p:é\u{300}\u{b7}", "é\u{300}\u{b7}"),
            ("\u{10000}", "\u{10000}"),
            ("日本", "日本"),
        ] {
            assert_eq!(local_name(name), Some(expected));
        }
        for name in [
            "",
            "1a",
            "-a",
            ".a",
            "a b",
            "a!",
            "\u{30c}/",
            "\u{30c}",
            "\u{b7}a",
            "a\u{d7}",
            "a\u{2028}",
            "a\u{f0000}",
            "é!",
        ] {
            assert_eq!(local_name(name), None, "{name:?}");
        }
        assert!(is_target("xml-stylesheet") && !is_target("Xml"));
    }
}
