//! Signatures that were seen, so that a proof is accepted once.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::reason::Reason;

/// A bounded memory of signatures. It holds each at least until STS no longer honours it; if it is full, proofs are refused
/// rather than such ones forgotten.
pub(super) struct Replay {
    max: usize,
    /// By their ends. A signature is over its date, so that one with another date is another proof, which STS refuses.
    seen: Mutex<BTreeSet<Seen>>,
}

/// Until when a signature is remembered, and the signature.
type Seen = (SystemTime, String);

impl Replay {
    pub(super) fn new(max: usize) -> Self {
        Self { max, seen: Mutex::default() }
    }

    /// Remembers a signature that is not remembered yet, until the claim is dropped.
    pub(super) fn claim(
        self: &Arc<Self>,
        signature: &str,
        until: SystemTime,
        now: SystemTime,
    ) -> Result<Claim, Reason> {
        let signature = (until, signature.to_owned());
        let mut seen = self.seen();
        if seen.contains(&signature) {
            return Err(Reason::Replayed);
        }
        // No sooner than there is need for the room: this machine's clock may have been ahead, and step back.
        while seen.len() >= self.max && seen.first().is_some_and(|(until, _)| *until < now) {
            seen.pop_first();
        }
        if seen.len() >= self.max {
            return Err(Reason::Crowded);
        }
        seen.insert(signature.clone());
        Ok(Claim { replay: Arc::clone(self), signature: Some(signature) })
    }

    fn seen(&self) -> MutexGuard<'_, BTreeSet<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Replay({} of {})", self.seen().len(), self.max)
    }
}

/// A signature that STS is being asked about. It is forgotten if its proof is not accepted in the end, or the flow is given
/// up: otherwise anyone could fill the memory with proofs that are none.
pub(super) struct Claim {
    replay: Arc<Replay>,
    signature: Option<Seen>,
}

impl Claim {
    /// Remembers the signature for good, since its proof is accepted.
    pub(super) fn keep(mut self) {
        self.signature = None;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(signature) = self.signature.take() {
            self.replay.seen().remove(&signature);
        }
    }
}
