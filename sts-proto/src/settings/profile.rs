use std::collections::btree_map::Entry;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(feature = "credentials")]
use super::Setting;
use super::fault::{Fault, NotRead, PassedOver};
use super::header::Header;
use super::parse::{self, Parsed, Sections, Whole};
use super::properties::{Properties, Property};
use super::{Origin, SettingsError, SettingsErrorKind};
use crate::perform::TOO_LARGE;
use crate::secret::Secret;
use crate::text::{eq_ignore_ascii_case, one_line, to_ascii_lowercase};
use crate::wire::MAX_BODY;

/// The sections of the shared config and credentials files (AWS SDKs and Tools Reference Guide, "Shared
/// config and credentials files").
///
/// A section with a line that cannot be understood is not used: asking for it is an error that names the line. Other
/// sections are not affected.
///
/// ```
/// use std::path::Path;
/// use sts_proto::settings::Profiles;
///
/// let config = b"[profile dev]\nregion = eu-west-1\n";
/// let credentials = b"[dev]\naws_access_key_id = AKID\n";
/// let profiles = Profiles::parse(
///     (Path::new("config"), config),
///     (Path::new("credentials"), credentials),
/// )?;
/// let dev = profiles.profile("dev")?.ok_or("no such profile")?;
/// assert_eq!(dev.get("region"), Some("eu-west-1"));
/// assert_eq!(
///     dev.origin("region").to_string(),
///     "profile dev, region (config line 2)"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profiles {
    sections: Sections,
    passed_over: Vec<PassedOver>,
    not_read: Vec<NotRead>,
}

/// A profile, an `sso-session` or a `services` section. `Debug` prints the number of keys but no key, since
/// not only values may be secret: the last line of a token is taken for a key if it ends with `=`.
#[derive(Clone, PartialEq, Eq)]
pub struct Section {
    kind: Kind,
    name: Arc<str>,
    pub(super) properties: Properties,
}

/// The kind of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Profile,
    SsoSession,
    Services,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Profile, Self::SsoSession, Self::Services];

    /// The word before the name, in the headers of a config file.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::SsoSession => "sso-session",
            Self::Services => "services",
        }
    }
}

impl Profiles {
    /// Reads a config file and a credentials file; an absent file is given as empty. If both have a key of a profile, the
    /// credentials file wins; if it has an access key or a secret key, the key pair in the config file does not count.
    /// Sections of other kinds and keys with invalid names are ignored.
    ///
    /// # Errors
    ///
    /// With the path: more than [`MAX_BODY`](crate::wire::MAX_BODY) bytes.
    pub fn parse(config: (&Path, &[u8]), credentials: (&Path, &[u8])) -> Result<Self, SettingsError> {
        for (path, bytes) in [config, credentials] {
            if bytes.len() > MAX_BODY {
                let reason = TOO_LARGE.to_owned();
                return Err(SettingsErrorKind::ProfileFile { path: path.to_path_buf(), reason }.into());
            }
        }
        let mut profiles = Self::default();
        profiles.add(parse::config(config.0, config.1));
        profiles.add(parse::credentials(credentials.0, credentials.1));
        Ok(profiles)
    }

    /// Adds what is in a file, whose keys replace those of files before it.
    fn add(&mut self, parsed: Parsed) {
        for (header, mut whole) in parsed.sections {
            if let Ok(section) = &mut whole {
                section.properties.settle();
                section.properties.shrink();
            }
            match self.sections.entry(header) {
                Entry::Vacant(entry) => drop(entry.insert(whole)),
                Entry::Occupied(mut entry) => match (entry.get_mut(), whole) {
                    (Err(_), _) => {}
                    (known, Err(fault)) => *known = Err(fault),
                    (Ok(known), Ok(section)) => {
                        let [id, secret, _] = KEY_PAIR;
                        if [id, secret].into_iter().any(|key| section.properties.get(key).is_some()) {
                            // Half a pair of one file is of no use to half a pair of another.
                            known.properties.remove(&KEY_PAIR);
                        }
                        known.properties.merge(section.properties);
                    }
                },
            }
        }
        self.passed_over.extend(parsed.passed_over);
    }

    /// Says that a file is there and was not read, and why: an error about a missing profile tells it.
    pub fn not_read(&mut self, path: PathBuf, reason: String) {
        self.not_read.push(NotRead { path, reason });
    }

    /// Adds a profile, or adds keys to the existing profile of this name.
    pub fn insert_profile<K: AsRef<str>, V: Into<Secret>>(
        &mut self,
        name: impl Into<String>,
        properties: impl IntoIterator<Item = (K, V)>,
    ) {
        self.insert(Kind::Profile, name.into(), properties);
    }

    /// Adds an `sso-session` section, or adds keys to the existing one of this name.
    pub fn insert_sso_session<K: AsRef<str>, V: Into<Secret>>(
        &mut self,
        name: impl Into<String>,
        properties: impl IntoIterator<Item = (K, V)>,
    ) {
        self.insert(Kind::SsoSession, name.into(), properties);
    }

    /// Adds a `services` section, or adds keys to the existing one of this name. The value of a nested block
    /// starts with a line break, and each of its lines is `key = value`.
    pub fn insert_services<K: AsRef<str>, V: Into<Secret>>(
        &mut self,
        name: impl Into<String>,
        properties: impl IntoIterator<Item = (K, V)>,
    ) {
        self.insert(Kind::Services, name.into(), properties);
    }

    /// Whether there is no profile.
    pub fn is_empty(&self) -> bool {
        self.of(Kind::Profile).next().is_none()
    }

    /// The profile of this name.
    ///
    /// # Errors
    ///
    /// A line of it cannot be understood.
    pub fn profile(&self, name: &str) -> Result<Option<&Section>, SettingsError> {
        self.find(Kind::Profile, name)
    }

    /// The `sso-session` of this name.
    ///
    /// # Errors
    ///
    /// A line of it cannot be understood.
    pub fn sso_session(&self, name: &str) -> Result<Option<&Section>, SettingsError> {
        self.find(Kind::SsoSession, name)
    }

    /// The `services` section of this name.
    ///
    /// # Errors
    ///
    /// A line of it cannot be understood.
    pub fn services(&self, name: &str) -> Result<Option<&Section>, SettingsError> {
        self.find(Kind::Services, name)
    }

    /// All profiles that can be used, by name.
    pub fn profiles(&self) -> impl Iterator<Item = &Section> {
        self.of(Kind::Profile).flatten()
    }

    /// All `sso-session` sections that can be used, by name.
    pub fn sso_sessions(&self) -> impl Iterator<Item = &Section> {
        self.of(Kind::SsoSession).flatten()
    }

    /// All `services` sections that can be used, by name.
    pub fn all_services(&self) -> impl Iterator<Item = &Section> {
        self.of(Kind::Services).flatten()
    }

    /// What cannot be understood, of sections that are of use here: one line of each.
    pub fn faults(&self) -> impl Iterator<Item = SettingsError> {
        self.sections.values().filter_map(|section| section.as_ref().err().map(Fault::error))
    }

    /// What cannot be understood, for a person to read.
    #[cfg(feature = "credentials")]
    pub(super) fn not_understood(&self) -> Vec<Setting> {
        let faulty = self.sections.iter().filter_map(|(header, section)| {
            Some(section.as_ref().err()?.setting(&format!("{} {}", header.kind().word(), header.name())))
        });
        let passed_over = self.passed_over.iter().filter(|it| !it.text.is_empty());
        let passed_over =
            passed_over.filter_map(|it| Some(it.fault.as_ref()?.setting(&format!("[{}]", it.text))));
        faulty.chain(passed_over).take(MAX_TOLD).collect()
    }

    /// What may be meant where this section is missing, and files that were not read; empty if there is nothing of the kind.
    pub(super) fn hint(&self, kind: Kind, name: &str) -> String {
        let passed_over = self.passed_over.iter().filter_map(|it| it.hint(kind, name)).take(2);
        let hints: Vec<_> = passed_over.chain(self.not_read.iter().map(NotRead::hint)).collect();
        hints.join("; ")
    }

    /// The same for a profile, with a semicolon in front.
    #[cfg(feature = "credentials")]
    pub(crate) fn hint_for_profile(&self, name: &str) -> String {
        after_semicolon(self.hint(Kind::Profile, name))
    }

    /// The same for an `sso-session`.
    #[cfg(feature = "credentials")]
    pub(crate) fn hint_for_sso_session(&self, name: &str) -> String {
        after_semicolon(self.hint(Kind::SsoSession, name))
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &Whole> {
        let of_kind = self.sections.iter().filter(move |(header, _)| header.kind() == kind);
        of_kind.map(|(_, section)| section)
    }

    fn find(&self, kind: Kind, name: &str) -> Result<Option<&Section>, SettingsError> {
        let section = self.sections.get(&Header::Named(kind, name.into()));
        section.map(|section| section.as_ref().map_err(Fault::error)).transpose()
    }

    fn insert<K: AsRef<str>, V: Into<Secret>>(
        &mut self,
        kind: Kind,
        name: String,
        properties: impl IntoIterator<Item = (K, V)>,
    ) {
        let header = Header::Named(kind, name.into());
        let new = Section::new(&header);
        if let Ok(section) = self.sections.entry(header).or_insert(Ok(new)) {
            section.insert(properties);
        }
    }
}

impl Section {
    /// One without properties.
    pub(super) fn new(header: &Header) -> Self {
        Self { kind: header.kind(), name: header.name(), properties: Properties::default() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of a key, given in lower case; `None` if it is absent, blank or a nested block.
    pub fn get(&self, key: &str) -> Option<&str> {
        let value = self.properties.get(key)?.value();
        let value = if value.starts_with('\n') { "" } else { value.trim() };
        Some(value).filter(|value| !value.is_empty())
    }

    /// Whether a key, given in lower case, is there, blank or not.
    #[cfg(feature = "credentials")]
    pub(crate) fn has(&self, key: &str) -> bool {
        self.properties.get(key).is_some()
    }

    /// Where a key was set, in brackets and after a blank: ` (/home/me/.aws/config line 12)`; empty if that is not known.
    #[cfg(feature = "credentials")]
    pub(crate) fn line_of(&self, key: &str) -> String {
        in_brackets(self.properties.get(key).and_then(|property| property.line(0)))
    }

    /// The value of `key` in the nested block `block`, both given in lower case; `None` if it is absent or
    /// blank.
    pub fn nested(&self, block: &str, key: &str) -> Option<&str> {
        self.find_nested(block, key).map(|(_, value)| value)
    }

    /// Refuses a section with a `key` that was meant to be in the nested block `block` and is not in it. If it were ignored,
    /// another value would be used without a word.
    pub(super) fn check_block(&self, block: &str, key: &str) -> Result<(), SettingsError> {
        let Some(begin) = self.properties.get(block) else { return Ok(()) };
        let (wrong, problem) = match (begin.value(), self.properties.get(key)) {
            ("", Some(flat)) => (flat, FLAT),
            (value, _) if !value.is_empty() && !value.starts_with('\n') => (begin, NO_BLOCK),
            _ => return Ok(()),
        };
        let Some((path, line)) = wrong.line(0) else { return Ok(()) };
        Err(Fault { path: Arc::new(path.to_owned()), line, problem }.error())
    }

    /// Every key, in lower case, with its raw value: its lines are joined by line breaks, and a nested block
    /// starts with one. Values may be secrets.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &str)> {
        self.properties.iter().map(|(key, property)| (key, property.value()))
    }

    /// Where a key was set, for messages: `profile dev, region (/home/me/.aws/config line 12)`.
    pub fn origin(&self, key: &str) -> Origin {
        self.place(key, "", self.properties.get(key).and_then(|property| property.line(0)))
    }

    /// Where the `key` of the nested block `block` was set, for messages.
    pub fn nested_origin(&self, block: &str, key: &str) -> Origin {
        let line = self.find_nested(block, key).map(|(line, _)| line);
        self.place(block, key, line.and_then(|line| self.properties.get(block)?.line(line)))
    }

    /// The last line of the block that sets `key`, counted from the block's first line, and the value.
    fn find_nested(&self, block: &str, key: &str) -> Option<(usize, &str)> {
        let lines = self.properties.get(block)?.value().strip_prefix('\n')?.lines();
        let (line, value) = lines
            .enumerate()
            .filter_map(|(line, text)| Some((line + 1, parse::key_and_value(text).ok()?)))
            .filter(|(_, (name, _))| eq_ignore_ascii_case(name, key))
            .map(|(line, (_, value))| (line, value))
            .last()?;
        Some((line, value)).filter(|(_, value)| !value.is_empty())
    }

    fn place(&self, key: &str, nested: &str, line: Option<(&Path, u32)>) -> Origin {
        let (kind, name, place) = (self.kind.word(), one_line(&self.name), in_brackets(line));
        let dot = if nested.is_empty() { "" } else { "." };
        Origin::Profile(format!("{kind} {name}, {key}{dot}{nested}{place}").into())
    }

    fn insert<K: AsRef<str>, V: Into<Secret>>(&mut self, properties: impl IntoIterator<Item = (K, V)>) {
        let property = |(key, value): (K, V)| {
            (to_ascii_lowercase(key.as_ref()).into(), Property::by_hand(&value.into()))
        };
        let properties: Vec<(Box<str>, Property)> = properties.into_iter().map(property).collect();
        let [id, secret, _] = KEY_PAIR;
        if properties.iter().any(|(key, _)| [id, secret].contains(&&**key)) {
            // Nor is the token of another pair.
            self.properties.remove(&KEY_PAIR);
        }
        self.properties.extend(properties);
    }
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Section")
            .field("kind", &self.kind)
            .field("name", &self.name)
            .field("keys", &self.properties.len())
            .finish()
    }
}

fn in_brackets(line: Option<(&Path, u32)>) -> String {
    line.map(|(path, line)| format!(" ({} line {line})", path.display())).unwrap_or_default()
}

#[cfg(feature = "credentials")]
fn after_semicolon(hint: String) -> String {
    if hint.is_empty() { hint } else { format!("; {hint}") }
}

/// The keys that belong together.
const KEY_PAIR: [&str; 3] = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];
/// Lines that cannot be understood of which a person is told.
#[cfg(feature = "credentials")]
const MAX_TOLD: usize = 16;

const FLAT: &str = "endpoint_url is in no block of a service; write blanks before it";
const NO_BLOCK: &str = "the name of the service begins no block; write nothing behind the equals sign, and blanks before the lines below";

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Profiles {
        Profiles::parse((Path::new("/etc/config"), text.as_bytes()), (Path::new("/etc/credentials"), b""))
            .unwrap()
    }

    #[test]
    fn a_pair_of_keys_that_is_inserted_takes_no_token_of_another() {
        let mut profiles = config(
            "[profile dev]\naws_access_key_id=a\naws_secret_access_key=b\naws_session_token=c\nregion=r\n",
        );
        profiles.insert_profile("dev", [("aws_access_key_id", "d"), ("AWS_SECRET_ACCESS_KEY", "e")]);
        let dev = profiles.profile("dev").unwrap().unwrap();
        let [id, secret, token] = KEY_PAIR;
        assert_eq!(
            [id, secret, token, "region"].map(|key| dev.get(key)),
            [Some("d"), Some("e"), None, Some("r")]
        );
        profiles.insert_profile("dev", [("aws_session_token", "f")]);
        assert_eq!(profiles.profile("dev").unwrap().unwrap().get(id), Some("d"));
    }

    #[test]
    fn nested_blocks() {
        let text = "[services here]\nsts =\n  Endpoint_URL = http://first # not this\n\n  # nor this\n  endpoint_url \
                    = http://last # the last\n  empty =\ns3 = flat\n";
        let profiles = config(text);
        let here = profiles.services("here").unwrap().unwrap();
        assert_eq!(here.nested("sts", "endpoint_url"), Some("http://last"));
        let place = "services here, sts.endpoint_url (/etc/config line 6)";
        assert_eq!(here.nested_origin("sts", "endpoint_url").to_string(), place);
        assert_eq!(here.nested("sts", "empty"), None);
        assert_eq!(here.nested("sts", "endpoint"), None);
        assert_eq!(here.nested("s3", "flat"), None);
        assert_eq!(here.get("sts"), None);
        assert_eq!(here.get("s3"), Some("flat"));
    }

    #[test]
    fn each_value_knows_its_file_and_line_and_the_credentials_file_wins() {
        let config = b"[default]\nregion = a\naws_secret_access_key = planted\n";
        let credentials = b"# keys\n[default]\naws_secret_access_key = planted too\n";
        let profiles =
            Profiles::parse((Path::new("conf"), config), (Path::new("cred"), credentials)).unwrap();
        let default = profiles.profile("default").unwrap().unwrap();
        assert_eq!(default.get("aws_secret_access_key"), Some("planted too"));
        assert_eq!(default.origin("region").to_string(), "profile default, region (conf line 2)");
        let place = "profile default, aws_secret_access_key (cred line 3)";
        assert_eq!(default.origin("aws_secret_access_key").to_string(), place);
        assert_eq!(default.origin("absent").to_string(), "profile default, absent");
        let shown = format!("{profiles:?}");
        assert!(shown.contains("keys: 2") && !shown.contains("planted"), "{shown}");
    }

    #[test]
    fn half_a_pair_is_not_completed_from_the_other_file() {
        const ID: &str = "aws_access_key_id = a\n";
        const SECRET: &str = "aws_secret_access_key = b\n";
        const TOKEN: &str = "aws_session_token = c\n";
        for (in_config, in_credentials, expected) in [
            ([ID, SECRET, TOKEN], vec![ID], &["aws_access_key_id"][..]),
            ([ID, SECRET, TOKEN], vec![SECRET], &["aws_secret_access_key"]),
            ([ID, SECRET, TOKEN], vec![ID, SECRET], &["aws_access_key_id", "aws_secret_access_key"]),
            ([ID, "", ""], vec![SECRET], &["aws_secret_access_key"]),
            (["", SECRET, ""], vec![ID], &["aws_access_key_id"]),
            (
                [ID, SECRET, ""],
                vec![TOKEN],
                &["aws_access_key_id", "aws_secret_access_key", "aws_session_token"],
            ),
        ] {
            let text = |lines: &[&str]| format!("[default]\n{}", lines.concat());
            let (config, credentials) = (text(&in_config), text(&in_credentials));
            let files = [("config", &config), ("credentials", &credentials)];
            let [config, credentials] = files.map(|(path, text)| (Path::new(path), text.as_bytes()));
            let profiles = Profiles::parse(config, credentials).unwrap();
            let default = profiles.profile("default").unwrap().unwrap();
            let keys: Vec<_> = default.properties().map(|(key, _)| key).collect();
            assert_eq!(keys, expected, "{in_config:?} {in_credentials:?}");
        }
    }

    #[test]
    fn a_secret_mistaken_for_a_key_is_not_shown() {
        let profiles = config("[default]\nregion = a\naws_session_token =\n  x=y\nplanted/token+==\n");
        let default = profiles.profile("default").unwrap().unwrap();
        assert!(default.properties().any(|(key, _)| key == "planted/token+"));
        let shown = format!("{profiles:?} {profiles:#?} {default:?}");
        assert!(shown.contains("keys: 3") && !shown.contains("planted"), "{shown}");
    }

    #[test]
    fn built_in_code() {
        let mut profiles = Profiles::default();
        assert!(profiles.is_empty());
        profiles.insert_profile("a", [("Region", "x"), ("services", "s")]);
        profiles.insert_profile("a", [("role_arn", "arn")]);
        profiles.insert_services("s", [("sts", "\nendpoint_url = http://a")]);
        profiles.insert_sso_session("o", [("sso_region", "y")]);
        let a = profiles.profile("a").unwrap().unwrap();
        assert_eq!((a.get("region"), a.get("role_arn")), (Some("x"), Some("arn")));
        assert_eq!(a.origin("region").to_string(), "profile a, region");
        assert_eq!(profiles.services("s").unwrap().unwrap().nested("sts", "endpoint_url"), Some("http://a"));
        assert_eq!(profiles.sso_session("o").unwrap().unwrap().get("sso_region"), Some("y"));
        assert_eq!(profiles.sso_session("a"), Ok(None));
    }
}
