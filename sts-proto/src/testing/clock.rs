use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// A clock that a test sets, for `Builder::clock`: the client dates its requests with it, and looks at it for what has expired.
/// Where a call would wait, as between two attempts, it goes on at once, at the time at which the wait would have ended, and the
/// clock is set ahead to that time unless it is there already. Clones are the same clock.
///
/// Calls that run beside each other wait beside each other: each has its own time since it began, and the clock shows that of
/// the call that has waited longest. So the time that one call waits does not count for the time-outs of another. What the
/// test passes with [`advance`](Self::advance), passes for all; and after [`set`](Self::set) it is that time for all. A call
/// that waits for credentials or the region goes on at the time that the clock shows.
///
/// Time-outs of a transport, and of calls that wait for credentials, are those of the process.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use sts_proto::testing::Clock;
///
/// let clock = Clock::at(SystemTime::UNIX_EPOCH);
/// clock.advance(Duration::from_secs(3600));
/// assert_eq!(clock.now(), SystemTime::UNIX_EPOCH + Duration::from_secs(3600));
/// ```
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<State>>);

#[cfg_attr(not(feature = "credentials"), allow(dead_code))] // no client waits
#[derive(Debug)]
struct State {
    time: SystemTime,
    /// How long clients have waited, those beside each other counted once.
    waited: Duration,
    /// How often the test has set the clock.
    set: u64,
}

impl Clock {
    /// A clock that stands at this time.
    pub fn at(time: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(State { time, waited: Duration::ZERO, set: 0 })))
    }

    /// What it says.
    pub fn now(&self) -> SystemTime {
        self.state().time
    }

    /// Sets it to another time.
    pub fn set(&self, time: SystemTime) {
        let mut state = self.state();
        state.time = time;
        state.set = state.set.wrapping_add(1);
    }

    /// Sets it ahead.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state();
        state.time = state.time.checked_add(by).unwrap_or(state.time);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The clock as one flow sees it, which waits beside others.
#[cfg(feature = "credentials")]
#[derive(Debug)]
pub(crate) struct Watch {
    clock: Clock,
    /// What [`State::waited`] was when the flow began, and what the flow has waited since.
    waited: Duration,
    set: u64,
}

#[cfg(feature = "credentials")]
impl Watch {
    /// A flow begins.
    pub(crate) fn of(clock: &Clock) -> Self {
        let state = clock.state();
        Self { waited: state.waited, set: state.set, clock: clock.clone() }
    }

    pub(crate) fn now(&mut self) -> SystemTime {
        let state = self.clock.state();
        if self.set != state.set {
            (self.waited, self.set) = (state.waited, state.set);
        }
        state.time.checked_sub(state.waited.saturating_sub(self.waited)).unwrap_or(state.time)
    }

    /// Waits this long.
    pub(crate) fn wait(&mut self, time: Duration) {
        self.now();
        self.waited = self.waited.saturating_add(time);
        let mut state = self.clock.state();
        let ahead = self.waited.saturating_sub(state.waited);
        state.time = state.time.checked_add(ahead).unwrap_or(state.time);
        state.waited += ahead;
    }

    /// The flow has waited for others.
    pub(crate) fn catch_up(&mut self) {
        self.waited = self.clock.state().waited;
    }
}

#[cfg(all(test, feature = "credentials"))]
mod tests {
    use super::*;

    #[test]
    fn waits_beside_each_other_end_together() {
        const SECOND: Duration = Duration::from_secs(1);
        let start = SystemTime::UNIX_EPOCH + 1000 * SECOND;
        let clock = Clock::at(start);
        let [mut first, mut second] = [Watch::of(&clock), Watch::of(&clock)];
        first.wait(2 * SECOND);
        assert_eq!((first.now(), second.now()), (start + 2 * SECOND, start));
        second.wait(SECOND);
        assert_eq!((clock.now(), second.now()), (start + 2 * SECOND, start + SECOND));
        // What the test passes, passes for all.
        clock.advance(5 * SECOND);
        assert_eq!((first.now(), second.now()), (start + 7 * SECOND, start + 6 * SECOND));
        second.wait(2 * SECOND);
        assert_eq!((clock.now(), first.now()), (start + 8 * SECOND, start + 7 * SECOND));
        // One that begins later begins at what the clock shows.
        assert_eq!(Watch::of(&clock).now(), start + 8 * SECOND);
        first.catch_up();
        assert_eq!(first.now(), clock.now());
        second.wait(SECOND);
        clock.set(start);
        assert_eq!((first.now(), second.now()), (start, start));
        // Further than a clock can say.
        first.wait(Duration::MAX);
        assert_eq!(clock.now(), start);
    }
}
