//! Presigning with the credentials of a client.

use std::time::SystemTime;

use bytes::Bytes;
use http::Request;

use super::Core;
use super::ready::Ready;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::flow::{Event, Flow, Step};
use crate::operation::{Operation, Presign};

/// Makes an operation a URL: see [`Operation::presign`].
#[derive(Debug)]
pub struct Presigning<'a, O> {
    operation: &'a O,
    options: &'a Presign,
    ready: Ready,
    deadline: Deadline,
}

impl<'a, O: Operation> Presigning<'a, O> {
    pub(super) fn new(core: &Core, operation: &'a O, options: &'a Presign, seed: u128) -> Self {
        let ready = Ready::to_call(core, O::ACTION, O::SIGNED, seed);
        Self { operation, options, ready, deadline: Deadline::new(core.timeouts().call) }
    }
}

impl<O: Operation> Flow for Presigning<'_, O> {
    type Output = Request<Bytes>;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Request<Bytes>>, Error> {
        self.deadline.tick(now);
        let credentials = match self.ready.step(now, event, &self.deadline)? {
            Step::Perform(effect) => return Ok(Step::Perform(effect)),
            Step::Done(credentials) => credentials,
        };
        let core = self.ready.core();
        if O::SIGNED && credentials.is_none() {
            return Err(core.no_credentials(O::ACTION).into());
        }
        let context = core.context();
        let request = context.presign_with(credentials.as_deref(), self.operation, self.options, now)?;
        Ok(Step::Done(request))
    }
}
