//! Signing with the credentials of a client.

use std::fmt;
use std::time::SystemTime;

use super::Core;
use super::ready::Ready;
use crate::context::Context;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::flow::{Event, Flow, Step};
use crate::keys::Credentials;

/// Makes what is signed with the credentials of a client: a URL, a request, a proof. Nothing is sent but what finding region
/// and credentials takes.
pub(super) struct Signing<M> {
    make: M,
    action: &'static str,
    signed: bool,
    ready: Ready,
    deadline: Deadline,
}

impl<M> Signing<M> {
    /// `action` is how errors name it; what is not `signed` needs no credentials.
    pub(super) fn new<T>(core: &Core, action: &'static str, signed: bool, seed: u128, make: M) -> Self
    where
        M: FnMut(&Context, Option<&Credentials>, SystemTime) -> Result<T, Error>,
    {
        let ready = Ready::to_call(core, action, signed, seed);
        Self { make, action, signed, ready, deadline: Deadline::new(core.timeouts().call) }
    }
}

impl<T, M> Flow for Signing<M>
where
    M: FnMut(&Context, Option<&Credentials>, SystemTime) -> Result<T, Error>,
{
    type Output = T;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<T>, Error> {
        self.deadline.tick(now);
        let credentials = match self.ready.step(now, event, &self.deadline)? {
            Step::Perform(effect) => return Ok(Step::Perform(effect)),
            Step::Done(credentials) => credentials,
        };
        let core = self.ready.core();
        if self.signed && credentials.is_none() {
            return Err(core.no_credentials(self.action).into());
        }
        (self.make)(core.context(), credentials.as_deref(), now).map(Step::Done)
    }
}

impl<M> fmt::Debug for Signing<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signing")
            .field("action", &self.action)
            .field("ready", &self.ready)
            .finish_non_exhaustive()
    }
}
