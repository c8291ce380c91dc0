//! What a client is made with and where its credentials come from.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::SystemTime;

use super::Core;
use super::keys::{Take, TakeError};
use super::region::Locate;
use crate::credentials::{Explanation, imds};
use crate::deadline::Deadline;
use crate::error::{CredentialsError, Tried};
use crate::flow::{Event, Flow, Step};
use crate::keys::Credentials;
use crate::settings::{Origin, Setting};

/// Looks for what is not known yet, then makes a list of everything. Never fails.
#[derive(Debug)]
pub struct Explain {
    core: Core,
    deadline: Deadline,
    /// Whether the settings are told too, which takes most of the time.
    settings: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    Region(Locate, Take),
    Keys(Take),
    Over,
}

impl Explain {
    pub(super) fn new(core: &Core, settings: bool, seed: u128) -> Self {
        let locate = Locate::new(Arc::clone(&core.shared.region), true);
        let take = Take::new(Arc::clone(&core.keys), seed);
        let deadline = Deadline::new(core.timeouts().call);
        Self { core: core.clone(), deadline, settings, state: State::Region(locate, take) }
    }

    fn explanation(&self, now: SystemTime, got: Result<Arc<Credentials>, CredentialsError>) -> Explanation {
        let credentials = self.core.keys.explain(now, got);
        self.told_of(credentials)
    }

    fn told_of(&self, credentials: Vec<Tried>) -> Explanation {
        match self.settings {
            true => self.core.told_of(credentials),
            false => Explanation::new(Vec::new(), credentials),
        }
    }
}

impl Flow for Explain {
    type Output = Explanation;
    type Error = Infallible;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Explanation>, Infallible> {
        self.deadline.tick(now);
        let ended = self.core.ended();
        let (left, total) = (self.deadline.left(now), self.deadline.total());
        let mut event = event;
        let mut take = match std::mem::replace(&mut self.state, State::Over) {
            State::Region(mut locate, take) => {
                if let Ok(Step::Perform(effect)) = locate.step(&event, ended, left) {
                    self.state = State::Region(locate, take);
                    return Ok(Step::Perform(effect));
                }
                // Where there is no region, the list says so.
                event = Event::Start;
                take
            }
            State::Keys(take) => take,
            State::Over => return Ok(Step::Done(self.told_of(Vec::new()))),
        };
        let got = match take.step(now, &event, ended, left, total) {
            Ok(Step::Perform(effect)) => {
                self.state = State::Keys(take);
                return Ok(Step::Perform(effect));
            }
            Ok(Step::Done(Some(credentials))) => Ok(credentials),
            Ok(Step::Done(None)) => Err(CredentialsError::new("the settings", "they hold none")),
            Err(TakeError::Credentials(error)) => Err(error),
            Err(TakeError::OutOfTurn) => {
                Err(CredentialsError::new("the client", "it was stepped out of turn"))
            }
        };
        Ok(Step::Done(self.explanation(now, got)))
    }
}

impl Core {
    /// Every setting as it is in force, and this of the credentials.
    fn told_of(&self, credentials: Vec<Tried>) -> Explanation {
        let context = self.context();
        let settings = context.settings();
        let mut list = settings.list_but_credentials();
        if !self.shared.isolated && !settings.credentials_are_set_in_code() {
            list.extend(imds::Config::listed(&self.shared.metadata));
        }
        if self.keys.are_provided() {
            list.push(Setting::new("credentials", "from a provider", Origin::Code));
        } else if !self.keys.are_looked_for() {
            list.push(settings.listed_credentials());
        }
        let to_be_found = matches!(self.shared.metadata, Ok(Some(_))) && !settings.has_region();
        let located = context.located();
        for setting in &mut list {
            match (setting.name, located) {
                ("region", Some((_, region))) => {
                    *setting = Setting::new("region", region, Origin::InstanceMetadata);
                }
                // A URL that was set stays what it is.
                ("endpoint", Some((endpoint, _))) if settings.endpoint().is_err() => {
                    let uri = endpoint.uri().to_string();
                    *setting = Setting::new("endpoint", uri, Origin::InstanceMetadata);
                }
                ("proxy", Some((endpoint, _))) if settings.endpoint().is_err() => {
                    *setting = settings.listed_proxy(Some(endpoint));
                }
                ("endpoint", None) if to_be_found && settings.endpoint().is_err() => {
                    *setting = Setting::new("endpoint", "known once the region is", Origin::Default);
                }
                _ => {}
            }
        }
        let mut told = Explanation::new(list, credentials);
        if self.timeouts != context.timeouts() {
            for setting in Setting::timeouts(self.timeouts, &Origin::Code) {
                told = told.with(setting);
            }
        }
        (self.shared.told)(settings).into_iter().fold(told, Explanation::with)
    }
}
