#[cfg(feature = "credentials")]
use std::borrow::Cow;
use std::fmt;

use http::HeaderValue;

/// Writes text in one line: a control character becomes a space. Errors name what files and variables hold, and a value
/// there may have several lines.
pub(crate) struct OneLine<W>(pub(crate) W);

impl<W: fmt::Write> fmt::Write for OneLine<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.split_inclusive(char::is_control) {
            match piece.strip_suffix(char::is_control) {
                Some(before) => write!(self.0, "{before} ")?,
                None => self.0.write_str(piece)?,
            }
        }
        Ok(())
    }
}

/// As [`str::to_ascii_lowercase`]. The functions of the standard library that look at each byte are compiled where they are
/// called, each time into hundreds of bytes; these are for what is not done in each call.
#[inline(never)]
pub(crate) fn to_ascii_lowercase(text: &str) -> String {
    text.to_ascii_lowercase()
}

/// As [`str::eq_ignore_ascii_case`].
#[inline(never)]
pub(crate) fn eq_ignore_ascii_case(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// As [`str::split_once`].
#[inline(never)]
pub(crate) fn split_once(text: &str, at: char) -> Option<(&str, &str)> {
    text.split_once(at)
}

/// As [`HeaderValue::to_str`]: the value if it is of ASCII that can be seen.
#[inline(never)]
pub(crate) fn to_str(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

/// The text in one line.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The text as it is shown where it ought to be a name or a sentence: in one line, without control characters, cut after so
/// many characters.
pub(crate) fn shown(text: &str, max: usize) -> String {
    let mut short: String = text.chars().take(max).filter(|c| !c.is_control()).collect();
    if text.chars().nth(max).is_some() {
        short.push('…');
    }
    short
}

/// The text as one word of a command that a person is advised to run: as it is if every shell takes it so, else in quotation
/// marks.
#[cfg(feature = "credentials")]
pub(crate) fn word(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| {
        c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '@' | '%' | '+' | '=' | ',')
    };
    if !text.is_empty() && text.chars().all(is_plain) {
        Cow::Borrowed(text)
    } else if !text.contains(['"', '$', '`', '\\', '!']) {
        // All shells know these, those of Windows too.
        Cow::Owned(format!("\"{text}\""))
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', "'\\''")))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn control_characters_become_spaces() {
        for (text, expected) in [("", ""), ("a\nb\r\n", "a b  "), ("\u{85}é\t", " é "), ("plain", "plain")]
        {
            let mut line = OneLine(String::new());
            write!(line, "{text}").unwrap();
            assert_eq!((line.0.as_str(), one_line(text).as_str()), (expected, expected));
        }
    }

    #[test]
    fn what_is_shown_is_short() {
        for (text, expected) in
            [("", ""), ("a\nb", "ab"), ("ab\u{7f}", "ab"), ("abcd", "abc…"), ("éöü", "éöü"), ("éöüß", "éöü…")]
        {
            assert_eq!(shown(text, 3), expected);
        }
    }

    #[test]
    #[cfg(feature = "credentials")]
    fn a_word_of_a_command_is_quoted_where_a_shell_would_split_it() {
        for (text, expected) in [
            ("dev", "dev"),
            ("a-b_c.d/e:f@g", "a-b_c.d/e:f@g"),
            ("\u{e9}", "\u{e9}"),
            ("", "\"\""),
            ("my dev", "\"my dev\""),
            ("it's", "\"it's\""),
            ("a;b&c", "\"a;b&c\""),
            ("a\u{a0}b", "\"a\u{a0}b\""),
            ("$HOME", "'$HOME'"),
            ("a \"b\" c's", "'a \"b\" c'\\''s'"),
        ] {
            assert_eq!(word(text), expected, "{text}");
        }
    }
}
