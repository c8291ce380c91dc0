//! The call of a provider that assumes a role, with the code of an MFA device if it needs one.

use std::fmt;
use std::mem::replace;
use std::time::SystemTime;

use http::HeaderValue;

use super::{Core, Send};
use crate::credentials::assume_role::mfa_code;
use crate::error::Error;
use crate::flow::{Effect, Event, Flow, Step};
use crate::operation::Operation;
use crate::operations::{AssumeRole, AssumeRoleOutput};

/// Asks for the code of the MFA device if the operation names one and has no code, and calls the operation.
pub struct AssumingRole {
    core: Core,
    seed: u128,
    trace_id: Option<HeaderValue>,
    state: State,
}

enum State {
    Ready(AssumeRole),
    Asking(AssumeRole, String),
    Calling(Box<Send<AssumeRole>>),
    Over,
}

impl AssumingRole {
    pub(super) fn new(core: &Core, operation: AssumeRole, trace_id: Option<HeaderValue>, seed: u128) -> Self {
        Self { core: core.clone(), seed, trace_id, state: State::Ready(operation) }
    }

    fn call(&self, operation: AssumeRole) -> Box<Send<AssumeRole>> {
        Box::new(self.core.send(operation, self.seed).trace_id(self.trace_id.clone()))
    }

    fn step_call(
        &mut self,
        mut call: Box<Send<AssumeRole>>,
        now: SystemTime,
        event: Event,
    ) -> Result<Step<AssumeRoleOutput>, Error> {
        let step = call.step(now, event)?;
        if let Step::Perform(_) = step {
            self.state = State::Calling(call);
        }
        Ok(step)
    }
}

impl Flow for AssumingRole {
    type Output = AssumeRoleOutput;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<AssumeRoleOutput>, Error> {
        match (replace(&mut self.state, State::Over), event) {
            (State::Ready(operation), Event::Start) => match operation.serial_number.clone() {
                Some(serial) if operation.token_code.is_none() => {
                    self.state = State::Asking(operation, serial.clone());
                    Ok(Step::Perform(Effect::AskMfaCode(serial)))
                }
                _ => self.step_call(self.call(operation), now, Event::Start),
            },
            (State::Asking(operation, serial), event) => {
                let code = mfa_code(&serial, event)?;
                // A code is valid for one request.
                let call = self.call(operation.token_code(code)).once();
                self.step_call(Box::new(call), now, Event::Start)
            }
            (State::Calling(call), event) => self.step_call(call, now, event),
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
            State::Asking(_, serial) => write!(f, ", asks for the code of {serial}"),
            State::Calling(call) => write!(f, ", {call:?}"),
            State::Over => f.write_str(", over"),
        }
    }
}
