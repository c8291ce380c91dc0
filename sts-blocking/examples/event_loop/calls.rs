//! What the loops of the examples have in common: how often they call, and what came of the calls.

use std::collections::BTreeSet;
use std::error::Error;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use sts_blocking::operations::GetCallerIdentityOutput;

/// The results of the calls.
#[derive(Default)]
pub(crate) struct Tally {
    succeeded: u32,
    sent_again: u32,
    max_wait: Duration,
    /// The sessions that signed: the ARN of each.
    sessions: BTreeSet<String>,
    failed: Vec<sts_blocking::Error>,
}

impl Tally {
    pub(crate) fn count(
        &mut self,
        begun: Instant,
        called: Result<GetCallerIdentityOutput, sts_blocking::Error>,
    ) {
        self.max_wait = self.max_wait.max(begun.elapsed());
        match called {
            Ok(me) => {
                self.succeeded += 1;
                self.sent_again += u32::from(me.metadata.attempts() > 1);
                self.sessions.insert(me.arn);
            }
            Err(error) => self.failed.push(error),
        }
    }

    /// One session that the server refuses, one that is replaced before it ends, and its successor.
    pub(crate) fn is_complete(&self) -> bool {
        self.sessions.len() >= 3
    }

    pub(crate) fn check(self) -> Result<(), Box<dyn Error>> {
        let is_complete = self.is_complete();
        let Self { succeeded, sent_again, max_wait, sessions, failed } = self;
        println!(
            "{succeeded} calls, {sent_again} of them sent more than once; the longest took {max_wait:?}"
        );
        println!("signed with {} sessions: {sessions:#?}", sessions.len());
        if let Some(error) = failed.into_iter().next() {
            return Err(error.into());
        }
        if !is_complete {
            return Err("the credentials were not kept fresh".into());
        }
        Ok(())
    }
}

/// A number that no other flow has. `getrandom` or `rand` do this better; the standard library has nothing else.
pub(crate) fn random() -> u128 {
    let number = || u128::from(RandomState::new().build_hasher().finish());
    number() << 64 | number()
}

/// How often a call begins.
pub(crate) const EVERY: Duration = Duration::from_millis(50);
