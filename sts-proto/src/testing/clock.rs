use std::sync::atomic::{AtomicU64, Ordering};
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

/// The numbers that a client names calls and spreads waits with, in place of random ones: for `Builder::seeds`.
#[derive(Clone, Debug)]
pub struct Seeds(Arc<AtomicU64>);

impl Seeds {
    /// This number, then the next one, and so on.
    pub fn from(first: u64) -> Self {
        Self(Arc::new(AtomicU64::new(first)))
    }

    #[cfg(feature = "credentials")]
    pub(crate) fn next(&self) -> u128 {
        // Far apart, since low bits alone make waits that are alike.
        u128::from(self.0.fetch_add(1, Ordering::Relaxed))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    }
}

/// What a test has fixed for a client.
#[cfg(feature = "credentials")]
#[derive(Clone, Debug, Default)]
pub(crate) struct Fixed {
    pub(crate) clock: Option<Clock>,
    pub(crate) seeds: Option<Seeds>,
}
