//! One source that is being asked.

use std::fmt;
use std::path::PathBuf;
use std::time::SystemTime;

use super::cli_cache::CliCache;
use super::container::Container;
use super::imds::InstanceMetadata;
#[cfg(feature = "login")]
use super::login::Login;
use super::process::Process;
use super::resolve::cannot_assume;
#[cfg(feature = "roles-anywhere")]
use super::roles_anywhere::RolesAnywhere;
use super::sso::Sso;
use super::{Plan, Source, WebIdentity};
use crate::error::Error;
use crate::flow::{Event, Flow, Step};
use crate::keys::Credentials;
use crate::secret::Secret;

/// The flow of a source. A trait and not an enum, so that what holds one need not hold the code that drops each of them.
pub(super) trait Asking: Send + Sync {
    /// Ends with `None` if the source turns out not to exist. `clock` is the time by both clocks, for expirations.
    fn step(&mut self, now: SystemTime, clock: SystemTime, event: Event) -> Asked;

    /// The entry of these credentials in the AWS CLI's cache, if it keeps such.
    fn entry(&mut self, _: &CliCache, _: &Plan, _: &Credentials) -> Option<(PathBuf, Secret)> {
        None
    }

    /// Whether the credentials have expired and are kept in use because there are no others.
    fn extended(&self) -> bool {
        false
    }

    /// Why the source does not exist.
    fn absence(&self, _: &Plan) -> String {
        ABSENT.to_owned()
    }

    /// What the text of an error begins with, to say what was being done.
    fn doing(&self) -> String {
        String::new()
    }
}

impl fmt::Debug for dyn Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asking { .. }")
    }
}

pub(super) type Asked = Result<Step<Option<Credentials>>, Error>;

impl Asking for Process {
    fn step(&mut self, now: SystemTime, _: SystemTime, event: Event) -> Asked {
        Flow::step(self, now, event).map(given)
    }

    fn doing(&self) -> String {
        "credential_process: ".to_owned()
    }
}

impl Asking for WebIdentity {
    fn step(&mut self, now: SystemTime, _: SystemTime, event: Event) -> Asked {
        Flow::step(self, now, event).map(given)
    }

    fn entry(&mut self, cache: &CliCache, plan: &Plan, _: &Credentials) -> Option<(PathBuf, Secret)> {
        let Source::WebIdentity { role, .. } = &plan.source else { return None };
        cache.entry_of_web_identity(role, self.entry()?)
    }

    fn doing(&self) -> String {
        cannot_assume(self.role_arn())
    }
}

impl Asking for Container {
    fn step(&mut self, now: SystemTime, _: SystemTime, event: Event) -> Asked {
        Flow::step(self, now, event).map(given)
    }
}

impl Asking for InstanceMetadata {
    fn step(&mut self, _: SystemTime, clock: SystemTime, event: Event) -> Asked {
        Flow::step(self, clock, event)
    }

    fn extended(&self) -> bool {
        self.extended()
    }

    fn absence(&self, plan: &Plan) -> String {
        let Source::InstanceMetadata(config) = &plan.source else { return ABSENT.to_owned() };
        match self.answered() {
            true => format!("{} says that the instance has no role", config.endpoint()),
            false => format!("nothing answers at {}", config.endpoint()),
        }
    }
}

impl Asking for Sso {
    fn step(&mut self, _: SystemTime, clock: SystemTime, event: Event) -> Asked {
        Flow::step(self, clock, event).map(given)
    }

    fn entry(&mut self, cache: &CliCache, plan: &Plan, given: &Credentials) -> Option<(PathBuf, Secret)> {
        let Source::Sso(config) = &plan.source else { return None };
        cache.entry_of_sso(config, given)
    }
}

#[cfg(feature = "login")]
impl Asking for Login {
    fn step(&mut self, _: SystemTime, clock: SystemTime, event: Event) -> Asked {
        Flow::step(self, clock, event).map(given)
    }
}

#[cfg(feature = "roles-anywhere")]
impl Asking for RolesAnywhere {
    fn step(&mut self, now: SystemTime, _: SystemTime, event: Event) -> Asked {
        Flow::step(self, now, event).map(given)
    }
}

fn given(step: Step<Credentials>) -> Step<Option<Credentials>> {
    match step {
        Step::Perform(effect) => Step::Perform(effect),
        Step::Done(credentials) => Step::Done(Some(credentials)),
    }
}

const ABSENT: &str = "it does not exist";
