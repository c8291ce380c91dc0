//! What every flow of a client begins with: credentials, then the region, within one deadline.

use std::sync::Arc;
use std::time::SystemTime;

use super::Core;
use super::keys::Take;
use super::region::Locate;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::flow::{Event, Step};
use crate::keys::Credentials;

/// Sees to it that an operation can be signed and that it is known where it goes.
#[derive(Debug)]
pub(super) struct Ready {
    core: Core,
    /// The operation, as errors name it; empty where credentials are asked for themselves.
    action: &'static str,
    seed: u128,
    state: State,
}

#[derive(Debug)]
enum State {
    Keys(Take, Next),
    Region(Locate, Option<Arc<Credentials>>),
    Over,
}

/// What is needed beside the credentials.
#[derive(Clone, Copy, Debug)]
enum Next {
    Region { signed: bool },
    Nothing,
}

impl Ready {
    /// For a call of an operation.
    pub(super) fn to_call(core: &Core, action: &'static str, signed: bool, seed: u128) -> Self {
        let state = if signed {
            State::Keys(Take::new(Arc::clone(&core.keys), seed), Next::Region { signed })
        } else {
            State::Region(Locate::new(Arc::clone(&core.shared.region), signed), None)
        };
        Self { core: core.clone(), action, seed, state }
    }

    /// For credentials alone.
    pub(super) fn with_credentials(core: &Core, action: &'static str, seed: u128) -> Self {
        let state = State::Keys(Take::new(Arc::clone(&core.keys), seed), Next::Nothing);
        Self { core: core.clone(), action, seed, state }
    }

    pub(super) fn core(&self) -> &Core {
        &self.core
    }

    /// Begins with [`Event::Start`].
    pub(super) fn step(
        &mut self,
        now: SystemTime,
        event: Event,
        deadline: &Deadline,
    ) -> Result<Step<Option<Arc<Credentials>>>, Error> {
        // Asked before anything is looked at: a job that ends meanwhile is not missed.
        let ended = self.core.ended();
        let left = deadline.left(now);
        let mut event = event;
        loop {
            match std::mem::replace(&mut self.state, State::Over) {
                State::Keys(mut take, next) => {
                    let step = take.step(now, &event, ended, left, deadline.total());
                    match step.map_err(|error| error.while_calling(self.action))? {
                        Step::Perform(effect) => {
                            self.state = State::Keys(take, next);
                            return Ok(Step::Perform(effect));
                        }
                        Step::Done(credentials) => match next {
                            Next::Nothing => return Ok(Step::Done(credentials)),
                            Next::Region { signed } => {
                                let locate = Locate::new(Arc::clone(&self.core.shared.region), signed);
                                self.state = State::Region(locate, credentials);
                                event = Event::Start;
                            }
                        },
                    }
                }
                State::Region(mut locate, credentials) => match locate.step(&event, ended, left)? {
                    Step::Perform(effect) => {
                        self.state = State::Region(locate, credentials);
                        return Ok(Step::Perform(effect));
                    }
                    // They may have expired while the region was looked for.
                    Step::Done(()) if credentials.is_some() && !matches!(event, Event::Start) => {
                        let take = Take::new(Arc::clone(&self.core.keys), self.seed.wrapping_add(1));
                        self.state = State::Keys(take, Next::Nothing);
                        event = Event::Start;
                    }
                    Step::Done(()) => return Ok(Step::Done(credentials)),
                },
                State::Over => return Err(Error::OutOfTurn),
            }
        }
    }
}
