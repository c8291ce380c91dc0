//! Why settings cannot be used.

use std::fmt::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use super::Origin;
use super::header::written;
use super::profile::Kind;
use crate::text::OneLine;

/// A setting cannot be used: in the environment, in the shared config and credentials files, or in code. A clone shares what
/// it holds.
#[derive(Clone, PartialEq, Eq)]
pub struct SettingsError(Arc<SettingsErrorKind>);

impl SettingsError {
    /// TLS cannot be set up, for this reason.
    pub fn tls(problem: impl Into<Box<str>>) -> Self {
        SettingsErrorKind::Tls { problem: problem.into() }.into()
    }

    pub(super) fn no_tls() -> Self {
        Self::tls("it is not compiled in; enable the feature ring, aws-lc or native-tls")
    }

    /// Which setting it is, where it stands, and what is wrong with it.
    pub fn kind(&self) -> &SettingsErrorKind {
        &self.0
    }
}

impl From<SettingsErrorKind> for SettingsError {
    #[cold]
    fn from(kind: SettingsErrorKind) -> Self {
        Self(Arc::new(kind))
    }
}

impl fmt::Debug for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for SettingsError {}

/// What a [`SettingsError`] is about.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingsErrorKind {
    /// A variable is not valid Unicode.
    NotUnicode {
        /// Its name.
        variable: &'static str,
    },
    /// A value is not one of those that it may be.
    NotOneOf {
        /// Where it stands.
        origin: Origin,
        /// What it may be.
        choices: &'static [&'static str],
    },
    /// There should be a whole number, 1 or more, and is not.
    NotANumber {
        /// Where it should be.
        origin: Origin,
    },
    /// A variable should hold a date and time and does not.
    NotATime {
        /// Its name.
        variable: &'static str,
    },
    /// Half of a key pair.
    HalfKeyPair {
        /// The variable that is set.
        set: &'static str,
        /// The variable that is not.
        missing: &'static str,
    },
    /// A config or credentials file is there and cannot be read.
    ProfileFile {
        /// Its path.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A line of a config or credentials file cannot be understood.
    ProfileSyntax {
        /// The file.
        path: PathBuf,
        /// Which line, counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// There is no profile of the name that was asked for.
    NoProfile {
        /// The name.
        name: String,
        /// What asked for it.
        origin: Origin,
        /// The files that were looked in.
        files: Vec<PathBuf>,
        /// What stands there that may be meant, and which files were not read; may be empty.
        hint: String,
    },
    /// A profile was named in a web page.
    ProfileInPage {
        /// The name.
        name: String,
    },
    /// A profile was named, and the client looks in no file.
    ProfileIsolated {
        /// The name.
        name: String,
    },
    /// A profile names a `services` section that does not exist.
    NoServices {
        /// The section's name.
        name: String,
        /// Where that stands.
        origin: Origin,
        /// What stands there that may be meant, and which files were not read; may be empty.
        hint: String,
    },
    /// A CA bundle holds no certificate, or a damaged one.
    CaBundle {
        /// Its path, if it is a file.
        path: Option<PathBuf>,
        /// Where it is named.
        origin: Origin,
    },
    /// The file of the CA bundle cannot be read.
    CaBundleFile {
        /// Its path.
        path: PathBuf,
        /// Why not.
        reason: String,
        /// Where it is named.
        origin: Origin,
    },
    /// The extra roots hold no certificate, or a damaged one.
    ExtraRoots,
    /// TLS cannot be set up: it is not compiled in, or the roots are not.
    Tls {
        /// Why not, and what to do.
        problem: Box<str>,
    },
    /// The client certificate or its key cannot be used.
    ClientCertificate,
    /// The URL of a proxy cannot be used.
    Proxy {
        /// Where it stands.
        origin: Origin,
        /// What is wrong with it, in words that continue "the proxy url": never a part of it, since it may hold a password.
        problem: &'static str,
    },
}

impl fmt::Display for SettingsErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut OneLine(f);
        match self {
            Self::NotUnicode { variable } => {
                write!(f, "the environment variable {variable} is not valid unicode")
            }
            Self::NotOneOf { origin, choices } => {
                write!(f, "{} has to be {}", Place(origin), choices.join(" or "))
            }
            Self::NotANumber { origin } => {
                write!(f, "{} has to be a whole number, 1 or more", Place(origin))
            }
            Self::NotATime { variable } => write!(
                f,
                "the environment variable {variable} has to be a date and time such as 2030-01-31T12:00:00Z"
            ),
            Self::HalfKeyPair { set, missing } => {
                write!(f, "the environment variable {set} is set and {missing} is not; set both or neither")
            }
            Self::ProfileFile { path, reason } => write!(
                f,
                "the file {} cannot be read ({reason}); mend it, or name another with AWS_CONFIG_FILE or \
                 AWS_SHARED_CREDENTIALS_FILE",
                path.display(),
                reason = Said(reason),
            ),
            Self::ProfileSyntax { path, line, problem } => {
                write!(f, "the file {} cannot be understood at line {line}: {problem}", path.display())
            }
            Self::NoProfile { name, origin, files, hint } => {
                write!(f, "there is no profile {name:?} (named by {}); looked in ", Named(origin))?;
                match &files[..] {
                    [] => f.write_str("no file, since the home directory is not known; set HOME"),
                    files => {
                        let files: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
                        let advice = format!(
                            "add it there ({} in the config file), or name another",
                            written(Kind::Profile, name)
                        );
                        let hint = if hint.is_empty() { &advice } else { hint };
                        write!(f, "{}; {hint}", files.join(" and "))
                    }
                }
            }
            Self::ProfileInPage { name } => write!(
                f,
                "profile {name:?} was named, and a web page has no files; give the client credentials or a provider"
            ),
            Self::ProfileIsolated { name } => write!(
                f,
                "profile {name:?} was named, and the builder is isolated and looks in no file; give it credentials or a \
                 provider, or begin with one that looks in files"
            ),
            Self::NoServices { name, origin, hint } => {
                let hint = if hint.is_empty() { "add it to the config file" } else { hint };
                let section = written(Kind::Services, name);
                write!(f, "{} names the section {section}, which is not there; {hint}", Place(origin))
            }
            Self::CaBundle { path, origin } => write!(
                f,
                "the ca bundle {}({origin}) holds no certificate, or a damaged one; it has to be pem",
                path.as_ref().map_or(String::new(), |path| format!("{} ", path.display())),
            ),
            Self::CaBundleFile { path, reason, origin } => write!(
                f,
                "the ca bundle {} ({origin}) cannot be read ({reason}); mend it, or name another",
                path.display(),
                reason = Said(reason),
            ),
            Self::ExtraRoots => f.write_str(
                "the extra roots (set in code) hold no certificate, or a damaged one; they have to be pem",
            ),
            Self::Tls { problem } => write!(f, "tls cannot be set up: {problem}"),
            Self::ClientCertificate => f.write_str(
                "the client certificate cannot be used: give a chain and the private key of its first certificate, \
                 both in pem",
            ),
            Self::Proxy { origin, problem } => write!(
                f,
                "the proxy url of {} {problem}; write it like http://user:password@proxy.example.com:3128",
                Named(origin)
            ),
        }
    }
}

/// A place as the subject of a sentence.
struct Place<'a>(&'a Origin);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Origin::Environment(variable) => write!(f, "the environment variable {variable}"),
            origin => origin.fmt(f),
        }
    }
}

/// Where something was named.
pub(super) struct Named<'a>(pub(super) &'a Origin);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Origin::Code => f.write_str("the program"),
            origin => origin.fmt(f),
        }
    }
}

/// What the system says, as errors are written: without a capital, and without the number that the standard library puts
/// behind it.
struct Said<'a>(&'a str);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.split(" (os error").next().unwrap_or_default();
        let mut rest = text.chars();
        let first = rest.next().map(|first| first.to_ascii_lowercase());
        first.iter().try_for_each(|first| write!(f, "{first}"))?;
        f.write_str(rest.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_says_where_and_what_to_do() {
        let error = SettingsErrorKind::NoProfile {
            name: "dve".into(),
            origin: Origin::Environment("AWS_PROFILE"),
            files: vec!["/a/config".into(), "/a/credentials".into()],
            hint: String::new(),
        };
        assert_eq!(
            error.to_string(),
            "there is no profile \"dve\" (named by AWS_PROFILE); looked in /a/config and /a/credentials; add it \
             there ([profile dve] in the config file), or name another"
        );
        let error = SettingsErrorKind::NoProfile {
            name: "x".into(),
            origin: Origin::Code,
            files: Vec::new(),
            hint: String::new(),
        };
        assert!(error.to_string().contains("(named by the program); looked in no file"), "{error}");
        let origin = Origin::Profile("profile a, services (/a/config line 2)".into());
        let error = SettingsErrorKind::NoServices { name: "x\n y".into(), origin, hint: String::new() };
        assert!(error.to_string().contains("[services 'x  y']"), "one line: {error}");
        let origin = Origin::Profile("profile a, use_fips_endpoint (/a/config line 3)".into());
        let error = SettingsErrorKind::NotOneOf { origin, choices: &["true", "false"] };
        assert_eq!(
            error.to_string(),
            "profile a, use_fips_endpoint (/a/config line 3) has to be true or false"
        );
    }
}
