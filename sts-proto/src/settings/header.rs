//! The headers of sections: what stands between the brackets, and which section that names.

use std::borrow::Cow;
use std::sync::Arc;

use super::profile::Kind;

/// The section that a header begins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Header {
    Named(Kind, Arc<str>),
    /// `[default]` in a config file, which `[profile default]` replaces.
    BareDefault,
}

/// How a file names its sections: `None` for those that are of no use here, an error for a name that cannot be understood.
pub(super) type ReadHeader = fn(&str) -> Result<Option<Header>, &'static str>;

impl Header {
    /// The profile `default`.
    pub(super) fn default() -> Self {
        Self::Named(Kind::Profile, DEFAULT.into())
    }

    /// The kind of the section.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Named(kind, _) => *kind,
            Self::BareDefault => Kind::Profile,
        }
    }

    /// The name of the section.
    pub(super) fn name(&self) -> Arc<str> {
        match self {
            Self::Named(_, name) => Arc::clone(name),
            Self::BareDefault => DEFAULT.into(),
        }
    }

    /// In a config file, the text between the brackets is a word and a name. The AWS CLI splits it as a shell does, and
    /// quotes names when it writes them.
    pub(super) fn in_config(text: &str) -> Result<Option<Self>, &'static str> {
        if text == DEFAULT {
            return Ok(Some(Self::BareDefault));
        }
        let Some((word, rest)) = text.split_once([' ', '\t']) else { return Ok(None) };
        let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.word() == word) else { return Ok(None) };
        let name = unquoted(rest).ok_or(UNCLEAR_NAME)?;
        Ok(Some(Self::Named(kind, name.as_ref().into())))
    }

    /// In a credentials file, the text between the brackets is the name of a profile.
    pub(super) fn in_credentials(text: &str) -> Result<Option<Self>, &'static str> {
        Ok((!text.is_empty()).then(|| Self::Named(Kind::Profile, text.into())))
    }
}

/// The text between the brackets. What stands behind them is ignored, as the AWS CLI does: a name may hold brackets, so the
/// last one ends it, unless nothing but a comment stands behind an earlier one that closes all that are open.
///
/// An error if there is no closing bracket: the text up to a comment.
pub(super) fn between_brackets(line: &str) -> Result<&str, &str> {
    let inner = line.strip_prefix('[').unwrap_or(line);
    let mut open = 1_i32;
    let mut ends = |(at, bracket): &(usize, &str)| {
        open += if *bracket == "[" { 1 } else { -1 };
        let behind = inner.get(at + 1..).unwrap_or_default().trim_start();
        open == 0 && (behind.is_empty() || behind.starts_with(COMMENT))
    };
    let end = inner.match_indices(['[', ']']).find(|found| ends(found)).map(|(at, _)| at);
    let end = end.or_else(|| inner.rfind(']'));
    match end.and_then(|end| inner.get(..end)) {
        Some(text) => Ok(text.trim()),
        None => Err(inner.split(COMMENT).next().unwrap_or_default().trim()),
    }
}

/// The header of this section in a config file, with quotation marks where the name needs them.
pub(super) fn written(kind: Kind, name: &str) -> String {
    if kind == Kind::Profile && name == DEFAULT {
        return "[default]".to_owned();
    }
    let quoted = if is_plain(name) {
        Cow::Borrowed(name)
    } else if !name.contains('\'') {
        Cow::Owned(format!("'{name}'"))
    } else {
        Cow::Owned(format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")))
    };
    format!("[{} {quoted}]", kind.word())
}

/// The only word of `text`, split as a POSIX shell does; `None` if there is none, more than one, a blank one, or a quotation
/// that is never closed.
fn unquoted(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    if is_plain(text) {
        return Some(Cow::Borrowed(text));
    }
    let mut word = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(next) = rest.next() {
        match next {
            ' ' | '\t' | '\r' => return None,
            '\'' => loop {
                match rest.next()? {
                    '\'' => break,
                    kept => word.push(kept),
                }
            },
            '"' => loop {
                match rest.next()? {
                    '"' => break,
                    '\\' => match rest.next()? {
                        kept @ ('"' | '\\') => word.push(kept),
                        kept => word.extend(['\\', kept]),
                    },
                    kept => word.push(kept),
                }
            },
            '\\' => word.push(rest.next()?),
            kept => word.push(kept),
        }
    }
    (!word.trim().is_empty()).then_some(Cow::Owned(word))
}

/// Whether nothing of the character can be seen: what was copied from a web page may hold some.
pub(super) fn is_invisible(c: char) -> bool {
    c.is_control() || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Whether the character looks like a space, or like nothing, and is neither a space nor a tab.
pub(super) fn is_deceptive(c: char) -> bool {
    (c.is_whitespace() || is_invisible(c)) && !matches!(c, ' ' | '\t')
}

/// Whether a shell takes the name as it is.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '\\'))
}

pub(super) const COMMENT: [char; 2] = ['#', ';'];
pub(super) const DEFAULT: &str = "default";
const UNCLEAR_NAME: &str = "a name with blanks or quotation marks has to be in quotation marks";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bracket_ends_a_header_unless_a_comment_follows_an_earlier_one() {
        for (line, text) in [
            ("[a]", Ok("a")),
            ("[ a\t]", Ok("a")),
            ("[a] # b", Ok("a")),
            ("[a]; [b]", Ok("a")),
            ("[a] b", Ok("a")),
            ("[a]b]", Ok("a]b")),
            ("[a [b]]", Ok("a [b]")),
            ("[a # b]", Ok("a # b")),
            ("[a [b] # c] # [d]", Ok("a [b] # c")),
            ("[a [b] # c", Ok("a [b")),
            ("[a] b] c", Ok("a] b")),
            ("[]", Ok("")),
            ("[a", Err("a")),
            ("[a # b", Err("a")),
            ("[", Err("")),
        ] {
            assert_eq!(between_brackets(line), text, "{line}");
        }
    }

    #[test]
    fn names_of_a_config_file_are_words_of_a_shell() {
        let name = |text: &str| match Header::in_config(text) {
            Ok(Some(Header::Named(_, name))) => Some(name.to_string()),
            Ok(Some(Header::BareDefault)) => Some("(default)".to_owned()),
            Ok(None) => None,
            Err(problem) => Some(format!("({problem})")),
        };
        for (text, expected) in [
            ("default", "(default)"),
            ("profile default", "default"),
            ("profile a", "a"),
            ("profile\t a", "a"),
            ("profile 'a b'", "a b"),
            ("profile \"a b\"", "a b"),
            ("profile a\\ b", "a b"),
            ("profile 'a'\"'\"'b c'", "a'b c"),
            ("profile \"a\\\"b\\c\"", "a\"b\\c"),
            ("profile ' a'", " a"),
            ("profile \u{e9}(1)", "\u{e9}(1)"),
            ("sso-session 'a b'", "a b"),
            ("services x", "x"),
        ] {
            assert_eq!(name(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["profile a b", "profile 'a", "profile a'", "profile ''", "profile ' '", "profile a\\"] {
            assert_eq!(name(text), Some(format!("({UNCLEAR_NAME})")), "{text}");
        }
        for text in ["", "a", "profile", "profilea b", "Profile a", "plugins x", "'profile' a"] {
            assert_eq!(name(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for name in ["a", "a b", "a'b", "a\"b", "a' \"\\b", "\u{e9}", "[a]", " a ", "#a", "a\\"] {
            for kind in Kind::ALL {
                let line = written(kind, name);
                let text = between_brackets(&line).unwrap();
                assert_eq!(Header::in_config(text), Ok(Some(Header::Named(kind, name.into()))), "{line}");
            }
        }
        assert_eq!(written(Kind::Profile, "default"), "[default]");
    }
}
