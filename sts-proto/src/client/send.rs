//! A call of a client: credentials, region, the call, and a second try where the service has refused the credentials.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderValue;

use super::Core;
use super::keys::Take;
use super::ready::Ready;
use crate::call::{Asked, Asking, Attempt, Attempts, Untyped};
use crate::deadline::Deadline;
use crate::error::{Error, Metadata};
use crate::flow::{Event, Flow, Step};
use crate::keys::Credentials;
use crate::operation::Operation;
use crate::trace::{self, CallEnd, Span};

/// A call of an operation, with all that it takes. See [`Core::send`].
///
/// A call whose credentials the service refuses as expired drops them, has new ones fetched, and is sent once more.
pub struct Send<O: Operation> {
    asking: Asking<O>,
    sending: Sending,
}

impl<O: Operation> Send<O> {
    pub(super) fn new(core: &Core, operation: O, seed: u128) -> Self {
        let mut asking = Asking::new(operation);
        let sending = Sending::new(core, &asking.untyped(), seed);
        Self { asking, sending }
    }

    /// With this in `X-Amzn-Trace-Id`: see [`Core::trace_id`].
    #[must_use]
    pub fn trace_id(mut self, id: Option<HeaderValue>) -> Self {
        self.sending.set_trace_id(id);
        self
    }

    /// Tried once, whatever comes of it: for what must not be sent twice.
    pub(super) fn once(mut self) -> Self {
        self.sending.attempts.set_max(1);
        self.sending.is_once = true;
        self
    }

    /// Where the events of this call belong. Its own steps enter it.
    pub fn span(&self) -> &Span {
        &self.sending.span
    }

    /// How the last attempt ended, once one has.
    pub fn last_attempt(&self) -> Option<&Attempt> {
        self.sending.attempts.last()
    }
}

impl<O: Operation> Flow for Send<O> {
    type Output = O::Output;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<O::Output>, Error> {
        let step = self.sending.steps(self.asking.untyped()).step(now, event)?;
        self.asking.end(step)
    }
}

/// Prints the action and the state; members may be secrets that are not known as such.
impl<O: Operation> fmt::Debug for Send<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Send")
            .field("action", &O::ACTION)
            .field("state", &self.sending.state)
            .finish_non_exhaustive()
    }
}

/// A call without its operation, which stays in an [`Asking`]. Code that takes the [`steps`](Self::steps) of such a call is
/// compiled once, where code that takes those of [`Send`] is compiled for each operation.
///
/// ```
/// use std::time::SystemTime;
/// use sts_proto::client::{Asking, Core, Steps};
/// use sts_proto::flow::{Effect, Event, Flow, Step};
/// use sts_proto::operations::GetCallerIdentity;
/// use sts_proto::Error;
/// use sts_proto::settings::Env;
///
/// fn drive(
///     mut call: Steps<'_>,
///     perform: &dyn Fn(Effect) -> Event,
/// ) -> Result<(), Error> {
///     let mut event = Event::Start;
///     loop {
///         event = match call.step(SystemTime::now(), event)? {
///             Step::Done(()) => return Ok(()),
///             Step::Perform(effect) => perform(effect),
///         };
///     }
/// }
///
/// # fn example(core: &Core, perform: &dyn Fn(Effect) -> Event) -> Result<(), Error> {
/// let mut asking = Asking::new(GetCallerIdentity::new());
/// let mut sending = core.sending(&asking.untyped(), 42, Env::default);
/// drive(sending.steps(asking.untyped()), perform)?;
/// println!("{}", asking.output()?.arn);
/// # Ok(())
/// # }
/// ```
///
/// A loop that has calls of several operations in one table puts each [`Asking`] behind a trait of its own, and takes one step
/// of a call when an effect of it has ended:
///
/// ```
/// use std::time::SystemTime;
/// use sts_proto::client::{Asking, Pace, Sending, Untyped};
/// use sts_proto::flow::{Effect, Event, Step};
/// use sts_proto::operations::GetCallerIdentity;
/// use sts_proto::Error;
///
/// trait Caller {
///     fn untyped(&mut self) -> Untyped<'_>;
///     fn end(&mut self, result: Result<(), Error>);
/// }
///
/// struct WhoAmI(Asking<GetCallerIdentity>);
///
/// impl Caller for WhoAmI {
///     fn untyped(&mut self) -> Untyped<'_> {
///         self.0.untyped()
///     }
///
///     fn end(&mut self, result: Result<(), Error>) {
///         match result.and_then(|()| self.0.output()) {
///             Ok(me) => println!("{}", me.arn),
///             Err(error) => eprintln!("{error}"),
///         }
///     }
/// }
///
/// struct Call {
///     caller: Box<dyn Caller>,
///     sending: Sending,
///     pace: Pace, // of `Core::pace`, when the call begins
/// }
///
/// /// What to do next, or `None` where the call is over.
/// fn step(call: &mut Call, event: Event) -> Option<Effect> {
///     let mut steps = call.sending.steps(call.caller.untyped());
///     let result = match call.pace.step(&mut steps, SystemTime::now, event) {
///         Ok(Step::Perform(effect)) => return Some(effect),
///         Ok(Step::Done(())) => Ok(()),
///         Err(error) => Err(error),
///     };
///     call.caller.end(result);
///     None
/// }
/// # let _ = (WhoAmI, step);
/// ```
pub struct Sending {
    core: Core,
    /// Of the operation that this call was made for.
    action: &'static str,
    deadline: Deadline,
    seed: u128,
    span: Span,
    attempts: Attempts,
    /// Whether it must not be sent again, with other credentials either.
    is_once: bool,
    state: State,
}

/// The steps of a call, of which the last puts the output into the [`Asking`]: see [`Sending`]. One value can take all steps of a
/// call, or each step can have a value of its own.
pub struct Steps<'a> {
    sending: &'a mut Sending,
    asked: &'a mut dyn Asked,
}

impl Flow for Steps<'_> {
    type Output = ();
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<()>, Error> {
        self.sending.step(self.asked, now, event)
    }
}

/// Prints the state.
impl fmt::Debug for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending").field("state", &self.state).finish_non_exhaustive()
    }
}

/// Prints action and state.
impl fmt::Debug for Steps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steps")
            .field("action", &self.asked.about().action)
            .field("state", &self.sending.state)
            .finish()
    }
}

#[derive(Debug)]
enum State {
    Ready(Ready),
    /// The service may refuse the credentials.
    Calling,
    /// Newer credentials are waited for.
    Renewing(Take, Box<Refusal>),
    /// With newer credentials. The refusal says more than an error from before the first request with them.
    CallingAgain(Box<Refusal>),
    Over,
}

#[derive(Debug)]
struct Refusal {
    credentials: Arc<Credentials>,
    error: Error,
    /// How many requests were sent by then.
    sent: u32,
}

impl Sending {
    pub(super) fn new(core: &Core, asked: &Untyped<'_>, seed: u128) -> Self {
        let endpoint = core.endpoint().map(|endpoint| endpoint.uri());
        let about = asked.0.about();
        let mut attempts = Attempts::new(Arc::clone(core.context()), seed);
        attempts.set_timeouts(core.timeouts());
        if let Some(max) = core.max_attempts {
            attempts.set_max(max);
        }
        Self {
            core: core.clone(),
            action: about.action,
            deadline: Deadline::new(core.timeouts().call),
            seed,
            span: Span::of_call(about.action, endpoint),
            attempts,
            is_once: false,
            state: State::Ready(Ready::to_call(core, about.action, about.is_signed, seed.rotate_left(64))),
        }
    }

    pub(super) fn set_trace_id(&mut self, id: Option<HeaderValue>) {
        if id.is_some() {
            self.attempts.set_trace_id(id);
        }
    }

    /// Where the events of this call belong. Its own steps enter it.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// The steps. `asked` is the operation that this call was made for: the answer is read into it, and what an answer quotes of
    /// its secrets is withheld. With an operation of another action, a step ends with [`Error::OutOfTurn`].
    pub fn steps<'a, 'b: 'a>(&'a mut self, asked: Untyped<'b>) -> Steps<'a> {
        Steps { sending: self, asked: asked.0 }
    }

    fn step(&mut self, asked: &mut dyn Asked, now: SystemTime, event: Event) -> Result<Step<()>, Error> {
        if asked.about().action != self.action {
            return Err(Error::OutOfTurn);
        }
        let span = self.span.clone();
        let result = span.enter(|| self.go_on(asked, now, event));
        if trace::ENABLED {
            self.tell(asked, &result);
        }
        if result.is_err() {
            // Part of an answer that cannot be used.
            asked.clear();
        }
        result
    }

    fn go_on(&mut self, asked: &mut dyn Asked, now: SystemTime, event: Event) -> Result<Step<()>, Error> {
        self.deadline.tick(now);
        if matches!(event, Event::Start) {
            self.attempts.check_timeouts(asked)?;
        }
        match std::mem::replace(&mut self.state, State::Over) {
            State::Ready(mut ready) => match ready.step(now, event, &self.deadline)? {
                Step::Perform(effect) => {
                    self.state = State::Ready(ready);
                    Ok(Step::Perform(effect))
                }
                Step::Done(credentials) => {
                    if asked.about().is_signed && credentials.is_none() {
                        return Err(self.core.no_credentials(asked.about().action).into());
                    }
                    self.attempts.set_up(self.left(now), credentials);
                    self.call(asked, now, Event::Start)
                }
            },
            State::Calling => self.call(asked, now, event),
            State::Renewing(take, refusal) => self.renew(asked, now, &event, take, refusal),
            State::CallingAgain(refusal) => self.call_again(asked, now, event, refusal),
            State::Over => Err(Error::OutOfTurn),
        }
    }

    fn call(&mut self, asked: &mut dyn Asked, now: SystemTime, event: Event) -> Result<Step<()>, Error> {
        let error = match self.step_call(asked, now, event) {
            Ok(Step::Perform(effect)) => {
                self.state = State::Calling;
                return Ok(Step::Perform(effect));
            }
            Ok(Step::Done(())) => return Ok(Step::Done(())),
            Err(error) => error,
        };
        let credentials = self.attempts.signer().filter(|_| asked.about().is_signed).cloned();
        let Some(credentials) = credentials.filter(|used| self.core.keys.are_refused(now, &error, used))
        else {
            return Err(error);
        };
        if !self.core.keys.refuse(now, &credentials) || self.is_once {
            return Err(error);
        }
        let take = Take::new(Arc::clone(&self.core.keys), self.seed.rotate_left(32));
        let sent = self.attempts.count();
        self.renew(asked, now, &Event::Start, take, Box::new(Refusal { credentials, error, sent }))
    }

    /// Goes on with the call. While it waited, its credentials may have expired and newer ones may have been fetched.
    fn step_call(&mut self, asked: &mut dyn Asked, now: SystemTime, event: Event) -> Result<Step<()>, Error> {
        if asked.about().is_signed
            && matches!(event, Event::Elapsed)
            && let Some(kept) = self.core.keys.kept(now)
        {
            self.attempts.sign_with(kept);
        }
        self.attempts.step(asked, now, event)
    }

    fn renew(
        &mut self,
        asked: &mut dyn Asked,
        now: SystemTime,
        event: &Event,
        mut take: Take,
        refusal: Box<Refusal>,
    ) -> Result<Step<()>, Error> {
        let ended = self.core.ended();
        match take.step(now, event, ended, self.left(now), self.deadline.total()) {
            Ok(Step::Perform(effect)) => {
                self.state = State::Renewing(take, refusal);
                Ok(Step::Perform(effect))
            }
            Ok(Step::Done(Some(newer))) if !newer.same_keys(&refusal.credentials) => {
                self.attempts.renew(newer);
                self.call_again(asked, now, Event::Start, refusal)
            }
            // The refusal is what the caller can do something about.
            _ => Err(refusal.error),
        }
    }

    fn call_again(
        &mut self,
        asked: &mut dyn Asked,
        now: SystemTime,
        event: Event,
        refusal: Box<Refusal>,
    ) -> Result<Step<()>, Error> {
        match self.step_call(asked, now, event) {
            Ok(Step::Perform(effect)) => {
                self.state = State::CallingAgain(refusal);
                Ok(Step::Perform(effect))
            }
            Ok(Step::Done(())) => Ok(Step::Done(())),
            Err(_) if self.attempts.count() == refusal.sent => Err(refusal.error),
            Err(error) => Err(error),
        }
    }

    /// How much time is left: at least a moment, so that what is tried in it ends with an error that names it.
    fn left(&self, now: SystemTime) -> Duration {
        self.deadline.left(now).max(self.deadline.total().min(MIN_LEFT))
    }

    fn tell(&self, asked: &mut dyn Asked, result: &Result<Step<()>, Error>) {
        let (metadata, attempts, error_type) = match result {
            Ok(Step::Perform(_)) => return,
            Ok(Step::Done(())) => (asked.metadata().map(|told| &*told), self.attempts.count(), None),
            Err(error) => (error.metadata(), error.attempts(), Some(error.error_type())),
        };
        let request_id = metadata.and_then(Metadata::short_request_id);
        self.span.ended(&CallEnd {
            attempts,
            status: metadata.map(|metadata| metadata.status().as_u16()),
            request_id: request_id.as_deref(),
            error_type,
        });
    }
}

const MIN_LEFT: Duration = Duration::from_millis(5);
