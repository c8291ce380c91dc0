//! The instance metadata service of Amazon EC2.

use std::time::SystemTime;

use crate::settings::{Env, Section};
use crate::{Credentials, CredentialsError, Error, Event, Flow, Step};

/// Where the service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {}

impl Config {
    /// What environment and profile say; `None` where the service is switched off.
    pub fn new(_env: &Env, _profile: Option<&Section>) -> Result<Option<Self>, CredentialsError> {
        Ok(None)
    }
}

/// Asks for credentials. Ends with `None` where there is no such service.
#[derive(Debug)]
pub struct InstanceMetadata {}

impl InstanceMetadata {
    /// Asks this one.
    pub fn new(_config: Config, _seed: u128) -> Self {
        Self {}
    }
}

impl Flow for InstanceMetadata {
    type Output = Option<Credentials>;

    fn step(&mut self, _now: SystemTime, _event: Event) -> Result<Step<Option<Credentials>>, Error> {
        Err(Error::OutOfTurn)
    }
}

/// Asks for the region. Ends with `None` where there is no such service.
#[derive(Debug)]
pub struct Region {}

impl Region {
    /// Asks this one.
    pub fn new(_config: Config) -> Self {
        Self {}
    }
}

impl Flow for Region {
    type Output = Option<String>;

    fn step(&mut self, _now: SystemTime, _event: Event) -> Result<Step<Option<String>>, Error> {
        Err(Error::OutOfTurn)
    }
}
