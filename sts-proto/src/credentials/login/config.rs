use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::PROVIDER;
use crate::digits::hex;
use crate::endpoint::{EndpointError, Target, sign_in};
use crate::error::CredentialsError;
use crate::settings::{Env, Lookup, Profiles, Section, SettingsError, configured_endpoint_url};
use crate::text::word;

/// The file of a login, and where it is renewed.
///
/// The file is in `AWS_LOGIN_CACHE_DIRECTORY`, else in `~/.aws/login/cache`. Its name is the SHA-256 of the profile's
/// `login_session`. The service is the sign-in service of AWS, with the settings for FIPS and dual stack, unless an endpoint
/// URL for `signin` is set: `AWS_ENDPOINT_URL_SIGNIN`, `AWS_ENDPOINT_URL`, or in the profile. The region is the one in the
/// file, else the profile's, else that of `AWS_REGION` or `AWS_DEFAULT_REGION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    command: String,
    token_file: PathBuf,
    service: Service,
    region: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Service {
    /// A URL with a path.
    Url(String),
    OfAws {
        fips: bool,
        dual_stack: bool,
    },
}

impl Config {
    /// Reads a profile; `None` if it has no `login_session`.
    ///
    /// # Errors
    ///
    /// `login_session` is blank, a setting or the endpoint URL is not valid, or the home directory is not known.
    pub fn new(env: &Env, profiles: &Profiles, profile: &Section) -> Result<Option<Self>, CredentialsError> {
        if !profile.has(SESSION) {
            return Ok(None);
        }
        let Some(session) = profile.get(SESSION) else {
            return Err(wrong(format!(
                "{SESSION}{} is blank; set it, or remove it",
                profile.line_of(SESSION)
            )));
        };
        let command = match profile.name() {
            "default" => "aws login".to_owned(),
            name => format!("aws login --profile {}", word(name)),
        };
        let digest: [u8; 32] = Sha256::digest(session.trim()).into();
        let name = String::from_utf8_lossy(hex(digest).as_flattened()).into_owned();
        let token_file = directory(env)?.join(format!("{name}.json"));
        let service = find(env, profiles, profile)?;
        let region = match profile.get("region") {
            Some(region) => Some(region),
            None => {
                let lookup = Lookup { env, profile: None };
                let region =
                    lookup.text(&["AWS_REGION", "AWS_DEFAULT_REGION"], "region").map_err(unusable)?;
                region.map(|(region, _)| region)
            }
        };
        Ok(Some(Self { command, token_file, service, region: region.map(str::to_owned) }))
    }

    /// The login of this session, without a profile: `session` is what `login_session` has been set to by `aws login`.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn of_session(env: &Env, session: &str) -> Result<Self, CredentialsError> {
        let mut profiles = Profiles::default();
        profiles.insert_profile("default", [(SESSION, session)]);
        let profile = profiles.profile("default").map_err(unusable)?;
        let config = profile.map(|profile| Self::new(env, &profiles, profile)).transpose()?.flatten();
        config.ok_or_else(|| wrong(format!("{SESSION} is blank; set it")))
    }

    /// The region where nothing else names one, such as that of the client.
    #[must_use]
    pub fn or_region(mut self, region: Option<&str>) -> Self {
        self.region = self.region.or_else(|| region.map(str::to_owned));
        self
    }

    /// The file with the keys of the login.
    pub fn token_file(&self) -> &Path {
        &self.token_file
    }

    /// The command that logs in.
    pub(super) fn command(&self) -> &str {
        &self.command
    }

    /// The URL that renews the login, which names this region if any.
    pub(super) fn uri(&self, region: Option<&str>) -> Result<String, Box<str>> {
        let base = match (&self.service, region.or(self.region.as_deref())) {
            (Service::Url(url), _) => url.clone(),
            (Service::OfAws { fips, dual_stack }, Some(region)) => {
                let target = sign_in(region, *fips, *dual_stack).map_err(|error| match error {
                    EndpointError::InvalidRegion { region, .. } => {
                        format!("its region {region:?} is not valid")
                    }
                    error => error.to_string(),
                })?;
                target.uri.to_string()
            }
            (Service::OfAws { .. }, None) => {
                return Err(
                    "neither it nor the profile has a region; set region in the profile, or AWS_REGION"
                        .into(),
                );
            }
        };
        Ok(format!("{}/v1/token", base.trim_end_matches('/')))
    }
}

fn directory(env: &Env) -> Result<PathBuf, CredentialsError> {
    if let Some(directory) = env.get(DIRECTORY).map_err(unusable)? {
        return env.expand_home(directory.trim()).map_err(unusable);
    }
    let home = env.home().ok_or_else(|| {
        wrong("the login is in .aws/login/cache of the home directory, and HOME is not set".to_owned())
    })?;
    Ok(home.join(".aws").join("login").join("cache"))
}

fn find(env: &Env, profiles: &Profiles, profile: &Section) -> Result<Service, CredentialsError> {
    let lookup = Lookup { env, profile: Some(profile) };
    let is_on = |variable, key| match lookup.flag(variable, key) {
        Ok(flag) => Ok(flag.is_some_and(|(on, _)| on)),
        Err(error) => Err(unusable(error)),
    };
    let fips = is_on("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")?;
    let dual_stack = is_on("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")?;
    let url = configured_endpoint_url(env, profiles, Some(profile), "AWS_ENDPOINT_URL_SIGNIN", "signin")
        .map_err(unusable)?;
    let origin = url.origin;
    match url.value {
        Some(_) if fips || dual_stack => Err(wrong(format!(
            "an endpoint url cannot be combined with fips or dual stack; remove the endpoint url ({origin}) or turn them off"
        ))),
        Some(url) => match Target::parse(&url) {
            Ok(target) => Ok(Service::Url(target.uri.to_string())),
            Err(problem) => {
                Err(wrong(format!("the endpoint url for the sign-in service {problem} ({origin})")))
            }
        },
        None => Ok(Service::OfAws { fips, dual_stack }),
    }
}

fn wrong(problem: String) -> CredentialsError {
    CredentialsError::new(PROVIDER, problem)
}

fn unusable(error: SettingsError) -> CredentialsError {
    wrong(error.to_string()).because(error)
}

const SESSION: &str = "login_session";
const DIRECTORY: &str = "AWS_LOGIN_CACHE_DIRECTORY";
