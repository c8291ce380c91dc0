//! Where the container endpoint and the instance's metadata are, as the vectors of other SDKs have it: the first URL that a
//! flow asks. Where a vector names an error, any error will do: the words are each SDK's own.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use serde_json::Value;
use sts_proto::credentials::container::{self, Container};
use sts_proto::credentials::imds::{self, InstanceMetadata, Mode};
use sts_proto::settings::{Env, Files, Platform, Profiles};
use sts_proto::{Effect, Event, Flow, Step};

use crate::report::Case;

/// The endpoint of containers.
pub(crate) fn container(given: &Value, case: &mut Case) -> Result<(), String> {
    judge(given, case, |given| {
        let env = Env::from_iter(given.texts("env")?);
        let config = container::Config::from_env(&env).map_err(|error| error.to_string())?;
        given.first_url(Container::new(config.ok_or("not configured")?, 1))
    })
}

/// The instance's metadata.
pub(crate) fn imds(given: &Value, case: &mut Case) -> Result<(), String> {
    judge(given, case, |given| {
        let env = Env::from_iter(given.texts("env")?);
        let profiles = given.profiles(&env)?;
        let variables = given.texts("env")?;
        let name = variables.get("AWS_PROFILE").map_or("default", String::as_str);
        let profile = profiles.profile(name).map_err(|error| error.to_string())?;
        let config = match (given.text("endpoint_override"), given.text("mode_override")) {
            (Some(url), _) => imds::Config::with_endpoint(url, &env, profile),
            (None, Some(mode)) => imds::Config::with_mode(named(mode)?, &env, profile),
            (None, None) => imds::Config::new(&env, profile),
        };
        let config = config.map_err(|error| error.to_string())?;
        given.first_url(InstanceMetadata::new(config.ok_or("switched off")?, 1))
    })
}

fn judge(
    given: &Value,
    case: &mut Case,
    url: impl Fn(&Given<'_>) -> Result<String, String>,
) -> Result<(), String> {
    let known = ["docs", "env", "fs", "result", "endpoint_override", "mode_override"];
    let members = given.as_object().into_iter().flatten();
    if let Some((unknown, _)) = members.into_iter().find(|(member, _)| !known.contains(&member.as_str())) {
        return Err(format!("it has a member that this test does not know: {unknown}"));
    }
    let (ours, theirs) = (url(&Given(given)), &given["result"]);
    let holds = match &ours {
        Ok(url) => theirs["Ok"].as_str().is_some_and(|theirs| theirs == url),
        Err(_) => !theirs["Err"].is_null(),
    };
    case.require(holds, format!("{ours:?} and should be {theirs}"));
    Ok(())
}

fn named(mode: &str) -> Result<Mode, String> {
    match mode {
        "IPv4" => Ok(Mode::IPv4),
        "IPv6" => Ok(Mode::IPv6),
        other => Err(format!("no such mode: {other}")),
    }
}

struct Given<'a>(&'a Value);

impl Given<'_> {
    fn text(&self, member: &str) -> Option<&str> {
        self.0[member].as_str()
    }

    /// The members of an object, which have to be text; none where it is absent.
    fn texts(&self, member: &str) -> Result<BTreeMap<String, String>, String> {
        let members = self.0[member].as_object().into_iter().flatten();
        let text = |(name, value): (&String, &Value)| {
            let text = value.as_str().ok_or_else(|| format!("{name} is no text: {value}"))?;
            Ok((name.clone(), text.to_owned()))
        };
        members.map(text).collect()
    }

    fn file(&self, path: &Path) -> Result<Option<String>, String> {
        let name = path.to_str().unwrap_or_default();
        let mut files = self.texts("fs")?;
        Ok(files.remove(name).or_else(|| files.remove(name.trim_start_matches('/'))))
    }

    fn profiles(&self, env: &Env) -> Result<Profiles, String> {
        let files = Files::new(env, Platform::Unix).map_err(|error| error.to_string())?;
        let (config, credentials) = (files.config.unwrap_or_default(), files.credentials.unwrap_or_default());
        let texts = (self.file(&config)?.unwrap_or_default(), self.file(&credentials)?.unwrap_or_default());
        Profiles::parse((&config, texts.0.as_bytes()), (&credentials, texts.1.as_bytes()))
            .map_err(|error| error.to_string())
    }

    /// What a flow asks first, once it has read what it wants to read.
    fn first_url<F: Flow<Error = sts_proto::Error>>(&self, mut flow: F) -> Result<String, String> {
        let mut event = Event::Start;
        // A file that is empty is read nine times, with waits between.
        for _ in 0..20 {
            event = match flow.step(SystemTime::UNIX_EPOCH, event).map_err(|error| error.to_string())? {
                Step::Perform(Effect::Send(request, _)) => return Ok(request.uri().to_string()),
                Step::Perform(Effect::Read(path)) => Event::Contents(self.file(&path)?.map(Into::into)),
                Step::Perform(Effect::Wait(_)) => Event::Elapsed,
                Step::Perform(effect) => panic!("{effect:?}"),
                Step::Done(_) => return Err("sends no request".to_owned()),
            };
        }
        panic!("sends no request, and does not end");
    }
}
