//! The attempts of a call: build, sign, send, read, classify, wait.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, AGE};
use http::{HeaderMap, HeaderValue, Request, Response};

use crate::context::Context;
use crate::deadline::Deadline;
use crate::error::{Error, Metadata, NoCredentials};
use crate::flow::{Effect, Event, Step, Timeouts};
use crate::keys::Credentials;
use crate::observe::AttemptEnd;
use crate::operation::{About, Slot, check_query, read_answer, request_of};
use crate::retry::{Dice, Offset, RetryClass, backoff, is_dated_anew, with_hint};
use crate::sigv4::Signer;
use crate::trace;
use crate::transport::{Phase, TransportError, TransportErrorKind};
use crate::wire::{Form, IDENTITY};

use super::Attempt;
use super::headers::{ATTEMPT, INVOCATION_ID, TRACE_ID, attempt_of, date, hint, invocation_id, judged_at};

/// The attempts of a call, as a state machine that ends once the operation has its output.
///
/// It knows its operation as [`Asked`], without its type: there is one such machine in a program, and not one for each
/// operation.
pub(crate) struct Attempts {
    context: Arc<Context>,
    timeouts: Timeouts,
    credentials: Option<Arc<Credentials>>,
    max_attempts: u32,
    /// What the id of the invocation is made of.
    invocation: u128,
    trace_id: Option<HeaderValue>,
    dice: Dice,
    progress: Progress,
    state: State,
}

/// What the attempts of a call need of its operation, besides a place for its output.
pub(crate) trait Asked: Slot {
    fn about(&self) -> &'static About;
    /// Writes the members.
    fn write(&self, form: &mut Form);
}

#[derive(Debug)]
enum State {
    /// Nothing was sent yet.
    Ready,
    /// Between two attempts, or before the first one where the client's rate limit asks for it.
    Waiting,
    /// An attempt is on its way.
    Sent { at: SystemTime, offset: Offset },
    /// It is over.
    Over,
}

/// How far a call has come.
#[derive(Debug)]
struct Progress {
    deadline: Deadline,
    attempts: u32,
    waited: Duration,
    /// What the last retry cost.
    paid: Option<u32>,
    /// How many attempts were made at once since their date is another one.
    redated: u32,
    /// Whether an attempt was dated by this machine's clock.
    dated_by_us: bool,
    /// Why the last attempt failed.
    last: Option<Error>,
    /// How long the server then wants to be left alone.
    hint: Option<Duration>,
    report: Option<Attempt>,
}

impl Progress {
    /// Whether a failure of this class may be answered with another date: once, and once more where the service says that
    /// the date is wrong to which a single answer has led.
    fn may_redate(&self, class: RetryClass) -> bool {
        self.redated == 0 || class == RetryClass::ClockSkew && self.redated < MAX_REDATED
    }
}

impl Attempts {
    /// None was made yet.
    pub(crate) fn new(context: Arc<Context>, seed: u128) -> Self {
        let progress = Progress {
            deadline: Deadline::new(context.timeouts().call),
            attempts: 0,
            waited: Duration::ZERO,
            paid: None,
            redated: 0,
            dated_by_us: false,
            last: None,
            hint: None,
            report: None,
        };
        Self {
            timeouts: context.timeouts(),
            credentials: context.credentials().cloned(),
            max_attempts: context.retry().attempt_limit(),
            trace_id: context.trace_id().cloned(),
            context,
            invocation: seed,
            dice: Dice::new(seed),
            progress,
            state: State::Ready,
        }
    }

    pub(crate) fn set_timeouts(&mut self, timeouts: Timeouts) {
        self.timeouts = timeouts;
        self.progress.deadline = Deadline::new(timeouts.call);
    }

    #[cfg(feature = "credentials")]
    pub(crate) fn set_up(&mut self, time: Duration, credentials: Option<Arc<Credentials>>) {
        self.progress.deadline = Deadline::new(time);
        self.credentials = credentials;
    }

    pub(crate) fn set_trace_id(&mut self, id: Option<HeaderValue>) {
        self.trace_id = id;
    }

    pub(crate) fn set_max(&mut self, max_attempts: u32) {
        self.max_attempts = max_attempts.max(1);
    }

    pub(crate) fn set_paid(&mut self, paid: Option<u32>) {
        self.progress.paid = paid;
    }

    /// The attempts from now on are signed with these.
    pub(crate) fn sign_with(&mut self, credentials: Arc<Credentials>) {
        self.credentials = Some(credentials);
    }

    /// What the attempts are signed with.
    #[cfg(feature = "credentials")]
    pub(crate) fn signer(&self) -> Option<&Arc<Credentials>> {
        self.credentials.as_ref()
    }

    /// Makes a call that has ended ready to begin once more, signed with other credentials: for one whose credentials the
    /// service has refused. What it has sent and waited so far still counts, and so does its deadline.
    #[cfg(feature = "credentials")]
    pub(crate) fn renew(&mut self, credentials: Arc<Credentials>) {
        self.credentials = Some(credentials);
        self.max_attempts = self.max_attempts.saturating_add(1);
        self.state = State::Ready;
    }

    /// How the last attempt ended, once one has.
    pub(crate) fn last(&self) -> Option<&Attempt> {
        self.progress.report.as_ref()
    }

    /// How many requests were sent.
    pub(crate) fn count(&self) -> u32 {
        self.progress.attempts
    }

    /// How long the server wants to be left alone, if its last answer said so.
    #[cfg(feature = "credentials")]
    pub(super) fn hint(&self) -> Option<Duration> {
        self.progress.hint
    }

    pub(crate) fn step(
        &mut self,
        asked: &mut dyn Asked,
        now: SystemTime,
        event: Event,
    ) -> Result<Step<()>, Error> {
        self.progress.deadline.tick(now);
        match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Ready, Event::Start) | (State::Waiting, Event::Elapsed) => self.begin(asked, now),
            (State::Sent { at, offset }, Event::Response(response)) => {
                self.answered(asked, now, at, offset, &response)
            }
            (State::Sent { at, .. }, Event::Failed(error)) => {
                let error = self.transport_error(asked, self.timed_out(now, at, error));
                let decision = Decision::After(error.retry_class(), None);
                self.failed(asked, now, at, error, decision, None)
            }
            _ => Err(Error::OutOfTurn),
        }
    }

    /// A time-out of zero is over at once, whatever a transport makes of it: nothing is sent.
    pub(crate) fn check_timeouts(&self, asked: &dyn Asked) -> Result<(), Error> {
        let Timeouts { connect, attempt, call } = self.timeouts;
        let all = [(call, "the call's time-out"), (attempt, "the attempt's time-out"), (connect, TO_CONNECT)];
        let Some((_, which)) = all.iter().find(|(time, _)| time.is_zero()) else { return Ok(()) };
        let error = TransportError::from(TransportErrorKind::Timeout(Phase::Connect));
        let error = error.saying(format!("nothing was sent, since {which} is zero"));
        Err(self.ended(self.transport_error(asked, error)))
    }

    /// The error of the transport, with the time-out that ended the attempt. A transport may have given up before, for reasons
    /// of its own.
    fn timed_out(&self, now: SystemTime, sent: SystemTime, error: TransportError) -> TransportError {
        let TransportErrorKind::Timeout(phase) = error.kind() else { return error };
        let Timeouts { connect, attempt, call } = self.timeouts;
        let left = self.progress.deadline.left(sent);
        let bounds = self.timeouts.of_attempt(left);
        let (bound, which, time) = match phase {
            Phase::Connect if bounds.connect < bounds.attempt => (bounds.connect, TO_CONNECT, connect),
            _ if bounds.attempt == left => (left, "the call's time-out", call),
            _ => (bounds.attempt, "the attempt's time-out", attempt),
        };
        // Clocks and timers disagree a little.
        let took = now.duration_since(sent).unwrap_or_default();
        match took.saturating_mul(10) >= bound.saturating_mul(9) {
            true => {
                let problem = format!("{}: {which} of {time:?} is over", error.what());
                error.saying(problem)
            }
            false => error,
        }
    }

    /// Sends, or waits until the client's rate limit has a place.
    fn begin(&mut self, asked: &dyn Asked, now: SystemTime) -> Result<Step<()>, Error> {
        self.check_timeouts(asked)?;
        // A wait may have lasted longer than was asked for.
        if self.progress.deadline.is_over(now) && self.progress.attempts > 0 {
            return Err(self.given_up(asked, TransportErrorKind::Timeout(Phase::Connect)));
        }
        let admitted = self.context.shared().admit(now);
        let Err(wait) = admitted else {
            let attempts = self.progress.attempts;
            return self.send(asked, now).map_err(|error| {
                match self.progress.last.take().filter(|_| attempts > 0) {
                    Some(last) => self.ended(last),
                    None => error,
                }
            });
        };
        if let Some(step) = self.wait(now, wait) {
            return step;
        }
        Err(self.given_up(asked, TransportErrorKind::RateLimited))
    }

    /// The last attempt's error; one of this kind if no attempt has failed.
    fn given_up(&mut self, asked: &dyn Asked, kind: TransportErrorKind) -> Error {
        let last = self.progress.last.take();
        let error = last.unwrap_or_else(|| self.transport_error(asked, kind.into()));
        self.ended(error)
    }

    fn send(&mut self, asked: &dyn Asked, now: SystemTime) -> Result<Step<()>, Error> {
        let offset = self.offset();
        let request = self.request(asked, offset.apply(now), self.progress.attempts + 1)?;
        let left = self.progress.deadline.left(now);
        self.progress.attempts += 1;
        self.state = State::Sent { at: now, offset };
        Ok(Step::Perform(Effect::Send(request, self.timeouts.of_attempt(left))))
    }

    fn request(&self, asked: &dyn Asked, date: SystemTime, attempt: u32) -> Result<Request<Bytes>, Error> {
        let context = &*self.context;
        let endpoint = context.endpoint()?;
        let mut request = request_of(asked.about(), &|form| asked.write(form), endpoint);
        if asked.about().is_in_query {
            check_query(&request)?;
        }
        let headers = request.headers_mut();
        let (name, value) = context.user_agent();
        headers.insert(name, value.clone());
        headers.insert(INVOCATION_ID, invocation_id(self.invocation));
        headers.insert(ATTEMPT, attempt_of(attempt, self.max_attempts));
        if asked.about().is_signed {
            let credentials =
                self.credentials.as_deref().ok_or_else(|| NoCredentials::new(asked.about().action))?;
            let scope = context.scope()?;
            let key = context.signing_key(credentials, scope, date)?;
            Signer::new(credentials, scope, date).key(&key).sign(&mut request)?;
        }
        // Unsigned, as proxies may change them.
        request.headers_mut().insert(ACCEPT_ENCODING, IDENTITY);
        if let Some(id) = &self.trace_id {
            request.headers_mut().insert(TRACE_ID, id.clone());
        }
        Ok(request)
    }

    fn answered(
        &mut self,
        asked: &mut dyn Asked,
        now: SystemTime,
        sent: SystemTime,
        offset: Offset,
        response: &Response<Bytes>,
    ) -> Result<Step<()>, Error> {
        let status = Some(response.status().as_u16());
        let operation = asked.about().action;
        let (code, headers, body) = (response.status(), response.headers(), response.body());
        let read = read_answer(operation, code, headers, body, asked);
        let refusal = read.as_ref().err();
        let measured = self.measure_clock(now, sent, offset, headers, refusal);
        let error = match read {
            Ok(metadata) => {
                let mut shared = self.context.shared();
                shared.attempted(now, None);
                shared.succeeded(self.progress.paid);
                drop(shared);
                let number = self.progress.attempts;
                if trace::ENABLED || self.context.observer().is_some() {
                    let request_id = metadata.short_request_id();
                    self.tell(&AttemptEnd {
                        operation,
                        host: self.authority(),
                        number,
                        took: now.duration_since(sent).unwrap_or_default(),
                        status,
                        request_id: request_id.as_deref(),
                        error_type: None,
                        class: None,
                        wait: None,
                    });
                }
                self.progress.report = Some(Attempt {
                    number,
                    status,
                    class: None,
                    error_type: None,
                    request_id: None,
                    wait: None,
                });
                metadata.set_effort(number, self.progress.waited);
                return Ok(Step::Done(()));
            }
            Err(error) => self.redacted(asked, error),
        };
        let class = error.retry_class();
        // Only what the service refused can have come of the date.
        let refused = asked.about().is_signed
            && error.as_service_error().is_some_and(|error| error.metadata().status().as_u16() >= 400);
        let skewed = refused && class == RetryClass::ClockSkew;
        let moved = measured.is_some_and(|measured| measured.moved_from(offset));
        if let Some(measured) = measured.filter(|_| moved && skewed) {
            self.context.shared().clock().confirm(measured);
        }
        // Where the process stood still, the clocks may agree: only the date is old.
        let anew = moved || is_dated_anew(offset.apply(sent), self.offset().apply(now));
        let is_local = !offset.moved_from(Offset::default());
        self.progress.dated_by_us |= is_local;
        let misled = skewed && !anew && !self.progress.dated_by_us;
        if misled {
            self.context.shared().clock().disprove(offset);
        }
        let misdated = refused && anew || misled;
        let decision = match class {
            // What has a wait of its own keeps it; the next attempt is dated with the corrected clock all the same.
            RetryClass::ClockSkew | RetryClass::Never if misdated && self.progress.may_redate(class) => {
                Decision::WithClock
            }
            // The clock is not the reason, or known already; the status may say more.
            RetryClass::ClockSkew if matches!(response.status().as_u16(), 500 | 502..=504) => {
                Decision::After(RetryClass::Transient, hint(response.headers(), offset.apply(now)))
            }
            class => Decision::After(class, hint(response.headers(), offset.apply(now))),
        };
        self.failed(asked, now, sent, error, decision, status)
    }

    /// What requests are dated with.
    fn offset(&self) -> Offset {
        if self.context.retry().corrects_clock() {
            self.context.shared().clock().offset()
        } else {
            Offset::default()
        }
    }

    /// The offset that an answer shows, once it is kept for the client. `used` is what the request was dated with.
    fn measure_clock(
        &self,
        now: SystemTime,
        sent: SystemTime,
        used: Offset,
        headers: &HeaderMap,
        refusal: Option<&Error>,
    ) -> Option<Offset> {
        if !self.context.retry().corrects_clock() || headers.contains_key(AGE) {
            return None;
        }
        let refusal = refusal.filter(|error| error.retry_class() == RetryClass::ClockSkew);
        let told = || judged_at(refusal?.as_service_error()?.message()?);
        let date = date(headers).or_else(told)?;
        let mut shared = self.context.shared();
        let clock = shared.clock();
        if refusal.is_some() && !used.moved_from(Offset::default()) {
            // This machine's clock is no better.
            clock.believe_again();
        }
        let measured = clock.measure(sent, now, date)?;
        // The second answer that shows it, to a request that was dated anew for the first.
        if self.progress.redated > 0 && !measured.moved_from(used) {
            clock.confirm(measured);
        }
        Some(measured)
    }

    /// The end of an attempt that failed: tries again, or says why not.
    fn failed(
        &mut self,
        asked: &dyn Asked,
        now: SystemTime,
        sent: SystemTime,
        error: Error,
        decision: Decision,
        status: Option<u16>,
    ) -> Result<Step<()>, Error> {
        let class = error.retry_class();
        self.context.shared().attempted(now, Some(class));
        self.progress.hint = match decision {
            Decision::After(_, hint) => hint,
            Decision::WithClock => None,
        };
        let wait = self.wait_after(&decision);
        // Paid for only where there is the time.
        let step = wait.filter(|wait| self.progress.deadline.allows(now, *wait)).and_then(|wait| {
            let paid = self.context.shared().pay(class)?;
            self.progress.paid = Some(paid);
            self.wait(now, wait)
        });
        let wait = wait.filter(|_| step.is_some());
        self.report(asked, now, sent, status, &error, wait);
        match step {
            None => Err(self.ended(error)),
            Some(step) => {
                self.progress.redated += u32::from(matches!(decision, Decision::WithClock));
                self.progress.last = Some(error);
                step
            }
        }
    }

    /// How long to wait before the next attempt, if there may be one.
    fn wait_after(&mut self, decision: &Decision) -> Option<Duration> {
        if self.progress.attempts >= self.max_attempts {
            return None;
        }
        match decision {
            Decision::WithClock => Some(Duration::ZERO),
            Decision::After(RetryClass::Transient | RetryClass::Throttling, _)
                if self.progress.attempts == 0 =>
            {
                None
            }
            Decision::After(class @ (RetryClass::Transient | RetryClass::Throttling), hint) => Some(
                with_hint(backoff(*class, self.progress.attempts.saturating_sub(1), &mut self.dice), *hint),
            ),
            Decision::After(..) => None,
        }
    }

    /// Waits, if that ends before the deadline.
    fn wait(&mut self, now: SystemTime, wait: Duration) -> Option<Result<Step<()>, Error>> {
        if !self.progress.deadline.allows(now, wait) {
            return None;
        }
        if self.progress.attempts > 0 {
            self.progress.waited = self.progress.waited.saturating_add(wait);
        }
        self.state = State::Waiting;
        Some(Ok(Step::Perform(Effect::Wait(wait))))
    }

    fn report(
        &mut self,
        asked: &dyn Asked,
        now: SystemTime,
        sent: SystemTime,
        status: Option<u16>,
        error: &Error,
        wait: Option<Duration>,
    ) {
        let number = self.progress.attempts;
        let (error_type, class) = (error.error_type(), error.retry_class());
        let request_id = error.metadata().and_then(Metadata::short_request_id);
        self.tell(&AttemptEnd {
            operation: asked.about().action,
            host: self.authority(),
            number,
            took: now.duration_since(sent).unwrap_or_default(),
            status,
            request_id: request_id.as_deref(),
            error_type: Some(error_type),
            class: Some(class),
            wait,
        });
        self.progress.report = Some(Attempt {
            number,
            status,
            class: Some(class),
            error_type: Some(error_type.into()),
            request_id: request_id.map(Into::into),
            wait,
        });
    }

    /// Tells subscribers and the hook how an attempt ended.
    fn tell(&self, end: &AttemptEnd<'_>) {
        let AttemptEnd { number, status, request_id, wait, .. } = *end;
        let failure =
            end.error_type.zip(end.class).map(|(error_type, class)| (error_type, class.as_str(), wait));
        trace::attempt(&trace::AttemptEnd { number, status, request_id, failure });
        if let Some(observer) = self.context.observer() {
            observer.tell(end);
        }
    }

    fn transport_error(&self, asked: &dyn Asked, error: TransportError) -> Error {
        error.while_calling(asked.about().action, self.authority()).into()
    }

    /// Host and port of the endpoint.
    fn authority(&self) -> &str {
        let endpoint = self.context.endpoint().ok();
        let authority = endpoint.and_then(|endpoint| endpoint.uri().authority());
        authority.map_or("", |authority| authority.as_str())
    }

    /// Withholds what quotes a secret of the call.
    fn redacted(&self, asked: &dyn Asked, mut error: Error) -> Error {
        let mut secrets = Form::secrets_in(&|form| asked.write(form));
        if let Some(credentials) = self.credentials.as_deref().filter(|_| asked.about().is_signed) {
            secrets.push(credentials.secret_access_key.clone());
            secrets.extend(credentials.session_token.clone());
        }
        error.redact(&secrets);
        error
    }

    /// The error that the call ends with, which says what was tried.
    fn ended(&self, mut error: Error) -> Error {
        error.set_effort(self.progress.attempts, self.progress.waited);
        error
    }
}

const TO_CONNECT: &str = "the time-out to connect";

/// What may follow a failure.
enum Decision {
    /// Another attempt at once, dated with the corrected clock.
    WithClock,
    /// What the class allows, with the server's hint for how long to wait.
    After(RetryClass, Option<Duration>),
}

/// Prints the state; the error of the last attempt may quote what only the operation knows to be a secret.
impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state.fmt(f)
    }
}

const MAX_REDATED: u32 = 2;
