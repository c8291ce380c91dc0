//! IAM Identity Center: credentials for the token of an earlier login.

use std::time::SystemTime;

use crate::settings::{Env, Profiles, Section};
use crate::{Credentials, CredentialsError, Error, Event, Flow, Step};

/// Whose credentials to ask for, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {}

impl Config {
    /// What a profile says; `None` where it has no `sso_` keys.
    pub fn new(
        _env: &Env,
        _profiles: &Profiles,
        _profile: &Section,
    ) -> Result<Option<Self>, CredentialsError> {
        Ok(None)
    }
}

/// Reads the token and asks the portal.
#[derive(Debug)]
pub struct Sso {}

impl Sso {
    /// Asks for these.
    pub fn new(_config: Config, _seed: u128) -> Self {
        Self {}
    }
}

impl Flow for Sso {
    type Output = Credentials;

    fn step(&mut self, _now: SystemTime, _event: Event) -> Result<Step<Credentials>, Error> {
        Err(Error::OutOfTurn)
    }
}
