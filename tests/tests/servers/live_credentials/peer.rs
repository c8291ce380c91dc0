//! A server, as the variables of its script have it.

use std::time::{Duration, SystemTime};

use sts_proto::Credentials;
use sts_tests::driver::{Driver, Setup};

pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) url: String,
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    pub(crate) role: String,
    pub(crate) web_role: String,
}

impl Peer {
    /// The server whose variables begin so.
    pub(crate) fn find(name: &'static str) -> Option<Self> {
        let url = variable(&format!("{name}_URL"))?;
        let required = |what: &str| variable(&format!("{name}_{what}"));
        let role = required("ROLE_ARN")?;
        let web_role = std::env::var(format!("{name}_WEB_ROLE_ARN")).unwrap_or_else(|_| role.clone());
        Some(Self {
            name,
            url,
            access_key: required("ACCESS_KEY")?,
            secret_key: required("SECRET_KEY")?,
            role,
            web_role,
        })
    }

    /// The provider of identity tokens.
    pub(crate) fn issuer() -> Option<String> {
        variable("OIDC_ISSUER")
    }

    /// The server's long-term keys as a profile.
    pub(crate) fn base_profile(&self) -> String {
        format!(
            "[profile base]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
            self.access_key, self.secret_key
        )
    }
}

/// Both clients, made of an environment.
pub(crate) fn drivers(variables: &[(&str, &str)]) -> [Driver; 2] {
    let drivers = Setup::of_environment(variables.iter().copied()).drivers();
    drivers.unwrap_or_else(|error| panic!("the settings can be used: {error}"))
}

/// Whether these are keys of a session that ends within `longest`.
pub(crate) fn is_session(keys: &Credentials, longest: Duration) -> bool {
    let now = SystemTime::now();
    let end = keys.expiration;
    keys.session_token.is_some()
        && end.is_some_and(|end| now < end && end <= now + longest + Duration::from_secs(5))
}

fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok();
    if value.is_none() {
        assert!(std::env::var_os("CI").is_none(), "CI is set, and {name} is not");
        super::say(format_args!("not run: {name} is not set"));
    }
    value
}
