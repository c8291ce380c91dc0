//! Decodes the escapes of several languages.

/// Decodes the escapes that begin with one of these marks, once: a nested escape is an escape again afterwards. `None` if
/// there are none.
pub(super) fn unescape<const N: usize>(text: &str, marks: [u8; N]) -> Option<String> {
    let is_mark = |byte: u8| marks.iter().fold(false, |found, mark| found | (byte == *mark));
    // Without a branch, because hardly any text has a mark.
    if !text.bytes().fold(false, |found, byte| found | is_mark(byte)) {
        return None;
    }
    let (mut plain, mut copied, mut rest) = (String::new(), text, text);
    while let Some((at, mark, behind)) = find(rest, is_mark) {
        rest = behind;
        let Some((c, behind)) = read(mark, behind) else { continue };
        let before = copied.len() - at.len();
        // Decoding never makes a text longer. A text that grows would leave unwiped copies of a secret behind.
        plain.reserve_exact(if plain.is_empty() { text.len() } else { 0 });
        plain.push_str(copied.get(..before).unwrap_or_default());
        plain.push(c);
        (copied, rest) = (behind, behind);
    }
    if plain.is_empty() {
        return None;
    }
    plain.push_str(copied);
    Some(plain)
}

/// The first mark: the text from the mark on, the mark, the text after it.
fn find(text: &str, is_mark: impl Fn(u8) -> bool) -> Option<(&str, char, &str)> {
    let from = text.get(text.bytes().position(is_mark)?..)?;
    let mut rest = from.chars();
    Some((from, rest.next()?, rest.as_str()))
}

/// The character that an escape stands for, and the text after it. `text` is what follows the mark.
fn read(mark: char, text: &str) -> Option<(char, &str)> {
    let unicode = text.strip_prefix(['u', 'U']);
    match mark {
        '&' => reference(text),
        '\\' => match (unicode, text.strip_prefix(['x', 'X'])) {
            (Some(digits), _) => number(digits, 4, 16),
            (_, Some(digits)) => number(digits, 2, 16),
            _ => number(text, 3, 8).or_else(|| kept(text)),
        },
        _ => unicode.map_or_else(|| number(text, 2, 16), |digits| number(digits, 4, 16)),
    }
}

/// A character that is written as so many digits.
fn number(text: &str, digits: usize, radix: u32) -> Option<(char, &str)> {
    let (digits, behind) = text.split_at_checked(digits)?;
    Some((character(digits, radix)?, behind))
}

fn character(digits: &str, radix: u32) -> Option<char> {
    let code = Some(digits).filter(|digits| digits.chars().all(|c| c.is_digit(radix)))?;
    let code = u32::from_str_radix(code, radix).ok()?;
    Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// After a backslash: some letters stand for control characters, anything else but letters and digits for itself.
fn kept(text: &str) -> Option<(char, &str)> {
    let mut rest = text.chars();
    match rest.next()? {
        'b' | 'f' | 'n' | 'r' | 't' | 'v' => Some((' ', rest.as_str())),
        c if c.is_ascii_alphanumeric() => None,
        c => Some((c, rest.as_str())),
    }
}

/// A reference of XML or HTML: `amp;`, `#38;`, `#x26;`. All other names count as a blank, because none stands for a letter.
fn reference(text: &str) -> Option<(char, &str)> {
    let end = text.bytes().take(MAX_NAME).position(|byte| byte == b';')?;
    let (name, behind) = text.split_at_checked(end)?;
    let c = match (name.strip_prefix("#"), name.strip_prefix("#x").or(name.strip_prefix("#X"))) {
        (_, Some(digits)) => character(digits, 16)?,
        (Some(digits), None) => character(digits, 10)?,
        _ if name.eq_ignore_ascii_case("amp") => '&',
        _ if name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => ' ',
        _ => return None,
    };
    Some((c, behind.strip_prefix(';')?))
}

/// Percent-encoding, backslash escapes, references of XML and HTML.
pub(super) const ESCAPES: [u8; 3] = *b"%\\&";
/// RFC 2045 §6.7.
pub(super) const QUOTED_PRINTABLE: [u8; 1] = *b"=";
/// The names of HTML have up to 31 letters.
const MAX_NAME: usize = 40;
