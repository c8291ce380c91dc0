//! A flow stepped by hand, for unit tests.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};

use crate::{Context, Effect, Error, Event, Flow, Settings, Step};

pub(super) const NOW: SystemTime = SystemTime::UNIX_EPOCH;

pub(super) fn context() -> Arc<Context> {
    Arc::new(Context::new(&Settings::new().region("eu-west-1"), "test/1").unwrap())
}

/// What a flow does when this happens.
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

pub(super) fn answer(status: u16, body: impl Into<Bytes>) -> Event {
    Event::Response(Response::builder().status(status).body(body.into()).unwrap())
}

pub(super) fn contents(text: &'static str) -> Event {
    Event::Contents(Some(Bytes::from_static(text.as_bytes())))
}

/// A session of this action, with this key, for so many seconds from [`NOW`] on, the beginning of 1970.
pub(super) fn session(action: &str, id: &str, seconds: u64) -> Event {
    let body = format!(
        "<R><{action}Result><Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>planted</SecretAccessKey>\
         <SessionToken>planted</SessionToken><Expiration>{seconds}</Expiration></Credentials><AssumedRoleUser>\
         <Arn>arn:aws:sts::123456789012:assumed-role/demo/me</Arn></AssumedRoleUser></{action}Result></R>"
    );
    answer(200, body)
}

pub(super) fn error(status: u16, code: &str) -> Event {
    answer(status, format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"))
}
