//! Waiting for the credentials of a client.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Found, Keys, Source};
use crate::client::region::MAX_LOST;
use crate::error::{CredentialsError, Error};
use crate::flow::{Event, Join, Step};
use crate::keys::Credentials;

/// Waits until there are credentials.
#[derive(Debug)]
pub(in crate::client) struct Take {
    keys: Arc<Keys>,
    seed: u128,
    lost: u32,
    waiting: Waiting,
}

#[derive(Debug)]
enum Waiting {
    Ready,
    /// For a fetch.
    ToFetch,
    /// For a driver that takes the job. These are good meanwhile.
    Beside(Arc<Credentials>),
    Over,
}

impl Take {
    pub(in crate::client) fn new(keys: Arc<Keys>, seed: u128) -> Self {
        Self { keys, seed, lost: 0, waiting: Waiting::Ready }
    }

    /// `None` where the settings say that there are none. `ended` is what the client says of all its jobs; `left` is how
    /// much time there is, of `total`.
    pub(in crate::client) fn step(
        &mut self,
        now: SystemTime,
        event: &Event,
        ended: u64,
        left: Duration,
        total: Duration,
    ) -> Result<Step<Option<Arc<Credentials>>>, TakeError> {
        match (std::mem::replace(&mut self.waiting, Waiting::Over), event) {
            (Waiting::Ready, Event::Start) if matches!(self.keys.source, Source::Settings) => {
                Ok(Step::Done(self.keys.context.credentials().cloned()))
            }
            (Waiting::Ready, Event::Start) => self.look(now, ended, left),
            (Waiting::ToFetch, Event::Joined) => self.look(now, ended, left),
            // Begins no fetch, which would wait for a later flow to take it.
            (Waiting::ToFetch, Event::Elapsed) => match self.keys.kept(now) {
                Some(credentials) => Ok(Step::Done(Some(credentials))),
                None => Err(too_long(&self.keys, total).into()),
            },
            (Waiting::Beside(credentials), Event::Joined | Event::Elapsed) => {
                Ok(Step::Done(Some(credentials)))
            }
            _ => Err(TakeError::OutOfTurn),
        }
    }

    fn look(
        &mut self,
        now: SystemTime,
        ended: u64,
        left: Duration,
    ) -> Result<Step<Option<Arc<Credentials>>>, TakeError> {
        let within = match self.keys.look(now, self.seed) {
            Found::Here(credentials) => return Ok(Step::Done(Some(credentials))),
            Found::Failed(error) => return Err(error.into()),
            Found::HereWhileFetching(credentials) => {
                self.waiting = Waiting::Beside(credentials);
                Duration::ZERO
            }
            Found::Fetching { begun } => {
                self.lost += u32::from(begun);
                if self.lost > MAX_LOST {
                    return Err(lost(&self.keys).into());
                }
                // Each fetch has a seed of its own.
                self.seed = self.seed.wrapping_add(u128::from(begun));
                self.waiting = Waiting::ToFetch;
                left
            }
        };
        Ok(Step::Perform(Join { seen: ended, within }.into()))
    }
}

/// Why there are no credentials.
#[derive(Debug)]
pub(in crate::client) enum TakeError {
    Credentials(CredentialsError),
    OutOfTurn,
}

impl TakeError {
    /// The error of a call of `operation`; empty where credentials were asked for themselves.
    pub(in crate::client) fn while_calling(self, operation: &'static str) -> Error {
        match self {
            Self::Credentials(error) => error.while_calling(operation),
            Self::OutOfTurn => Error::OutOfTurn,
        }
    }
}

impl From<CredentialsError> for TakeError {
    fn from(error: CredentialsError) -> Self {
        Self::Credentials(error)
    }
}

fn too_long(keys: &Keys, total: Duration) -> CredentialsError {
    keys.unanswered(format!("it has not answered after {total:?}, the time that the call may take"))
}

fn lost(keys: &Keys) -> CredentialsError {
    keys.unanswered(
        "the thread or task that asked it was ended before it had answered, more than once".into(),
    )
}
