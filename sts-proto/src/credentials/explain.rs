use std::fmt;

use crate::Tried;
use crate::settings::Setting;

/// What a client is made with and where its credentials come from, for a person to read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// Every setting, with its origin.
    pub settings: Vec<Setting>,
    /// Every source of credentials, in order, and what became of it.
    pub credentials: Vec<Tried>,
}

impl Explanation {
    /// Of these.
    pub fn new(settings: Vec<Setting>, credentials: Vec<Tried>) -> Self {
        Self { settings, credentials }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for setting in &self.settings {
            writeln!(f, "{:<24} {}  ({})", setting.name, setting.value, setting.origin)?;
        }
        for tried in &self.credentials {
            writeln!(f, "{tried}")?;
        }
        Ok(())
    }
}
