//! The plan that the keys of a profile configure.

use super::chain::{NO_CONTAINER, NO_KEYS, container, environment};
use super::{Plan, Role, Source, imds, sso};
use crate::error::CredentialsError;
use crate::keys::Credentials;
use crate::secret::Secret;
use crate::settings::{Env, Profiles, Section};
use crate::text::one_line;

/// The plan of a profile (AWS SDKs and Tools Reference Guide, "Assume role credential provider" and the pages beside it).
/// Follows `source_profile` from one profile to the next and visits each profile once, so it ends. `None` if the profile
/// configures no credentials.
pub(super) fn profile_plan(
    env: &Env,
    profiles: &Profiles,
    first: &Section,
) -> Result<Option<Plan>, CredentialsError> {
    let mut roles = Vec::new();
    let mut path = vec![first.name()];
    // In order, since a file can name thousands.
    let mut seen = vec![first.name()];
    let mut profile = first;
    let source = loop {
        check_role(profile)?;
        // The role of the first profile goes before its own keys. A source profile gives its own keys if it has any.
        if path.len() > 1
            && !profile.has(WEB_IDENTITY_TOKEN_FILE)
            && let Some(keys) = keys(profile)?
        {
            break Source::Static(keys);
        }
        let Some(link) = link(profile)? else {
            break match base(env, profiles, profile)? {
                Some(source) => source,
                None if path.len() == 1 => return Ok(None),
                None => {
                    return Err(broken(profile, "it is a source_profile and configures no credentials"));
                }
            };
        };
        roles.push(role(profile, link.role_arn)?);
        match link.from {
            From::Named(source) => break named_source(env, profile, source)?,
            From::Profile(name) if name == profile.name() => {
                let source = base(env, profiles, profile)?.ok_or_else(|| {
                    let line = profile.line_of(SOURCE_PROFILE);
                    let problem =
                        format!("it is its own source_profile{line} and configures no other credentials");
                    broken(profile, &problem)
                })?;
                if matches!(source, Source::WebIdentity { .. }) {
                    // The token gives this very role, which seldom may assume itself.
                    roles.pop();
                }
                break source;
            }
            From::Profile(name) => {
                path.push(name);
                match seen.binary_search(&name) {
                    Err(at) => seen.insert(at, name),
                    Ok(_) => {
                        let line = profile.line_of(SOURCE_PROFILE);
                        let problem = format!("source_profile{line} leads in a circle: {}", shown(&path));
                        return Err(broken(first, &problem));
                    }
                }
                let source = profiles.profile(name).map_err(|error| {
                    broken(profile, &format!("its source_profile {name} cannot be used: {error}"))
                        .because(error)
                })?;
                profile = source.ok_or_else(|| {
                    let (line, hint) = (profile.line_of(SOURCE_PROFILE), profiles.hint_for_profile(name));
                    broken(
                        profile,
                        &format!("its source_profile {name}{line} is in none of the shared files{hint}"),
                    )
                })?;
            }
        }
    };
    // Each role is a call, and a file can name thousands.
    if roles.len() > MAX_ROLES {
        let problem = format!("it chains {} roles; at most {MAX_ROLES} are allowed", roles.len());
        return Err(broken(first, &problem));
    }
    // The role next to the source is assumed first.
    roles.reverse();
    Ok(Some(Plan { source, roles }))
}

/// A role, and where the credentials to assume it come from.
struct Link<'a> {
    role_arn: &'a str,
    from: From<'a>,
}

enum From<'a> {
    Profile(&'a str),
    /// The value of `credential_source`.
    Named(&'a str),
}

/// A role needs credentials to assume it with. A profile that names one is not used for anything else that it holds.
fn check_role(profile: &Section) -> Result<(), CredentialsError> {
    if text(profile, ROLE_ARN)?.is_none() {
        return Ok(());
    }
    for key in [SOURCE_PROFILE, CREDENTIAL_SOURCE, WEB_IDENTITY_TOKEN_FILE] {
        if text(profile, key)?.is_some() {
            return Ok(());
        }
    }
    let problem = format!(
        "it has role_arn without source_profile, credential_source or web_identity_token_file{}; set one of them, or remove \
         role_arn",
        profile.line_of(ROLE_ARN)
    );
    Err(broken(profile, &problem))
}

/// The role that a profile assumes with credentials from elsewhere; `None` if it has no such role.
fn link(profile: &Section) -> Result<Option<Link<'_>>, CredentialsError> {
    let Some(role_arn) = profile.get(ROLE_ARN) else { return Ok(None) };
    let from = match (profile.get(SOURCE_PROFILE), profile.get(CREDENTIAL_SOURCE)) {
        (Some(_), Some(_)) => {
            return Err(broken(
                profile,
                "it has both source_profile and credential_source; remove one of them",
            ));
        }
        (Some(name), None) => From::Profile(name),
        (None, Some(source)) => From::Named(source),
        (None, None) => return Ok(None),
    };
    Ok(Some(Link { role_arn, from }))
}

fn named_source(env: &Env, profile: &Section, source: &str) -> Result<Source, CredentialsError> {
    let (found, absence) = match source {
        "Environment" => (environment(env), NO_KEYS),
        "EcsContainer" => (container(env), NO_CONTAINER),
        "Ec2InstanceMetadata" => {
            let config = imds::Config::new(env, Some(profile));
            (config.map(|config| config.map(Source::InstanceMetadata)), "it is switched off")
        }
        _ => {
            let line = profile.line_of(CREDENTIAL_SOURCE);
            let problem = format!(
                "its credential_source{line} has to be Environment, EcsContainer or Ec2InstanceMetadata"
            );
            return Err(broken(profile, &problem));
        }
    };
    match found {
        Ok(Some(source)) => Ok(source),
        Ok(None) => {
            Err(broken(profile, &format!("its credential_source {source} is not configured: {absence}")))
        }
        Err(error) => Err(broken(profile, &format!("its credential_source {source}: {}", error.problem()))),
    }
}

/// The source in the profile itself, in order of precedence.
fn base(env: &Env, profiles: &Profiles, profile: &Section) -> Result<Option<Source>, CredentialsError> {
    // Before keys, as in the AWS CLI: a profile that names a role is not used for the keys beside it.
    if let Some(token_file) = text(profile, WEB_IDENTITY_TOKEN_FILE)? {
        let Some(role_arn) = profile.get(ROLE_ARN) else {
            return Err(half(profile, WEB_IDENTITY_TOKEN_FILE, ROLE_ARN));
        };
        let mut role = role(profile, role_arn)?;
        if role.role_session_name.is_none() {
            let name = env.get("AWS_ROLE_SESSION_NAME");
            let name = name.map_err(|error| broken(profile, &error.to_string()).because(error))?;
            role.role_session_name = name.map(|name| name.trim().to_owned());
        }
        return Ok(Some(Source::WebIdentity { role, token_file: token_file.into() }));
    }
    if let Some(keys) = keys(profile)? {
        return Ok(Some(Source::Static(keys)));
    }
    if let Some(command) = text(profile, "credential_process")? {
        let account_id = profile.get("aws_account_id").map(str::to_owned);
        return Ok(Some(Source::Process { command: Secret::from(command), account_id }));
    }
    if let Some(config) = sso::Config::new(env, profiles, profile)? {
        return Ok(Some(Source::Sso(config)));
    }
    #[cfg(feature = "login")]
    if let Some(config) = super::login::Config::new(env, profiles, profile)? {
        return Ok(Some(Source::Login(config)));
    }
    // What is left is no reason to use other sources, which may be those of another identity.
    #[cfg(not(feature = "login"))]
    if profile.has(LOGIN_SESSION) {
        let problem = format!(
            "its login_session{} needs the feature login of this client's crate, which is not compiled in; enable it, or name \
             a profile with credential_process = aws configure export-credentials --profile {} --format process",
            profile.line_of(LOGIN_SESSION),
            profile.name()
        );
        return Err(broken(profile, &problem));
    }
    for key in [SOURCE_PROFILE, CREDENTIAL_SOURCE] {
        if profile.has(key) && profile.get(ROLE_ARN).is_none() {
            return Err(half(profile, key, ROLE_ARN));
        }
    }
    Ok(None)
}

/// The keys in a profile.
fn keys(profile: &Section) -> Result<Option<Credentials>, CredentialsError> {
    const ID: &str = "aws_access_key_id";
    const SECRET: &str = "aws_secret_access_key";
    const TOKEN: &str = "aws_session_token";
    let (id, secret) = match (text(profile, ID)?, text(profile, SECRET)?) {
        (None, None) => return Ok(None),
        (Some(id), Some(secret)) => (id, secret),
        (Some(_), None) => return Err(half(profile, ID, SECRET)),
        (None, Some(_)) => return Err(half(profile, SECRET, ID)),
    };
    let token = profile.get(TOKEN);
    for (key, value) in [(ID, Some(id)), (SECRET, Some(secret)), (TOKEN, token)] {
        if value.is_some_and(|value| value.contains('\n')) {
            let line = profile.line_of(key);
            let problem = format!(
                "its {key}{line} has more than one line; write the next key without more blanks before it"
            );
            return Err(broken(profile, &problem));
        }
    }
    let mut keys = Credentials::new(id, secret);
    keys.session_token = token.map(Secret::from);
    keys.account_id = profile.get("aws_account_id").map(str::to_owned);
    Ok(Some(keys))
}

/// The value of a key that says whose credentials to use. A blank one says nothing, and is not a reason to use others.
fn text<'a>(profile: &'a Section, key: &str) -> Result<Option<&'a str>, CredentialsError> {
    match profile.get(key) {
        None if profile.has(key) => {
            let line = profile.line_of(key);
            Err(broken(profile, &format!("its {key}{line} is blank; set it, or remove it")))
        }
        value => Ok(value),
    }
}

fn role(profile: &Section, role_arn: &str) -> Result<Role, CredentialsError> {
    let text = |key| profile.get(key).map(str::to_owned);
    let duration_seconds = match profile.get("duration_seconds") {
        None => None,
        Some(seconds) => Some(seconds.parse().map_err(|_| {
            let line = profile.line_of("duration_seconds");
            let problem =
                format!("its duration_seconds{line} is not a whole number; write seconds, for example 3600");
            broken(profile, &problem)
        })?),
    };
    Ok(Role {
        role_arn: role_arn.to_owned(),
        role_session_name: text("role_session_name"),
        external_id: text("external_id"),
        mfa_serial: text("mfa_serial"),
        duration_seconds,
    })
}

/// A path from profile to profile as text. The middle of a long one is left out.
fn shown(path: &[&str]) -> String {
    let left_out = path.len().saturating_sub(2 * SHOWN_OF_PATH);
    let (Some(begin), Some(end)) =
        (path.get(..SHOWN_OF_PATH), path.get(path.len().saturating_sub(SHOWN_OF_PATH)..))
    else {
        return path.join(" to ");
    };
    match left_out {
        0 => path.join(" to "),
        _ => format!("{} to ({left_out} more) to {}", begin.join(" to "), end.join(" to ")),
    }
}

/// One key of two that belong together.
fn half(profile: &Section, key: &str, other: &str) -> CredentialsError {
    let line = profile.line_of(key);
    broken(profile, &format!("it has {key} without {other}{line}; set both or neither"))
}

fn broken(profile: &Section, problem: &str) -> CredentialsError {
    CredentialsError::new(format!("profile {}", one_line(profile.name())), problem)
}

const ROLE_ARN: &str = "role_arn";
const SOURCE_PROFILE: &str = "source_profile";
const CREDENTIAL_SOURCE: &str = "credential_source";
const WEB_IDENTITY_TOKEN_FILE: &str = "web_identity_token_file";
#[cfg(not(feature = "login"))]
const LOGIN_SESSION: &str = "login_session";

/// How many names are shown of the beginning and of the end of a path.
const SHOWN_OF_PATH: usize = 8;
const MAX_ROLES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    /// The error for a circle of this many profiles.
    fn circle(profiles: usize) -> String {
        let mut parsed = Profiles::default();
        for number in 0..profiles {
            let next = format!("p{}", (number + 1) % profiles);
            parsed.insert_profile(
                format!("p{number}"),
                [("role_arn", "arn"), ("source_profile", next.as_str())],
            );
        }
        let first = parsed.profile("p0").unwrap().unwrap();
        profile_plan(&Env::default(), &parsed, first).unwrap_err().to_string()
    }

    #[test]
    fn a_profile_that_is_its_own_source_needs_credentials() {
        let mut parsed = Profiles::default();
        parsed.insert_profile("p".to_owned(), [("role_arn", "arn"), ("source_profile", "p")]);
        let error =
            profile_plan(&Env::default(), &parsed, parsed.profile("p").unwrap().unwrap()).unwrap_err();
        let error = error.to_string();
        assert!(
            error.ends_with("it is its own source_profile and configures no other credentials"),
            "{error}"
        );
    }

    #[test]
    fn a_web_identity_that_is_its_own_source_assumes_its_role_once() {
        let mut parsed = Profiles::default();
        parsed.insert_profile(
            "p",
            [("role_arn", "arn"), ("source_profile", "p"), ("web_identity_token_file", "/token")],
        );
        parsed.insert_profile("q", [("role_arn", "other"), ("source_profile", "p")]);
        for (name, roles) in [("p", &[][..]), ("q", &["other"])] {
            let plan = profile_plan(&Env::default(), &parsed, parsed.profile(name).unwrap().unwrap());
            let plan = plan.unwrap().unwrap();
            assert!(matches!(plan.source, Source::WebIdentity { .. }), "{name}: {plan}");
            let assumed: Vec<_> = plan.roles.iter().map(|role| role.role_arn.as_str()).collect();
            assert_eq!(assumed, roles, "{name}");
        }
    }

    /// As botocore and the JavaScript SDK have it, for a web identity alone.
    #[test]
    fn a_web_identity_has_the_session_name_of_the_environment_where_the_profile_has_none() {
        let session = |variables: &[(&str, &str)], properties: &[(&str, &str)]| {
            let mut parsed = Profiles::default();
            parsed.insert_profile("p", [("role_arn", "arn")]);
            parsed.insert_profile("p", properties.iter().copied());
            parsed.insert_profile("keys", [("aws_access_key_id", "AKID"), ("aws_secret_access_key", "s")]);
            let env = Env::from_iter(variables.iter().copied());
            let plan = profile_plan(&env, &parsed, parsed.profile("p").unwrap().unwrap());
            let plan = plan.unwrap().unwrap();
            match plan.source {
                Source::WebIdentity { role, .. } => role.role_session_name,
                _ => plan.roles[0].role_session_name.clone(),
            }
        };
        let token = ("web_identity_token_file", "/token");
        let (env, profile) = (("AWS_ROLE_SESSION_NAME", " env "), ("role_session_name", "profile"));
        assert_eq!(session(&[env], &[token]).as_deref(), Some("env"));
        assert_eq!(session(&[env], &[token, profile]).as_deref(), Some("profile"));
        assert_eq!(session(&[(env.0, " ")], &[token]), None);
        assert_eq!(session(&[], &[token]), None);
        let source = ("source_profile", "keys");
        assert_eq!(session(&[env], &[source]), None);
        assert_eq!(session(&[env], &[source, profile]).as_deref(), Some("profile"));
    }

    /// What this client cannot use is no reason to use another source.
    #[cfg(not(feature = "login"))]
    #[test]
    fn a_login_session_needs_a_feature() {
        let config = b"[profile u]\nlogin_session = arn:aws:iam::111122223333:user/ann\n";
        let (config, none) =
            ((std::path::Path::new("/config"), &config[..]), (std::path::Path::new("/none"), &b""[..]));
        let parsed = Profiles::parse(config, none).unwrap();
        let error =
            profile_plan(&Env::default(), &parsed, parsed.profile("u").unwrap().unwrap()).unwrap_err();
        let error = error.to_string();
        for part in ["profile u", "login_session", "/config line 2", "feature login", "credential_process"] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_chain_of_roles_has_a_bound() {
        for (roles, fits) in [(MAX_ROLES, true), (MAX_ROLES + 1, false)] {
            let mut parsed = Profiles::default();
            for number in 0..roles {
                let next = format!("p{}", number + 1);
                parsed.insert_profile(
                    format!("p{number}"),
                    [("role_arn", "arn"), ("source_profile", next.as_str())],
                );
            }
            let keys = [("aws_access_key_id", "AKID"), ("aws_secret_access_key", "s")];
            parsed.insert_profile(format!("p{roles}"), keys);
            let plan = profile_plan(&Env::default(), &parsed, parsed.profile("p0").unwrap().unwrap());
            match plan {
                Ok(plan) => assert!(fits && plan.is_some_and(|plan| plan.roles.len() == roles)),
                Err(error) => assert!(!fits && error.to_string().contains("it chains 33 roles"), "{error}"),
            }
        }
    }

    #[test]
    fn a_circle_is_shown_and_a_long_one_in_part() {
        assert_eq!(
            circle(2),
            "no credentials from profile p0: source_profile leads in a circle: p0 to p1 to p0"
        );
        let fifteen = circle(15);
        assert!(fifteen.contains("p0 to p1 to ") && fifteen.contains(" to p7 to p8 to "), "{fifteen}");
        assert!(fifteen.ends_with(" to p14 to p0"), "{fifteen}");
        let many = circle(10_000);
        let way = "p6 to p7 to (9985 more) to p9993 to p9994";
        assert!(many.contains(way) && many.ends_with(" to p9999 to p0") && many.len() < 512, "{many}");
    }
}
