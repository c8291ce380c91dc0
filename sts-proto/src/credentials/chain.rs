use super::profile::profile_plan;
use super::{Plan, Role, Source, container, imds};
use crate::error::CredentialsError;
use crate::keys::Credentials;
use crate::settings::{Env, Profiles, SettingsError};
use crate::text::one_line;

/// Where to look for credentials, in order. Making one reads no token and sends nothing.
///
/// ```
/// use sts_proto::credentials::{Chain, Found};
/// use sts_proto::settings::{Env, Profiles};
///
/// let env = Env::from_iter([
///     ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
///     ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI"),
/// ]);
/// let chain = Chain::new(&env, &Profiles::default(), None);
/// assert_eq!(&*chain.candidates[0].name, "environment");
/// assert!(matches!(chain.candidates[0].found, Found::Plan(_)));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Chain {
    /// The sources.
    pub candidates: Vec<Candidate>,
}

/// A source of a chain.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Candidate {
    /// `environment`, `profile dev`, `web identity`, `container`, `instance metadata`.
    pub name: Box<str>,
    /// What is configured.
    pub found: Found,
}

/// What is configured for a source.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Found {
    /// Credentials can be fetched according to this plan.
    Plan(Box<Plan>),
    /// Nothing, for this reason.
    NotConfigured(Box<str>),
    /// Something that cannot work.
    Broken(CredentialsError),
}

impl Chain {
    /// The chain of every AWS tool: environment, profile, web identity, container, instance metadata. If the code names a
    /// `profile`, the keys in the environment are skipped.
    pub fn new(env: &Env, profiles: &Profiles, profile: Option<&str>) -> Self {
        let keys = match profile {
            Some(name) => {
                Found::NotConfigured(format!("skipped, since the program names profile {name}").into())
            }
            None => Found::from_source(environment(env), NO_KEYS),
        };
        let candidates = vec![
            Candidate::new("environment", keys),
            profile_candidate(env, profiles, profile),
            Candidate::new("web identity", Found::from_source(web_identity(env), NO_TOKEN_FILE)),
            Candidate::new("container", Found::from_source(container(env), NO_CONTAINER)),
            Candidate::new(
                "instance metadata",
                Found::from_source(instance_metadata(env, profiles, profile), METADATA_DISABLED),
            ),
        ];
        Self { candidates }
    }

    /// A chain with one profile only.
    pub fn profile(env: &Env, profiles: &Profiles, name: &str) -> Self {
        Self { candidates: vec![profile_candidate(env, profiles, Some(name))] }
    }
}

impl Candidate {
    fn new(name: &str, found: Found) -> Self {
        let found = match found {
            // The problem of another profile or source is reported as a problem of this one.
            Found::Broken(CredentialsError::Failed(error)) if error.provider() != name => {
                let problem = format!("{}: {}", error.provider(), error.problem());
                Found::Broken(CredentialsError::Failed(error).retold(name, problem))
            }
            found => found,
        };
        Self { name: name.into(), found }
    }
}

impl Found {
    /// `absence` says why there is no source.
    fn from_source(source: Result<Option<Source>, CredentialsError>, absence: &str) -> Self {
        Self::from_plan(source.map(|source| source.map(Plan::of)), absence)
    }

    fn from_plan(plan: Result<Option<Plan>, CredentialsError>, absence: &str) -> Self {
        match plan {
            Ok(Some(plan)) => Self::Plan(Box::new(plan)),
            Ok(None) => Self::NotConfigured(absence.into()),
            Err(error) => Self::Broken(error),
        }
    }
}

/// The keys in the environment.
pub(super) fn environment(env: &Env) -> Result<Option<Source>, CredentialsError> {
    let keys = env.credentials().map_err(|error| setting("environment", error))?;
    let Some(keys) = keys else { return Ok(None) };
    let account_id = variable(env, "environment", "AWS_ACCOUNT_ID")?;
    Ok(Some(Source::Static(Credentials { account_id, ..keys })))
}

/// The endpoint of the container.
pub(super) fn container(env: &Env) -> Result<Option<Source>, CredentialsError> {
    Ok(container::Config::from_env(env)?.map(Source::Container))
}

fn web_identity(env: &Env) -> Result<Option<Source>, CredentialsError> {
    const NAME: &str = "web identity";
    let get = |name| variable(env, NAME, name);
    let (file, arn) = match (get("AWS_WEB_IDENTITY_TOKEN_FILE")?, get("AWS_ROLE_ARN")?) {
        (Some(file), Some(arn)) => (file, arn),
        (None, _) => return Ok(None),
        (Some(_), None) => {
            return Err(CredentialsError::new(
                NAME,
                "AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not",
            ));
        }
    };
    let role = Role { role_session_name: get("AWS_ROLE_SESSION_NAME")?, ..Role::new(arn) };
    Ok(Some(Source::WebIdentity { role, token_file: file.into() }))
}

fn instance_metadata(
    env: &Env,
    profiles: &Profiles,
    in_code: Option<&str>,
) -> Result<Option<Source>, CredentialsError> {
    let profile = selected(env, in_code).ok().and_then(|name| profiles.profile(name).ok().flatten());
    Ok(imds::Config::new(env, profile)?.map(Source::InstanceMetadata))
}

fn profile_candidate(env: &Env, profiles: &Profiles, in_code: Option<&str>) -> Candidate {
    let name = match selected(env, in_code) {
        Ok(name) => name,
        Err(error) => return Candidate::new("profile", Found::Broken(setting("profile", error))),
    };
    let label = format!("profile {}", one_line(name));
    let named = in_code.is_some() || name != DEFAULT;
    let found = match profiles.profile(name) {
        Err(error) => Found::Broken(setting(&label, error)),
        Ok(None) if !named => Found::NotConfigured(
            format!("it is in none of the shared files{}", profiles.hint_for_profile(name)).into(),
        ),
        Ok(None) => {
            let problem = "it is named by the program or AWS_PROFILE, and is in none of the shared files";
            let problem = format!("{problem}{}", profiles.hint_for_profile(name));
            Found::Broken(CredentialsError::new(label.as_str(), problem))
        }
        Ok(Some(profile)) => {
            Found::from_plan(profile_plan(env, profiles, profile), NO_CREDENTIALS_IN_PROFILE)
        }
    };
    Candidate::new(&label, found)
}

/// The name of the profile that is used.
fn selected<'a>(env: &'a Env, in_code: Option<&'a str>) -> Result<&'a str, SettingsError> {
    match in_code {
        Some(name) => Ok(name),
        None => Ok(env.get("AWS_PROFILE")?.map_or(DEFAULT, str::trim)),
    }
}

fn setting(provider: &str, error: SettingsError) -> CredentialsError {
    CredentialsError::new(provider, error.to_string()).because(error)
}

fn variable(env: &Env, provider: &str, name: &'static str) -> Result<Option<String>, CredentialsError> {
    let value = env.get(name).map_err(|error| setting(provider, error))?;
    Ok(value.map(|value| value.trim().to_owned()))
}

const DEFAULT: &str = "default";

pub(super) const NO_KEYS: &str = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set";
pub(super) const NO_CONTAINER: &str =
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set";
const NO_CREDENTIALS_IN_PROFILE: &str = "it configures no credentials";
const NO_TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE is not set";
const METADATA_DISABLED: &str = "AWS_EC2_METADATA_DISABLED is true";
