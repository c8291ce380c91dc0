//! Signatures that were seen, so that a proof is accepted once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::reason::Reason;

/// A bounded memory of signatures. It holds each until STS no longer honours it; if it is full, proofs are refused rather
/// than old ones forgotten.
pub(super) struct Replay {
    max: usize,
    seen: Mutex<BTreeMap<String, SystemTime>>,
}

impl Replay {
    pub(super) fn new(max: usize) -> Self {
        Self { max, seen: Mutex::default() }
    }

    /// Remembers a signature that is not remembered yet.
    pub(super) fn claim(&self, signature: &str, until: SystemTime, now: SystemTime) -> Result<(), Reason> {
        let mut seen = self.seen();
        if seen.get(signature).is_some_and(|until| *until >= now) {
            return Err(Reason::Replayed);
        }
        if seen.len() >= self.max {
            seen.retain(|_, until| *until >= now);
        }
        if seen.len() >= self.max {
            return Err(Reason::Crowded);
        }
        seen.insert(signature.to_owned(), until);
        Ok(())
    }

    /// Forgets one that STS has said nothing about.
    pub(super) fn release(&self, signature: &str) {
        self.seen().remove(signature);
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<String, SystemTime>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Replay({} of {})", self.seen().len(), self.max)
    }
}
