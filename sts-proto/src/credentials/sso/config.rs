use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::Uri;
use sha1::{Digest, Sha1};

use super::wrong;
use crate::endpoint::{EndpointError, Target, oidc, portal};
use crate::error::CredentialsError;
use crate::escape::escape;
use crate::settings::{Env, Lookup, Profiles, Section, SettingsError, configured_endpoint_url};
use crate::text::word;

/// The role to get credentials for, the login and the portal.
///
/// | key of the profile | |
/// |---|---|
/// | `sso_account_id`, `sso_role_name` | the account and the role |
/// | `sso_session` | the name of a section `sso-session` with `sso_region` and `sso_start_url` |
/// | `sso_region`, `sso_start_url` | the same in the profile, if it names no session |
///
/// The login is a file in `~/.aws/sso/cache`. Its name is the SHA-1 of the session's name or, if the profile names no session,
/// of the start URL. The portal is that of AWS in `sso_region`, with the settings for FIPS and dual stack, unless an endpoint
/// URL for `sso` is set: `AWS_ENDPOINT_URL_SSO`, `AWS_ENDPOINT_URL`, or in the profile. The login of a session is renewed where
/// the same settings for `sso_oidc` lead, with `AWS_ENDPOINT_URL_SSO_OIDC`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config(Arc<Configured>);

/// Behind a pointer, so that a plan without a login reserves no room for one.
#[derive(Debug, PartialEq, Eq)]
struct Configured {
    login: String,
    /// The name of the session, or the start URL, and which of the two it is.
    known_as: (&'static str, String),
    token_file: PathBuf,
    /// Where the login is renewed, or why it cannot be; `None` if the profile names no session.
    renewal: Option<Result<Uri, Box<str>>>,
    region: String,
    uri: Uri,
    account_id: String,
    role_name: String,
}

impl Config {
    /// Reads a profile; `None` if it has no `sso_` keys, not even blank ones.
    ///
    /// # Errors
    ///
    /// A key or the session is missing, session and profile contradict each other, region or endpoint URL is not valid, or
    /// the home directory is not known.
    pub fn new(env: &Env, profiles: &Profiles, profile: &Section) -> Result<Option<Self>, CredentialsError> {
        let keys = [SESSION, START_URL, REGION, ACCOUNT_ID, ROLE_NAME];
        if !keys.iter().any(|key| profile.has(key)) {
            return Ok(None);
        }
        let name = profile.name();
        let (region, known_as, login) = match profile.get(SESSION) {
            Some(session) => {
                let section = find_session(profiles, profile, session)?;
                if profile.get(ACCOUNT_ID).is_none() && profile.get(ROLE_NAME).is_none() {
                    return Err(wrong(format!(
                        "profile {name} resolves an access token, not credentials, since it has {SESSION} without \
                         {ACCOUNT_ID} and {ROLE_NAME}; set both"
                    )));
                }
                let url = required(section, "sso-session", START_URL)?;
                let region = required(section, "sso-session", REGION)?;
                agrees(profile, section, START_URL, url)?;
                agrees(profile, section, REGION, region)?;
                (region, ("sessionName", session), format!("aws sso login --sso-session {}", word(session)))
            }
            None => {
                let url = required(profile, "profile", START_URL)?;
                (
                    required(profile, "profile", REGION)?,
                    ("startUrl", url),
                    format!("aws sso login --profile {}", word(name)),
                )
            }
        };
        let account_id = required(profile, "profile", ACCOUNT_ID)?.to_owned();
        let role_name = required(profile, "profile", ROLE_NAME)?.to_owned();
        let portal = find(&PORTAL, env, profiles, profile, region)?;
        let renewal = profile.get(SESSION).map(|_| {
            let service = find(&OIDC, env, profiles, profile, region);
            let service = service.map_err(|error| -> Box<str> { error.problem().into() })?;
            let uri = format!("{}/token", service.uri.to_string().trim_end_matches('/'));
            Uri::try_from(uri).map_err(|_| "the endpoint url for its service is too long".into())
        });
        let uri = format!(
            "{}/federation/credentials?role_name={}&account_id={}",
            portal.uri.to_string().trim_end_matches('/'),
            escape(&role_name),
            escape(&account_id),
        );
        let uri = Uri::try_from(uri).map_err(|error| {
            wrong(format!("{ROLE_NAME} or {ACCOUNT_ID} of profile {name} is too long")).because(error)
        })?;
        let home = env.home().ok_or_else(|| {
            wrong("the login is in .aws/sso/cache of the home directory, and HOME is not set".to_owned())
        })?;
        let directory = home.join(".aws").join("sso").join("cache");
        let token_file = directory.join(format!("{}.json", sha1(known_as.1)));
        let region = region.to_owned();
        let known_as = (known_as.0, known_as.1.to_owned());
        let configured =
            Configured { login, known_as, token_file, renewal, region, uri, account_id, role_name };
        Ok(Some(Self(Arc::new(configured))))
    }

    /// A role of the login of this session, without a profile: for a program that lets the user choose. `session` and `region` are
    /// the name and the `sso_region` of the section `sso-session` that `aws sso login` was run for.
    ///
    /// ```
    /// use sts_proto::credentials::{Source, sso};
    /// use sts_proto::settings::Env;
    ///
    /// let env =
    ///     Env::from_iter(std::env::vars_os()).or_home(Some("/home/me".into()));
    /// let config = sso::Config::of_session(
    ///     &env,
    ///     "corp",
    ///     "eu-west-1",
    ///     "123456789012",
    ///     "ReadOnly",
    /// )?;
    /// // Give it to a `SourceProvider`.
    /// let source = Source::Sso(config);
    /// # Ok::<(), sts_proto::CredentialsError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A text is blank, region or endpoint URL is not valid, or the home directory is not known.
    pub fn of_session(
        env: &Env,
        session: &str,
        region: &str,
        account_id: &str,
        role_name: &str,
    ) -> Result<Self, CredentialsError> {
        let blank = || wrong(format!("{SESSION} is blank; set it"));
        if session.trim().is_empty() {
            return Err(blank());
        }
        let mut profiles = Profiles::default();
        let keys = [(SESSION, session), (ACCOUNT_ID, account_id), (ROLE_NAME, role_name)];
        profiles.insert_profile("default", keys);
        // The start URL is for logging in, which this client does not do.
        profiles.insert_sso_session(session, [(REGION, region), (START_URL, "of no use here")]);
        let profile = profiles.profile("default").map_err(unusable)?;
        let config = profile.map(|profile| Self::new(env, &profiles, profile)).transpose()?.flatten();
        config.ok_or_else(blank)
    }

    /// The file with the token of the login.
    pub fn token_file(&self) -> &Path {
        &self.0.token_file
    }

    /// The URL of the portal, with account and role.
    pub fn uri(&self) -> &Uri {
        &self.0.uri
    }

    /// The account that the credentials are for.
    pub fn account_id(&self) -> &str {
        &self.0.account_id
    }

    /// The role that the credentials are for.
    pub fn role_name(&self) -> &str {
        &self.0.role_name
    }

    /// What the AWS CLI's cache calls the login.
    pub(in crate::credentials) fn known_as(&self) -> (&'static str, &str) {
        (self.0.known_as.0, &self.0.known_as.1)
    }

    /// The command that logs in.
    pub(super) fn login(&self) -> &str {
        &self.0.login
    }

    pub(super) fn renewal(&self) -> Option<Result<&Uri, Box<str>>> {
        self.0.renewal.as_ref().map(|renewal| renewal.as_ref().map_err(Clone::clone))
    }

    pub(super) fn region(&self) -> &str {
        &self.0.region
    }
}

fn find_session<'a>(
    profiles: &'a Profiles,
    profile: &Section,
    session: &str,
) -> Result<&'a Section, CredentialsError> {
    let section = profiles.sso_session(session).map_err(|error| {
        wrong(format!("the section that {} names cannot be used: {error}", profile.origin(SESSION)))
            .because(error)
    })?;
    section.ok_or_else(|| {
        wrong(format!(
            "there is no section [sso-session {session}], which {} names; write one, or run `aws configure sso`{}",
            profile.origin(SESSION),
            profiles.hint_for_sso_session(session)
        ))
    })
}

fn required<'a>(section: &'a Section, kind: &str, key: &str) -> Result<&'a str, CredentialsError> {
    section.get(key).ok_or_else(|| {
        wrong(format!("{kind} {} has no {key}; set it, or run `aws configure sso`", section.name()))
    })
}

/// A key that the profile repeats must have the value of the session.
fn agrees(profile: &Section, session: &Section, key: &str, value: &str) -> Result<(), CredentialsError> {
    if profile.get(key).is_none_or(|other| other == value) {
        return Ok(());
    }
    Err(wrong(format!(
        "{key} is not the same in two places, {} and {}; remove the first",
        profile.origin(key),
        session.origin(key)
    )))
}

/// A service that a region has.
struct Service {
    /// What it is, as in "the endpoint url for".
    name: &'static str,
    variable: &'static str,
    /// Its name in a section `services`.
    key: &'static str,
    endpoint: fn(&str, bool, bool) -> Result<Target, EndpointError>,
}

const PORTAL: Service =
    Service { name: "the portal", variable: "AWS_ENDPOINT_URL_SSO", key: "sso", endpoint: portal };
const OIDC: Service = Service {
    name: "the service that renews logins",
    variable: "AWS_ENDPOINT_URL_SSO_OIDC",
    key: "sso_oidc",
    endpoint: oidc,
};

fn find(
    service: &Service,
    env: &Env,
    profiles: &Profiles,
    profile: &Section,
    region: &str,
) -> Result<Target, CredentialsError> {
    let lookup = Lookup { env, profile: Some(profile) };
    let is_on = |variable, key| match lookup.flag(variable, key) {
        Ok(flag) => Ok(flag.is_some_and(|(on, _)| on)),
        Err(error) => Err(unusable(error)),
    };
    let fips = is_on("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")?;
    let dual_stack = is_on("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")?;
    let url = configured_endpoint_url(env, profiles, Some(profile), service.variable, service.key)
        .map_err(unusable)?;
    let origin = url.origin;
    match url.value {
        Some(_) if fips || dual_stack => Err(wrong(format!(
            "an endpoint url cannot be combined with fips or dual stack; remove the endpoint url ({origin}) or turn them off"
        ))),
        Some(url) => Target::parse(&url)
            .map_err(|problem| wrong(format!("the endpoint url for {} {problem} ({origin})", service.name))),
        None => (service.endpoint)(region, fips, dual_stack).map_err(|error| match error {
            EndpointError::InvalidRegion { region, .. } => wrong(format!(
                "{REGION} {region:?} is not valid; it has to be a region, for example us-east-1"
            )),
            error => wrong(error.to_string()).because(error),
        }),
    }
}

fn sha1(text: &str) -> String {
    let mut hex = String::with_capacity(40);
    for byte in Sha1::digest(text) {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

fn unusable(error: SettingsError) -> CredentialsError {
    wrong(error.to_string()).because(error)
}

const SESSION: &str = "sso_session";
const START_URL: &str = "sso_start_url";
const REGION: &str = "sso_region";
const ACCOUNT_ID: &str = "sso_account_id";
const ROLE_NAME: &str = "sso_role_name";
