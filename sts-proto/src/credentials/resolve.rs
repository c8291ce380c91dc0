use std::sync::Arc;
use std::time::SystemTime;

use super::Chain;
use crate::{Context, Credentials, Error, Event, Flow, Step, Tried};

/// Carries a chain out: asks one source after the other until one has credentials.
///
/// Roles are assumed through `context`: its endpoint, time-outs and retries. `seed` is any number that no other has.
#[derive(Debug)]
pub struct Resolve {
    _chain: Arc<Chain>,
    _context: Arc<Context>,
    tried: Vec<Tried>,
}

/// What came out of a chain.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Resolved {
    /// The credentials; they hold at this moment.
    pub credentials: Credentials,
    /// What was asked, in order.
    pub tried: Vec<Tried>,
}

impl Resolve {
    /// A resolution that has not begun.
    pub fn new(chain: Arc<Chain>, context: Arc<Context>, _seed: u128) -> Self {
        Self { _chain: chain, _context: context, tried: Vec::new() }
    }

    /// What became of each source, so far; all of them once the flow is over.
    pub fn tried(&self) -> &[Tried] {
        &self.tried
    }
}

impl Flow for Resolve {
    type Output = Resolved;

    fn step(&mut self, _now: SystemTime, _event: Event) -> Result<Step<Resolved>, Error> {
        Err(Error::OutOfTurn)
    }
}
