use std::time::{Duration, SystemTime};

/// A client-side rate limiter: once the service has throttled, requests are admitted at a rate that falls at each
/// further throttle and grows again along a cubic curve, as congestion control in TCP CUBIC (RFC 9438) does.
#[derive(Debug, Default)]
pub(super) struct RateLimiter {
    enabled: bool,
    /// Requests a second that are admitted.
    fill_rate: f64,
    max_capacity: f64,
    capacity: f64,
    refilled: Option<f64>,
    /// Requests a second that were sent, smoothed.
    measured_rate: f64,
    measured_until: Option<f64>,
    requests: f64,
    /// The rate at the last throttle, and when that was.
    last_max_rate: f64,
    last_throttle: f64,
}

impl RateLimiter {
    /// Takes the place of one request, or says how long there is none.
    pub(super) fn acquire(&mut self, now: SystemTime) -> Result<(), Duration> {
        if !self.enabled {
            return Ok(());
        }
        self.refill(seconds(now));
        if self.capacity >= 1.0 {
            self.capacity -= 1.0;
            return Ok(());
        }
        let wait = (1.0 - self.capacity) / self.fill_rate.max(MIN_FILL_RATE);
        Err(Duration::try_from_secs_f64(wait).unwrap_or(Duration::ZERO).max(Duration::from_millis(1)))
    }

    /// Learns from the end of an attempt.
    pub(super) fn update(&mut self, now: SystemTime, throttled: bool) {
        let now = seconds(now);
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

    /// After how many seconds the curve is back at the last maximum.
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

/// Since 1970. A double tells fractions of a microsecond apart until the year 2242.
fn seconds(at: SystemTime) -> f64 {
    at.duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

const BETA: f64 = 0.7;
const SCALE: f64 = 0.4;
const SMOOTH: f64 = 0.8;
/// Requests a second.
const MIN_FILL_RATE: f64 = 0.5;
const MIN_CAPACITY: f64 = 1.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds)
    }

    /// The cubic curve for a maximum of 10 at time 5, as the SDKs' published test has it.
    #[test]
    fn grows_along_the_published_curve() {
        let mut limiter = RateLimiter { last_max_rate: 10.0, last_throttle: 5.0, ..RateLimiter::default() };
        limiter.measured_rate = 1e9;
        let window = limiter.time_window();
        assert!((window - 1.957_433).abs() < 1e-5, "{window}");
        for (now, expected) in
            [(5.0, 7.0), (6.0, 9.64893600966), (7.0, 10.000030849917364), (8.0, 10.453284520772092)]
        {
            let rate = SCALE * (now - limiter.last_throttle - window).powi(3) + limiter.last_max_rate;
            assert!((rate - expected).abs() < 1e-6, "{now}: {rate}");
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
        // 70 % of what was measured.
        let rate = limiter.measured_rate * BETA;
        assert!(
            (f64::from(admitted) / 10.0 - rate).abs() < 2.0,
            "{admitted} in ten seconds, {rate} a second"
        );
    }

    #[test]
    fn never_stops_altogether_and_never_asks_for_no_wait() {
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
