//! One call of an operation as a flow.

// Without the feature `credentials` there is no client, and nothing else uses a call without its type.
#![cfg_attr(not(feature = "credentials"), allow(dead_code, unreachable_pub))]

mod attempts;
mod headers;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderValue;

use crate::context::Context;
use crate::error::{Error, Metadata};
use crate::flow::{Event, Flow, Step, Timeouts};
use crate::keys::Credentials;
use crate::operation::{About, Operation, Output, Slot};
use crate::retry::RetryClass;
use crate::wire::{Form, FromXml, Place, XmlError, XmlReader};

pub(crate) use attempts::{Asked, Attempts};
#[cfg(feature = "roles-anywhere")]
pub(crate) use headers::date;

/// A call of an operation, as a flow.
///
/// Each attempt is dated, numbered and signed anew, under one invocation id. An attempt that fails in a way that may
/// pass is followed by another, as long as attempts, time and the quota that all calls of the client share allow it:
/// see [`Retry`](crate::Retry). No wait is begun that cannot end before the call's deadline.
///
/// `seed` is any number that no other call has: random, as a rule. The invocation id and the lengths of the waits are
/// made of it.
pub struct Call<O: Operation> {
    asking: Asking<O>,
    attempts: Attempts,
}

/// How an attempt ended: for logs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// Its number, counted from 1.
    pub number: u32,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Of the failure; `None` for a success.
    pub class: Option<RetryClass>,
    /// Why it failed: see [`Error::error_type`].
    pub error_type: Option<Box<str>>,
    /// The request id of a failure, if there was an answer with one. A success has it in its output.
    pub request_id: Option<Box<str>>,
    /// How long the call waits before the next attempt; `None` if this was the last.
    pub wait: Option<Duration>,
}

impl<O: Operation> Call<O> {
    /// A call that has not begun.
    pub fn new(operation: O, context: Arc<Context>, seed: u128) -> Self {
        Self { asking: Asking::new(operation), attempts: Attempts::new(context, seed) }
    }

    /// Other time-outs than the client's.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.attempts.set_timeouts(timeouts);
        self
    }

    /// Signed with these, not with the context's.
    pub fn credentials(mut self, credentials: impl Into<Arc<Credentials>>) -> Self {
        self.attempts.sign_with(credentials.into());
        self
    }

    /// With this in `X-Amzn-Trace-Id`, not with what the environment said when the settings were made: see
    /// [`Env::trace_id`](crate::settings::Env::trace_id).
    pub fn trace_id(mut self, id: Option<HeaderValue>) -> Self {
        self.attempts.set_trace_id(id);
        self
    }

    /// Tried once, whatever comes of it: for what must not be sent twice.
    pub fn once(mut self) -> Self {
        self.attempts.set_max(1);
        self
    }

    /// What a retry cost that this call is, which comes back if it succeeds.
    pub(crate) fn paid(mut self, paid: Option<u32>) -> Self {
        self.attempts.set_paid(paid);
        self
    }

    /// How the last attempt ended, once one has.
    pub fn last_attempt(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// How many requests were sent.
    pub fn attempts(&self) -> u32 {
        self.attempts.count()
    }

    /// How long the server wants to be left alone, if its last answer said so.
    #[cfg(feature = "credentials")]
    pub(crate) fn hint(&self) -> Option<Duration> {
        self.attempts.hint()
    }
}

impl<O: Operation> Flow for Call<O> {
    type Output = O::Output;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<O::Output>, Error> {
        let step = self.attempts.step(&mut self.asking, now, event)?;
        self.asking.end(step)
    }
}

/// Prints the action and the state; members may be secrets that are not known as such.
impl<O: Operation> fmt::Debug for Call<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("action", &O::ACTION)
            .field("state", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// An operation that a client calls, and a place for its output. `client::Sending` is the call, and shows both at work.
pub struct Asking<O: Operation> {
    operation: O,
    output: Option<O::Output>,
}

/// An [`Asking`] without the type of its operation. It borrows the `Asking`: a loop takes another for each step.
pub struct Untyped<'a>(pub(crate) &'a mut dyn Asked);

impl<O: Operation> Asking<O> {
    /// An operation of which nothing was sent yet.
    #[inline]
    pub fn new(operation: O) -> Self {
        Self { operation, output: None }
    }

    /// For a call, which puts the output here.
    #[inline]
    pub fn untyped(&mut self) -> Untyped<'_> {
        Untyped(self)
    }

    /// The output, once the call is done.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfTurn`] before the call is done, after a call that failed, and once the output was taken.
    #[inline]
    pub fn output(&mut self) -> Result<O::Output, Error> {
        self.output.take().ok_or(Error::OutOfTurn)
    }

    /// The same step, with the output if it is the last.
    pub(crate) fn end(&mut self, step: Step<()>) -> Result<Step<O::Output>, Error> {
        match step {
            Step::Perform(effect) => Ok(Step::Perform(effect)),
            Step::Done(()) => self.output().map(Step::Done),
        }
    }
}

/// Prints the action; members may be secrets that are not known as such.
impl<O: Operation> fmt::Debug for Asking<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asking").field("action", &O::ACTION).finish_non_exhaustive()
    }
}

/// Prints the action.
impl fmt::Debug for Untyped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Untyped").field("action", &self.0.about().action).finish_non_exhaustive()
    }
}

// These are inline, as the methods of `Asking` are: a program then holds one copy of the code that drops an operation's members.

impl<O: Operation> Asked for Asking<O> {
    #[inline]
    fn about(&self) -> &'static About {
        About::of::<O>()
    }

    #[inline]
    fn write(&self, form: &mut Form) {
        self.operation.write(form);
    }
}

impl<O: Operation> Slot for Asking<O> {
    #[inline]
    fn metadata(&mut self) -> Option<&mut Metadata> {
        self.output.as_mut().map(Output::metadata_mut)
    }

    #[inline]
    #[cfg(feature = "credentials")]
    fn clear(&mut self) {
        self.output = None;
    }
}

impl<O: Operation> Place for Asking<O> {
    #[inline]
    fn read(&mut self, reader: &mut XmlReader<'_>) -> Result<(), XmlError> {
        self.output = Some(FromXml::read(reader)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
