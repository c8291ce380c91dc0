//! Wakes callers that wait for a job.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Wakes all that wait for a job.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    lock: Mutex<()>,
    rung: Condvar,
}

impl Bell {
    pub(crate) fn ring(&self) {
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
        self.rung.notify_all();
    }

    /// Waits until `ready`; `false` if that takes longer than `within`.
    pub(crate) fn wait(&self, within: Duration, ready: impl Fn() -> bool) -> bool {
        // Beyond what the clock can say, there is no deadline.
        let deadline = Instant::now().checked_add(within);
        // Looked at under the lock: a job that ends meanwhile rings after this has begun to wait.
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        while !ready() {
            guard = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => self.rung.wait(guard).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return false,
                Some(left) => self.rung.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
        true
    }
}
