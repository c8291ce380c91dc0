//! The credentials endpoint of a container: Amazon ECS and EKS pod identity.

use std::time::SystemTime;

use crate::settings::Env;
use crate::{Credentials, CredentialsError, Error, Event, Flow, Step};

/// Where the endpoint is, and what to show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {}

impl Config {
    /// What the environment says; `None` where it says nothing.
    pub fn from_env(_env: &Env) -> Result<Option<Self>, CredentialsError> {
        Ok(None)
    }
}

/// Asks the endpoint.
#[derive(Debug)]
pub struct Container {}

impl Container {
    /// Asks this one.
    pub fn new(_config: Config, _seed: u128) -> Self {
        Self {}
    }
}

impl Flow for Container {
    type Output = Credentials;

    fn step(&mut self, _now: SystemTime, _event: Event) -> Result<Step<Credentials>, Error> {
        Err(Error::OutOfTurn)
    }
}
