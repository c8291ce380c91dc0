use super::profile::profile_plan;
use super::{Plan, Role, Source, container, imds};
use crate::settings::{Env, Profiles, SettingsError};
use crate::{Credentials, CredentialsError};

/// Where to look for credentials, in order. Nothing has been read or sent for it.
///
/// ```
/// use sts_proto::credentials::{Chain, Found};
/// use sts_proto::settings::{Env, Profiles};
///
/// let env = Env::from_iter([("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")]);
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
    /// What there is of it.
    pub found: Found,
}

/// What there is of a source.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant)] // made once for a client
pub enum Found {
    /// It is configured.
    Plan(Plan),
    /// It is not, for this reason.
    Nothing(Box<str>),
    /// It is, in a way that cannot work.
    Broken(CredentialsError),
}

impl Chain {
    /// The chain of every AWS tool: environment, profile, web identity, container, instance metadata. Where the code names
    /// a `profile`, the keys in the environment are passed over.
    pub fn new(env: &Env, profiles: &Profiles, profile: Option<&str>) -> Self {
        let keys = match profile {
            Some(name) => Ok(Err(format!("passed over, since profile {name} is named in code").into())),
            None => environment(env),
        };
        let candidates = vec![
            Candidate::new("environment", keys),
            profile_candidate(env, profiles, profile),
            Candidate::new("web identity", web_identity(env)),
            Candidate::new("container", container_plan(env)),
            Candidate::new("instance metadata", instance_metadata(env, profiles, profile)),
        ];
        Self { candidates }
    }

    /// One profile and nothing else.
    pub fn profile(env: &Env, profiles: &Profiles, name: &str) -> Self {
        Self { candidates: vec![profile_candidate(env, profiles, Some(name))] }
    }
}

impl Candidate {
    fn new(name: &str, found: Search) -> Self {
        let found = match found {
            Ok(Ok(plan)) => Found::Plan(plan),
            Ok(Err(why)) => Found::Nothing(why),
            // What another profile or source has to say is said of it.
            Err(CredentialsError::Failed(error)) if error.provider() != name => {
                let problem = format!("{}: {}", error.provider(), error.problem());
                Found::Broken(CredentialsError::Failed(error).retold(name, problem))
            }
            Err(error) => Found::Broken(error),
        };
        Self { name: name.into(), found }
    }
}

/// A plan, or why there is none, or why it cannot be carried out.
pub(super) type Search = Result<Result<Plan, Box<str>>, CredentialsError>;

/// The keys in the environment.
pub(super) fn environment(env: &Env) -> Search {
    let keys = env.credentials().map_err(|error| setting("environment", error))?;
    let Some(keys) = keys else {
        return Ok(Err("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set".into()));
    };
    let account = variable(env, "environment", "AWS_ACCOUNT_ID")?;
    Ok(Ok(Plan::of(Source::Static(Credentials { account_id: account, ..keys }))))
}

/// The endpoint of the container.
pub(super) fn container_plan(env: &Env) -> Search {
    Ok(match container::Config::from_env(env)? {
        Some(config) => Ok(Plan::of(Source::Container(config))),
        None => {
            Err("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set"
                .into())
        }
    })
}

/// The name of the profile that is looked at.
pub(super) fn selected<'a>(env: &'a Env, in_code: Option<&'a str>) -> Result<&'a str, SettingsError> {
    match in_code {
        Some(name) => Ok(name),
        None => Ok(env.get("AWS_PROFILE")?.map_or(DEFAULT, str::trim)),
    }
}

pub(super) fn setting(provider: &str, error: SettingsError) -> CredentialsError {
    CredentialsError::new(provider, error.to_string()).because(error)
}

fn profile_candidate(env: &Env, profiles: &Profiles, in_code: Option<&str>) -> Candidate {
    let name = match selected(env, in_code) {
        Ok(name) => name,
        Err(error) => return Candidate::new("profile", Err(setting("profile", error))),
    };
    let label = format!("profile {name}");
    let named = in_code.is_some() || name != DEFAULT;
    let found = match profiles.profile(name) {
        None if !named => Ok(Err("it is in none of the shared files".into())),
        None => Err(CredentialsError::new(
            label.as_str(),
            "it is named in code or by AWS_PROFILE, and is in none of the shared files",
        )),
        Some(profile) => profile_plan(env, profiles, profile),
    };
    Candidate::new(&label, found)
}

fn web_identity(env: &Env) -> Search {
    const NAME: &str = "web identity";
    let get = |name| variable(env, NAME, name);
    let (file, arn) = match (get("AWS_WEB_IDENTITY_TOKEN_FILE")?, get("AWS_ROLE_ARN")?) {
        (Some(file), Some(arn)) => (file, arn),
        (None, _) => return Ok(Err("AWS_WEB_IDENTITY_TOKEN_FILE is not set".into())),
        (Some(_), None) => {
            return Err(CredentialsError::new(
                NAME,
                "AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not",
            ));
        }
    };
    let role = Role { role_session_name: get("AWS_ROLE_SESSION_NAME")?, ..Role::new(arn) };
    Ok(Ok(Plan::of(Source::WebIdentity { role, token_file: file.into() })))
}

fn instance_metadata(env: &Env, profiles: &Profiles, in_code: Option<&str>) -> Search {
    let profile = selected(env, in_code).ok().and_then(|name| profiles.profile(name));
    Ok(match imds::Config::new(env, profile)? {
        Some(config) => Ok(Plan::of(Source::InstanceMetadata(config))),
        None => Err("AWS_EC2_METADATA_DISABLED is true".into()),
    })
}

fn variable(env: &Env, provider: &str, name: &'static str) -> Result<Option<String>, CredentialsError> {
    let value = env.get(name).map_err(|error| setting(provider, error))?;
    Ok(value.map(|value| value.trim().to_owned()))
}

const DEFAULT: &str = "default";
