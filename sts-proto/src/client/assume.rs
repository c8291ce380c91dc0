//! The session of a provider that assumes a role: found in the AWS CLI's cache, if it is shared, or begun with a call, with
//! the code of an MFA device if it needs one.

use std::fmt;
use std::mem::replace;
use std::path::PathBuf;
use std::time::SystemTime;

use http::HeaderValue;

use super::{Core, Send};
use crate::credentials::CliCache;
use crate::credentials::assume_role::mfa_code;
use crate::credentials::cli_cache::{Heard, Look};
use crate::error::Error;
use crate::flow::{Effect, Event, Flow, Step};
use crate::keys::Credentials;
use crate::operation::Operation;
use crate::operations::{AssumeRole, AssumeRoleOutput};

/// Looks for a session in the AWS CLI's cache if the client shares it. Else asks for the code of the MFA device if the operation
/// names one and has no code, calls the operation, and keeps the session in the cache. Made by
/// [`AssumeRoleProvider::flow`](super::AssumeRoleProvider::flow).
pub struct AssumingRole {
    core: Core,
    seed: u128,
    trace_id: Option<HeaderValue>,
    /// The file of the cache.
    shared: Option<(CliCache, PathBuf)>,
    heard: Option<Heard>,
    state: State,
}

enum State {
    Ready(AssumeRole),
    Looking(AssumeRole, Box<Look>),
    Asking(AssumeRole, String),
    Calling(Box<Send<AssumeRole>>),
    Keeping(Box<Credentials>),
    Over,
}

impl AssumingRole {
    pub(super) fn new(core: &Core, operation: AssumeRole, trace_id: Option<HeaderValue>, seed: u128) -> Self {
        let cache = core.shared.cli_cache.clone();
        let shared = cache.and_then(|cache| cache.file_of(&operation, true).map(|file| (cache, file)));
        let heard = shared.as_ref().map(|(cache, _)| Heard::new(cache));
        let (core, state) = (core.clone(), State::Ready(operation));
        Self { core, seed, trace_id, shared, heard, state }
    }

    fn look(
        &mut self,
        operation: AssumeRole,
        mut look: Box<Look>,
        now: SystemTime,
        event: Event,
    ) -> Result<Step<Credentials>, Error> {
        match look.step(self.core.context().clocks(now).both(), event)? {
            Step::Perform(effect) => {
                self.state = State::Looking(operation, look);
                Ok(Step::Perform(effect))
            }
            Step::Done(Some((_, credentials))) => Ok(Step::Done(credentials)),
            Step::Done(None) => self.begin(operation, now),
        }
    }

    fn begin(&mut self, operation: AssumeRole, now: SystemTime) -> Result<Step<Credentials>, Error> {
        match operation.serial_number.clone() {
            Some(serial) if operation.token_code.is_none() => {
                self.state = State::Asking(operation, serial.clone());
                Ok(Step::Perform(Effect::AskMfaCode(serial)))
            }
            _ => self.step_call(self.call(operation), now, Event::Start),
        }
    }

    fn call(&self, operation: AssumeRole) -> Box<Send<AssumeRole>> {
        Box::new(self.core.send(operation, self.seed).trace_id(self.trace_id.clone()))
    }

    fn step_call(
        &mut self,
        mut call: Box<Send<AssumeRole>>,
        now: SystemTime,
        event: Event,
    ) -> Result<Step<Credentials>, Error> {
        if let Some(heard) = &mut self.heard {
            heard.hear(&event);
        }
        match call.step(now, event)? {
            Step::Perform(effect) => {
                self.state = State::Calling(call);
                Ok(Step::Perform(effect))
            }
            Step::Done(output) => Ok(self.keep(output)),
        }
    }

    fn keep(&mut self, output: AssumeRoleOutput) -> Step<Credentials> {
        let shared = self.shared.as_ref().zip(self.heard.as_ref());
        let entry = shared.and_then(|((_, file), heard)| Some((file.clone(), heard.role(&output)?)));
        let credentials = Credentials::from(output);
        match entry {
            Some((file, entry)) => {
                self.state = State::Keeping(Box::new(credentials));
                Step::Perform(Effect::Replace(file, entry))
            }
            None => Step::Done(credentials),
        }
    }
}

impl Flow for AssumingRole {
    type Output = Credentials;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Credentials>, Error> {
        match (replace(&mut self.state, State::Over), event) {
            (State::Ready(operation), Event::Start) => match &self.shared {
                Some((cache, file)) => {
                    let look = Box::new(cache.look_in(file.clone()));
                    self.look(operation, look, now, Event::Start)
                }
                None => self.begin(operation, now),
            },
            (State::Looking(operation, look), event) => self.look(operation, look, now, event),
            (State::Asking(operation, serial), event) => {
                let code = mfa_code(&serial, event)?;
                // A code is valid for one request.
                let call = self.call(operation.token_code(code)).once();
                self.step_call(Box::new(call), now, Event::Start)
            }
            (State::Calling(call), event) => self.step_call(call, now, event),
            (State::Keeping(credentials), event) => {
                if let Some((cache, file)) = &self.shared {
                    cache.written(file, &event)?;
                }
                Ok(Step::Done(*credentials))
            }
            _ => Err(Error::OutOfTurn),
        }
    }
}

/// Prints the state; members may be secrets that are not known as such.
impl fmt::Debug for AssumingRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(AssumeRole::ACTION)?;
        match &self.state {
            State::Ready(_) => f.write_str(", not begun"),
            State::Looking(..) => f.write_str(", looks for a session in the aws cli's cache"),
            State::Asking(_, serial) => write!(f, ", asks for the code of {serial}"),
            State::Calling(call) => write!(f, ", {call:?}"),
            State::Keeping(_) => f.write_str(", keeps the session in the aws cli's cache"),
            State::Over => f.write_str(", over"),
        }
    }
}
