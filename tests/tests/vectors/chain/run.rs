//! The three ways to run a scenario, and what has to come of each.

use std::process::Stdio;
use std::sync::Arc;
use std::time::SystemTime;

use sts_proto::credentials::Resolved;
use sts_proto::flow::{Command, ProcessOutput};
use sts_proto::settings::Env;
use sts_proto::wire::MAX_BODY;
use sts_proto::{
    Credentials, Effect, Error, Event, Flow, Secret, Settings, Step, TransportError, TransportErrorKind,
    perform::{self, MfaAnswer as _},
};
use sts_tests::finding::Finding;

use super::replay::Replay;
use super::scenario::{Expected, Expiry, Found, Scenario};
use super::stage::{Staged, Trace, Written};
use super::written;

/// Runs it; returns what there is to say of it, or the problems.
pub(crate) fn all_ways(scenario: Scenario) -> Result<String, Vec<String>> {
    let scenario = Arc::new(scenario);
    let mut problems = Vec::new();
    let mut traces = Vec::new();
    let mut remark = String::new();
    for way in [Way::Virtual, Way::Blocking, Way::Async] {
        let replay = Replay::new(&scenario);
        let trace = Trace::default();
        let env = Env::from_iter(scenario.env.iter().cloned());
        let finding = Finding::new(env, SEED);
        let finding = if scenario.profile_alone { finding.in_profile_alone() } else { finding };
        let files = Written::new();
        let flow = Staged::new(finding, &scenario, &files, &trace);
        let result = way.run(flow, &scenario, &replay);
        let outcome = judge(&scenario, &result);
        problems.extend(written::problems(&scenario, &files).map(|problem| format!("{way:?}: {problem}")));
        let found = outcome.map_err(|problem| vec![problem]).map(|text| remark = text);
        let new = found.err().into_iter().flatten().chain(replay.problems());
        problems.extend(new.map(|problem| format!("{way:?}: {problem}")));
        traces.push((way, trace.lines()));
    }
    let [(_, first), rest @ ..] = &traces[..] else { unreachable!("there are three ways") };
    for (way, lines) in rest {
        if let Some(difference) = difference(first, lines) {
            problems.push(format!("{way:?}: the trace is another than in virtual time: {difference}"));
        }
    }
    if problems.is_empty() {
        return Ok(format!("{} steps, {remark}", first.len()));
    }
    problems.push(format!("the trace in virtual time:\n      {}", first.join("\n      ")));
    Err(problems)
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Virtual,
    Blocking,
    Async,
}

impl Way {
    fn run<F>(self, flow: F, scenario: &Arc<Scenario>, replay: &Replay) -> Result<F::Output, Error>
    where
        F: Flow<Output: Send, Error = Error> + Send + 'static,
    {
        let settings = Settings::new().region("us-east-1");
        let code = scenario.mfa_code.clone();
        let ask = move |_: &str| code.as_deref().map(Secret::from);
        match self {
            Self::Virtual => in_virtual_time(flow, scenario, replay),
            Self::Blocking => {
                let builder = sts_blocking::Builder::isolated().settings(settings);
                builder.transport(replay.clone()).mfa_code(ask).build()?.run(flow)
            }
            Self::Async => {
                let builder = sts_async::Builder::isolated().settings(settings);
                let client = builder.transport(replay.clone()).mfa_code(ask).build()?;
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime starts").block_on(client.run(flow))
            }
        }
    }
}

/// The smallest driver: it only knows the scenario, and no time passes.
fn in_virtual_time<F: Flow<Error = Error>>(
    mut flow: F,
    scenario: &Scenario,
    replay: &Replay,
) -> Result<F::Output, Error> {
    let mut event = Event::Start;
    loop {
        event = match flow.step(SystemTime::UNIX_EPOCH, event)? {
            Step::Done(output) => return Ok(output),
            Step::Perform(Effect::Send(request, _)) => match replay.answer(&request) {
                Ok(response) => Event::Response(response),
                Err(error) => Event::Failed(error),
            },
            Step::Perform(Effect::Replace(path, contents)) => {
                written::write(&path, contents.expose().as_bytes());
                Event::Replaced
            }
            Step::Perform(Effect::Read(path)) if !path.starts_with(scenario.folder()) => {
                Event::Contents(std::fs::read(path).ok().map(Into::into))
            }
            Step::Perform(Effect::Read(path)) => match scenario.files.get(&path) {
                Some(contents) => Event::Contents(Some(contents.clone().into())),
                None if scenario.files.keys().any(|file| file.starts_with(&path)) => {
                    Event::Failed(TransportError::new(TransportErrorKind::Other, "it is a folder"))
                }
                None => Event::Contents(None),
            },
            Step::Perform(Effect::Run(command)) => run(&command),
            Step::Perform(Effect::AskMfaCode(serial)) => {
                let code = scenario.mfa_code.clone();
                perform::mfa_code(Some(&move |_: &str| code.as_deref().map(Secret::from).code()), &serial)
            }
            Step::Perform(Effect::Wait(_)) => Event::Elapsed,
            Step::Perform(effect @ Effect::Join(_)) => panic!("a chain asks for {effect:?}"),
        };
    }
}

/// Programs are run in earnest: what a shell makes of a line is part of what is tested.
fn run(command: &Command) -> Event {
    let mut process = std::process::Command::new(&command.program);
    let process = process.args(&command.arguments).stdin(Stdio::null());
    match process.output() {
        Ok(output) if output.stdout.len() > MAX_BODY => Event::Failed(TransportErrorKind::TooLarge.into()),
        Ok(output) => {
            let (stdout, stderr) = (output.stdout.into(), output.stderr.into());
            Event::Exited(ProcessOutput { status: output.status.code(), stdout, stderr })
        }
        Err(error) => Event::Failed(TransportError::new(TransportErrorKind::Other, error)),
    }
}

fn judge(scenario: &Scenario, result: &Result<Resolved, Error>) -> Result<String, String> {
    let shown = match result {
        Ok(resolved) => format!("{resolved:?} {}", listed(&resolved.tried)),
        Err(error) => {
            let mut text = format!("{error} {error:?}");
            let mut cause = std::error::Error::source(error);
            while let Some(error) = cause {
                text.push_str(&format!(" {error} {error:?}"));
                cause = error.source();
            }
            text
        }
    };
    if let Some(secret) = scenario.secrets().iter().find(|secret| shown.contains(secret.as_str())) {
        return Err(format!("the secret that begins with {:.4} is shown in: {shown}", secret));
    }
    // Our own scenarios mark all their secrets with this word.
    if shown.contains("planted") {
        return Err(format!("a planted secret is shown in: {shown}"));
    }
    match (&scenario.expected, result) {
        (Expected::Error(theirs), Err(error)) => {
            let ours = error.to_string();
            match sound(&ours) {
                Ok(()) => Ok(format!("error as expected: {ours} | recorded: {theirs}")),
                Err(problem) => Err(format!("{problem}: {ours}")),
            }
        }
        (Expected::Error(theirs), Ok(resolved)) => {
            let key = &resolved.credentials.access_key_id;
            Err(format!("found {key}, and should fail with: {theirs}"))
        }
        (Expected::Ok(found), Err(error)) => {
            Err(format!("failed, and should find {}: {error}", found.access_key_id))
        }
        (Expected::Ok(expected), Ok(resolved)) => {
            let found = Found::of(&resolved.credentials);
            if found.is(expected, scenario.account_counts) {
                return Ok(format!("{}; {}", found.access_key_id, listed(&resolved.tried)));
            }
            Err(format!("found {found:?} where {expected:?} is recorded"))
        }
    }
}

/// Whether a text is as an error's has to be.
fn sound(text: &str) -> Result<(), String> {
    let starts_small = text.chars().next().is_some_and(|first| !first.is_uppercase());
    match text {
        text if text.contains('\n') => Err("the error has more than one line".to_owned()),
        text if text.ends_with('.') => Err("the error ends with a period".to_owned()),
        _ if !starts_small => Err("the error begins with a capital letter".to_owned()),
        _ => Ok(()),
    }
}

fn listed(tried: &[sts_proto::Tried]) -> String {
    tried.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Found {
    fn of(credentials: &Credentials) -> Self {
        let since = |at: SystemTime| {
            at.duration_since(SystemTime::UNIX_EPOCH).map_or(-1, |time| time.as_secs() as i64)
        };
        Self {
            access_key_id: credentials.access_key_id.clone(),
            secret_access_key: credentials.secret_access_key.expose().to_owned(),
            session_token: credentials.session_token.as_ref().map(|token| token.expose().to_owned()),
            account_id: credentials.account_id.clone(),
            expiry: credentials.expiration.map(|at| Expiry::At(since(at))),
        }
    }

    fn is(&self, expected: &Self, account_counts: bool) -> bool {
        let expiry = match (self.expiry, expected.expiry) {
            (Some(Expiry::At(at)), Some(Expiry::After(after))) => at > after,
            (ours, theirs) => ours == theirs,
        };
        let (ours, theirs) = (self, expected);
        expiry
            && ours.access_key_id == theirs.access_key_id
            && ours.secret_access_key == theirs.secret_access_key
            && ours.session_token == theirs.session_token
            && (!account_counts || ours.account_id == theirs.account_id)
    }
}

/// Where two traces part.
fn difference(one: &[String], other: &[String]) -> Option<String> {
    let index = (0..one.len().max(other.len())).find(|index| one.get(*index) != other.get(*index))?;
    let line = |lines: &[String]| lines.get(index).map_or("nothing", String::as_str).to_owned();
    Some(format!("step {}: {} where it was {}", index + 1, line(other), line(one)))
}

const SEED: u128 = 0x0123_4567_89ab_cdef_0011_2233_4455_6677;
