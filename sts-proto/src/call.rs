//! One call of an operation as a flow: build, sign, send, read, classify, wait.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderName, HeaderValue, Request};

use crate::error::Phase;
use crate::flow::{Effect, Event, Flow, Step};
use crate::sigv4::Signer;
use crate::{Context, Error, NoCredentials, Operation, TransportError, TransportErrorKind};

/// A call of an operation, as a flow.
///
/// Each attempt is dated, numbered and signed anew, under one invocation id. For now there is one attempt: where
/// it fails, `Call::failed` decides that it was the last.
///
/// `seed` is any number that no other call has: random, as a rule. The invocation id is made of it.
pub struct Call<O> {
    operation: O,
    context: Arc<Context>,
    invocation: HeaderValue,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing was sent yet.
    Ready,
    /// An attempt is on its way.
    Sent,
    /// It is over.
    Over,
}

impl<O: Operation> Call<O> {
    /// A call that has not begun.
    pub fn new(operation: O, context: Arc<Context>, seed: u128) -> Self {
        Self { operation, context, invocation: invocation_id(seed), state: State::Ready }
    }

    fn send(
        &mut self,
        now: SystemTime,
        attempt: u32,
        deadline: SystemTime,
    ) -> Result<Step<O::Output>, Error> {
        let request = self.request(now, attempt)?;
        let mut timeouts = self.context.timeouts();
        timeouts.call = deadline.duration_since(now).unwrap_or(Duration::ZERO);
        timeouts.attempt = timeouts.attempt.min(timeouts.call);
        timeouts.connect = timeouts.connect.min(timeouts.attempt);
        if timeouts.attempt.is_zero() {
            return Err(self.failed(TransportErrorKind::Timeout(Phase::Connect).into()));
        }
        self.state = State::Sent;
        Ok(Step::Perform(Effect::Send(request, timeouts)))
    }

    fn request(&self, now: SystemTime, attempt: u32) -> Result<Request<Bytes>, Error> {
        let context = &*self.context;
        let mut request = self.operation.to_request(context.endpoint());
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, context.user_agent().clone());
        headers.insert(INVOCATION_ID, self.invocation.clone());
        headers.insert(ATTEMPT, attempt_of(attempt, MAX_ATTEMPTS));
        if O::SIGNED {
            let credentials = context.credentials().ok_or(NoCredentials::new(O::ACTION))?;
            let scope = context.endpoint().scope()?;
            let key = context.signing_key(credentials, scope, now)?;
            Signer::new(credentials, scope, now).key(&key).sign(&mut request)?;
        }
        Ok(request)
    }

    /// The end of an attempt that got no whole answer. The place where a retry begins.
    fn failed(&self, error: TransportError) -> Error {
        let host = self.context.endpoint().uri().authority().map_or("", |authority| authority.as_str());
        error.while_calling(O::ACTION, host).into()
    }

    /// The end of an attempt that was answered. The place where a refusal is classified, and a retry begins.
    fn answered(&self, response: &http::Response<Bytes>) -> Result<O::Output, Error> {
        O::parse(response).map_err(|error| match error {
            Error::Service(mut error) => {
                let mut secrets = self.operation.secrets();
                if let Some(credentials) = self.context.credentials().filter(|_| O::SIGNED) {
                    secrets.push(credentials.secret_access_key.clone());
                    secrets.extend(credentials.session_token.clone());
                }
                error.redact(&secrets);
                Error::Service(error)
            }
            error => error,
        })
    }
}

impl<O: Operation> Flow for Call<O> {
    type Output = O::Output;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<O::Output>, Error> {
        match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Ready, Event::Start) => {
                let deadline = now.checked_add(self.context.timeouts().call).unwrap_or(now);
                self.send(now, 1, deadline)
            }
            (State::Sent, Event::Response(response)) => self.answered(&response).map(Step::Done),
            (State::Sent, Event::Failed(error)) => Err(self.failed(error)),
            _ => Err(self.failed(TransportErrorKind::Unsupported.into())),
        }
    }
}

/// Prints the action and the state; members may be secrets that are not known as such.
impl<O: Operation> fmt::Debug for Call<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("action", &O::ACTION).field("state", &self.state).finish_non_exhaustive()
    }
}

/// A UUID of version 4 (RFC 9562 §5.4) out of 122 of the seed's bits.
fn invocation_id(seed: u128) -> HeaderValue {
    let bits = seed & !(0xf << 76) & !(0b11 << 62) | (0x4 << 76) | (0b10 << 62);
    let hex = format!("{bits:032x}");
    let mut text = String::with_capacity(36);
    for (index, digit) in hex.chars().enumerate() {
        if matches!(index, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("unknown"))
}

fn attempt_of(attempt: u32, most: u32) -> HeaderValue {
    HeaderValue::try_from(format!("attempt={attempt}; max={most}"))
        .unwrap_or(HeaderValue::from_static("attempt=1"))
}

const INVOCATION_ID: HeaderName = HeaderName::from_static("amz-sdk-invocation-id");
const ATTEMPT: HeaderName = HeaderName::from_static("amz-sdk-request");
const MAX_ATTEMPTS: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{AssumeRoleWithWebIdentity, GetCallerIdentity};
    use crate::{Credentials, Settings, Timeouts};

    const SECRET: &str = "planted-secret";
    const TOKEN: &str = "planted-token";

    fn context(settings: Settings) -> Arc<Context> {
        Arc::new(Context::new(&settings.region("eu-west-1"), "test/1").unwrap())
    }

    fn signed() -> Arc<Context> {
        context(Settings::new().credentials(Credentials::new("AKID", SECRET).with_session_token(TOKEN)))
    }

    fn sent<T>(step: Step<T>) -> (Request<Bytes>, Timeouts) {
        match step {
            Step::Perform(Effect::Send(request, timeouts)) => (request, timeouts),
            _ => panic!("nothing is sent"),
        }
    }

    #[test]
    fn an_attempt_is_dated_numbered_and_signed() {
        let mut call = Call::new(GetCallerIdentity::new(), signed(), u128::MAX);
        let (request, timeouts) = sent(call.step(SystemTime::UNIX_EPOCH, Event::Start).unwrap());
        let header = |name: &str| request.headers().get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(header("amz-sdk-invocation-id"), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(header("amz-sdk-request"), "attempt=1; max=1");
        assert_eq!(header("x-amz-date"), "19700101T000000Z");
        assert!(
            header("authorization")
                .contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token,")
        );
        assert_eq!(timeouts, Timeouts::default());
        assert!(request.headers()["authorization"].is_sensitive());
        assert!(request.headers()["x-amz-security-token"].is_sensitive());
    }

    #[test]
    fn an_unsigned_operation_needs_no_credentials_and_uses_none() {
        for context in [context(Settings::new()), signed()] {
            let mut call = Call::new(AssumeRoleWithWebIdentity::new("arn", "me", "jwt"), context, 1);
            let (request, _) = sent(call.step(SystemTime::UNIX_EPOCH, Event::Start).unwrap());
            assert!(!request.headers().contains_key("authorization"));
            assert!(!request.headers().contains_key("x-amz-security-token"));
        }
        let mut call = Call::new(GetCallerIdentity::new(), context(Settings::new()), 1);
        let error = call.step(SystemTime::UNIX_EPOCH, Event::Start).unwrap_err();
        assert!(error.to_string().starts_with("no credentials to sign GetCallerIdentity with"), "{error}");
    }

    #[test]
    fn time_is_shared_out() {
        let timeouts = Timeouts { call: Duration::from_secs(2), ..Timeouts::default() };
        let context =
            context(Settings::new().credentials(Credentials::new("AKID", SECRET)).timeouts(timeouts));
        let mut call = Call::new(GetCallerIdentity::new(), context, 1);
        let (_, given) = sent(call.step(SystemTime::UNIX_EPOCH, Event::Start).unwrap());
        assert_eq!((given.connect, given.attempt), (Duration::from_secs(2), Duration::from_secs(2)));
    }

    #[test]
    fn an_event_that_does_not_fit_ends_the_call_and_nothing_panics() {
        let mut call = Call::new(GetCallerIdentity::new(), signed(), 1);
        assert!(call.step(SystemTime::UNIX_EPOCH, Event::Elapsed).is_err());
        assert!(call.step(SystemTime::UNIX_EPOCH, Event::Start).is_err());
        assert_eq!(format!("{call:?}"), r#"Call { action: "GetCallerIdentity", state: Over, .. }"#);
    }

    #[test]
    fn what_the_server_quotes_of_our_secrets_is_taken_out() {
        let mut call = Call::new(GetCallerIdentity::new(), signed(), 1);
        call.step(SystemTime::UNIX_EPOCH, Event::Start).unwrap();
        let body = format!("<Error><Code>X</Code><Message>{TOKEN} {SECRET}</Message></Error>");
        let mut response = http::Response::new(Bytes::from(body));
        *response.status_mut() = http::StatusCode::FORBIDDEN;
        let error = call.step(SystemTime::UNIX_EPOCH, Event::Response(response)).unwrap_err();
        assert_eq!(error.as_service_error().unwrap().message(), Some("[redacted] [redacted]"));
    }
}
