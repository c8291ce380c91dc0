//! Profiles to the plan of their credentials: one source and the roles that are assumed from it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sts_proto::credentials::{Chain, Found, Plan, Role, Source};
use sts_proto::settings::{Env, Profiles};

use super::Sections;
use crate::record::Record;

pub(crate) fn check(mut case: Record) -> Result<(), String> {
    let mut input = case.record("input")?;
    let selected = input.text("selected_profile")?;
    let given = Given {
        profiles: super::sections(input.record("profiles")?)?,
        sso_sessions: input
            .record_if_there("sso_sessions")?
            .map(super::sections)
            .transpose()?
            .unwrap_or_default(),
    };
    input.end()?;
    let mut profiles = Profiles::default();
    for (name, keys) in &given.profiles {
        profiles.insert_profile(name, texts(keys));
    }
    for (name, keys) in &given.sso_sessions {
        profiles.insert_sso_session(name, texts(keys));
    }

    let mut output = case.record("output")?;
    case.end()?;
    let chain = Chain::profile(&env(), &profiles, &selected);
    let [candidate] = &chain.candidates[..] else {
        return Err(format!("{} candidates", chain.candidates.len()));
    };
    match (output.take("ProfileChain"), output.text_if_there("Error")?, &candidate.found) {
        (Some(expected), None, Found::Plan(plan)) => compare(plan, &expected, &given)?,
        (None, Some(_), Found::NotConfigured(why)) => sound(why, &given)?,
        (None, Some(_), Found::Broken(error)) => sound(&error.to_string(), &given)?,
        (expected, error, found) => {
            return Err(format!("{found:?}, and should be {expected:?} or the error {error:?}"));
        }
    }
    output.end()
}

struct Given {
    profiles: Sections,
    sso_sessions: Sections,
}

/// Whatever a profile may name as its source is there.
fn env() -> Env {
    Env::from_iter([
        ("HOME", "/home/me"),
        ("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/keys"),
    ])
}

fn texts(keys: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    keys.iter().map(|(key, value)| (key.as_str(), value.as_str()))
}

fn compare(plan: &Plan, expected: &Value, given: &Given) -> Result<(), String> {
    let mut ours = vec![source(&plan.source, given)];
    ours.extend(plan.roles.iter().map(|role| json!({ "AssumeRole": members(role) })));
    if let Some(first) = expected.get(0) {
        // These two have more than one form.
        if first["CredentialProcess"].is_string() {
            ours[0]["CredentialProcess"] = ours[0]["CredentialProcess"]["command"].clone();
        }
        if let Some(sso) = ours[0].get_mut("Sso").and_then(Value::as_object_mut) {
            sso.retain(|key, _| !key.starts_with("sso_session") || first["Sso"].get(key).is_some());
        }
    }
    let ours = Value::Array(ours);
    if ours == *expected { Ok(()) } else { Err(format!("the plan is {ours} and should be {expected}")) }
}

fn source(source: &Source, given: &Given) -> Value {
    match source {
        Source::Static(keys) if keys.access_key_id == "AKIAENVIRONMENT" => {
            json!({ "NamedSource": "Environment" })
        }
        Source::Static(keys) => {
            let token = keys.session_token.as_ref().map(|token| token.expose());
            let keys = json!({
                "access_key_id": keys.access_key_id,
                "secret_access_key": keys.secret_access_key.expose(),
                "session_token": token,
                "account_id": keys.account_id,
            });
            json!({ "AccessKey": without_nulls(keys) })
        }
        Source::Process { command, account_id } => {
            let process = json!({ "command": command.expose(), "account_id": account_id });
            json!({ "CredentialProcess": without_nulls(process) })
        }
        Source::WebIdentity { role, token_file } => {
            let mut web_identity = members(role);
            web_identity["web_identity_token_file"] = json!(token_file.to_str());
            json!({ "WebIdentityToken": web_identity })
        }
        Source::Container(_) => json!({ "NamedSource": "EcsContainer" }),
        Source::InstanceMetadata(_) => json!({ "NamedSource": "Ec2InstanceMetadata" }),
        Source::Sso(config) => {
            // Session and start URL only lead to the file with the login: they are looked for in what was given.
            let of = |keys: &&BTreeMap<String, String>| {
                keys.get("sso_role_name").is_some_and(|role| role == config.role_name())
            };
            let profile = given.profiles.values().find(of).cloned().unwrap_or_default();
            let session = profile.get("sso_session");
            let section = session.and_then(|session| given.sso_sessions.get(session)).unwrap_or(&profile);
            let region = config.uri().host().and_then(|host| host.split('.').nth(2)).map(str::to_owned);
            let sso = json!({
                "sso_account_id": config.account_id(),
                "sso_role_name": config.role_name(),
                "sso_region": region,
                "sso_start_url": section.get("sso_start_url"),
                "sso_session": session,
                "sso_session_name": session,
            });
            json!({ "Sso": without_nulls(sso) })
        }
        other => json!(format!("{other:?}")),
    }
}

fn members(role: &Role) -> Value {
    without_nulls(json!({
        "role_arn": role.role_arn,
        "role_session_name": role.role_session_name,
        "external_id": role.external_id,
        "mfa_serial": role.mfa_serial,
        "duration_seconds": role.duration_seconds,
    }))
}

fn without_nulls(value: Value) -> Value {
    let Value::Object(mut members) = value else { return value };
    members.retain(|_, member| !member.is_null());
    Value::Object(members)
}

/// One line that shows no secret.
fn sound(text: &str, given: &Given) -> Result<(), String> {
    let names = ["aws_secret_access_key", "aws_session_token", "credential_process"];
    let mut secrets = given.profiles.values().flatten().filter(|(key, _)| names.contains(&key.as_str()));
    match secrets.find(|(_, value)| text.contains(value.as_str())) {
        Some((key, _)) => Err(format!("the error shows {key}: {text}")),
        None if text.is_empty() || text.contains('\n') => Err(format!("the error is not one line: {text:?}")),
        None => Ok(()),
    }
}
