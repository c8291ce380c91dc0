//! Time and random numbers, which a test may fix.

use std::time::{Duration, SystemTime};

use super::{Config, Core};

impl Core {
    /// What time it is: that of `clock`, unless a test has given the client a clock of its own.
    pub fn now(&self, clock: impl FnOnce() -> SystemTime) -> SystemTime {
        #[cfg(feature = "testing")]
        if let Some(fixed) = &self.shared.fixed.clock {
            return fixed.now();
        }
        clock()
    }

    /// Whether a wait is over at once: where a test has given the client a clock, which is then set ahead.
    pub fn skips(&self, wait: Duration) -> bool {
        #[cfg(feature = "testing")]
        if let Some(fixed) = &self.shared.fixed.clock {
            fixed.advance(wait);
            return true;
        }
        let _ = wait;
        false
    }

    pub(super) fn seed(&self, random: u128) -> u128 {
        #[cfg(feature = "testing")]
        if let Some(fixed) = &self.shared.fixed.seeds {
            return fixed.next();
        }
        random
    }
}

impl Config {
    pub(super) fn now(&self, clock: impl FnOnce() -> SystemTime) -> SystemTime {
        #[cfg(feature = "testing")]
        if let Some(fixed) = &self.fixed.clock {
            return fixed.now();
        }
        clock()
    }

    pub(super) fn seed(&self, random: u128) -> u128 {
        #[cfg(feature = "testing")]
        if let Some(fixed) = &self.fixed.seeds {
            return fixed.next();
        }
        random
    }
}
