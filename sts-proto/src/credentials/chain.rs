use super::Plan;
use crate::CredentialsError;
use crate::settings::{Env, Profiles};

/// Where to look for credentials, in order.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Chain {
    /// The sources.
    pub candidates: Vec<Candidate>,
}

/// A source of a chain.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Candidate {
    /// `environment`, `profile dev`, ….
    pub name: Box<str>,
    /// What there is of it.
    pub found: Found,
}

/// What there is of a source.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Found {
    /// It is configured.
    Plan(Plan),
    /// It is not, for this reason.
    Nothing(Box<str>),
    /// It is, in a way that cannot work.
    Broken(CredentialsError),
}

impl Chain {
    /// The chain of every AWS tool: environment, profile, web identity, container, instance metadata. Where the code names
    /// a `profile`, the keys in the environment are passed over.
    pub fn new(_env: &Env, _profiles: &Profiles, _profile: Option<&str>) -> Self {
        Self { candidates: Vec::new() }
    }

    /// One profile and nothing else.
    pub fn profile(_env: &Env, _profiles: &Profiles, _name: &str) -> Self {
        Self { candidates: Vec::new() }
    }
}
