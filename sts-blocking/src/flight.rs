use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Work that one does and others wait for.
#[derive(Debug)]
pub(crate) struct Flight<T> {
    landed: Mutex<Landed<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct Landed<T> {
    /// How often the work has ended.
    times: u64,
    /// What came of it the last time.
    last: Option<T>,
}

impl<T> Default for Flight<T> {
    fn default() -> Self {
        Self { landed: Mutex::new(Landed { times: 0, last: None }), changed: Condvar::new() }
    }
}

impl<T: Clone> Flight<T> {
    /// How often the work has ended. Who wants to wait asks before it can end once more.
    pub(crate) fn times(&self) -> u64 {
        self.landed().times
    }

    /// It has ended, with this.
    pub(crate) fn land(&self, result: T) {
        let mut landed = self.landed();
        landed.times = landed.times.wrapping_add(1);
        landed.last = Some(result);
        drop(landed);
        self.changed.notify_all();
    }

    /// What came of it, once it has ended more often than `before`; `None` if that takes longer than `patience`.
    pub(crate) fn wait(&self, before: u64, patience: Duration) -> Option<T> {
        // Beyond what the clock can say, there is no deadline.
        let deadline = Instant::now().checked_add(patience);
        let mut landed = self.landed();
        loop {
            if landed.times != before {
                return landed.last.clone();
            }
            landed = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => self.changed.wait(landed).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return None,
                Some(left) => {
                    self.changed.wait_timeout(landed, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn landed(&self) -> MutexGuard<'_, Landed<T>> {
        self.landed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_get_what_it_ends_with_and_none_what_it_ended_with_before() {
        let flight = Flight::default();
        flight.land(1);
        let before = flight.times();
        assert_eq!(flight.wait(before, Duration::from_millis(20)), None);
        std::thread::scope(|scope| {
            let waiting: Vec<_> = [Duration::from_secs(20), Duration::MAX]
                .map(|time| {
                    scope.spawn({
                        let flight = &flight;
                        move || flight.wait(before, time)
                    })
                })
                .into();
            flight.land(2);
            for thread in waiting {
                assert_eq!(thread.join().unwrap(), Some(2));
            }
        });
    }
}
