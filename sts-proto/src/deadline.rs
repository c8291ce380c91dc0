//! How long something may still take, by a clock that may be set back meanwhile.

use std::time::{Duration, SystemTime};

/// The end of a time that began at the first [`tick`](Self::tick).
#[derive(Clone, Debug)]
pub(crate) struct Deadline {
    total: Duration,
    /// When the last tick was.
    seen: Option<SystemTime>,
    /// `None` before the first tick, and where it lies beyond what the clock can say.
    at: Option<SystemTime>,
}

impl Deadline {
    /// Nothing of `total` has passed yet.
    pub(crate) fn new(total: Duration) -> Self {
        Self { total, seen: None, at: None }
    }

    /// Says what time it is. Where the clock has stepped back, the deadline goes with it.
    pub(crate) fn tick(&mut self, now: SystemTime) {
        match self.seen.replace(now) {
            None => self.at = now.checked_add(self.total),
            Some(seen) => {
                if let (true, Some(at)) = (now < seen, self.at) {
                    self.at = now.checked_add(at.duration_since(seen).unwrap_or_default());
                }
            }
        }
    }

    /// The whole time.
    #[cfg(feature = "credentials")]
    pub(crate) fn total(&self) -> Duration {
        self.total
    }

    /// What is left of it.
    pub(crate) fn left(&self, now: SystemTime) -> Duration {
        self.at.map_or(self.total, |at| at.duration_since(now).unwrap_or_default())
    }

    /// Whether nothing is left of it.
    pub(crate) fn is_over(&self, now: SystemTime) -> bool {
        self.at.is_some_and(|at| now >= at)
    }

    /// Whether something that takes `time` ends before it.
    pub(crate) fn allows(&self, now: SystemTime, time: Duration) -> bool {
        time < self.left(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn goes_back_with_the_clock_and_never_ends_where_the_clock_cannot_say_when() {
        let now = SystemTime::UNIX_EPOCH + 100 * SECOND;
        let mut deadline = Deadline::new(10 * SECOND);
        deadline.tick(now);
        assert_eq!(deadline.left(now + 4 * SECOND), 6 * SECOND);
        assert!(deadline.allows(now, 9 * SECOND) && !deadline.allows(now, 10 * SECOND));
        deadline.tick(now + 4 * SECOND);
        deadline.tick(now - 50 * SECOND);
        assert_eq!(deadline.left(now - 50 * SECOND), 6 * SECOND);
        assert!(deadline.is_over(now - 44 * SECOND));
        // The clock's first instant.
        let mut first = SystemTime::UNIX_EPOCH;
        for power in (0..63).rev() {
            first = first.checked_sub(Duration::from_secs(1 << power)).unwrap_or(first);
        }
        let mut deadline = Deadline::new(10 * SECOND);
        deadline.tick(first + 100 * SECOND);
        deadline.tick(now);
        deadline.tick(first + 90 * SECOND);
        assert_eq!(deadline.left(first + 90 * SECOND), Duration::ZERO);
        let mut deadline = Deadline::new(10 * SECOND);
        deadline.tick(first + 100 * SECOND);
        deadline.tick(first + 103 * SECOND);
        deadline.tick(first);
        assert_eq!(deadline.left(first), 7 * SECOND);
        let mut endless = Deadline::new(Duration::MAX);
        endless.tick(now);
        assert_eq!(endless.left(now), Duration::MAX);
        assert!(!endless.is_over(now) && endless.allows(now, Duration::from_secs(u64::MAX)));
    }
}
