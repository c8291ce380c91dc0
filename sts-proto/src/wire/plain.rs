//! Elements as servers write them, `<Name>text</Name>`, which are read in one piece. What is written in another way is left
//! to the tokenizer: each function here may say `None` to anything, and what it accepts, the tokenizer reads alike.

use memchr::memchr2;

use super::name::local_length;

/// Whether all is ASCII, with no control character but line feeds and no `]` (which might end a CDATA section). Nearly
/// all answers are so, and then their text is what it seems to be. No branch, so that it costs next to nothing.
pub(super) fn is_plain(document: &str) -> bool {
    let odd = |b: u8| ((b.cast_signed() < 0x20) & (b != b'\n')) | (b == b']');
    !document.bytes().fold(false, |found, b| found | odd(b))
}

/// The length of the name in the tag that a plain text begins with, and whether its element ends with it: `<Name>` or
/// `<Name/>`.
#[inline]
pub(super) fn tag(text: &[u8]) -> Option<(usize, bool)> {
    let (b'<', text) = text.split_first()? else { return None };
    let length = local_length(text)?;
    match text.get(length..)? {
        [b'>', ..] => Some((length, false)),
        [b'/', b'>', ..] => Some((length, true)),
        _ => None,
    }
}

/// The length of the text of the element of this name that a plain text begins with. It has no children and no references.
#[inline]
pub(super) fn leaf(text: &[u8], name: &str) -> Option<usize> {
    let text = text.get(name.len() + 2..)?;
    let length = memchr2(b'<', b'&', text)?;
    let end = text.get(length..)?.strip_prefix(b"</")?.strip_prefix(name.as_bytes())?;
    end.starts_with(b">").then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_as_usual_is_told_apart() {
        assert!(is_plain("<a>\n ~</a>"));
        for odd in ["\t", "\r", "]", "\u{e9}", "\u{7f}\u{80}", "\0"] {
            assert!(!is_plain(odd), "{odd:?}");
        }
        assert_eq!(tag(b"<Arn>a"), Some((3, false)));
        assert_eq!(tag(b"<_a-.1/>a"), Some((5, true)));
        for odd in [
            "", "a", "<", "<a", "<a/", "<a/ >", "<>", "</>", "</a>", "<a >", "<a b=''>", "<p:a>", "<1>",
            "<-/>", "<!a>", "<?a?>",
        ] {
            assert_eq!(tag(odd.as_bytes()), None, "{odd}");
        }
        assert_eq!(leaf(b"<a>b >\n</a>c", "a"), Some(4));
        assert_eq!(leaf(b"<a></a>", "a"), Some(0));
        for odd in [
            "<a>",
            "<a>b",
            "<a>b<",
            "<a></",
            "<a></a",
            "<a></a >",
            "<a></ab>",
            "<a></b>",
            "<a><b/></a>",
            "<a>&lt;</a>",
        ] {
            assert_eq!(leaf(odd.as_bytes(), "a"), None, "{odd}");
        }
    }
}
