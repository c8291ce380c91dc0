//! Documents as servers write them.

/// Whether all is ASCII, with no control character but line feeds and no `]` (which might end a CDATA section). Nearly
/// all answers are so, and then their text is what it seems to be. No branch, so that it costs next to nothing.
pub(super) fn is_plain(document: &str) -> bool {
    let odd = |b: u8| ((b.cast_signed() < 0x20) & (b != b'\n')) | (b == b']');
    !document.bytes().fold(false, |found, b| found | odd(b))
}
