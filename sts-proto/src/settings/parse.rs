//! The grammar of the shared files: lines to sections. The meaning of keys is not known here.
//!
//! A line that starts with `[` is the header of a section, one that is indented more than the property above it continues
//! that, and any other line is `key = value`. `#` and `;` start a comment at the start of a line, after a section, and in a
//! value after a blank, unless it is quoted; a continuation line keeps what looks like a comment after its text. An empty value opens a nested
//! block: each line that continues it is `key = value` too.
//!
//! A line that cannot be understood makes its section useless and no other: an error about that section names the line.
//!
//! A file is at most 1 MiB. Reading takes time linear in its size, except for sorting the names, and at most
//! 28 times its size in memory, during and after reading. The worst case is a file of nothing but minimal
//! sections or keys that all differ; ordinary files take two to three times their size.

mod line;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fault::{Fault, PassedOver};
use super::header::{COMMENT, Header, ReadHeader, between_brackets, is_deceptive, is_invisible};
use super::profile::Section;
use super::properties::Property;
use crate::text::{eq_ignore_ascii_case, split_once, to_ascii_lowercase};
use line::{COMMAND, Problem};

pub(super) use line::key_and_value;

/// What is in a file.
pub(super) struct Parsed {
    /// Each section as a whole, or why it cannot be used.
    pub(super) sections: Sections,
    /// The section `[default]` of a config file, which no profile has been made of yet.
    bare_default: Option<Whole>,
    /// Headers of no use, and what stands above all headers.
    pub(super) passed_over: Vec<PassedOver>,
}

/// Sections by header. The one map of its kind: each type of map is much code.
pub(super) type Sections = BTreeMap<Header, Whole>;

/// A section that was understood as a whole.
pub(super) type Whole = Result<Section, Fault>;

/// Reads a config file.
pub(super) fn config(path: &Path, bytes: &[u8]) -> Parsed {
    let mut parsed = parse(path, bytes, Header::in_config, false);
    // A `[profile default]` replaces all of `[default]`.
    if let Some(bare) = parsed.bare_default.take() {
        match parsed.sections.entry(Header::default()) {
            Entry::Vacant(entry) => drop(entry.insert(bare)),
            Entry::Occupied(mut entry) => {
                if let (Ok(_), Some(fault)) = (entry.get(), left_over(bare)) {
                    drop(entry.insert(Err(fault)));
                }
            }
        }
    }
    parsed
}

/// What a `[default]` of no use says of credentials. The AWS CLI uses that of the two sections which stands last.
fn left_over(bare: Whole) -> Option<Fault> {
    let section = match bare {
        Ok(section) => section,
        Err(fault) => return Some(fault),
    };
    let (_, property) = section.properties.iter().find(|(key, _)| is_credentials_key(key))?;
    let (path, line) = property.line(0)?;
    Some(Fault { path: Arc::new(path.to_path_buf()), line, problem: TWO_DEFAULTS })
}

/// Reads a credentials file, whose sections are all profiles and omit the word `profile`.
pub(super) fn credentials(path: &Path, bytes: &[u8]) -> Parsed {
    parse(path, bytes, Header::in_credentials, true)
}

/// A property that the next line may continue.
struct Draft<'a> {
    key: &'a str,
    /// The blanks in front of it. A line with more of them continues it.
    indent: usize,
    lines: Vec<&'a str>,
    numbers: Vec<u32>,
}

impl Draft<'_> {
    fn is_block(&self) -> bool {
        self.lines.first().is_some_and(|line| line.is_empty())
    }
}

fn parse(path: &Path, bytes: &[u8], read_header: ReadHeader, is_in_credentials: bool) -> Parsed {
    let mut parser = Parser {
        parsed: Parsed { sections: BTreeMap::new(), bare_default: None, passed_over: Vec::new() },
        current: Current::Outside,
        draft: None,
        once: Default::default(),
        outside: None,
        path: Arc::new(path.to_path_buf()),
        read_header,
        is_in_credentials,
    };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // A line ends with a line feed, a carriage return, or both.
    let lines = bytes.split(|byte| *byte == b'\n');
    let lines = lines.flat_map(|line| line.strip_suffix(b"\r").unwrap_or(line).split(|byte| *byte == b'\r'));
    for (number, line) in (1..).zip(lines) {
        parser.line(number, line);
    }
    parser.keep();
    parser.leave();
    // Such lines are meant for the profile that needs no name. A file that is no text at all holds no other either.
    if let Some(fault) = parser.outside.take() {
        parser.pass_over(fault.line, "", Some(fault.problem));
        parser.parsed.sections.insert(Header::default(), Err(fault));
    }
    parser.parsed
}

struct Parser<'a> {
    /// All sections except the current one.
    parsed: Parsed,
    current: Current,
    draft: Option<Draft<'a>>,
    /// Which of [`ONCE`] stand below the current header.
    once: [bool; ONCE.len()],
    /// What stands above all headers.
    outside: Option<Fault>,
    path: Arc<PathBuf>,
    read_header: ReadHeader,
    is_in_credentials: bool,
}

/// What lines belong to.
enum Current {
    /// Nothing yet.
    Outside,
    Section(Header, Whole),
    /// A section of no use here, by its index in [`Parsed::passed_over`].
    PassedOver(usize),
}

impl<'a> Parser<'a> {
    fn line(&mut self, number: u32, bytes: &'a [u8]) {
        let Ok(line) = std::str::from_utf8(bytes) else { return self.no_text(number, bytes) };
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(COMMENT) {
            return;
        }
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        let continues = self.draft.as_ref().is_some_and(|draft| indent > draft.indent);
        match (continues, trimmed.starts_with('[')) {
            (true, false) => self.continuation(number, trimmed),
            (false, false) => self.property(number, indent, trimmed),
            (false, true) => self.section(number, trimmed, None),
            (true, true) => {
                // A part of the property, or a section whose keys must not become those of this one.
                self.fault(number, INDENTED_SECTION);
                self.section(number, trimmed, Some(INDENTED_SECTION));
            }
        }
    }

    fn no_text(&mut self, number: u32, bytes: &[u8]) {
        let trimmed = bytes.trim_ascii_start();
        if trimmed.starts_with(b"#") || trimmed.starts_with(b";") {
            return;
        }
        self.keep();
        if !bytes.starts_with(b"[") {
            self.fault(number, NOT_UTF_8);
        }
        if trimmed.starts_with(b"[") {
            self.leave();
            self.pass_over(number, &String::from_utf8_lossy(trimmed), Some(NOT_UTF_8));
        }
    }

    fn section(&mut self, number: u32, line: &str, problem: Option<&'static str>) {
        self.keep();
        self.leave();
        self.once = Default::default();
        let (text, problem) = match between_brackets(line) {
            Ok(text) => (text, problem),
            Err(text) => (text, problem.or(Some(OPEN_SECTION))),
        };
        match (self.read_header)(text) {
            Ok(Some(header)) => {
                let of_config = self.is_in_credentials && text.contains(char::is_whitespace);
                if of_config || text.contains(is_deceptive) {
                    // It may be written as in a config file, or name another section than it seems to, which an error about
                    // a missing profile can tell.
                    self.pass_over(number, text, None);
                }
                // Taken out of the map until it ends, so that its properties need no look-up: names may be long. An empty
                // one stays there: removing it is more code than all else that a map does.
                let empty = || Ok(Section::new(&header));
                let known = match &header {
                    Header::BareDefault => self.parsed.bare_default.take(),
                    named => {
                        self.parsed.sections.get_mut(named).map(|known| std::mem::replace(known, empty()))
                    }
                };
                let whole = known.unwrap_or_else(empty);
                let whole = match problem {
                    Some(problem) => whole.and(Err(self.fault_at(number, problem))),
                    None => whole,
                };
                self.current = Current::Section(header, whole);
            }
            Ok(None) => self.pass_over(number, text, problem),
            Err(unclear) => self.pass_over(number, text, problem.or(Some(unclear))),
        }
    }

    /// Lines up to the next header are of no use.
    fn pass_over(&mut self, number: u32, text: &str, problem: Option<&'static str>) {
        let index = self.parsed.passed_over.len();
        if index < MAX_PASSED_OVER {
            self.parsed.passed_over.push(PassedOver {
                text: text.into(),
                path: Arc::clone(&self.path),
                line: number,
                is_in_credentials: self.is_in_credentials,
                fault: problem.map(|problem| self.fault_at(number, problem)),
            });
        }
        self.current = Current::PassedOver(index);
    }

    fn property(&mut self, number: u32, indent: usize, line: &'a str) {
        self.keep();
        if matches!(self.current, Current::Outside) {
            return self.fault(number, OUTSIDE);
        }
        match key_and_value(line) {
            // The AWS CLI takes the colon for the end of the key.
            Ok((key, _)) if key.contains(':') => self.fault(number, COLON),
            Ok((key, _)) if key.contains(is_invisible) => self.fault(number, INVISIBLE),
            Ok((key, _)) if !is_name(key) && is_credentials_key(key) => self.fault(number, DRESSED),
            Ok((key, _)) if self.is_repeated(key) => self.fault(number, TWICE),
            Ok((key, value)) => {
                self.draft = Some(Draft { key, indent, lines: vec![value], numbers: vec![number] });
            }
            Err(Problem::NoEqualsSign) => self.fault(number, NO_EQUALS_SIGN),
            Err(Problem::NoKey) => self.fault(number, NO_KEY),
        }
    }

    /// Whether the key says whose credentials to use and stands below this header already. The header between the two may be
    /// a comment by mistake.
    fn is_repeated(&mut self, key: &str) -> bool {
        let seen = ONCE.iter().zip(&mut self.once).find(|(name, _)| eq_ignore_ascii_case(name, key));
        seen.is_some_and(|(_, seen)| std::mem::replace(seen, true))
    }

    fn continuation(&mut self, number: u32, line: &'a str) {
        let Some(draft) = &mut self.draft else { return };
        if line.split(['=', ':']).next().is_some_and(is_credentials_key) {
            return self.fault(number, INDENTED_KEY);
        }
        if draft.is_block()
            && let Err(problem) = key_and_value(line)
        {
            return self.fault(
                number,
                match problem {
                    Problem::NoEqualsSign => NESTED_NO_EQUALS_SIGN,
                    Problem::NoKey => NESTED_NO_KEY,
                },
            );
        }
        draft.lines.push(line);
        draft.numbers.push(number);
    }

    /// Ends the current property.
    fn keep(&mut self) {
        let Some(draft) = self.draft.take() else { return };
        let Current::Section(_, Ok(section)) = &mut self.current else { return };
        if is_name(draft.key) {
            // Allocated once, so that no copy of a secret is left behind.
            let value = draft.lines.join("\n").into_boxed_str();
            let property = Property::at(value, Arc::clone(&self.path), draft.numbers);
            section.properties.push(to_ascii_lowercase(draft.key).into(), property);
        }
    }

    /// Ends the current section, which a later header of the same name may continue.
    fn leave(&mut self) {
        if let Current::Section(header, whole) = std::mem::replace(&mut self.current, Current::Outside) {
            match header {
                Header::BareDefault => self.parsed.bare_default = Some(whole),
                named => drop(self.parsed.sections.insert(named, whole)),
            }
        }
    }

    /// The first fault of a section is the one that is told.
    fn fault(&mut self, number: u32, problem: &'static str) {
        let fault = self.fault_at(number, problem);
        match &mut self.current {
            Current::Section(_, whole) if whole.is_ok() => *whole = Err(fault),
            Current::Section(..) => {}
            Current::PassedOver(index) => {
                if let Some(passed_over) = self.parsed.passed_over.get_mut(*index) {
                    passed_over.fault.get_or_insert(fault);
                }
            }
            Current::Outside => {
                self.outside.get_or_insert(fault);
            }
        }
    }

    fn fault_at(&self, line: u32, problem: &'static str) -> Fault {
        Fault { path: Arc::clone(&self.path), line, problem }
    }
}

/// Whether `text` is a valid name for a section or a key.
fn is_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-/.%@:+".contains(&byte);
    !text.is_empty() && text.bytes().all(is_plain)
}

/// Whether the key says whose credentials to use, or would but for the shell's words and quotation marks around it.
fn is_credentials_key(key: &str) -> bool {
    let key = key.trim();
    let key = match split_once(key, ' ') {
        Some(("export" | "set", name)) => name.trim(),
        _ => key,
    };
    let name = key.trim_matches(['"', '\'']);
    ONCE.iter().any(|known| eq_ignore_ascii_case(known, name))
}

/// Of headers that begin no section of use, in a file. More are not told of.
const MAX_PASSED_OVER: usize = 1024;
/// Keys that say whose credentials to use. They stand below a header once.
const ONCE: [&str; 11] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "role_arn",
    "source_profile",
    "credential_source",
    COMMAND,
    "web_identity_token_file",
    "sso_session",
    "sso_account_id",
    "sso_role_name",
    "login_session",
];
const TWICE: &str =
    "its key stands in the section twice; remove one, or write the header of the section that it belongs to";
const NOT_UTF_8: &str = "it is not valid utf-8";
const OPEN_SECTION: &str = "a section must end with ]";
const INDENTED_SECTION: &str = "it begins with [ and is indented behind a property; write the header of a section without blanks before it";
const INDENTED_KEY: &str =
    "its key is indented behind a property, and so a part of that; write it without more blanks before it";
const TWO_DEFAULTS: &str =
    "its section [default] does not count beside [profile default]; write one section of the two";
const OUTSIDE: &str = "it is before the first section; write [default] or [profile name] above it";
const COLON: &str = "it has a colon in its key; write key = value";
const INVISIBLE: &str = "its key has a character that cannot be seen; write it anew";
const DRESSED: &str = "its key is not the name alone; write key = value, without export and quotation marks";
const NO_EQUALS_SIGN: &str = "it has no equals sign; write key = value";
const NO_KEY: &str = "it has no key before the equals sign; write key = value";
const NESTED_NO_EQUALS_SIGN: &str = "it has no equals sign; in a nested block, write key = value";
const NESTED_NO_KEY: &str = "it has no key before the equals sign; in a nested block, write key = value";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::profile::Kind;

    fn read(text: impl AsRef<[u8]>) -> Parsed {
        config(Path::new("/etc/config"), text.as_ref())
    }

    fn profile(name: &str) -> Header {
        Header::Named(Kind::Profile, name.into())
    }

    /// Line and problem of each section that has a fault.
    fn faults(parsed: &Parsed) -> Vec<(&Header, u32, &'static str)> {
        let faults =
            parsed.sections.iter().filter_map(|(header, whole)| Some((header, whole.as_ref().err()?)));
        faults.map(|(header, fault)| (header, fault.line, fault.problem)).collect()
    }

    fn names(parsed: &Parsed) -> Vec<&Header> {
        parsed.sections.iter().filter(|(_, whole)| whole.is_ok()).map(|(header, _)| header).collect()
    }

    fn properties(parsed: &mut Parsed, name: &str) -> Vec<(String, String)> {
        let mut properties = parsed.sections.remove(&profile(name)).expect(name).expect(name).properties;
        properties.settle();
        properties.iter().map(|(key, property)| (key.to_owned(), property.value().to_owned())).collect()
    }

    #[test]
    fn a_line_that_cannot_be_understood_makes_its_section_useless() {
        let (a, default) = (profile("a"), Header::default());
        let cases: [(&[u8], &Header, u32, &str); 21] = [
            (b"[profile a]\nexport AWS_ACCESS_KEY_ID=x", &a, 2, DRESSED),
            (b"[profile a]\nset  role_arn = x", &a, 2, DRESSED),
            (b"[profile a]\n\"aws_secret_access_key\" = x", &a, 2, DRESSED),
            (b"[profile a]\nregion = x\n  export AWS_ACCESS_KEY_ID=x", &a, 3, INDENTED_KEY),
            (b"[profile a]\nregion = x\n  role_arn = y", &a, 3, INDENTED_KEY),
            (b"[profile a]\nregion =\n\tAWS_Access_Key_Id : y", &a, 3, INDENTED_KEY),
            (b"[profile a]\nrole_arn = x\n # z\n\n source_profile=y", &a, 5, INDENTED_KEY),
            (b"[profile a]\nrole_arn = x\n#[profile c]\nRole_Arn = y", &a, 4, TWICE),
            (b"\n[profile a", &a, 2, OPEN_SECTION),
            (b"a = b", &default, 1, OUTSIDE),
            (b" a", &default, 1, OUTSIDE),
            (b"[profile a]\nx: y", &a, 2, NO_EQUALS_SIGN),
            (b"[profile a]\n x\n", &a, 2, NO_EQUALS_SIGN),
            (b"[profile a]\nx: y=", &a, 2, COLON),
            (b"[profile a]\n\xe2\x80\x8bx = y", &a, 2, INVISIBLE),
            (b"[profile a]\n\n= y", &a, 3, NO_KEY),
            (b"[profile a]\ns3 =\n  secret\n", &a, 3, NESTED_NO_EQUALS_SIGN),
            (b"[profile a]\ns3 =\n  = secret\n", &a, 3, NESTED_NO_KEY),
            (b"[profile a]\n\xff\n", &a, 2, NOT_UTF_8),
            (b"[profile a]\nx = y\n [profile", &a, 3, INDENTED_SECTION),
            (b"[profile a]\r\nx = y\r\n\r\n\r= y", &a, 5, NO_KEY),
        ];
        for (text, header, line, problem) in cases {
            let parsed = read([text, b"\n[profile b]\nx = y\n"].concat());
            assert_eq!(faults(&parsed), [(header, line, problem)], "{}", String::from_utf8_lossy(text));
            assert_eq!(names(&parsed), [&profile("b")]);
        }
    }

    #[test]
    fn an_indented_header_behind_a_property_leaves_both_sections_useless() {
        let parsed = read("[profile a]\nx = y\n [profile b]\nx = z\n[profile c]\nx = y\n");
        let expected = [(&profile("a"), 3, INDENTED_SECTION), (&profile("b"), 3, INDENTED_SECTION)];
        assert_eq!(faults(&parsed), expected);
        assert_eq!(names(&parsed), [&profile("c")]);
        // As the AWS CLI has it: not behind a property, or not indented more than that.
        for text in ["[profile a]\n [profile b]\nx = z\n", "  [profile a]\n  x = y\n  [profile b]\n  x = z\n"]
        {
            let mut parsed = read(text);
            assert_eq!(faults(&parsed), [], "{text}");
            assert_eq!(properties(&mut parsed, "b"), [("x".to_owned(), "z".to_owned())], "{text}");
        }
    }

    #[test]
    fn a_default_profile_is_not_replaced_where_it_says_whose_credentials_to_use() {
        let (region, keys) = ("[profile default]\nregion = x\n", "[default]\nAWS_Access_Key_Id = y\n");
        for (text, line) in [(format!("{region}{keys}"), 4), (format!("{keys}{region}"), 2)] {
            assert_eq!(faults(&read(&text)), [(&Header::default(), line, TWO_DEFAULTS)], "{text}");
        }
        let text = format!("{region}[default]\nplanted\n");
        assert_eq!(faults(&read(&text)), [(&Header::default(), 4, NO_EQUALS_SIGN)]);
        let mut parsed = read(format!("[default]\noutput = y\n{region}"));
        assert_eq!(properties(&mut parsed, "default"), [("region".to_owned(), "x".to_owned())]);
    }

    #[test]
    fn a_line_continues_what_is_indented_less() {
        let text = "[profile a]\n    w = 1\n      2\n    x = 3\n  y = 4\n\t\t\t5\nz =\n s = 6\nv = 7\n";
        let mut parsed = read(text);
        let expected = [("v", "7"), ("w", "1\n2"), ("x", "3"), ("y", "4\n5"), ("z", "\ns = 6")];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(properties(&mut parsed, "a"), expected);
    }

    #[test]
    fn a_comment_does_not_begin_between_quotation_marks() {
        for (line, value) in [
            ("credential_process = tool \"a # b\"", "tool \"a # b\""),
            ("credential_process = tool \"a # b\" # c", "tool \"a # b\""),
            ("Credential_Process = tool 'a ; b' ; c", "tool 'a ; b'"),
            ("credential_process = tool \"it's # b\" # c", "tool \"it's # b\""),
            ("credential_process = tool 'a \" # b' # \"", "tool 'a \" # b'"),
            ("credential_process = tool \"a \\\" # b\" # c", "tool \"a \\\" # b\""),
            ("credential_process = tool \"a\\\\\" # b\" # c", "tool \"a\\\\\""),
            ("credential_process = tool a\"b # c\" # d", "tool a\"b # c\""),
            ("credential_process = tool --x='a # b' # c", "tool --x='a # b'"),
            ("credential_process = tool \\\" # b\"", "tool \\\""),
            ("credential_process = tool a\\ # b", "tool a\\ # b"),
            ("credential_process = tool 'a # b", "tool 'a"),
            ("credential_process = tool \"a # b", "tool \"a"),
            ("credential_process = tool \"a # 'b ; c'", "tool \"a"),
            ("credential_process = \\", "\\"),
            ("x = 'a # b' # c", "'a # b'"),
            ("x = \"a # b\" ; c", "\"a # b\""),
            ("x = it's # one's", "it's"),
            ("x = C:\\ # a", "C:\\"),
            ("x = é'a # b'", "é'a"),
            ("x = 'é # b' # c", "'é # b'"),
            ("x = a#b c;d", "a#b c;d"),
        ] {
            assert_eq!(key_and_value(line).unwrap().1, value, "{line}");
        }
        let long = format!("x = {}", "\"\\".repeat(500_000));
        assert_eq!(key_and_value(&long).unwrap().1, &long[4..]);
    }

    /// As other tools do: nothing that says whose credentials to use is lost.
    #[test]
    fn other_keys_with_invalid_names_are_ignored() {
        let text = "[profile a]\nx y = 1\nexport AWS_REGION = 2\n\"x\" = 3\nmy role_arn = 4\nexported = 5\n\
                    credential_process = tool\n  --set role_arn=x\n";
        let mut parsed = read(text);
        let expected = [("credential_process", "tool\n--set role_arn=x"), ("exported", "5")];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(properties(&mut parsed, "a"), expected);
    }

    #[test]
    fn indented_comments_are_comments() {
        let text =
            "\u{feff}  # begin\n[default]\n  ; none\nregion = a\n  # still a\ns3 =\n  # block\n  x = y\n";
        let text = [text.as_bytes(), b"# caf\xe9\n"].concat();
        let mut parsed = read(text);
        let expected = [("region", "a"), ("s3", "\nx = y")];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(properties(&mut parsed, "default"), expected);
    }

    #[test]
    fn names_in_quotes_may_contain_anything() {
        let text = "[profile 'a b']\n[profile \"c\"]\n[profile 'd]\n[profile e f]\n[profile '']\n[profile ' ']\n[profile 'x\"y']";
        let parsed = read(text);
        assert_eq!(names(&parsed), [&profile("a b"), &profile("c"), &profile("x\"y")]);
        let passed_over: Vec<_> =
            parsed.passed_over.iter().map(|it| (&*it.text, it.line, it.fault.is_some())).collect();
        let expected = [
            ("profile 'd", 3, true),
            ("profile e f", 4, true),
            ("profile ''", 5, true),
            ("profile ' '", 6, true),
        ];
        assert_eq!(passed_over, expected);
    }

    #[test]
    fn only_a_config_file_has_other_sections() {
        let text =
            b"[sso-session a]\n[services a]\n[profile a]\n[plain]\n[profile]\n[]\n[plugins x]\n[default]";
        let of = |kind, name: &str| Header::Named(kind, name.into());
        let expected = [
            of(Kind::Profile, "a"),
            of(Kind::Profile, "default"),
            of(Kind::SsoSession, "a"),
            of(Kind::Services, "a"),
        ];
        assert_eq!(names(&config(Path::new("c"), text)), expected.iter().collect::<Vec<_>>());
        let expected =
            ["default", "plain", "plugins x", "profile", "profile a", "services a", "sso-session a"];
        let expected = expected.map(|name| of(Kind::Profile, name));
        assert_eq!(names(&credentials(Path::new("c"), text)), expected.iter().collect::<Vec<_>>());
    }

    #[test]
    fn headers_of_no_use_are_remembered_up_to_a_bound() {
        let text: String = (0..2 * MAX_PASSED_OVER).map(|number| format!("[s{number}]\nplanted\n")).collect();
        let parsed = read(text);
        assert_eq!((parsed.sections.len(), parsed.passed_over.len()), (0, MAX_PASSED_OVER));
        assert!(
            parsed
                .passed_over
                .iter()
                .all(|it| it.fault.as_ref().is_some_and(|fault| fault.line == it.line + 1))
        );
    }
}
