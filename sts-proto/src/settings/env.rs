use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use super::{Platform, SettingsError, SettingsErrorKind};
use crate::keys::Credentials;
use crate::secret::Secret;
use crate::wire::time;

/// A snapshot of environment variables. The core never reads the environment itself.
///
/// Keeps only names that start with `AWS_` or `_X_AMZN_`, those of the home directory (`HOME`, `USERPROFILE`,
/// `HOMEDRIVE`, `HOMEPATH`), and those that name a proxy (see [`proxy`](super::proxy)), so that nothing else can leak.
/// `Debug` prints names only.
///
/// ```
/// use sts_proto::settings::Env;
///
/// let env = Env::from_iter(std::env::vars_os());
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Env {
    /// As they were given: of two of one name the last one counts.
    variables: Vec<(String, Result<Secret, ()>)>,
    /// The home directory if no variable names one.
    pub(super) or_home: Option<String>,
}

impl Env {
    /// The value of a variable; `None` if it is absent or blank.
    #[inline(never)]
    pub(crate) fn get(&self, variable: &'static str) -> Result<Option<&str>, SettingsError> {
        match self.find(variable) {
            None => Ok(None),
            Some(Ok(value)) => Ok(Some(value.expose()).filter(|value| !value.trim().is_empty())),
            Some(Err(())) => Err(SettingsErrorKind::NotUnicode { variable }.into()),
        }
    }

    /// Whether a variable is set and not blank, Unicode or not.
    pub(crate) fn has(&self, variable: &'static str) -> bool {
        !matches!(self.get(variable), Ok(None))
    }

    /// Whether a variable is set, blank or not.
    pub(crate) fn is_set(&self, variable: &'static str) -> bool {
        self.find(variable).is_some()
    }

    /// The user's home directory, if it is known: `HOME`, or on Windows `HOME`, else `USERPROFILE`, else
    /// `HOMEDRIVE` and `HOMEPATH`; else what [`or_home`](Self::or_home) sets.
    pub fn home(&self) -> Option<PathBuf> {
        self.home_on(Platform::current()).ok().flatten().map(PathBuf::from)
    }

    /// The home directory if no variable names one, as `std::env::home_dir` finds it in the system's database of users: a
    /// daemon often has no `HOME`. Ignored if it is blank or not Unicode.
    #[must_use]
    pub fn or_home(mut self, home: Option<PathBuf>) -> Self {
        let home = home.and_then(|home| home.into_os_string().into_string().ok());
        self.or_home = home.filter(|home| !home.trim().is_empty());
        self
    }

    /// Windows keeps how a name is spelled, and takes all spellings for one.
    fn of(platform: Platform, variables: impl Iterator<Item = (OsString, OsString)>) -> Self {
        let known = |(name, value): (OsString, OsString)| {
            let mut name = name.into_string().ok()?;
            if platform == Platform::Windows {
                name.make_ascii_uppercase();
            }
            let kept = name.starts_with("AWS_")
                || name.starts_with("_X_AMZN_")
                || HOME.contains(&name.as_str())
                || PROXY.contains(&name.as_str());
            kept.then(|| (name, value.into_string().map(Secret::new).map_err(drop)))
        };
        Self { variables: variables.filter_map(known).collect(), or_home: None }
    }

    fn find(&self, variable: &str) -> Option<&Result<Secret, ()>> {
        self.variables.iter().rfind(|(name, _)| name == variable).map(|(_, value)| value)
    }

    pub(crate) fn credentials(&self) -> Result<Option<Credentials>, SettingsError> {
        const ID: &str = "AWS_ACCESS_KEY_ID";
        const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
        const EXPIRATION: &str = "AWS_CREDENTIAL_EXPIRATION";
        let (id, secret) = match (self.get(ID)?, self.get(SECRET)?) {
            (None, None) => return Ok(None),
            (Some(id), Some(secret)) => (id.trim(), secret.trim()),
            (Some(_), None) => return Err(SettingsErrorKind::HalfKeyPair { set: ID, missing: SECRET }.into()),
            (None, Some(_)) => return Err(SettingsErrorKind::HalfKeyPair { set: SECRET, missing: ID }.into()),
        };
        let mut credentials = Credentials::new(id, secret);
        if let Some(token) = self.get("AWS_SESSION_TOKEN")? {
            credentials = credentials.with_session_token(token.trim());
        }
        if let Some(expiration) = self.get(EXPIRATION)? {
            let at = time::parse(expiration).ok_or(SettingsErrorKind::NotATime { variable: EXPIRATION })?;
            credentials = credentials.with_expiration(at);
        }
        if let Some(account) = self.get("AWS_ACCOUNT_ID")? {
            credentials = credentials.with_account_id(account.trim());
        }
        Ok(Some(credentials))
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self::of(Platform::current(), variables)
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.iter().map(|(name, _)| name)).finish()
    }
}

const HOME: [&str; 4] = ["HOME", "USERPROFILE", "HOMEDRIVE", "HOMEPATH"];
const PROXY: [&str; 9] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "REQUEST_METHOD",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_any_case_is_one_variable_on_windows() {
        let variables =
            [("aws_profile", "p"), ("Https_Proxy", "x"), ("UserProfile", "u"), ("path", "secret")];
        let of = |platform| {
            Env::of(platform, variables.into_iter().map(|(name, value)| (name.into(), value.into())))
        };
        let windows = of(Platform::Windows);
        for (name, value) in [("AWS_PROFILE", "p"), ("HTTPS_PROXY", "x"), ("USERPROFILE", "u")] {
            assert_eq!(windows.get(name), Ok(Some(value)));
            assert_eq!(of(Platform::Unix).get(name), Ok(None));
        }
        assert_eq!(format!("{windows:?}"), r#"{"AWS_PROFILE", "HTTPS_PROXY", "USERPROFILE"}"#);
    }

    #[test]
    fn keeps_known_variables_and_prints_only_names() {
        let env = Env::from_iter([
            ("AWS_SECRET_ACCESS_KEY", "planted"),
            ("HOME", "/home/x"),
            ("PATH", "/bin"),
            ("https_proxy", "http://me:planted@proxy"),
        ]);
        assert_eq!(format!("{env:?}"), r#"{"AWS_SECRET_ACCESS_KEY", "HOME", "https_proxy"}"#);
        assert_eq!(env.get("PATH"), Ok(None));
    }

    #[test]
    fn of_a_variable_that_is_given_twice_the_last_value_counts() {
        let twice = [("AWS_REGION", "a"), ("AWS_PROFILE", "p"), ("AWS_REGION", "b"), ("AWS_REGION", "c")];
        let env = Env::from_iter(twice);
        assert_eq!((env.get("AWS_REGION"), env.get("AWS_PROFILE")), (Ok(Some("c")), Ok(Some("p"))));
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_unicode_is_an_error_that_names_the_variable() {
        use std::os::unix::ffi::OsStringExt;
        let env = Env::from_iter([("AWS_REGION", OsString::from_vec(vec![0xff]))]);
        assert_eq!(
            env.get("AWS_REGION"),
            Err(SettingsErrorKind::NotUnicode { variable: "AWS_REGION" }.into())
        );
    }
}
