use std::time::{Duration, SystemTime};

/// A client-side rate limiter. Once the service has throttled, requests are admitted at a rate that falls
/// with each further throttle and grows again along a cubic curve, as congestion control in TCP CUBIC (RFC
/// 9438) does.
#[derive(Debug, Default)]
pub(super) struct RateLimiter {
    enabled: bool,
    /// Admitted requests per second.
    fill_rate: f64,
    max_capacity: f64,
    capacity: f64,
    refilled: Option<f64>,
    /// Sent requests per second, smoothed.
    measured_rate: f64,
    measured_until: Option<f64>,
    requests: f64,
    /// The rate and the time of the last throttle.
    last_max_rate: f64,
    last_throttle: f64,
    latest: Option<SystemTime>,
    /// The limiter's own time at `latest`.
    elapsed: Duration,
}

impl RateLimiter {
    /// Admits one request, or returns how long to wait until one is admitted.
    pub(super) fn acquire(&mut self, now: SystemTime) -> Result<(), Duration> {
        if !self.enabled {
            return Ok(());
        }
        let now = self.clock(now);
        self.refill(now);
        if self.capacity >= 1.0 {
            self.capacity -= 1.0;
            return Ok(());
        }
        let wait = (1.0 - self.capacity) / self.fill_rate.max(MIN_FILL_RATE);
        Err(Duration::try_from_secs_f64(wait).unwrap_or(Duration::ZERO).max(Duration::from_millis(1)))
    }

    /// Records the end of an attempt.
    pub(super) fn update(&mut self, now: SystemTime, throttled: bool) {
        let now = self.clock(now);
        self.measure(now);
        let rate = if throttled {
            let rate = if self.enabled { self.measured_rate.min(self.fill_rate) } else { self.measured_rate };
            self.last_max_rate = rate;
            self.last_throttle = now;
            self.enabled = true;
            rate * BETA
        } else {
            let since = now - self.last_throttle;
            SCALE * (since - self.time_window()).powi(3) + self.last_max_rate
        };
        self.set_rate(now, rate.min(2.0 * self.measured_rate));
    }

    /// Seconds on a clock that never runs backwards and never leaps, whatever `now` does.
    fn clock(&mut self, now: SystemTime) -> f64 {
        self.elapsed = match self.latest.replace(now) {
            None => since_1970(now),
            Some(latest) => {
                let passed = now.duration_since(latest).unwrap_or_default();
                self.elapsed.saturating_add(passed.min(MAX_PAUSE))
            }
        };
        self.elapsed.as_secs_f64()
    }

    /// Seconds after a throttle until the curve is back at the last maximum.
    fn time_window(&self) -> f64 {
        (self.last_max_rate * (1.0 - BETA) / SCALE).cbrt()
    }

    fn measure(&mut self, now: f64) {
        self.requests += 1.0;
        let bucket = (now * 2.0).floor() / 2.0;
        let since = *self.measured_until.get_or_insert(bucket);
        if bucket > since {
            let rate = self.requests / (bucket - since);
            self.measured_rate = rate * SMOOTH + self.measured_rate * (1.0 - SMOOTH);
            self.requests = 0.0;
            self.measured_until = Some(bucket);
        }
    }

    fn set_rate(&mut self, now: f64, rate: f64) {
        self.refill(now);
        self.fill_rate = rate.max(MIN_FILL_RATE);
        self.max_capacity = rate.max(MIN_CAPACITY);
        self.capacity = self.capacity.min(self.max_capacity);
    }

    fn refill(&mut self, now: f64) {
        let since = self.refilled.replace(now).unwrap_or(now);
        let gained = (now - since).max(0.0) * self.fill_rate;
        self.capacity = (self.capacity + gained).min(self.max_capacity);
    }
}

/// Zero if the clock is so far off that an `f64` could not hold fractions of a second.
fn since_1970(at: SystemTime) -> Duration {
    at.duration_since(SystemTime::UNIX_EPOCH).ok().filter(|since| *since < MAX_TIME).unwrap_or_default()
}

/// The year 36812.
const MAX_TIME: Duration = Duration::from_secs(1 << 40);
/// Longer pauses count as this long.
const MAX_PAUSE: Duration = Duration::from_secs(86_400);
const BETA: f64 = 0.7;
const SCALE: f64 = 0.4;
const SMOOTH: f64 = 0.8;
/// Requests per second.
const MIN_FILL_RATE: f64 = 0.5;
const MIN_CAPACITY: f64 = 1.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds)
    }

    /// The sequence published for the SDKs: time, throttled, measured rate, admitted rate.
    #[test]
    fn follows_the_published_sequence() {
        let mut limiter = RateLimiter::default();
        for (now, throttled, measured, admitted) in [
            (0.2, false, 0.0, 0.5),
            (0.4, false, 0.0, 0.5),
            (0.6, false, 4.8, 0.5),
            (0.8, false, 4.8, 0.5),
            (1.0, false, 4.16, 0.5),
            (1.2, false, 4.16, 0.6912),
            (1.4, false, 4.16, 1.0976),
            (1.6, false, 5.632, 1.6384),
            (1.8, false, 5.632, 2.3328),
            (2.0, true, 4.3264, 3.02848),
            (2.2, false, 4.3264, 3.486639),
            (2.4, false, 4.3264, 3.821874),
            (2.6, false, 5.66528, 4.053386),
            (2.8, false, 5.66528, 4.200373),
            (3.0, false, 4.333056, 4.282037),
            (3.2, true, 4.333056, 2.997426),
            (3.4, false, 4.333056, 3.452226),
        ] {
            limiter.update(at(now), throttled);
            assert!((limiter.measured_rate - measured).abs() < 1e-6, "{now}: {}", limiter.measured_rate);
            assert!((limiter.fill_rate - admitted).abs() < 1e-4, "{now}: {}", limiter.fill_rate);
        }
    }

    #[test]
    fn a_clock_that_steps_back_changes_nothing() {
        let run = |step: f64| {
            let mut limiter = RateLimiter::default();
            (0..40).for_each(|n| limiter.update(at(9000.0 + f64::from(n) / 4.0), n == 20));
            (0..40).for_each(|n| limiter.update(at(9010.0 - step + f64::from(n) / 4.0), false));
            limiter.fill_rate
        };
        assert!((run(0.0) - run(3600.0)).abs() < 0.2, "{} {}", run(0.0), run(3600.0));
    }

    #[test]
    fn a_clock_before_1970_works() {
        let before = |seconds: u64| SystemTime::UNIX_EPOCH - Duration::from_secs(100 - seconds);
        let mut limiter = RateLimiter::default();
        limiter.update(before(0), true);
        limiter.capacity = 0.0;
        assert!(limiter.acquire(before(1)).is_err());
        assert_eq!(limiter.acquire(before(10)), Ok(()));
    }

    #[test]
    fn time_advances_when_the_clock_leaps_or_is_far_off() {
        // Windows counts in 100 ns.
        let far = at((1_u64 << if cfg!(windows) { 39 } else { 62 }) as f64);
        for (first, second) in [(far, far), (at(1.0), far), (far, at(1.0))] {
            let mut limiter = RateLimiter::default();
            limiter.update(first, true);
            limiter.update(second, true);
            limiter.capacity = 0.0;
            let wait = limiter.acquire(second).unwrap_err();
            assert_eq!(limiter.acquire(second + wait), Ok(()), "{first:?} {second:?}");
        }
    }

    #[test]
    fn is_off_until_the_first_throttle() {
        let mut limiter = RateLimiter::default();
        for step in 0..100 {
            assert_eq!(limiter.acquire(at(1.0)), Ok(()));
            limiter.update(at(1.0 + f64::from(step) / 100.0), false);
        }
        limiter.update(at(2.5), true);
        let mut now = 2.5;
        let mut admitted = 0;
        while now < 12.5 {
            match limiter.acquire(at(now)) {
                Ok(()) => admitted += 1,
                Err(wait) => now += wait.as_secs_f64(),
            }
        }
        // 70 % of the measured rate.
        let rate = limiter.measured_rate * BETA;
        assert!(
            (f64::from(admitted) / 10.0 - rate).abs() < 2.0,
            "{admitted} in ten seconds, {rate} per second"
        );
    }

    #[test]
    fn never_stops_and_never_returns_a_zero_wait() {
        let mut limiter = RateLimiter::default();
        for _ in 0..100 {
            limiter.update(at(1.0), true);
        }
        let mut now = 1.0;
        for _ in 0..50 {
            while let Err(wait) = limiter.acquire(at(now)) {
                assert!(wait > Duration::ZERO && wait <= Duration::from_secs(2), "{wait:?}");
                now += wait.as_secs_f64();
            }
        }
        assert!(now < 110.0, "at least one request in two seconds");
    }
}
