use std::path::PathBuf;
use std::time::Duration;

use super::origin::Sourced;
use super::{Origin, Roots, Setting, Settings, proxy};
use crate::endpoint::Endpoint;
use crate::flow::Timeouts;
use crate::keys::Credentials;
use crate::text::to_str;

/// What was read beside the environment, for a person to know.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) profile: Sourced<String>,
    /// Whether a file has it.
    pub(super) profile_exists: bool,
    pub(super) config: FoundFile,
    pub(super) credentials: FoundFile,
    /// What cannot be understood in parts of the files that the client does not need.
    pub(super) not_understood: Vec<Setting>,
}

/// A file that was looked for; without a path where the home directory is not known.
#[derive(Clone, Debug)]
pub(super) struct FoundFile {
    pub(super) path: Option<PathBuf>,
    pub(super) origin: Origin,
    pub(super) state: FileState,
}

/// What came of looking for a file.
#[cfg_attr(not(feature = "credentials"), allow(dead_code))]
#[derive(Clone, Debug)]
pub(crate) enum FileState {
    Read,
    Absent,
    /// It is there and cannot be read, for this reason.
    NotRead(String),
}

impl Settings {
    /// Every setting as it is in force, with its origin, for a person to read: names and values may change. None holds a
    /// secret, and of an access key no more than its end.
    pub fn list(&self) -> Vec<Setting> {
        let mut list = self.list_but_credentials();
        list.push(self.listed_credentials());
        list
    }

    /// The same without the credentials: the report of a chain says more of them.
    pub(crate) fn list_but_credentials(&self) -> Vec<Setting> {
        let mut list = Vec::new();
        if let Some(found) = &self.found {
            let missing = if found.profile_exists { "" } else { " (not there)" };
            let name = format!("{}{missing}", found.profile.value);
            list.push(Setting::new("profile", name, found.profile.origin.clone()));
            list.push(found.config.setting("config file"));
            list.push(found.credentials.setting("credentials file"));
            list.extend(found.not_understood.iter().cloned());
        }
        list.push(optional("region", &self.region));
        list.push(self.listed_endpoint_url());
        list.push(self.listed_endpoint());
        list.push(switch("fips endpoint", &self.use_fips_endpoint));
        list.push(switch("dual-stack endpoint", &self.use_dualstack_endpoint));
        list.push(switch("global endpoint", &self.use_global_endpoint));
        let mode = if self.retry.is_adaptive() { "adaptive" } else { "standard" };
        list.push(Setting::new("retry mode", mode, self.retry_mode_origin.clone()));
        let max = self.retry.attempt_limit().to_string();
        list.push(Setting::new("max attempts", max, self.max_attempts_origin.clone()));
        list.extend(Setting::timeouts(self.timeouts.value, &self.timeouts.origin));
        list.push(optional("app id", &self.app_id));
        list.extend(self.listed_sigv4a());
        list.extend(self.tls.list(&Roots::Mozilla));
        list.push(self.listed_proxy(self.endpoint().ok().as_ref()));
        if let Some(id) = self.trace_id.as_ref().and_then(to_str) {
            list.push(Setting::new("trace id", id, Origin::Environment("_X_AMZN_TRACE_ID")));
        }
        list
    }

    /// What is preferred is told where the feature is missing, since nothing else tells it.
    fn listed_sigv4a(&self) -> Vec<Setting> {
        match (cfg!(feature = "sigv4a"), self.use_sigv4a.value) {
            (true, _) => vec![
                switch("sigv4a", &self.use_sigv4a),
                optional("sigv4a signing region set", &self.signing_region_set),
            ],
            (false, true) => {
                let off = "off, since the feature sigv4a is not compiled in";
                vec![Setting::new("sigv4a", off, self.use_sigv4a.origin.clone())]
            }
            (false, false) => Vec::new(),
        }
    }

    /// A URL that cannot be used may hold a password.
    fn listed_endpoint_url(&self) -> Setting {
        let value = match &self.endpoint_url.value {
            None if self.endpoint_url.origin == Origin::Default => NOT_SET,
            None => "not set, what is configured is ignored",
            Some(url) if crate::endpoint::is_usable_url(url) => url,
            Some(_) => "not shown, since it cannot be used",
        };
        Setting::new("endpoint url", value, self.endpoint_url.origin.clone())
    }

    fn listed_endpoint(&self) -> Setting {
        let from = if self.endpoint_url.value.is_some() { &self.endpoint_url } else { &self.region };
        let value = match self.endpoint() {
            Ok(endpoint) => endpoint.uri().to_string(),
            Err(error) => format!("none: {error}"),
        };
        Setting::new("endpoint", value, from.origin.clone())
    }

    /// Which proxy requests to this endpoint go through.
    pub(crate) fn listed_proxy(&self, endpoint: Option<&Endpoint>) -> Setting {
        match &self.proxies {
            Ok(proxies) => proxies.setting(endpoint.map(Endpoint::uri)),
            Err(error) => {
                Setting::new("proxy", format!("cannot be used: {error}"), proxy::origin(&self.proxies))
            }
        }
    }

    pub(crate) fn listed_credentials(&self) -> Setting {
        let Sourced { value, origin } = &self.credentials;
        let (value, origin) = match value {
            Ok(Some(credentials)) => (format!("access key {}", end_of_key(credentials)), origin.clone()),
            Ok(None) => ("none".to_owned(), origin.clone()),
            Err(error) => (format!("none: {error}"), origin.clone()),
        };
        Setting::new("credentials", value, origin)
    }
}

impl Setting {
    /// The rows of a client that sends with a transport of its own, which has its own certificates and proxies.
    pub fn of_own_transport() -> Vec<Self> {
        ["roots", "ca bundle", "extra roots", "client certificate", "proxy"]
            .map(|name| Self::new(name, "as the client's own transport has it", Origin::Code))
            .into()
    }

    /// How long things may take, as the list of all settings has it.
    pub fn timeouts(timeouts: Timeouts, origin: &Origin) -> [Self; 3] {
        let Timeouts { connect, attempt, call } = timeouts;
        [("connect time-out", connect), ("attempt time-out", attempt), ("call time-out", call)]
            .map(|(name, time)| Self::new(name, in_seconds(time), origin.clone()))
    }
}

/// As a decimal number, exactly; printing a float brings 15 kB of code.
fn in_seconds(time: Duration) -> String {
    let text = format!("{}.{:09}", time.as_secs(), time.subsec_nanos());
    format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
}

impl FoundFile {
    fn setting(&self, name: &'static str) -> Setting {
        let value = match (&self.path, &self.state) {
            (Some(path), FileState::Read) => path.display().to_string(),
            (Some(path), FileState::Absent) => format!("{} (not found)", path.display()),
            (Some(path), FileState::NotRead(reason)) => format!("{} (not read: {reason})", path.display()),
            (None, _) => "none, since the home directory is not known".to_owned(),
        };
        Setting::new(name, value, self.origin.clone())
    }
}

fn optional(name: &'static str, setting: &Sourced<Option<String>>) -> Setting {
    Setting::new(name, setting.value.as_deref().unwrap_or(NOT_SET), setting.origin.clone())
}

fn switch(name: &'static str, setting: &Sourced<bool>) -> Setting {
    Setting::new(name, if setting.value { "on" } else { "off" }, setting.origin.clone())
}

/// The last four characters, of what is long enough to be a key.
fn end_of_key(credentials: &Credentials) -> String {
    let id: Vec<char> = credentials.access_key_id.chars().collect();
    let end = if id.len() > 2 * SHOWN { id.len() - SHOWN } else { id.len() };
    format!("…{}", id.iter().skip(end).collect::<String>())
}

const NOT_SET: &str = "not set";
const SHOWN: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Env;

    fn lines(settings: &Settings) -> Vec<String> {
        let line = |setting: &Setting| format!("{}: {} ({})", setting.name, setting.value, setting.origin);
        settings.list().iter().map(line).collect()
    }

    #[test]
    fn everything_with_its_origin() {
        let env = Env::from_iter([
            ("AWS_REGION", "eu-west-1"),
            ("AWS_MAX_ATTEMPTS", "7"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLEXYZA"),
            ("AWS_SECRET_ACCESS_KEY", "planted"),
        ]);
        let settings = Settings::from_env(&env).unwrap().use_fips_endpoint(true);
        assert_eq!(
            lines(&settings),
            [
                "region: eu-west-1 (AWS_REGION)",
                "endpoint url: not set (default)",
                "endpoint: https://sts-fips.eu-west-1.amazonaws.com/ (AWS_REGION)",
                "fips endpoint: on (set in code)",
                "dual-stack endpoint: off (default)",
                "global endpoint: off (default)",
                "retry mode: standard (default)",
                "max attempts: 7 (AWS_MAX_ATTEMPTS)",
                "connect time-out: 3.1 s (default)",
                "attempt time-out: 10 s (default)",
                "call time-out: 60 s (default)",
                "app id: not set (default)",
                #[cfg(feature = "sigv4a")]
                "sigv4a: off (default)",
                #[cfg(feature = "sigv4a")]
                "sigv4a signing region set: not set (default)",
                "roots: mozilla's (default)",
                "ca bundle: not set (default)",
                "extra roots: not set (default)",
                "client certificate: not set (default)",
                "proxy: none (default)",
                "credentials: access key …XYZA (AWS_ACCESS_KEY_ID)",
            ]
        );
    }

    #[test]
    fn what_is_not_there_and_what_may_hold_a_password() {
        let shown = lines(&Settings::new().endpoint_url("https://user:planted@host/").without_credentials());
        assert!(!shown.iter().any(|line| line.contains("planted")), "{shown:?}");
        let url = "endpoint url: not shown, since it cannot be used (set in code)";
        assert!(shown.iter().any(|line| line == url), "{shown:?}");
        assert!(shown.iter().any(|line| line == "credentials: none (set in code)"), "{shown:?}");
        let half = Env::from_iter([("AWS_ACCESS_KEY_ID", "AKID")]);
        let shown = lines(&Settings::from_env(&half).unwrap());
        assert!(shown.iter().any(|line| line.starts_with("endpoint: none: no region")), "{shown:?}");
        let half = "credentials: none: the environment variable AWS_ACCESS_KEY_ID is set and";
        assert!(shown.iter().any(|line| line.starts_with(half)), "{shown:?}");
    }
}
