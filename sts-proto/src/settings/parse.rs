//! The grammar of the shared files: lines to sections. The meaning of keys is not known here.
//!
//! A line that starts with `[` is a section, a line that starts with a blank continues the previous value,
//! and any other line is `key = value`. `#` and `;` start a comment at the start of a line, after a section,
//! and in a value after a blank; a continuation line keeps what looks like a comment after its text. An empty
//! value opens a nested block: each line that continues it is `key = value` too.
//!
//! A file is at most 1 MiB. Reading takes time linear in its size, except for sorting the names, and at most
//! 28 times its size in memory, during and after reading. The worst case is a file of nothing but minimal
//! sections or keys that all differ; ordinary files take two to three times their size.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::SettingsError;
use super::profile::Kind;
use super::properties::{Properties, Property};
use crate::perform::TOO_LARGE;
use crate::wire::MAX_BODY;

/// A section: its kind, its name and its properties.
pub(super) type Parsed = (Kind, Arc<str>, Properties);

/// The sections of a config file.
pub(super) fn config(path: &Path, bytes: &[u8]) -> Result<impl Iterator<Item = Parsed>, SettingsError> {
    let mut sections = parse(path, bytes, config_header)?;
    // A `[profile default]` replaces all of `[default]`.
    match sections.remove(&Header::BareDefault) {
        Some(bare) if !sections.contains_key(&Header::default()) => {
            sections.insert(Header::default(), bare);
        }
        _ => {}
    }
    Ok(named(sections))
}

/// The sections of a credentials file, which are all profiles and omit the word `profile`.
pub(super) fn credentials(path: &Path, bytes: &[u8]) -> Result<impl Iterator<Item = Parsed>, SettingsError> {
    parse(path, bytes, credentials_header).map(named)
}

/// `key = value # comment`, both trimmed.
pub(super) fn key_and_value(line: &str) -> Result<(&str, &str), Problem> {
    let mut blank_before = false;
    let comment = line.char_indices().find(|(_, c)| {
        let begins = blank_before && COMMENT.contains(c);
        blank_before = c.is_whitespace();
        begins
    });
    let line = comment.and_then(|(at, _)| line.get(..at)).unwrap_or(line);
    let (key, value) = line.split_once('=').ok_or(Problem::NoEqualsSign)?;
    match key.trim() {
        "" => Err(Problem::NoKey),
        key => Ok((key, value.trim())),
    }
}

/// What is wrong with a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    NoEqualsSign,
    NoKey,
}

/// The header of a section.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Header {
    Named(Kind, Arc<str>),
    /// `[default]` in a config file, which `[profile default]` replaces.
    BareDefault,
}

impl Header {
    fn default() -> Self {
        Self::Named(Kind::Profile, DEFAULT.into())
    }
}

/// A property that the next line may continue.
struct Draft<'a> {
    key: &'a str,
    lines: Vec<&'a str>,
    numbers: Vec<u32>,
}

impl Draft<'_> {
    fn is_block(&self) -> bool {
        self.lines.first().is_some_and(|line| line.is_empty())
    }
}

fn parse(
    path: &Path,
    bytes: &[u8],
    header: fn(&str) -> Option<Header>,
) -> Result<BTreeMap<Header, Properties>, SettingsError> {
    let known = Arc::new(path.to_path_buf());
    let mut parser = Parser { sections: BTreeMap::new(), current: None, draft: None, path: &known, header };
    let error = |line: u32, problem| {
        let line = usize::try_from(line).unwrap_or(usize::MAX);
        SettingsError::ProfileSyntax { path: path.to_path_buf(), line, problem }
    };
    if bytes.len() > MAX_BODY {
        let reason = TOO_LARGE.to_owned();
        return Err(SettingsError::ProfileFile { path: path.to_path_buf(), reason });
    }
    let text = std::str::from_utf8(bytes).map_err(|problem| {
        let before = bytes.iter().take(problem.valid_up_to());
        let number = before.filter(|byte| **byte == b'\n').fold(1, |number, _| number + 1);
        error(number, "it is not valid utf-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, line) in (1..).zip(text.lines()) {
        parser.line(number, line).map_err(|problem| error(number, problem))?;
    }
    parser.keep();
    parser.leave();
    Ok(parser.sections)
}

struct Parser<'a> {
    /// All sections except the current one.
    sections: BTreeMap<Header, Properties>,
    /// The section that lines belong to; `Some(None)` in an ignored one.
    current: Option<Option<(Header, Properties)>>,
    draft: Option<Draft<'a>>,
    path: &'a Arc<PathBuf>,
    header: fn(&str) -> Option<Header>,
}

impl<'a> Parser<'a> {
    fn line(&mut self, number: u32, line: &'a str) -> Result<(), &'static str> {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(COMMENT) {
            Ok(())
        } else if line.starts_with('[') {
            self.keep();
            self.section(trimmed)
        } else if line.starts_with([' ', '\t']) {
            self.continuation(number, trimmed)
        } else {
            self.keep();
            self.property(number, line)
        }
    }

    fn section(&mut self, line: &str) -> Result<(), &'static str> {
        let line = line.split(COMMENT).next().unwrap_or_default().trim_end();
        let name = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
        let header = (self.header)(name.ok_or(OPEN_SECTION)?.trim());
        self.leave();
        // Removed from the map until it ends, so that its properties need no look-up: names may be long.
        self.current = Some(header.map(|header| {
            let properties = self.sections.remove(&header).unwrap_or_default();
            (header, properties)
        }));
        Ok(())
    }

    fn property(&mut self, number: u32, line: &'a str) -> Result<(), &'static str> {
        if self.current.is_none() {
            return Err(OUTSIDE);
        }
        let (key, value) = key_and_value(line).map_err(|problem| match problem {
            Problem::NoEqualsSign => NO_EQUALS_SIGN,
            Problem::NoKey => NO_KEY,
        })?;
        self.draft = Some(Draft { key, lines: vec![value], numbers: vec![number] });
        Ok(())
    }

    fn continuation(&mut self, number: u32, line: &'a str) -> Result<(), &'static str> {
        if self.current.is_none() {
            return Err(OUTSIDE);
        }
        let draft = self.draft.as_mut().ok_or(NOTHING_TO_CONTINUE)?;
        if draft.is_block() {
            key_and_value(line).map_err(|problem| match problem {
                Problem::NoEqualsSign => NESTED_NO_EQUALS_SIGN,
                Problem::NoKey => NESTED_NO_KEY,
            })?;
        }
        draft.lines.push(line);
        draft.numbers.push(number);
        Ok(())
    }

    /// Ends the current property.
    fn keep(&mut self) {
        let Some(draft) = self.draft.take() else { return };
        let Some(Some((_, properties))) = &mut self.current else { return };
        if is_name(draft.key) {
            // Allocated once, so that no copy of a secret is left behind.
            let value = draft.lines.join("\n").into_boxed_str();
            let property = Property::at(value, Arc::clone(self.path), draft.numbers);
            properties.push(draft.key.to_ascii_lowercase().into(), property);
        }
    }

    /// Ends the current section, which a later header of the same name may continue.
    fn leave(&mut self) {
        if let Some(Some((header, properties))) = self.current.take() {
            self.sections.insert(header, properties);
        }
    }
}

/// `None` for a section that is ignored.
fn config_header(text: &str) -> Option<Header> {
    if text == DEFAULT {
        return Some(Header::BareDefault);
    }
    let (kind, name) = text.split_once([' ', '\t'])?;
    let kind = match kind {
        "profile" => Kind::Profile,
        "sso-session" => Kind::SsoSession,
        "services" => Kind::Services,
        _ => return None,
    };
    let name = name.trim();
    let name = unquoted(name).or_else(|| is_name(name).then_some(name))?;
    Some(Header::Named(kind, name.into()))
}

/// A name in quotes, which may contain spaces: the AWS CLI writes names so.
fn unquoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|quote| ['"', '\''].contains(quote))?;
    let name = text.strip_prefix(quote)?.strip_suffix(quote)?;
    let plain = |word: &str| word.is_empty() || is_name(word);
    (!name.trim().is_empty() && name.split(' ').all(plain)).then_some(name)
}

fn credentials_header(text: &str) -> Option<Header> {
    is_name(text).then(|| Header::Named(Kind::Profile, text.into()))
}

/// Whether `text` is a valid name for a section or a key.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-/.%@:+".contains(c))
}

fn named(sections: BTreeMap<Header, Properties>) -> impl Iterator<Item = Parsed> {
    sections.into_iter().filter_map(|(header, mut properties)| match header {
        Header::Named(kind, name) => {
            properties.settle();
            properties.shrink();
            Some((kind, name, properties))
        }
        Header::BareDefault => None,
    })
}

const COMMENT: [char; 2] = ['#', ';'];
/// The value of [`MAX_BODY`].
const DEFAULT: &str = "default";
const OPEN_SECTION: &str = "a section must end with ]";
const OUTSIDE: &str = "it is before the first section; write [default] or [profile name] above it";
const NOTHING_TO_CONTINUE: &str =
    "a line that starts with a blank continues a property, but there is no property before it";
const NO_EQUALS_SIGN: &str = "it has no equals sign; write key = value";
const NO_KEY: &str = "it has no key before the equals sign; write key = value";
const NESTED_NO_EQUALS_SIGN: &str = "it has no equals sign; in a nested block, write key = value";
const NESTED_NO_KEY: &str = "it has no key before the equals sign; in a nested block, write key = value";

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: impl AsRef<[u8]>) -> String {
        config(Path::new("/etc/config"), text.as_ref()).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn an_invalid_line_is_named() {
        let cases: [(&[u8], &str); 9] = [
            (b"\n[profile a", "line 2: a section must end with ]"),
            (b"[profile a] x", "line 1: a section must end with ]"),
            (b"a = b", "line 1: it is before the first section"),
            (b" a", "line 1: it is before the first section"),
            (b"[profile a]\n x = y", "line 2: a line that starts with a blank continues a property"),
            (b"[profile a]\nx: y", "line 2: it has no equals sign"),
            (b"[in valid]\n\n= y", "line 3: it has no key"),
            (b"[profile a]\ns3 =\n  secret\n", "line 3: it has no equals sign; in a nested block"),
            (b"[profile a]\n\xff\n", "line 2: it is not valid utf-8"),
        ];
        for (text, expected) in cases {
            let error = error(text);
            assert!(error.contains("/etc/config") && error.contains(expected), "{error}");
            assert!(!error.contains("secret") && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_too_large_is_refused() {
        let fits = b"#".repeat(MAX_BODY);
        assert!(config(Path::new("c"), &fits).is_ok());
        let ten = error(b"#".repeat(10 * MAX_BODY));
        assert!(ten.contains("/etc/config") && ten.contains("larger than 1 MiB"), "{ten}");
    }

    #[test]
    fn indented_comments_are_comments() {
        let text =
            "\u{feff}  # begin\n[default]\n  ; none\nregion = a\n  # still a\ns3 =\n  # block\n  x = y\n";
        let sections: Vec<_> = config(Path::new("c"), text.as_bytes()).unwrap().collect();
        let [(Kind::Profile, name, properties)] = &sections[..] else { panic!("{}", sections.len()) };
        assert_eq!(&**name, "default");
        assert_eq!(properties.len(), 2);
    }

    #[test]
    fn names_in_quotes_may_contain_spaces() {
        let text = "[profile 'a b']\n[profile \"c\"]\n[profile 'd]\n[profile e f]\n[profile '']\n[profile ' ']\n[profile 'x\"y']";
        let sections = config(Path::new("c"), text.as_bytes()).unwrap();
        assert_eq!(sections.map(|(_, name, _)| name.to_string()).collect::<Vec<_>>(), ["a b", "c"]);
    }

    #[test]
    fn only_a_config_file_has_other_sections() {
        let text =
            b"[sso-session a]\n[services a]\n[profile a]\n[plain]\n[profile]\n[]\n[plugins x]\n[default]";
        fn names(sections: impl Iterator<Item = Parsed>) -> Vec<(Kind, String)> {
            sections.map(|(kind, name, _)| (kind, name.as_ref().to_owned())).collect()
        }
        let a = || "a".to_owned();
        let default = (Kind::Profile, "default".to_owned());
        let expected =
            [(Kind::Profile, a()), default.clone(), (Kind::SsoSession, a()), (Kind::Services, a())];
        assert_eq!(names(config(Path::new("c"), text).unwrap()), expected);
        let plain = ["default", "plain", "profile"].map(|name| (Kind::Profile, name.to_owned()));
        assert_eq!(names(credentials(Path::new("c"), text).unwrap()), plain);
    }
}
