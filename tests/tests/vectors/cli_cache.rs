//! The AWS CLI's cache of sessions: the names of its files, what is written to them, and what is made of them.
//!
//! Each case is run in virtual time by a client of the core that shares the cache: a profile, or a provider of a role with these
//! arguments. The services answer what the recorded client was told. Entries are compared as JSON.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::{Value, json};
use sts_proto::client::{AssumeRoleProvider, Build, Config, Core, Job};
use sts_proto::credentials::cli_cache::role_file;
use sts_proto::operations::AssumeRole;
use sts_proto::settings::Env;
use sts_proto::types::PolicyDescriptorType;
use sts_proto::{Effect, Event, Flow, Step};

use crate::report::Case;
use crate::rules::Rule;

pub(crate) fn check(given: &Value, case: &mut Case) -> Result<(), String> {
    let known = [
        "id",
        "docs",
        "kind",
        "arguments",
        "hashed",
        "result",
        "requests",
        "written",
        "source",
        "peer",
        "config",
        "env",
        "fs",
        "profile",
        "cached",
        "cached_mode",
        "file",
    ];
    let mut members = given.as_object().into_iter().flatten();
    if let Some((unknown, _)) = members.find(|(member, _)| !known.contains(&member.as_str())) {
        return Err(format!("it has a member that this test does not know: {unknown}"));
    }
    let mut expected = Expected::of(given)?;
    let mut world = World::of(given, &expected);
    let found = match given["kind"].as_str() {
        Some("assume-role" | "read") => {
            let is_named = given["arguments"].get("RoleSessionName").is_some();
            let role = operation(&given["arguments"])?;
            let file = role_file(&role, is_named);
            case.equal("the file's name", &file, &given["hashed"].as_str().map(file_name));
            if file.is_none() {
                case.rule(Rule::NotValidated);
            } else if !is_named {
                // The name that a provider is given counts; all else of the file is the same.
                expected.rename(&role_file(&role, true).unwrap_or_default());
            }
            let core = world.client(None)?;
            let provider = AssumeRoleProvider::new((), role);
            let flow = provider.flow(&core, None, SEED);
            world.drive(&core, flow)
        }
        Some("profile" | "sso") => {
            let core = world.client(given["profile"].as_str())?;
            world.drive(&core, core.credentials(SEED))
        }
        kind => return Err(format!("no such kind: {kind:?}")),
    };
    let found = found.map_err(|error| error.to_string())?;
    if let Some(rule) = expected.rule {
        case.rule(rule);
    }
    let keys = &expected.keys;
    let text = |member: &str| keys[member].as_str();
    case.equal("the access key id", found.access_key_id.as_str(), text("access_key_id").unwrap_or_default());
    case.equal("the secret", &Some(found.secret_access_key.expose()), &text("secret_access_key"));
    case.equal(
        "the token",
        &found.session_token.as_ref().map(|token| token.expose()),
        &text("session_token"),
    );
    case.equal("the account", &found.account_id.as_deref(), &text("account_id"));
    let end = text("expiration").and_then(sts_proto::wire::time::parse);
    case.equal("the expiration", &found.expiration, &end);
    case.equal("the number of requests", &world.requests, &expected.requests);
    let written: Vec<_> = world.written.iter().map(|path| path.display().to_string()).collect();
    let names: Vec<_> = expected.written.iter().map(|(name, _)| format!("{DIRECTORY}/{name}")).collect();
    if case.equal("what was written", &written, &names) {
        for (name, theirs) in &expected.written {
            let ours =
                world.files.get(&Path::new(DIRECTORY).join(name)).map(|text| serde_json::from_slice(text));
            match ours {
                Some(Ok(ours)) => drop(case.equal::<Value>(name, &ours, theirs)),
                other => case.fail(format!("{name} is no JSON: {other:?}")),
            }
        }
    }
    Ok(())
}

/// What should come of a case.
struct Expected {
    keys: Value,
    requests: u64,
    written: Vec<(String, Value)>,
    /// Where the recorded client fails, and this one goes on.
    rule: Option<Rule>,
}

impl Expected {
    fn of(given: &Value) -> Result<Self, String> {
        let mut written = Vec::new();
        for file in given["written"].as_array().into_iter().flatten() {
            let text = file["content"].as_str().ok_or("a file without content")?;
            let content = serde_json::from_str(text).map_err(|error| error.to_string())?;
            if file["mode"] != "0o600" {
                return Err(format!("a file of mode {}", file["mode"]));
            }
            written.push((file["file"].as_str().unwrap_or_default().to_owned(), content));
        }
        let requests = given["requests"].as_u64().ok_or("requests is no number")?;
        if let Some(keys) = given["result"].get("Ok") {
            return Ok(Self { keys: keys.clone(), requests, written, rule: None });
        }
        let is_read = given["kind"] == "read";
        let keys = json!({
            "access_key_id": "ASIAROLE",
            "secret_access_key": "planted-secret-key-role",
            "session_token": "planted-session-token-role",
            "account_id": "123456789012",
            "expiration": "2009-02-14T00:16:30Z",
        });
        let hashed = given["hashed"].as_str().or_else(|| given["hashed"][0].as_str());
        // A blank key of a profile counts as absent.
        let name = hashed.map(|hashed| match given["kind"].as_str() {
            Some("profile") => file_name(&hashed.replace("\"ExternalId\": \"\", ", "")),
            _ => file_name(hashed),
        });
        let written = name.map(|name| (name, entry(&keys))).into_iter().collect();
        let rule = Some(if is_read { Rule::EntryOfNoUse } else { Rule::NotValidated });
        Ok(Self { keys, requests: 1, written, rule })
    }

    fn rename(&mut self, name: &str) {
        self.written.iter_mut().for_each(|(file, _)| name.clone_into(file));
    }
}

/// Files and services.
struct World {
    env: Vec<(String, String)>,
    files: BTreeMap<PathBuf, Bytes>,
    written: Vec<PathBuf>,
    requests: u64,
    /// The entry that the answers lead to, and how STS answers.
    entry: Value,
}

impl World {
    fn of(given: &Value, expected: &Expected) -> Self {
        let mut env = vec![("HOME".to_owned(), "/home".to_owned())];
        let mut files = BTreeMap::new();
        let text = |value: &Value| Bytes::from(value.as_str().unwrap_or_default().to_owned());
        for (name, value) in given["env"].as_object().into_iter().flatten() {
            env.push((name.clone(), value.as_str().unwrap_or_default().to_owned()));
        }
        if given["config"].is_null() {
            let keys = [
                ("AWS_ACCESS_KEY_ID", "AKIABASE"),
                ("AWS_SECRET_ACCESS_KEY", "planted-secret-key-base"),
                ("AWS_REGION", "us-east-1"),
            ];
            env.extend(keys.map(|(name, value)| (name.to_owned(), value.to_owned())));
        } else {
            files.insert(PathBuf::from("/home/.aws/config"), text(&given["config"]));
        }
        for (path, value) in given["fs"].as_object().into_iter().flatten() {
            files.insert(PathBuf::from(path), text(value));
        }
        if let Some(name) = given["file"].as_str() {
            files.insert(Path::new(DIRECTORY).join(name), text(&given["cached"]));
        }
        let entry =
            expected.written.first().map_or_else(|| entry(&expected.keys), |(_, entry)| entry.clone());
        Self { env, files, written: Vec::new(), requests: 0, entry }
    }

    fn client(&mut self, profile: Option<&str>) -> Result<Core, String> {
        let config = Config::new(Env::from_iter(self.env.iter().cloned())).share_cli_cache(true);
        let config = match profile {
            Some(profile) => config.profile(profile),
            None => config,
        };
        let read = |path: PathBuf| Event::Contents(self.files.get(&path).cloned());
        Build::new(config, "test/1").in_place(now(), read).map_err(|error| error.to_string())
    }

    fn drive<F: Flow>(&mut self, core: &Core, mut flow: F) -> Result<F::Output, F::Error> {
        let mut event = Event::Start;
        loop {
            event = match flow.step(now(), event)? {
                Step::Done(output) => return Ok(output),
                Step::Perform(Effect::Join(_)) => {
                    while let Some(Job::Flow(job)) = core.job() {
                        self.drive(core, job).unwrap_or_else(|never| match never {});
                    }
                    Event::Joined
                }
                Step::Perform(effect) => self.perform(effect),
            };
        }
    }

    fn perform(&mut self, effect: Effect) -> Event {
        match effect {
            Effect::Read(path) => Event::Contents(self.files.get(&path).cloned()),
            Effect::Replace(path, contents) => {
                self.files.insert(path.clone(), Bytes::from(contents.expose().to_owned()));
                self.written.push(path);
                Event::Replaced
            }
            Effect::AskMfaCode(_) => Event::MfaCode("123456".into()),
            Effect::Wait(_) => Event::Elapsed,
            Effect::Send(request, _) => {
                self.requests += 1;
                Event::Response(self.answer(&request))
            }
            effect => panic!("{effect:?}"),
        }
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let keys = &self.entry["Credentials"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if request.uri().path() == "/federation/credentials" {
            let sso = keys["AccessKeyId"] == "ASIASSO";
            let name = |end: &str| format!("planted-{end}-sso");
            let keys = json!({"roleCredentials": {
                "accessKeyId": "ASIASSO",
                "secretAccessKey": if sso { text(&keys["SecretAccessKey"]) } else { name("secret-key") },
                "sessionToken": if sso { text(&keys["SessionToken"]) } else { name("session-token") },
                "expiration": 1_234_570_590_000_u64,
            }});
            return Response::new(keys.to_string().into());
        }
        let form = std::str::from_utf8(request.body()).expect("a form is text");
        let action =
            if form.contains("WithWebIdentity") { "AssumeRoleWithWebIdentity" } else { "AssumeRole" };
        let (user, end) = (&self.entry["AssumedRoleUser"], text(&keys["Expiration"]).replace("UTC", "Z"));
        let body = format!(
            "<{action}Response><{action}Result><Credentials><AccessKeyId>{}</AccessKeyId>\
             <SecretAccessKey>{}</SecretAccessKey><SessionToken>{}</SessionToken><Expiration>{end}</Expiration>\
             </Credentials><AssumedRoleUser><AssumedRoleId>{}</AssumedRoleId><Arn>{}</Arn></AssumedRoleUser>\
             <PackedPolicySize>{}</PackedPolicySize></{action}Result><ResponseMetadata><RequestId>{}</RequestId>\
             </ResponseMetadata></{action}Response>",
            text(&keys["AccessKeyId"]),
            text(&keys["SecretAccessKey"]),
            text(&keys["SessionToken"]),
            text(&user["AssumedRoleId"]),
            text(&user["Arn"]),
            self.entry["PackedPolicySize"],
            text(&self.entry["ResponseMetadata"]["RequestId"]),
        );
        let mut answer = Response::builder();
        for (name, value) in self.entry["ResponseMetadata"]["HTTPHeaders"].as_object().into_iter().flatten() {
            answer = answer.header(name, text(value));
        }
        answer.body(body.into()).expect("its headers are good")
    }
}

/// The entry of a session with these keys, as the recorded client writes it.
fn entry(keys: &Value) -> Value {
    let end = keys["expiration"].as_str().unwrap_or_default().trim_end_matches('Z');
    let id = "11111111-2222-3333-4444-555555555555";
    json!({
        "Credentials": {
            "AccessKeyId": keys["access_key_id"],
            "SecretAccessKey": keys["secret_access_key"],
            "SessionToken": keys["session_token"],
            "Expiration": format!("{end}UTC"),
            "AccountId": "123456789012",
        },
        "AssumedRoleUser": {
            "AssumedRoleId": "AROAEXAMPLE:ann",
            "Arn": "arn:aws:sts::123456789012:assumed-role/one/ann",
        },
        "PackedPolicySize": 6,
        "ResponseMetadata": {
            "RequestId": id,
            "HTTPStatusCode": 200,
            "HTTPHeaders": {"x-amzn-requestid": id},
            "RetryAttempts": 0,
        },
    })
}

fn operation(arguments: &Value) -> Result<AssumeRole, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut role = AssumeRole::new(text(&arguments["RoleArn"]), "botocore-session-1234566990");
    for (name, value) in arguments.as_object().into_iter().flatten() {
        role = match name.as_str() {
            "RoleArn" => role,
            "RoleSessionName" => {
                role.role_session_name = text(value);
                role
            }
            "ExternalId" => role.external_id(text(value)),
            "SerialNumber" => role.serial_number(text(value)),
            "DurationSeconds" => {
                role.duration_seconds(u32::try_from(value.as_u64().unwrap_or_default()).unwrap_or_default())
            }
            "Policy" => role.policy(text(value)),
            "PolicyArns" => role.policy_arns(
                items(value)
                    .iter()
                    .map(|item| PolicyDescriptorType::new().arn(text(&item["arn"])))
                    .collect::<Vec<_>>(),
            ),
            "Tags" => role.tags(
                items(value).iter().map(|tag| (text(&tag["Key"]), text(&tag["Value"]))).collect::<Vec<_>>(),
            ),
            "TransitiveTagKeys" => {
                role.transitive_tag_keys(items(value).iter().map(text).collect::<Vec<_>>())
            }
            "SourceIdentity" => role.source_identity(text(value)),
            other => return Err(format!("this test does not know the argument {other}")),
        };
    }
    Ok(role)
}

/// The name of the file, given the text that it is a digest of.
fn file_name(hashed: &str) -> String {
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, hashed.as_bytes());
    let digits: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{digits}.json")
}

/// When the cases were recorded.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_234_566_990)
}

const DIRECTORY: &str = "/home/.aws/cli/cache";
const SEED: u128 = 1;
