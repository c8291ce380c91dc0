use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;
use sts_proto::wire::time;

use super::{Chance, Fault, Reply};

/// A service whose condition changes over time.
#[derive(Debug)]
pub struct Weathered {
    start: SystemTime,
    /// When each condition starts, in order.
    spells: Vec<(Duration, Weather)>,
    chance: Chance,
    /// How many requests it can still accept now.
    room: f64,
    filled: SystemTime,
    minutes: Vec<Minute>,
}

/// The condition of a service.
#[derive(Clone, Copy, Debug)]
pub enum Weather {
    /// Accepts `.0` requests per second and throttles the rest; its clock is `.1` seconds ahead.
    Takes(f64, i64),
    /// Some connections are refused, some requests get a 503, some get no response.
    Outage,
}

/// The requests of one minute.
#[derive(Clone, Copy, Debug, Default)]
pub struct Minute {
    /// All requests.
    pub requests: u32,
    /// Throttled requests.
    pub throttled: u32,
    /// Requests refused for their date.
    pub misdated: u32,
    /// Successful requests.
    pub served: u32,
}

impl Weathered {
    /// A service with these conditions; the first must start at 0.
    pub fn new(start: SystemTime, spells: &[(Duration, Weather)], seed: u64) -> Self {
        let spells = spells.to_vec();
        Self { start, spells, chance: Chance::new(seed), room: 1.0, filled: start, minutes: Vec::new() }
    }

    /// The requests of each minute.
    pub fn minutes(&self) -> &[Minute] {
        &self.minutes
    }

    /// Answers a request.
    pub fn serve(&mut self, now: SystemTime, request: &Request<Bytes>) -> Reply {
        let since = now.duration_since(self.start).unwrap_or_default();
        let index = (since.as_secs() / 60) as usize;
        self.minutes.resize(self.minutes.len().max(index + 1), Minute::default());
        let weather = self.spells.iter().rev().find(|(from, _)| *from <= since).map(|(_, weather)| *weather);
        let after = self.chance.millis(10, 80);
        let (after, fault, ahead) = match weather {
            Some(Weather::Takes(rate, ahead)) => (after, self.judge(now, request, rate, ahead), ahead),
            Some(Weather::Outage) | None => match self.chance.below(3) {
                0 => (Duration::from_millis(1), Fault::REFUSED, 0),
                1 => (after, Fault::UNAVAILABLE, 0),
                _ => (Duration::MAX, Fault::SUCCESS, 0),
            },
        };
        let minute = &mut self.minutes[index];
        minute.requests += 1;
        minute.throttled += u32::from(std::ptr::eq(fault, Fault::THROTTLED));
        minute.misdated +=
            u32::from(std::ptr::eq(fault, Fault::TOO_OLD) || std::ptr::eq(fault, Fault::TOO_YOUNG));
        minute.served += u32::from(std::ptr::eq(fault, Fault::SUCCESS) && after < Duration::MAX);
        // The date is that of the response.
        let event = Fault::dated(fault.event(), clock(now + after.min(Duration::from_secs(1)), ahead));
        Reply { after, event }
    }

    fn judge(&mut self, now: SystemTime, request: &Request<Bytes>, rate: f64, ahead: i64) -> &'static Fault {
        let gained = now.duration_since(self.filled).unwrap_or_default().as_secs_f64() * rate;
        // Irregular: a service that accepted every second request would always throttle the same clients.
        let gained = gained * self.chance.below(201) as f64 / 100.0;
        self.room = (self.room + gained).min(rate.max(1.0));
        self.filled = now;
        if self.room < 1.0 {
            return Fault::THROTTLED;
        }
        self.room -= 1.0;
        judge(now, ahead, request)
    }
}

/// The result of a request to a service whose clock is `ahead` seconds ahead. An unsigned request has no date
/// to refuse.
pub fn judge(now: SystemTime, ahead: i64, request: &Request<Bytes>) -> &'static Fault {
    let clock = clock(now, ahead);
    let date = request.headers().get("x-amz-date").and_then(|date| time::parse(date.to_str().ok()?));
    let date = date.unwrap_or(clock);
    if date + TOLERANCE < clock {
        Fault::TOO_OLD
    } else if clock + TOLERANCE < date {
        Fault::TOO_YOUNG
    } else {
        Fault::SUCCESS
    }
}

/// A clock that is `ahead` seconds ahead.
pub fn clock(now: SystemTime, ahead: i64) -> SystemTime {
    let apart = Duration::from_secs(ahead.unsigned_abs());
    if ahead < 0 { now - apart } else { now + apart }
}

/// STS accepts dates that are up to five minutes off.
const TOLERANCE: Duration = Duration::from_secs(300);
