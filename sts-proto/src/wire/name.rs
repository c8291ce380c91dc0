//! Names in XML documents.

/// A name without its prefix, if it is a name (XML 1.0 §2.3), as far as ASCII goes.
pub(super) fn local_name(name: &str) -> Option<&str> {
    let begins = |b: u8| !(b.is_ascii_digit() || b == b'-' || b == b'.');
    if !name.bytes().next().is_some_and(begins) {
        return None;
    }
    match name.bytes().fold(0, |found, b| found | CLASSES.get(usize::from(b)).unwrap_or(&NO_NAME)) {
        0 => Some(name),
        COLON => Some(name.split_once(':').map_or(name, |(_, local)| local)),
        _ => None,
    }
}

pub(super) fn is_name(name: &str) -> bool {
    local_name(name).is_some()
}

/// Whether a processing instruction may be for this target (XML 1.0 §2.6).
pub(super) fn is_target(name: &str) -> bool {
    is_name(name) && !name.eq_ignore_ascii_case("xml")
}

/// Kinds of bytes, for names: [`NO_NAME`] may not be in one, [`COLON`] ends a prefix.
#[allow(clippy::indexing_slicing)] // at compile time
static CLASSES: [u8; 256] = {
    let mut classes = [NO_NAME; 256];
    let mut byte = 0;
    while byte < classes.len() {
        let b = byte as u8;
        if b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.') || !b.is_ascii() {
            classes[byte] = 0;
        }
        byte += 1;
    }
    classes[b':' as usize] = COLON;
    classes
};
const NO_NAME: u8 = 1;
const COLON: u8 = 2;
