//! A token in a file, for programs that read one.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::{WebIdentityToken, getting, no_token};
use crate::client::{Core, GetCredentials};
use crate::error::Error;
use crate::flow::{Effect, Event, Flow, Step};
use crate::transport::TransportError;

/// Keeps a token in a file, for ever. Fails once no token that it has written is valid and it cannot write
/// another: what the file held before is not looked at.
pub struct KeepToken {
    core: Core,
    audience: String,
    file: PathBuf,
    seed: u128,
    /// What the file holds.
    written: Option<WebIdentityToken>,
    state: State,
}

enum State {
    Waiting,
    Getting(Box<GetCredentials>),
    Writing(WebIdentityToken),
    Over,
}

impl KeepToken {
    pub(super) fn new(core: Core, audience: String, file: PathBuf, seed: u128) -> Self {
        Self { core, audience, file, seed, written: None, state: State::Waiting }
    }

    /// Gives the jobs of this flow.
    pub fn core(&self) -> &Core {
        &self.core
    }

    fn get(
        &mut self,
        now: SystemTime,
        mut getting: Box<GetCredentials>,
        event: Event,
    ) -> Result<Step<Infallible>, Error> {
        match getting.step(now, event) {
            Ok(Step::Perform(effect)) => {
                self.state = State::Getting(getting);
                Ok(Step::Perform(effect))
            }
            Ok(Step::Done(kept)) => {
                let token = WebIdentityToken::of(kept);
                if self.written.as_ref() == Some(&token) {
                    return Ok(self.wait(self.left(now)));
                }
                let effect = Effect::Replace(self.file.clone(), token.token.clone());
                self.state = State::Writing(token);
                Ok(Step::Perform(effect))
            }
            Err(error) => self.failed(now, error),
        }
    }

    /// What the file holds goes on being used while it is valid.
    fn failed(&mut self, now: SystemTime, error: Error) -> Result<Step<Infallible>, Error> {
        match self.left(now) {
            Duration::ZERO => Err(error),
            left => Ok(self.wait(left)),
        }
    }

    fn wait(&mut self, left: Duration) -> Step<Infallible> {
        self.state = State::Waiting;
        Step::Perform(Effect::Wait((left / 10).clamp(MIN_WAIT, MAX_WAIT)))
    }

    /// How long the token in the file is valid.
    fn left(&self, now: SystemTime) -> Duration {
        let now = self.core.context().clocks(now).both();
        self.written.as_ref().map(|token| token.expires_in(now)).unwrap_or_default()
    }

    fn unwritten(&self, error: TransportError) -> Error {
        let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        no_token(&self.audience, format!("it cannot be kept in a file, {why}")).because(error).into()
    }
}

impl Flow for KeepToken {
    type Output = Infallible;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Infallible>, Error> {
        match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Waiting, Event::Start | Event::Elapsed) => {
                self.seed = self.seed.wrapping_add(1);
                let getting = Box::new(getting(&self.core, self.seed));
                self.get(now, getting, Event::Start)
            }
            (State::Getting(getting), event) => self.get(now, getting, event),
            (State::Writing(token), Event::Replaced) => {
                self.written = Some(token);
                Ok(self.wait(self.left(now)))
            }
            (State::Writing(_), Event::Failed(error)) => self.failed(now, self.unwritten(error)),
            _ => Err(Error::OutOfTurn),
        }
    }
}

/// Prints for whom the token is and where it is kept.
impl fmt::Debug for KeepToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeepToken")
            .field("audience", &self.audience)
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

/// How often to look whether there is a newer token.
const MIN_WAIT: Duration = Duration::from_secs(1);
const MAX_WAIT: Duration = Duration::from_secs(60);
