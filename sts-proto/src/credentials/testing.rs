//! A flow stepped by hand, for unit tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};

use crate::context::Context;
use crate::error::Error;
use crate::flow::{Effect, Event, Flow, SendTimeouts, Step};
use crate::secret::Secret;
use crate::settings::{Settings, slashed};
use crate::transport::TransportErrorKind;

pub(super) const NOW: SystemTime = SystemTime::UNIX_EPOCH;

pub(super) fn context() -> Arc<Context> {
    Arc::new(Context::new(&Settings::new().region("eu-west-1"), "test/1").unwrap())
}

/// Steps a flow at [`NOW`].
pub(super) fn step<F: Flow<Error = Error>>(flow: &mut F, event: Event) -> Result<Step<F::Output>, Error> {
    flow.step(NOW, event)
}

pub(super) fn sent<T>(step: Result<Step<T>, Error>) -> Request<Bytes> {
    match step {
        Ok(Step::Perform(Effect::Send(request, _))) => request,
        Ok(Step::Perform(effect)) => panic!("{effect:?}"),
        Ok(Step::Done(_)) => panic!("it is done"),
        Err(error) => panic!("{error}"),
    }
}

pub(super) fn effect<T>(step: Result<Step<T>, Error>) -> Effect {
    match step {
        Ok(Step::Perform(effect)) => effect,
        Ok(Step::Done(_)) => panic!("it is done"),
        Err(error) => panic!("{error}"),
    }
}

pub(super) fn done<T>(step: Result<Step<T>, Error>) -> T {
    match step {
        Ok(Step::Done(output)) => output,
        Ok(Step::Perform(effect)) => panic!("{effect:?}"),
        Err(error) => panic!("{error}"),
    }
}

pub(super) fn refused<T>(step: Result<Step<T>, Error>) -> Error {
    match step {
        Err(error) => error,
        Ok(Step::Perform(effect)) => panic!("{effect:?}"),
        Ok(Step::Done(_)) => panic!("it is done"),
    }
}

pub(super) fn answer(status: u16, body: &str) -> Event {
    Event::Response(Response::builder().status(status).body(Bytes::from(body.to_owned())).unwrap())
}

pub(super) fn contents(text: &str) -> Event {
    Event::Contents(Some(Bytes::from(text.to_owned())))
}

/// The answer to `action` with a session that expires `seconds` after [`NOW`], the beginning of 1970.
pub(super) fn session(action: &str, id: &str, seconds: u64) -> Event {
    let body = format!(
        "<R><{action}Result><Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>planted</SecretAccessKey>\
         <SessionToken>planted</SessionToken><Expiration>{seconds}</Expiration></Credentials><AssumedRoleUser>\
         <Arn>arn:aws:sts::123456789012:assumed-role/demo/me</Arn></AssumedRoleUser></{action}Result></R>"
    );
    answer(200, &body)
}

pub(super) fn error(status: u16, code: &str) -> Event {
    answer(status, &format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"))
}

/// The effects of a flow, and its result.
pub(super) struct Played<T> {
    pub(super) sent: Vec<(Request<Bytes>, SendTimeouts)>,
    pub(super) read: Vec<PathBuf>,
    pub(super) replaced: Vec<(PathBuf, Secret)>,
    pub(super) waits: Vec<Duration>,
    pub(super) result: Result<T, Error>,
}

impl<T> Played<T> {
    /// Method and URL of each request.
    pub(super) fn requests(&self) -> Vec<String> {
        self.sent.iter().map(|(request, _)| format!("{} {}", request.method(), request.uri())).collect()
    }

    /// The value of a header of request number `index`.
    pub(super) fn header(&self, index: usize, name: &str) -> Option<&str> {
        self.sent[index].0.headers().get(name).map(|value| value.to_str().unwrap())
    }

    pub(super) fn error(&self) -> String {
        slashed(&self.result.as_ref().err().expect("no error").to_string())
    }
}

/// Steps a flow at `now`. Each send, read or replacement gets the next of `events`, and all have to be used. Waits end at once.
pub(super) fn play<F: Flow<Error = Error>>(
    flow: &mut F,
    now: SystemTime,
    events: impl IntoIterator<Item = Event>,
) -> Played<F::Output> {
    let (mut sent, mut read, mut replaced, mut waits) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut events = events.into_iter();
    let mut event = Event::Start;
    let result = loop {
        event = match flow.step(now, event) {
            Ok(Step::Done(output)) => break Ok(output),
            Err(error) => break Err(error),
            Ok(Step::Perform(Effect::Wait(wait))) => {
                waits.push(wait);
                Event::Elapsed
            }
            Ok(Step::Perform(effect)) => {
                match effect {
                    Effect::Send(request, timeouts) => sent.push((request, timeouts)),
                    Effect::Read(path) => read.push(as_on_unix(&path)),
                    Effect::Replace(path, contents) => replaced.push((as_on_unix(&path), contents)),
                    effect => panic!("{effect:?}"),
                }
                events.next().expect("the flow asks for more than was expected")
            }
        };
    };
    assert_eq!(events.count(), 0, "the flow asks for less than was expected: {:?}", result.err());
    assert!(matches!(flow.step(now, Event::Start), Err(Error::OutOfTurn)), "goes on after its end");
    Played { sent, read, replaced, waits, result }
}

pub(super) fn failed(kind: TransportErrorKind) -> Event {
    Event::Failed(kind.into())
}

/// 2023-11-14T22:13:20Z
pub(super) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn as_on_unix(path: &Path) -> PathBuf {
    slashed(&path.to_string_lossy()).into()
}
