//! Names of elements and attributes.

/// A name without its prefix, if it is a name: `Name` of XML 1.0 §2.3, but with any character beyond ASCII.
#[inline]
pub(super) fn local_name(name: &str) -> Option<&str> {
    if name.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '.')) {
        return None;
    }
    match name.bytes().fold(0, |found, b| found | NAME.get(usize::from(b)).unwrap_or(&ODD)) {
        0 => Some(name).filter(|name| !name.is_empty()),
        COLON => name.split_once(':').map(|(_, local)| local),
        _ => None,
    }
}

/// Which bytes may be in a name: 0 is one that may, [`ODD`] one that may not, [`COLON`] the one that ends a prefix.
#[allow(clippy::indexing_slicing)] // at compile time
static NAME: [u8; 256] = {
    let mut name = [ODD; 256];
    let mut byte = 0;
    while byte < name.len() {
        let b = byte as u8;
        if b.is_ascii_alphanumeric() || !b.is_ascii() || matches!(b, b'_' | b'-' | b'.') {
            name[byte] = 0;
        }
        byte += 1;
    }
    name[b':' as usize] = COLON;
    name
};
const ODD: u8 = 1;
const COLON: u8 = 2;
