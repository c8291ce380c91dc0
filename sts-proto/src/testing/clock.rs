use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// A clock that a test sets, for `Builder::clock`: the client dates its requests with it, and looks at it for what has expired.
/// Where the client would wait, as between two attempts, the clock is set ahead and the client goes on at once. Clones are the
/// same clock.
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
pub struct Clock(Arc<Mutex<SystemTime>>);

impl Clock {
    /// A clock that stands at this time.
    pub fn at(time: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(time)))
    }

    /// What it says.
    pub fn now(&self) -> SystemTime {
        *self.time()
    }

    /// Sets it to another time.
    pub fn set(&self, time: SystemTime) {
        *self.time() = time;
    }

    /// Sets it ahead.
    pub fn advance(&self, by: Duration) {
        let mut time = self.time();
        *time = time.checked_add(by).unwrap_or(*time);
    }

    fn time(&self) -> MutexGuard<'_, SystemTime> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
