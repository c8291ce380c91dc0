//! Parts of the shared files that cannot be understood, or that have another meaning than they seem to have.

use std::path::PathBuf;
use std::sync::Arc;

use super::header::{is_deceptive, written};
use super::profile::Kind;
#[cfg(feature = "credentials")]
use super::{Origin, Setting};
use super::{SettingsError, SettingsErrorKind};
use crate::text::{eq_ignore_ascii_case, shown};

/// A line that cannot be understood. The section that it stands in cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) path: Arc<PathBuf>,
    pub(super) line: u32,
    pub(super) problem: &'static str,
}

impl Fault {
    pub(super) fn error(&self) -> SettingsError {
        SettingsErrorKind::ProfileSyntax {
            path: self.path.to_path_buf(),
            line: usize::try_from(self.line).unwrap_or(usize::MAX),
            problem: self.problem,
        }
        .into()
    }

    /// For a person to read. `section` is the section that it stands in.
    #[cfg(feature = "credentials")]
    pub(super) fn setting(&self, section: &str) -> Setting {
        let place = format!("{} ({} line {})", shown(section, MAX_SHOWN), self.path.display(), self.line);
        Setting::new("not understood", self.problem, Origin::Profile(place.into()))
    }
}

/// A header that begins no section of use here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PassedOver {
    /// What stands between the brackets; empty for what stands above all headers.
    pub(super) text: Box<str>,
    pub(super) path: Arc<PathBuf>,
    pub(super) line: u32,
    pub(super) is_in_credentials: bool,
    /// What cannot be understood in it, or below it.
    pub(super) fault: Option<Fault>,
}

impl PassedOver {
    /// What to say of it where the section `name` is missing, if it may be meant.
    pub(super) fn hint(&self, kind: Kind, name: &str) -> Option<String> {
        if let (true, Some(fault)) = (self.text.is_empty(), &self.fault) {
            return Some(fault.error().to_string());
        }
        let is_blank = |c: char| c.is_whitespace() || is_deceptive(c);
        let whole = self.text.trim_matches(is_blank);
        let (word, rest) = whole.split_once(is_blank).unwrap_or(("", whole));
        let is_named = |text: &str| {
            let text = text.trim_matches(is_blank);
            text == name || text.trim_matches(['\'', '"']) == name
        };
        let has_word = eq_ignore_ascii_case(word, kind.word());
        if !(is_named(whole) || has_word && is_named(rest)) {
            return None;
        }
        let text = shown(&self.text, MAX_SHOWN);
        let right = match (self.is_in_credentials, kind) {
            (false, _) => written(kind, name),
            (true, Kind::Profile) => format!("[{name}]"),
            (true, _) => format!("{} in the config file", written(kind, name)),
        };
        // It may look right as it is.
        let anew = if self.text.contains(is_deceptive) { ANEW } else { "" };
        Some(format!(
            "the section [{text}] ({} line {}) has to be {right}{anew}",
            self.path.display(),
            self.line
        ))
    }
}

/// A file that is there and was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotRead {
    pub(super) path: PathBuf,
    pub(super) reason: String,
}

impl NotRead {
    pub(super) fn hint(&self) -> String {
        format!("{} was not read ({})", self.path.display(), self.reason)
    }
}

const ANEW: &str = "; write it anew, since a character in it looks like a space or cannot be seen";
/// Characters of a header that errors show.
const MAX_SHOWN: usize = 80;
