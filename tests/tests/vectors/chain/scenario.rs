//! A scenario's folder, as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::exchange::{self, Exchange};

pub(crate) struct Scenario {
    /// What was recorded on the way.
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) expected: Expected,
    /// The user's answer to the question for the code of an MFA device.
    pub(crate) mfa_code: Option<String>,
    /// Everything in `fs` and its later states, by its path in the folder.
    pub(crate) files: BTreeMap<PathBuf, Vec<u8>>,
    /// The scenario is about the profile and no other source.
    pub(crate) profile_alone: bool,
    /// Since 1970.
    pub(crate) now: Duration,
    /// Why it is not run.
    pub(crate) skipped: Option<String>,
    /// How often a request that fails is repeated is the client's own affair.
    pub(crate) repeats: bool,
    /// Whether the recorded client knows of accounts.
    pub(crate) account_counts: bool,
    /// The files that are written, by their names, or members that one of them has to have.
    pub(crate) written: BTreeMap<PathBuf, Value>,
    pub(crate) written_members: Option<Value>,
    /// The proofs that were sent; `None` where they do not count.
    pub(crate) proofs: Option<Vec<Value>>,
    folder: PathBuf,
}

/// Whose record counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Take {
    First,
    JavaScript,
    /// The house's own result, or the first, with what was sent left open.
    Decided,
}

impl Take {
    /// The choices that a case leaves.
    pub(crate) fn of(folder: &Path) -> Result<Vec<Self>, String> {
        let test = json(folder, "test-case.json")?.ok_or("there is no test-case.json")?;
        Ok(match test["decided"]["by"].as_str() {
            None | Some("botocore") => vec![Self::First],
            Some("js") => vec![Self::JavaScript],
            Some("either") => vec![Self::First, Self::JavaScript],
            Some(_) => vec![Self::Decided],
        })
    }
}

pub(crate) enum Expected {
    Ok(Found),
    /// Another client's words.
    Error(String),
}

/// Credentials, as a scenario has them.
#[derive(Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: Option<String>,
    pub(crate) account_id: Option<String>,
    pub(crate) expiry: Option<Expiry>,
}

/// In seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Expiry {
    At(i64),
    /// At some time after this.
    After(i64),
}

impl Scenario {
    pub(crate) fn read(folder: &Path, take: Take) -> Result<Self, String> {
        let test = json(folder, "test-case.json")?.ok_or("there is no test-case.json")?;
        // Where clients differ, what this project goes by.
        let decided = &test["decided"];
        let env = match json(folder, "env.json")? {
            None => Vec::new(),
            Some(Value::Object(env)) => {
                let text = |(name, value): (String, Value)| match value {
                    Value::String(value) => Ok((name, value)),
                    other => Err(format!("env.json: {name} is {other}")),
                };
                env.into_iter().map(text).collect::<Result<_, _>>()?
            }
            Some(other) => return Err(format!("env.json is {other}")),
        };
        let js = &test["peer"]["js"];
        let (mut result, mut written, mut proofs) = (&test["result"], &test["written"], &test["dpop"]);
        match take {
            Take::First => {}
            Take::JavaScript => {
                result = if js["result"].is_null() { result } else { &js["result"] };
                written = if js["written"].is_null() { written } else { &js["written"] };
                proofs = &js["dpop"];
            }
            Take::Decided => {
                let decided = &test["decided"]["result"];
                result = if decided.is_null() { result } else { decided };
            }
        }
        let traffic = match json(folder, "http-traffic.js.json")? {
            Some(traffic) if take == Take::JavaScript => Some(traffic),
            _ => json(folder, "http-traffic.json")?,
        };
        let exchanges = match traffic {
            None => Vec::new(),
            Some(traffic) => {
                exchange::all(&traffic).map_err(|error| format!("http-traffic.json: {error}"))?
            }
        };
        let mut files = BTreeMap::new();
        for place in std::fs::read_dir(folder).map_err(|error| error.to_string())? {
            let place = place.map_err(|error| error.to_string())?;
            let name = place.file_name().to_string_lossy().into_owned();
            if name == "fs" || name.starts_with("fs@") {
                collect(&place.path(), &mut files)?;
            }
        }
        Ok(Self {
            exchanges,
            env,
            expected: Expected::of(result)?,
            now: test["now"].as_u64().map_or(NOW, Duration::from_secs),
            repeats: test["repeats"] == "free",
            account_counts: take != Take::JavaScript || !result["Ok"]["account_id"].is_null(),
            written: contents(written)?,
            written_members: test["decided"].get("written_members").cloned(),
            proofs: (test["decided"]["by"] != "either")
                .then(|| proofs.as_array().cloned().unwrap_or_default()),
            mfa_code: test["mfa_code"].as_str().map(str::to_owned),
            files,
            skipped: (decided["skip"] == true)
                .then(|| decided["why"].as_str().unwrap_or_default().to_owned()),
            profile_alone: folder.parent().is_some_and(|group| group.ends_with("profile-provider")),
            folder: folder.to_owned(),
        })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the `turn`th reading of a file finds it, the first being 1: below `fs`, or below `fs@N` where that has it and
    /// the turn is N or later.
    pub(crate) fn place(&self, path: &Path, turn: usize) -> PathBuf {
        let parts =
            path.components().filter(|part| !matches!(part, Component::Prefix(_) | Component::RootDir));
        let path: PathBuf = parts.collect();
        let later = (2..=turn).rev().map(|turn| self.folder.join(format!("fs@{turn}")).join(&path));
        let now = later.into_iter().find(|place| self.files.contains_key(place));
        now.unwrap_or_else(|| self.folder.join("fs").join(path))
    }

    /// Whether the recording client gave up when a token of the metadata service was forbidden.
    pub(crate) fn ends_without_token(&self) -> bool {
        self.exchanges.last().is_some_and(Exchange::forbids_token)
    }

    /// Whether the recording client knew this part of a path.
    pub(crate) fn asks_for(&self, part: &str) -> bool {
        self.exchanges.iter().any(|exchange| exchange.path().contains(part))
    }

    /// Whether some file, variable or answer of the scenario holds this text.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        let holds = |bytes: &[u8]| bytes.windows(text.len().max(1)).any(|part| part == text.as_bytes());
        self.settings_mention(text) || self.exchanges.iter().any(|exchange| holds(exchange.answer_body()))
    }

    /// Whether some file or variable does.
    pub(crate) fn settings_mention(&self, text: &str) -> bool {
        let holds = |bytes: &[u8]| bytes.windows(text.len().max(1)).any(|part| part == text.as_bytes());
        self.env.iter().any(|(_, value)| holds(value.as_bytes()))
            || self.files.values().any(|contents| holds(contents))
    }

    /// What no error may hold: keys, tokens, codes, command lines. Short ones are left out, since they may be part of
    /// something else.
    pub(crate) fn secrets(&self) -> BTreeSet<String> {
        let mut secrets = BTreeSet::new();
        for (name, value) in &self.env {
            if name.contains("SECRET") || name.ends_with("TOKEN") {
                secrets.insert(value.trim().to_owned());
            }
        }
        for (path, contents) in &self.files {
            let text = String::from_utf8_lossy(contents);
            match serde_json::from_str(&text) {
                Ok(json) => secrets_of(&json, &mut secrets),
                Err(_) => {
                    secrets.extend(text.lines().filter_map(secret_line));
                    let is_token = path.extension().is_some_and(|last| last == "jwt" || last == "token")
                        || path.file_name().is_some_and(|last| last == "token");
                    if is_token {
                        secrets.insert(text.trim().to_owned());
                    }
                }
            }
        }
        for exchange in &self.exchanges {
            let body = exchange.answer_body();
            let text = String::from_utf8_lossy(body);
            match serde_json::from_str(&text) {
                Ok(json) => secrets_of(&json, &mut secrets),
                Err(_) => secrets.extend(["SecretAccessKey", "SessionToken"].iter().filter_map(|name| {
                    let (_, rest) = text.split_once(&format!("<{name}>"))?;
                    Some(rest.split('<').next()?.trim().to_owned())
                })),
            }
            if exchange.path().ends_with("/api/token") && exchange.succeeds() {
                secrets.insert(text.trim().to_owned());
            }
        }
        secrets.extend(self.mfa_code.clone());
        secrets.retain(|secret| secret.len() >= SHORTEST_SECRET);
        secrets
    }
}

impl Expected {
    fn of(result: &Value) -> Result<Self, String> {
        if let Some(text) = result["ErrorContains"].as_str() {
            return Ok(Self::Error(text.to_owned()));
        }
        let found =
            result.get("Ok").ok_or_else(|| format!("test-case.json: what is the result {result}?"))?;
        let text = |name: &str| match &found[name] {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text.clone())),
            other => Err(format!("test-case.json: {name} is {other}")),
        };
        let required = |name: &str| text(name)?.ok_or_else(|| format!("test-case.json: there is no {name}"));
        let at = found["expiry"].as_i64().map(Expiry::At);
        let after = found["expiry_after"].as_i64().map(Expiry::After);
        Ok(Self::Ok(Found {
            access_key_id: required("access_key_id")?,
            secret_access_key: required("secret_access_key")?,
            session_token: text("session_token")?,
            account_id: text("account_id")?,
            expiry: at.or(after),
        }))
    }
}

/// What files hold, as JSON.
fn contents(written: &Value) -> Result<BTreeMap<PathBuf, Value>, String> {
    let content = |(name, file): (&String, &Value)| {
        let text = file["content"].as_str().ok_or_else(|| format!("{name} has no content"))?;
        let json = serde_json::from_str(text).map_err(|error| format!("{name}: {error}"))?;
        Ok((PathBuf::from(name), json))
    };
    written.as_object().into_iter().flatten().map(content).collect()
}

fn json(folder: &Path, name: &str) -> Result<Option<Value>, String> {
    let text = match std::fs::read_to_string(folder.join(name)) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{name}: {error}")),
    };
    serde_json::from_str(&text).map(Some).map_err(|error| format!("{name}: {error}"))
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> Result<(), String> {
    for entry in std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            let contents = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            files.insert(path, contents);
        }
    }
    Ok(())
}

/// The value of a line of a shared file, if it is a secret.
fn secret_line(line: &str) -> Option<String> {
    let (key, value) = line.split_once('=')?;
    let key = key.trim().to_ascii_lowercase();
    let secret = ["aws_secret_access_key", "aws_session_token", "credential_process"].contains(&key.as_str());
    secret.then(|| value.trim().to_owned())
}

/// The members of a document that are secrets by their names.
fn secrets_of(json: &Value, secrets: &mut BTreeSet<String>) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.to_ascii_lowercase();
                let secret = ["secret", "token", "password"].iter().any(|word| name.contains(word));
                match value.as_str() {
                    Some(text) if secret => drop(secrets.insert(text.trim().to_owned())),
                    _ => secrets_of(value, secrets),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| secrets_of(item, secrets)),
        _ => {}
    }
}

const SHORTEST_SECRET: usize = 8;
/// The credentials of cases that do not say the time expire from 2009-02-13T23:31:30Z on; it is a quarter of an hour before.
const NOW: Duration = Duration::from_secs(1_234_567_000);
