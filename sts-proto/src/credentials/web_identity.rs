use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::assume_role::session;
use super::cli_cache::{CliCache, Heard};
use super::region::LocatedCall;
use super::{Role, imds};
use crate::call::Call;
use crate::context::Context;
use crate::error::{CredentialsError, Error, ErrorCode};
use crate::flow::{Effect, Event, Flow, Step};
use crate::keys::Credentials;
use crate::operations::AssumeRoleWithWebIdentity;
use crate::retry::{Dice, RetryClass, backoff, with_hint};
use crate::secret::{Given, Secret};
use crate::transport::{TransportError, TransportErrorKind};

/// Assumes a role with the identity token in a file, as IAM roles for service accounts and CI systems provide it.
///
/// The token in the file may be replaced at any time, so the file is read again for each attempt. An empty file is read again
/// a little later. If the service refuses a token as expired or invalid, or denies access, the request is sent again if the
/// file holds another token by then. The request is not signed.
#[derive(Debug)]
pub struct WebIdentity {
    role: Role,
    token_file: PathBuf,
    context: Arc<Context>,
    metadata: Option<imds::Config>,
    /// For the AWS CLI's cache.
    heard: Option<Heard>,
    entry: Option<(Secret, Secret)>,
    seed: u128,
    dice: Dice,
    /// How many requests were sent.
    attempts: u32,
    waited: Duration,
    /// What the last retry cost.
    paid: Option<u32>,
    /// How often the file was empty.
    empty: u32,
    state: State,
}

#[derive(Debug)]
enum State {
    Ready,
    /// Reading the file.
    Reading,
    /// Reading the file to see whether it still holds the token that was refused with this error.
    ReadingAgain(Box<Error>, Secret),
    Waiting,
    Calling {
        call: Box<LocatedCall<AssumeRoleWithWebIdentity>>,
        token: Secret,
    },
    Over,
}

impl WebIdentity {
    /// Assumes `role` with the token in `token_file`. `context` gives the endpoint. Each flow needs a `seed` of its own.
    pub fn new(role: Role, token_file: impl Into<PathBuf>, context: Arc<Context>, seed: u128) -> Self {
        let token_file = token_file.into();
        Self {
            role,
            token_file,
            context,
            metadata: None,
            heard: None,
            entry: None,
            seed,
            dice: Dice::new(seed),
            attempts: 0,
            waited: Duration::ZERO,
            paid: None,
            empty: 0,
            state: State::Ready,
        }
    }

    /// Where the region may be asked for, if the client has none.
    pub(crate) fn metadata(mut self, metadata: Option<imds::Config>) -> Self {
        self.metadata = metadata;
        self
    }

    /// Makes an entry of the AWS CLI's cache: see [`entry`](Self::entry).
    pub(super) fn shared(mut self, cache: Option<&CliCache>) -> Self {
        self.heard = cache.map(Heard::new);
        self
    }

    /// The token that was sent and the entry of the session that it gave, once there is one.
    pub(super) fn entry(&mut self) -> Option<(Secret, Secret)> {
        self.entry.take()
    }

    pub(super) fn role_arn(&self) -> &str {
        &self.role.role_arn
    }

    fn read(&mut self) -> Step<Credentials> {
        self.state = State::Reading;
        Step::Perform(Effect::Read(self.token_file.clone()))
    }

    fn wait(&mut self, wait: Duration) -> Step<Credentials> {
        self.waited = self.waited.saturating_add(wait);
        self.state = State::Waiting;
        Step::Perform(Effect::Wait(wait))
    }

    /// The token, or `None` if the file is empty.
    fn token(&self, contents: Option<Given>) -> Result<Option<Secret>, CredentialsError> {
        let contents = contents
            .ok_or_else(|| self.file("does not exist; check its path and the program that writes it"))?;
        let text = std::str::from_utf8(&contents)
            .map_err(|_| self.file("is not text; it has to hold a token alone"))?
            .trim();
        if text.contains(['\r', '\n']) {
            return Err(self.file("holds a line break inside the token; it has to hold a token alone"));
        }
        Ok(Some(text).filter(|text| !text.is_empty()).map(Secret::from))
    }

    fn send(&mut self, now: SystemTime, contents: Option<Given>) -> Result<Step<Credentials>, Error> {
        let Some(token) = self.token(contents)? else {
            if self.empty >= MAX_EMPTY_READS {
                return Err(self.file("is empty; check the program that writes the token").into());
            }
            let wait = PAUSE.saturating_mul(1 << self.empty);
            self.empty += 1;
            return Ok(self.wait(wait));
        };
        self.call(now, token)
    }

    fn call(&mut self, now: SystemTime, token: Secret) -> Result<Step<Credentials>, Error> {
        self.attempts += 1;
        let name = self.role.session_name(self.seed);
        let mut operation = AssumeRoleWithWebIdentity::new(self.role.role_arn.as_str(), name, token.clone());
        if let Some(seconds) = self.role.duration_seconds {
            operation = operation.duration_seconds(seconds);
        }
        // The next attempt may need another token, so each attempt is a call of its own.
        let call = Call::new(operation, Arc::clone(&self.context), self.seed).once().paid(self.paid);
        let call = LocatedCall::new(call, &self.context, self.metadata.as_ref());
        self.step_call(now, Box::new(call), token, Event::Start)
    }

    fn step_call(
        &mut self,
        now: SystemTime,
        mut call: Box<LocatedCall<AssumeRoleWithWebIdentity>>,
        token: Secret,
        event: Event,
    ) -> Result<Step<Credentials>, Error> {
        if let Some(heard) = &mut self.heard {
            heard.hear(&event);
        }
        match call.step(now, event) {
            Ok(Step::Perform(effect)) => {
                self.state = State::Calling { call, token };
                Ok(Step::Perform(effect))
            }
            Ok(Step::Done(output)) => {
                let entry = self.heard.as_ref().and_then(|heard| heard.web_identity(&output));
                self.entry = entry.map(|entry| (token.clone(), entry));
                let user = output.assumed_role_user.as_ref();
                Ok(Step::Done(session(output.credentials, user, &[token])?))
            }
            Err(error) => self.failed(error, call.hint(), token),
        }
    }

    fn failed(
        &mut self,
        error: Error,
        hint: Option<Duration>,
        token: Secret,
    ) -> Result<Step<Credentials>, Error> {
        let class = error.retry_class();
        let left = self.attempts < self.context.retry().attempt_limit();
        if left && matches!(class, RetryClass::Transient | RetryClass::Throttling) {
            let paid = self.context.shared().pay(class);
            if paid.is_some() {
                self.paid = paid;
                let wait = backoff(class, self.attempts.saturating_sub(1), &mut self.dice);
                return Ok(self.wait(with_hint(wait, hint)));
            }
        } else if left && stale(&error) {
            self.state = State::ReadingAgain(Box::new(error), token);
            return Ok(Step::Perform(Effect::Read(self.token_file.clone())));
        }
        Err(self.ended(error))
    }

    /// Sets the number of all attempts, since each was a call of its own.
    fn ended(&self, mut error: Error) -> Error {
        error.set_effort(self.attempts, self.waited);
        error
    }

    fn file(&self, problem: &str) -> CredentialsError {
        let problem = format!("the token file {} {problem}", self.token_file.display());
        CredentialsError::new("web identity", problem)
    }

    fn unreadable(&self, error: TransportError) -> CredentialsError {
        let problem = match error.kind() {
            TransportErrorKind::TooLarge => {
                format!("is larger than {} bytes; check that it is a token", crate::wire::MAX_BODY)
            }
            _ => "cannot be read; check that it is a file, and its permissions".to_owned(),
        };
        self.file(&problem).because(error)
    }
}

impl Flow for WebIdentity {
    type Output = Credentials;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Credentials>, Error> {
        match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Ready, Event::Start) | (State::Waiting, Event::Elapsed) => Ok(self.read()),
            (State::Reading, Event::Contents(contents)) => self.send(now, contents.map(Given::from)),
            (State::Reading, Event::Failed(error)) => Err(self.unreadable(error).into()),
            (State::ReadingAgain(refusal, refused), Event::Contents(contents)) => {
                match self.token(contents.map(Given::from)) {
                    Ok(Some(token)) if token != refused => self.call(now, token),
                    _ => Err(self.ended(*refusal)),
                }
            }
            (State::ReadingAgain(refusal, _), Event::Failed(_)) => Err(self.ended(*refusal)),
            (State::Calling { call, token }, event) => self.step_call(now, call, token, event),
            _ => Err(Error::OutOfTurn),
        }
    }
}

/// Whether the token may have been refused because it is too old. SeaweedFS and RGW only say that access is denied.
fn stale(error: &Error) -> bool {
    matches!(
        error.code(),
        Some(
            ErrorCode::ExpiredTokenException
                | ErrorCode::ExpiredToken
                | ErrorCode::InvalidIdentityToken
                | ErrorCode::AccessDenied
        )
    )
}

/// A token is replaced within milliseconds, or within a second or two if the disk is busy. The waits add up to 2.5 s.
const MAX_EMPTY_READS: u32 = 8;
const PAUSE: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::testing::{contents, context, done, effect, error, refused, sent, session, step};
    use super::*;

    fn flow() -> WebIdentity {
        WebIdentity::new(Role::new("arn:aws:iam::123456789012:role/demo"), "/token", context(), 7)
    }

    fn body(flow: &mut WebIdentity, token: &'static str) -> String {
        let request = sent(step(flow, contents(token)));
        String::from_utf8(request.body().to_vec()).unwrap()
    }

    #[test]
    fn the_token_is_sent_trimmed_and_unsigned() {
        let mut flow = flow();
        let Effect::Read(path) = effect(step(&mut flow, Event::Start)) else { panic!("reads nothing") };
        assert_eq!(path.to_str(), Some("/token"));
        let request = sent(step(&mut flow, contents(" jwt\n")));
        assert!(!request.headers().contains_key("authorization"));
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        assert!(body.contains("&RoleSessionName=sts-0000000000000007&WebIdentityToken=jwt"), "{body}");
        let credentials = done(step(&mut flow, session("AssumeRoleWithWebIdentity", "ASIA", 900)));
        assert_eq!(credentials.access_key_id, "ASIA");
        assert_eq!(credentials.account_id.as_deref(), Some("123456789012"));
    }

    #[test]
    fn each_attempt_reads_the_file_again_and_attempts_are_bounded() {
        let mut flow = flow();
        step(&mut flow, Event::Start).unwrap();
        for (attempt, token) in ["first", "second", "third"].into_iter().enumerate() {
            assert!(body(&mut flow, token).ends_with(&format!("WebIdentityToken={token}")));
            let next = step(&mut flow, error(400, "IDPCommunicationError"));
            if attempt == 2 {
                assert_eq!(refused(next).code(), Some(&ErrorCode::IdpCommunicationError));
                return;
            }
            assert!(matches!(effect(next), Effect::Wait(_)));
            assert!(matches!(effect(step(&mut flow, Event::Elapsed)), Effect::Read(_)));
        }
    }

    #[test]
    fn a_success_gives_back_what_its_last_retry_cost() {
        let mut flow = flow();
        let context = Arc::clone(&flow.context);
        step(&mut flow, Event::Start).unwrap();
        for (answer, left) in [(error(503, "ServiceUnavailable"), 486), (error(400, "Throttling"), 481)] {
            body(&mut flow, "jwt");
            assert!(matches!(effect(step(&mut flow, answer)), Effect::Wait(_)));
            assert_eq!(context.retry_quota(), left);
            step(&mut flow, Event::Elapsed).unwrap();
        }
        body(&mut flow, "jwt");
        done(step(&mut flow, session("AssumeRoleWithWebIdentity", "ASIA", 900)));
        // The 5 came back.
        assert_eq!(context.retry_quota(), 486);
    }

    #[test]
    fn a_server_says_how_long_to_wait() {
        let mut flow = flow();
        step(&mut flow, Event::Start).unwrap();
        body(&mut flow, "jwt");
        let busy =
            http::Response::builder().status(503).header("retry-after", "2").body(Bytes::new()).unwrap();
        let Effect::Wait(wait) = effect(step(&mut flow, Event::Response(busy))) else { panic!("no wait") };
        assert_eq!(wait, Duration::from_secs(2));
    }

    #[test]
    fn a_token_that_is_echoed_is_not_shown() {
        for (id, arn) in [("Planted-Token", "123456789012"), ("ASIA", "planted-token")] {
            let mut flow = flow();
            step(&mut flow, Event::Start).unwrap();
            body(&mut flow, "planted-token");
            let answer = format!(
                "<R><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>s\
                 </SecretAccessKey><SessionToken>t</SessionToken><Expiration>900</Expiration></Credentials>\
                 <AssumedRoleUser><Arn>arn:aws:sts::{arn}:assumed-role/demo/me</Arn></AssumedRoleUser>\
                 </AssumeRoleWithWebIdentityResult></R>"
            );
            let response = http::Response::new(Bytes::from(answer));
            let told = format!("{:?}", step(&mut flow, Event::Response(response)));
            assert!(!told.to_lowercase().contains("planted"), "{told}");
            assert_eq!(told.contains("a secret that was sent"), id != "ASIA", "{told}");
        }
    }

    #[test]
    fn an_empty_file_is_looked_at_again_for_a_while() {
        let mut flow = flow();
        step(&mut flow, Event::Start).unwrap();
        for _ in 0..MAX_EMPTY_READS {
            assert!(matches!(effect(step(&mut flow, contents(" \n"))), Effect::Wait(_)));
            assert!(matches!(effect(step(&mut flow, Event::Elapsed)), Effect::Read(_)));
        }
        let error = refused(step(&mut flow, contents(""))).to_string();
        assert_eq!(
            error,
            "no credentials from web identity: the token file /token is empty; check the program that writes the token"
        );
    }

    #[test]
    fn a_token_that_was_replaced_after_it_was_refused_is_tried() {
        for (code, other, tried) in [
            ("ExpiredTokenException", "new", true),
            ("InvalidIdentityToken", "new", true),
            ("AccessDenied", "new", true),
            ("InvalidIdentityToken", "old", false),
            ("InvalidIdentityToken", "", false),
            ("AccessDenied", "old", false),
        ] {
            let mut flow = flow();
            step(&mut flow, Event::Start).unwrap();
            body(&mut flow, "old");
            assert!(matches!(effect(step(&mut flow, error(400, code))), Effect::Read(_)));
            let next = step(&mut flow, contents(other));
            if tried {
                assert!(sent(next).body().ends_with(b"WebIdentityToken=new"));
            } else {
                assert!(refused(next).code().is_some());
            }
        }
    }

    #[test]
    fn a_file_that_cannot_hold_a_token_is_an_error_that_names_it() {
        for (event, words) in [
            (Event::Contents(None), "does not exist"),
            (contents("plan\nted"), "line break"),
            (Event::Contents(Some(Bytes::from_static(b"\xff"))), "is not text"),
            (Event::Failed(crate::transport::TransportErrorKind::Other.into()), "cannot be read"),
        ] {
            let mut flow = flow();
            step(&mut flow, Event::Start).unwrap();
            let error = refused(step(&mut flow, event)).to_string();
            assert!(error.contains("/token") && error.contains(words) && !error.contains("plan"), "{error}");
        }
    }
}
