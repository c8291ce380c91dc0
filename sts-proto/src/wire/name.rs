//! Names of elements and attributes.

/// A name without its prefix, if it is a name: `Name` of XML 1.0 §2.3, but with any character beyond ASCII.
#[inline]
pub(super) fn local_name(name: &str) -> Option<&str> {
    let all = name.bytes().fold(0, |all, b| all | class(b));
    if all & ODD != 0 || class(*name.as_bytes().first()?) == INSIDE {
        return None;
    }
    if all & COLON == 0 { Some(name) } else { name.split_once(':').map(|(_, local)| local) }
}

/// The length of the name without a prefix that a text begins with.
#[inline]
pub(super) fn local_length(text: &[u8]) -> Option<usize> {
    let length = text.iter().position(|b| class(*b) > INSIDE)?;
    (class(*text.first()?) == BEGIN).then_some(length)
}

fn class(b: u8) -> u8 {
    CLASSES.get(usize::from(b)).copied().unwrap_or(ODD)
}

/// Where a byte may be in a name.
#[allow(clippy::indexing_slicing)] // at compile time
static CLASSES: [u8; 256] = {
    let mut classes = [ODD; 256];
    let mut byte = 0;
    while byte < classes.len() {
        let b = byte as u8;
        classes[byte] = match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => BEGIN,
            b'0'..=b'9' | b'-' | b'.' => INSIDE,
            // Ends a prefix.
            b':' => COLON,
            _ => ODD,
        };
        byte += 1;
    }
    classes
};
const BEGIN: u8 = 0;
const INSIDE: u8 = 1;
const COLON: u8 = 2;
const ODD: u8 = 4;
