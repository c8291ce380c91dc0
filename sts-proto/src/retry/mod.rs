//! Whether, when and how often a failed call is retried. No HTTP here: statuses are numbers, codes are text,
//! and time and randomness are arguments.
//!
//! The rules are those of the AWS SDKs in 2026 (AWS SDKs and Tools Reference Guide, "Retry behavior"):
//! full-jitter back-off, a token bucket that all calls of a client share, and in adaptive mode a client-side
//! rate limiter.

mod adaptive;
mod backoff;
mod class;
mod quota;
mod skew;

use std::time::{Duration, SystemTime};

pub use class::RetryClass;

pub(crate) use backoff::{Dice, backoff, with_hint};
pub(crate) use class::classify;
pub(crate) use skew::{Offset, ServerClock, is_dated_anew};

use adaptive::RateLimiter;
use quota::Quota;

/// How calls are retried.
///
/// ```
/// use sts_proto::{Retry, Settings};
///
/// let patient = Settings::new().retry(Retry::standard().max_attempts(5));
/// let never = Settings::new().retry(Retry::off());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Retry {
    mode: Mode,
    max_attempts: u32,
    correct_clock: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Standard,
    Adaptive,
}

impl Retry {
    /// Back-off and a shared quota; three attempts. The default.
    pub fn standard() -> Self {
        Self { mode: Mode::Standard, max_attempts: 3, correct_clock: true }
    }

    /// Like standard, but once the service has throttled, requests are sent no faster than it accepts them.
    pub fn adaptive() -> Self {
        Self { mode: Mode::Adaptive, ..Self::standard() }
    }

    /// One attempt, whatever its result.
    pub fn off() -> Self {
        Self { max_attempts: 1, ..Self::standard() }
    }

    /// The maximum number of requests per call; 3 by default. 0 counts as 1.
    pub fn max_attempts(mut self, max: u32) -> Self {
        self.max_attempts = max.max(1);
        self
    }

    /// Whether to measure the server's clock and sign with it, so that a machine whose clock is wrong can
    /// make calls. On by default.
    pub fn correct_clock(mut self, on: bool) -> Self {
        self.correct_clock = on;
        self
    }

    pub(crate) fn attempt_limit(&self) -> u32 {
        self.max_attempts
    }

    pub(crate) fn is_adaptive(&self) -> bool {
        self.mode == Mode::Adaptive
    }

    pub(crate) fn corrects_clock(&self) -> bool {
        self.correct_clock
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self::standard()
    }
}

/// What the calls of one client share.
#[derive(Debug)]
pub(crate) struct Shared {
    quota: Quota,
    /// Boxed, since few clients have one.
    limiter: Option<Box<RateLimiter>>,
    clock: ServerClock,
}

impl Shared {
    pub(crate) fn new(retry: Retry) -> Self {
        let limiter = retry.is_adaptive().then(Box::default);
        Self { quota: Quota::default(), limiter, clock: ServerClock::default() }
    }

    /// Admits a request, or returns how long to wait until one is admitted.
    pub(crate) fn admit(&mut self, now: SystemTime) -> Result<(), Duration> {
        self.limiter.as_mut().map_or(Ok(()), |limiter| limiter.acquire(now))
    }

    /// Records the end of an attempt; `class` is `None` if it succeeded.
    pub(crate) fn attempted(&mut self, now: SystemTime, class: Option<RetryClass>) {
        if let Some(limiter) = &mut self.limiter {
            limiter.update(now, class == Some(RetryClass::Throttling));
        }
    }

    /// Pays for a retry after a failure of this class. Returns the cost, or `None` if the quota does not
    /// suffice.
    pub(crate) fn pay(&mut self, class: RetryClass) -> Option<u32> {
        self.quota.pay(class)
    }

    /// Records the success of a call; `paid` is what its last retry cost.
    pub(crate) fn succeeded(&mut self, paid: Option<u32>) {
        self.quota.give_back(paid);
    }

    /// The remaining quota.
    pub(crate) fn quota(&self) -> u32 {
        self.quota.left()
    }

    pub(crate) fn clock(&mut self) -> &mut ServerClock {
        &mut self.clock
    }
}
