use std::path::PathBuf;

use super::{Env, SettingsError};

/// The paths of the shared files (AWS SDKs and Tools Reference Guide, "Location of the shared config and
/// credentials files").
///
/// ```
/// use sts_proto::settings::{Env, Files, Platform};
///
/// let env = Env::from_iter([
///     ("HOME", "/home/me"),
///     ("AWS_CONFIG_FILE", "~/elsewhere"),
/// ]);
/// let files = Files::new(&env, Platform::Unix)?;
/// assert_eq!(files.config.as_deref(), Some("/home/me/elsewhere".as_ref()));
/// assert_eq!(
///     files.credentials.as_deref(),
///     Some("/home/me/.aws/credentials".as_ref())
/// );
/// # Ok::<(), sts_proto::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Files {
    /// `AWS_CONFIG_FILE`, else `~/.aws/config`; `None` if the home directory is not known.
    pub config: Option<PathBuf>,
    /// `AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials`; `None` if the home directory is not known.
    pub credentials: Option<PathBuf>,
}

/// The conventions for the home directory and for paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Platform {
    /// Linux, macOS and the like.
    Unix,
    /// Windows.
    Windows,
}

impl Files {
    /// The shared files in this environment.
    ///
    /// # Errors
    ///
    /// If a variable that is needed is not Unicode.
    pub fn new(env: &Env, platform: Platform) -> Result<Self, SettingsError> {
        let place = |variable, name| -> Result<_, SettingsError> {
            if let Some(path) = env.get(variable)? {
                return Ok(Some(env.expand(path.trim(), platform)?));
            }
            let slash = platform.separator();
            // A home that is not Unicode is as good as none: the files in it may not be needed.
            let home = env.home_on(platform).ok().flatten();
            Ok(home.map(|home| format!("{}{slash}.aws{slash}{name}", platform.open(&home)).into()))
        };
        Ok(Self { config: place(CONFIG, "config")?, credentials: place(CREDENTIALS, "credentials")? })
    }
}

impl Platform {
    /// The platform that this crate is compiled for.
    pub fn current() -> Self {
        if cfg!(windows) { Self::Windows } else { Self::Unix }
    }

    fn separator(self) -> char {
        match self {
            Self::Unix => '/',
            Self::Windows => '\\',
        }
    }

    fn is_separator(self, c: char) -> bool {
        c == '/' || self == Self::Windows && c == '\\'
    }

    /// `directory` without trailing separators.
    fn open(self, directory: &str) -> &str {
        directory.trim_end_matches(|c| self.is_separator(c))
    }
}

impl Env {
    pub(super) fn home_on(&self, platform: Platform) -> Result<Option<String>, SettingsError> {
        if let Some(home) = self.get("HOME")? {
            return Ok(Some(home.to_owned()));
        }
        if platform != Platform::Windows {
            return Ok(self.or_home.clone());
        }
        if let Some(home) = self.get("USERPROFILE")? {
            return Ok(Some(home.to_owned()));
        }
        let parts = (self.get("HOMEDRIVE")?, self.get("HOMEPATH")?);
        Ok(match parts {
            (Some(drive), Some(path)) => Some(format!("{drive}{path}")),
            _ => self.or_home.clone(),
        })
    }

    /// A directory in which a leading `~` or `$HOME` stands for the home directory, if that is known.
    #[cfg(feature = "login")]
    pub(crate) fn expand_home(&self, path: &str) -> Result<PathBuf, SettingsError> {
        let platform = Platform::current();
        let below = ["~", "$HOME", "${HOME}"].into_iter().find_map(|home| path.strip_prefix(home));
        let below = below.filter(|below| below.is_empty() || below.starts_with(|c| platform.is_separator(c)));
        let Some(below) = below else { return Ok(path.into()) };
        let home = self.home_on(platform)?;
        Ok(home.map_or(path.into(), |home| format!("{}{below}", platform.open(&home)).into()))
    }

    /// Replaces a leading `~/` by the home directory, if that is known.
    fn expand(&self, path: &str, platform: Platform) -> Result<PathBuf, SettingsError> {
        let below = path.strip_prefix('~').and_then(|below| below.strip_prefix(|c| platform.is_separator(c)));
        let Some(below) = below else { return Ok(path.into()) };
        let home = self.home_on(platform)?;
        Ok(home.map_or(path.into(), |home| {
            format!("{}{}{below}", platform.open(&home), platform.separator()).into()
        }))
    }
}

/// A text with paths as on Unix, for tests that compare them on each platform.
#[cfg(all(test, feature = "credentials"))]
pub(crate) fn slashed(text: &str) -> String {
    if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() }
}

pub(crate) const CONFIG: &str = "AWS_CONFIG_FILE";
pub(crate) const CREDENTIALS: &str = "AWS_SHARED_CREDENTIALS_FILE";

#[cfg(test)]
mod tests {
    use super::super::SettingsErrorKind;
    use super::*;

    fn files(platform: Platform, variables: &[(&str, &str)]) -> [Option<String>; 2] {
        let files = Files::new(&Env::from_iter(variables.iter().copied()), platform).unwrap();
        [files.config, files.credentials].map(|path| path.map(|path| path.to_str().unwrap().to_owned()))
    }

    #[test]
    fn the_home_directory_is_found_as_on_each_platform() {
        let both = |config: &str, credentials: &str| [Some(config.to_owned()), Some(credentials.to_owned())];
        let windows = [("USERPROFILE", r"C:\Users\me\"), ("HOMEDRIVE", "D:"), ("HOMEPATH", r"\x")];
        assert_eq!(
            files(Platform::Windows, &windows),
            both(r"C:\Users\me\.aws\config", r"C:\Users\me\.aws\credentials")
        );
        assert_eq!(
            files(Platform::Windows, &windows[1..]),
            both(r"D:\x\.aws\config", r"D:\x\.aws\credentials")
        );
        assert_eq!(files(Platform::Windows, &windows[1..2]), [None, None]);
        assert_eq!(files(Platform::Unix, &windows), [None, None]);
        assert_eq!(files(Platform::Unix, &[("HOME", "/")]), both("/.aws/config", "/.aws/credentials"));
    }

    #[test]
    fn a_tilde_is_the_home_directory_only_before_a_separator() {
        let file = |platform, path, home: &[(&str, &str)]| {
            let variables: Vec<_> =
                [("AWS_CONFIG_FILE", path)].into_iter().chain(home.iter().copied()).collect();
            let [config, _] = files(platform, &variables);
            config.unwrap()
        };
        let home = [("HOME", "/home/me")];
        assert_eq!(file(Platform::Unix, "~/a/b", &home), "/home/me/a/b");
        assert_eq!(file(Platform::Unix, "~you/a", &home), "~you/a");
        assert_eq!(file(Platform::Unix, "/a/~/b", &home), "/a/~/b");
        assert_eq!(file(Platform::Unix, r"~\a", &home), r"~\a");
        assert_eq!(file(Platform::Unix, "~/a", &[]), "~/a");
        assert_eq!(file(Platform::Windows, r"~\a", &[("HOME", r"C:\me")]), r"C:\me\a");
        assert_eq!(file(Platform::Windows, "~/a", &[("HOME", r"C:\me")]), r"C:\me\a");
    }

    #[test]
    fn a_home_from_elsewhere_counts_if_no_variable_names_one() {
        let file = |platform, variables: &[(&str, &str)], home: &str| {
            let env = Env::from_iter(variables.iter().copied()).or_home(Some(home.into()));
            Files::new(&env, platform).unwrap().config.map(|path| path.to_str().unwrap().to_owned())
        };
        let config = |platform, variables: &[(&str, &str)]| file(platform, variables, "/home/db");
        assert_eq!(config(Platform::Unix, &[]).as_deref(), Some("/home/db/.aws/config"));
        assert_eq!(config(Platform::Unix, &[("HOME", " ")]).as_deref(), Some("/home/db/.aws/config"));
        assert_eq!(config(Platform::Unix, &[("HOME", "/home/me")]).as_deref(), Some("/home/me/.aws/config"));
        assert_eq!(config(Platform::Windows, &[]).as_deref(), Some(r"/home/db\.aws\config"));
        assert_eq!(
            config(Platform::Windows, &[("USERPROFILE", r"C:\me")]).as_deref(),
            Some(r"C:\me\.aws\config")
        );
        assert_eq!(file(Platform::Unix, &[], ""), None);
        let tilde = [("AWS_CONFIG_FILE", "~/x")];
        assert_eq!(config(Platform::Unix, &tilde).as_deref(), Some("/home/db/x"));
    }

    #[cfg(unix)]
    #[test]
    fn a_home_that_is_not_unicode_is_an_error_only_where_a_variable_leads_to_it() {
        use std::ffi::OsString;
        use std::os::unix::ffi::OsStringExt;
        let home = ("HOME", OsString::from_vec(vec![0xff]));
        let env = Env::from_iter([home.clone()]);
        assert_eq!(Files::new(&env, Platform::Unix), Ok(Files::default()));
        assert_eq!(env.home(), None);
        let tilde = [(CONFIG, "~/a".into()), home.clone()];
        let error = Files::new(&Env::from_iter(tilde), Platform::Unix).unwrap_err();
        assert_eq!(error, SettingsErrorKind::NotUnicode { variable: "HOME" }.into());
        let files = [(CONFIG, "/a".into()), (CREDENTIALS, "/b".into()), home];
        assert!(Files::new(&Env::from_iter(files), Platform::Unix).is_ok());
    }
}
