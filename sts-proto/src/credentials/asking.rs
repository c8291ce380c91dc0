//! One source that is being asked.

use std::path::PathBuf;
use std::time::SystemTime;

use super::cli_cache::CliCache;
use super::container::Container;
use super::imds::InstanceMetadata;
#[cfg(feature = "login")]
use super::login::Login;
use super::process::Process;
use super::resolve::cannot_assume;
use super::sso::Sso;
use super::{Plan, Source, WebIdentity};
use crate::error::Error;
use crate::flow::{Event, Flow, Step};
use crate::keys::Credentials;
use crate::secret::Secret;

/// The flow of a source.
#[derive(Debug)]
pub(super) enum Asking {
    Process(Process),
    WebIdentity(WebIdentity),
    Container(Container),
    InstanceMetadata(Box<InstanceMetadata>),
    Sso(Sso),
    #[cfg(feature = "login")]
    Login(Login),
}

impl Asking {
    /// Ends with `None` if the source turns out not to exist. `clock` is the time by both clocks, for expirations.
    pub(super) fn step(
        &mut self,
        now: SystemTime,
        clock: SystemTime,
        event: Event,
    ) -> Result<Step<Option<Credentials>>, Error> {
        let step = match self {
            Self::Process(flow) => flow.step(now, event),
            Self::WebIdentity(flow) => flow.step(now, event),
            Self::Container(flow) => flow.step(now, event),
            Self::InstanceMetadata(flow) => return flow.step(clock, event),
            Self::Sso(flow) => flow.step(clock, event),
            #[cfg(feature = "login")]
            Self::Login(flow) => flow.step(clock, event),
        };
        Ok(match step? {
            Step::Perform(effect) => Step::Perform(effect),
            Step::Done(credentials) => Step::Done(Some(credentials)),
        })
    }

    /// The entry of these credentials in the AWS CLI's cache, if it keeps such.
    pub(super) fn entry(
        &mut self,
        cache: &CliCache,
        plan: &Plan,
        credentials: &Credentials,
    ) -> Option<(PathBuf, Secret)> {
        match (self, &plan.source) {
            (Self::Sso(_), Source::Sso(config)) => cache.entry_of_sso(config, credentials),
            (Self::WebIdentity(flow), Source::WebIdentity { role, .. }) => {
                cache.entry_of_web_identity(role, flow.entry()?)
            }
            _ => None,
        }
    }

    /// Whether the credentials have expired and are kept in use because there are no others.
    pub(super) fn extended(&self) -> bool {
        matches!(self, Self::InstanceMetadata(flow) if flow.extended())
    }

    /// Why the source does not exist.
    pub(super) fn absence(&self, plan: &Plan) -> String {
        match (self, &plan.source) {
            (Self::InstanceMetadata(flow), Source::InstanceMetadata(config)) if flow.answered() => {
                format!("{} says that the instance has no role", config.endpoint())
            }
            (_, Source::InstanceMetadata(config)) => format!("nothing answers at {}", config.endpoint()),
            _ => "it does not exist".to_owned(),
        }
    }

    /// What the text of an error begins with, to say what was being done.
    pub(super) fn doing(&self) -> String {
        match self {
            Self::Process(_) => "credential_process: ".to_owned(),
            Self::WebIdentity(flow) => cannot_assume(flow.role_arn()),
            _ => String::new(),
        }
    }
}
