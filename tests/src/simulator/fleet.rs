use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sts_proto::{Call, Context, Credentials, Error, Operation, Retry, Settings, TransportErrorKind};

use super::{Chance, Minute, Start, Weather, Weathered, simulate};

/// Clients that call a service at regular intervals, whatever the results.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// The number of clients; each has its own context.
    pub clients: u64,
    /// The interval between the calls of a client.
    pub every: Duration,
    /// How long the clients make calls.
    pub length: Duration,
    /// The clients' retry behaviour.
    pub retry: Retry,
    /// The condition of the service, and since when.
    pub spells: Vec<(Duration, Weather)>,
    /// The seed of all randomness.
    pub seed: u64,
}

/// The outcome of a run.
#[derive(Debug)]
pub struct Run {
    /// For each minute: the requests that the service received.
    pub service: Vec<Minute>,
    /// For each minute: the results of the calls that started in it.
    pub calls: Vec<Tally>,
    /// When, for the first time, no client could pay for a retry.
    pub drained: Option<Duration>,
    /// The remaining quota of each client.
    pub quotas: Vec<u32>,
    /// The duration of the max_duration call.
    pub max_duration: Duration,
    /// How many calls took more than half of the default time-out.
    pub slow: u32,
}

/// The results of calls.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// All calls.
    pub calls: u32,
    /// Calls that succeeded.
    pub succeeded: u32,
    /// Calls that the client's own limiter held back until the time-out, without a request.
    pub held: u32,
    /// The requests of these calls.
    pub attempts: u32,
    /// The requests that the service throttled.
    pub throttled: u32,
}

impl Fleet {
    /// Runs the simulation; each call is this operation.
    pub fn run<O: Operation + Clone>(&self, operation: &O) -> Run {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let settings = Settings::new().region("eu-west-1").retry(self.retry);
        let settings = settings.credentials(Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI"));
        let contexts: Vec<Arc<Context>> = (0..self.clients)
            .map(|_| Arc::new(Context::new(&settings, "fleet/1").expect("the settings are sound")))
            .collect();
        let number = self.clients * (self.length.as_millis() / self.every.as_millis()) as u64;
        let begin = |id: u64| {
            let round = self.every * u32::try_from(id / self.clients).expect("a bounded number of rounds");
            let place = self.every.mul_f64((id % self.clients) as f64 / self.clients as f64);
            start + round + place
        };
        let context = |id: u64| &contexts[(id % self.clients) as usize];
        let mut seeds = Chance::new(self.seed);
        let starts = (0..number).map(|id| {
            let flow = Call::new(operation.clone(), Arc::clone(context(id)), seeds.wide());
            Start { at: begin(id), id, flow }
        });

        let mut service = Weathered::new(start, &self.spells, self.seed);
        let mut calls = vec![Tally::default(); self.length.as_secs().div_ceil(60) as usize];
        let (mut dry, mut drained) = (vec![false; contexts.len()], None);
        let (mut max_duration, mut slow) = (Duration::ZERO, 0);
        simulate(
            starts,
            |now, _, request| service.serve(now, request),
            |now, id, result| {
                let began = begin(id);
                let took = now.duration_since(began).unwrap_or_default();
                max_duration = max_duration.max(took);
                slow += u32::from(took > contexts[0].timeouts().call / 2);
                calls[minute(start, began)].count(&result);
                dry[(id % self.clients) as usize] = context(id).retry_quota() < COST;
                if drained.is_none() && dry.iter().all(|dry| *dry) {
                    drained = now.duration_since(start).ok();
                }
            },
        );
        let quotas = contexts.iter().map(|context| context.retry_quota()).collect();
        Run { service: service.minutes().to_vec(), calls, drained, quotas, max_duration, slow }
    }
}

impl Tally {
    fn count<T: sts_proto::Output>(&mut self, result: &Result<T, Error>) {
        self.calls += 1;
        match result {
            Ok(output) => {
                self.succeeded += 1;
                self.attempts += output.metadata().attempts();
            }
            Err(error) => {
                self.attempts += error.attempts();
                let kind = error.as_transport_error().map(|error| error.kind());
                self.held += u32::from(kind == Some(TransportErrorKind::RateLimited));
            }
        }
    }

    /// The share of calls that succeeded.
    pub fn success(&self) -> f64 {
        f64::from(self.succeeded) / f64::from(self.calls.max(1))
    }
}

impl Run {
    /// The calls that started in these minutes, with the requests that the service throttled then.
    pub fn over(&self, minutes: std::ops::Range<usize>) -> Tally {
        let mut sum = Tally::default();
        for (tally, minute) in self.calls[minutes.clone()].iter().zip(&self.service[minutes]) {
            sum.calls += tally.calls;
            sum.succeeded += tally.succeeded;
            sum.held += tally.held;
            sum.attempts += tally.attempts;
            sum.throttled += minute.throttled;
        }
        sum
    }

    /// The minimum and maximum number of requests in one of these minutes.
    pub fn load(&self, minutes: std::ops::Range<usize>) -> (u32, u32) {
        let loads = || self.service[minutes.clone()].iter().map(|minute| minute.requests);
        (loads().min().unwrap_or(0), loads().max().unwrap_or(0))
    }

    /// A line of figures about these minutes.
    pub fn line(&self, name: &str, minutes: std::ops::Range<usize>) -> String {
        let ((min, max), sum) = (self.load(minutes.clone()), self.over(minutes));
        format!("{name:<28} {sum}, {min} to {max} requests a minute")
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, succeeded, held, attempts, throttled } = self;
        let retries = (attempts + held).saturating_sub(*calls);
        write!(f, "{calls} calls, {attempts} attempts, {retries} retries, {throttled} throttled, ")?;
        write!(f, "{succeeded} successes ({:.1} %), {held} held back", self.success() * 100.0)
    }
}

fn minute(start: SystemTime, at: SystemTime) -> usize {
    (at.duration_since(start).unwrap_or_default().as_secs() / 60) as usize
}

/// The cost of a retry, except after throttling.
const COST: u32 = 14;
