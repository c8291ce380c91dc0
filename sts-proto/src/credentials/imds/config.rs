use std::sync::Arc;

use http::Uri;

use super::is_role;
use crate::endpoint::Target;
use crate::error::CredentialsError;
use crate::settings::{Env, Lookup, Origin, Section, Setting, SettingsError};
use crate::text::eq_ignore_ascii_case;

/// The endpoint of the service.
///
/// The first of these that is set takes precedence; keys are those of the profile:
///
/// | | |
/// |---|---|
/// | off | `AWS_EC2_METADATA_DISABLED` is `true` |
/// | endpoint | [`with_endpoint`](Self::with_endpoint), `AWS_EC2_METADATA_SERVICE_ENDPOINT`, key `ec2_metadata_service_endpoint` |
/// | mode | [`with_mode`](Self::with_mode), `AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE`, key `ec2_metadata_service_endpoint_mode`: `IPv4` (the default) or `IPv6` |
///
/// The mode is used only if no endpoint is set. `AWS_EC2_METADATA_V1_DISABLED`, else the key
/// `ec2_metadata_v1_disabled`, forbids the fallback to version 1 of the service, which has no tokens.
/// `AWS_EC2_INSTANCE_PROFILE_NAME`, else the key `ec2_instance_profile_name`, names the role whose credentials to ask for; the
/// service is asked for the name otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config(Arc<Configured>);

/// Shared, since a client has it in several places, and few use it.
#[derive(Debug, PartialEq, Eq)]
struct Configured {
    /// Without a slash at the end.
    endpoint: String,
    endpoint_origin: Origin,
    allows_v1: bool,
    v1_origin: Origin,
    /// The name of the role, and where it is set.
    role: Option<(String, Origin)>,
}

/// Which of its addresses to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// `169.254.169.254`
    IPv4,
    /// `[fd00:ec2::254]`
    IPv6,
}

impl Config {
    /// Reads environment and profile; `None` if the service is disabled.
    ///
    /// # Errors
    ///
    /// The endpoint is not a URL, the mode does not exist, a flag is neither true nor false, or the role's name is not valid.
    pub fn new(env: &Env, profile: Option<&Section>) -> Result<Option<Self>, CredentialsError> {
        Self::find(env, profile, None)
    }

    /// Uses this URL instead of endpoint and mode in environment and profile.
    ///
    /// # Errors
    ///
    /// As [`Config::new`].
    pub fn with_endpoint(
        url: &str,
        env: &Env,
        profile: Option<&Section>,
    ) -> Result<Option<Self>, CredentialsError> {
        match Self::off(env)? {
            true => Ok(None),
            false => Self::at(url, Origin::Code, env, profile).map(Some),
        }
    }

    /// Uses this mode, unless environment or profile set an endpoint.
    ///
    /// # Errors
    ///
    /// As [`Config::new`].
    pub fn with_mode(
        mode: Mode,
        env: &Env,
        profile: Option<&Section>,
    ) -> Result<Option<Self>, CredentialsError> {
        Self::find(env, profile, Some(mode))
    }

    /// The URL of the service, without a slash at the end.
    pub fn endpoint(&self) -> &str {
        &self.0.endpoint
    }

    /// Whether version 1 of the service may be asked.
    pub(super) fn allows_v1(&self) -> bool {
        self.0.allows_v1
    }

    /// The name of the role, and where it is set.
    pub(super) fn role(&self) -> Option<&(String, Origin)> {
        self.0.role.as_ref()
    }

    /// The result of [`Config::new`], for the list of all settings.
    pub(crate) fn listed(found: &Result<Option<Self>, CredentialsError>) -> Vec<Setting> {
        let endpoint = |value: &str, origin| Setting::new("metadata endpoint", value, origin);
        match found {
            Ok(Some(Self(configured))) => {
                let Configured { endpoint: url, endpoint_origin, allows_v1, v1_origin, role } = &**configured;
                let v1 = if *allows_v1 { "allowed" } else { "not allowed" };
                let v1 = Setting::new("metadata version 1", v1, v1_origin.clone());
                let role =
                    role.as_ref().map(|(name, origin)| Setting::new("metadata role", name, origin.clone()));
                [endpoint(url, endpoint_origin.clone()), v1].into_iter().chain(role).collect()
            }
            Ok(None) => vec![endpoint("none, switched off", Origin::Environment(DISABLED))],
            Err(_) => vec![endpoint("none, see instance metadata", Origin::Default)],
        }
    }

    /// The URL of a path of the service.
    pub(super) fn uri(&self, path: &str) -> Result<Uri, CredentialsError> {
        let endpoint = self.endpoint();
        let uri = Uri::try_from(format!("{endpoint}{path}"));
        uri.map_err(|error| wrong(format!("{endpoint} cannot be extended by {path}")).because(error))
    }

    fn find(
        env: &Env,
        profile: Option<&Section>,
        mode: Option<Mode>,
    ) -> Result<Option<Self>, CredentialsError> {
        if Self::off(env)? {
            return Ok(None);
        }
        let lookup = Lookup { env, profile };
        if let Some((url, origin)) = lookup.text(&[ENDPOINT], ENDPOINT_KEY).map_err(unusable)? {
            return Self::at(url, origin, env, profile).map(Some);
        }
        let (mode, origin) = match mode {
            Some(mode) => (mode, Origin::Code),
            None => match lookup.choice(MODE, MODE_KEY, MODES).map_err(unusable)? {
                Some((1, origin)) => (Mode::IPv6, origin),
                Some((_, origin)) => (Mode::IPv4, origin),
                None => (Mode::IPv4, Origin::Default),
            },
        };
        Self::at(mode.endpoint(), origin, env, profile).map(Some)
    }

    fn at(url: &str, origin: Origin, env: &Env, profile: Option<&Section>) -> Result<Self, CredentialsError> {
        let target = Target::parse(url).map_err(|problem| {
            wrong(format!("the endpoint url {problem} ({origin}); write it like http://169.254.169.254"))
        })?;
        let endpoint = target.uri.to_string().trim_end_matches('/').to_owned();
        let lookup = Lookup { env, profile };
        let v1_disabled = lookup.flag(V1_DISABLED, V1_DISABLED_KEY).map_err(unusable)?;
        let (v1_disabled, v1_origin) = v1_disabled.unwrap_or_default();
        let role = match lookup.text(&[ROLE], ROLE_KEY).map_err(unusable)? {
            Some((name, origin)) if !is_role(name) => {
                return Err(wrong(format!(
                    "{origin} is not the name of a role; write the name alone, without a path"
                )));
            }
            role => role.map(|(name, origin)| (name.to_owned(), origin)),
        };
        let allows_v1 = !v1_disabled;
        Ok(Self(Arc::new(Configured { endpoint, endpoint_origin: origin, allows_v1, v1_origin, role })))
    }

    /// Any value but `true` leaves the service enabled, as in every AWS tool.
    fn off(env: &Env) -> Result<bool, CredentialsError> {
        let value = env.get(DISABLED).map_err(unusable)?;
        Ok(value.is_some_and(|value| eq_ignore_ascii_case(value.trim(), "true")))
    }
}

impl Mode {
    fn endpoint(self) -> &'static str {
        match self {
            Self::IPv4 => "http://169.254.169.254",
            Self::IPv6 => "http://[fd00:ec2::254]",
        }
    }
}

fn unusable(error: SettingsError) -> CredentialsError {
    wrong(error.to_string()).because(error)
}

fn wrong(problem: String) -> CredentialsError {
    CredentialsError::new(super::session::PROVIDER, problem)
}

const DISABLED: &str = "AWS_EC2_METADATA_DISABLED";
const ENDPOINT: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
const ENDPOINT_KEY: &str = "ec2_metadata_service_endpoint";
const MODE: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";
const MODE_KEY: &str = "ec2_metadata_service_endpoint_mode";
const V1_DISABLED: &str = "AWS_EC2_METADATA_V1_DISABLED";
const V1_DISABLED_KEY: &str = "ec2_metadata_v1_disabled";
const ROLE: &str = "AWS_EC2_INSTANCE_PROFILE_NAME";
const ROLE_KEY: &str = "ec2_instance_profile_name";
/// Compared without case. [`Config::find`] relies on the order.
const MODES: &[&str] = &["IPv4", "IPv6"];
