use std::ops::Range;
use std::time::{Duration, SystemTime};

use sts_proto::{Credentials, Error, ErrorCode};

use super::clients::Run;
use super::{Minute, Weather};

/// Clients that use the credentials of a session at random intervals, and keep them fresh: each is a `Core` whose profile
/// assumes a role, and any number of callers.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// The number of clients.
    pub clients: u64,
    /// The number of callers of each client.
    pub callers: u64,
    /// The lifetime of a session.
    pub lifetime: Duration,
    /// The average interval between two uses by one caller.
    pub every: Duration,
    /// The time over which the callers start.
    pub starts: Duration,
    /// How long the callers use credentials.
    pub length: Duration,
    /// The condition of the service, and since when.
    pub spells: Vec<(Duration, Weather)>,
    /// What else happens to clients.
    pub mishaps: Mishaps,
    /// The seed of all randomness.
    pub seed: u64,
}

/// What happens to clients, beside the condition of the service. By default, nothing does.
#[derive(Clone, Debug, Default)]
pub struct Mishaps {
    /// How many of a hundred uses are calls, which the service can refuse. The others only take credentials.
    pub calls: u64,
    /// How many of a hundred callers that do not get their result at once give up, a moment later.
    pub given_up: u64,
    /// How many of a hundred jobs are lost on their way, but never more than two of a client in a row.
    pub lost: u64,
    /// When the clocks of all clients are set, and by how many seconds.
    pub jumps: Vec<(Duration, i64)>,
    /// When all clients stand still: what comes meanwhile is there afterwards.
    pub freezes: Vec<Range<Duration>>,
    /// How many of a thousand answers have a date that is two days ahead or behind.
    pub wrong_dates: u64,
    /// When the service forgets all sessions that it has begun.
    pub forgets: Vec<Duration>,
    /// When the service refuses all sessions, new ones too.
    pub refuses: Vec<Range<Duration>>,
}

/// The outcome of a run.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// For each minute: the requests for sessions that the service received.
    pub service: Vec<Minute>,
    /// For each minute: the results of the uses that started in it, without the calls.
    pub uses: Vec<Uses>,
    /// For each minute: the results of the calls that started in it.
    pub calls: Vec<Calls>,
    /// The refreshes that succeeded and that failed.
    pub refreshed: [u32; 2],
    /// The maximum time that a successful use waited for credentials.
    pub max_wait: Duration,
    /// The maximum duration of a use or a call, whatever its result.
    pub max_duration: Duration,
    /// The maximum number of jobs that one client had at once.
    pub max_jobs: usize,
    /// Requests that were signed with a session that had ended, when the client had another one: must be none.
    pub outdated: u32,
    /// The callers that gave up.
    pub given_up: u32,
    /// The jobs that were lost.
    pub lost: u32,
}

/// The results of uses of credentials.
#[derive(Clone, Copy, Debug, Default)]
pub struct Uses {
    /// All uses.
    pub all: u32,
    /// Uses of credentials that were there.
    pub at_once: u32,
    /// Uses that waited for credentials.
    pub waited: u32,
    /// Uses of credentials that the client could know to have expired: must be none.
    pub expired: u32,
    /// Uses that got no credentials.
    pub without: u32,
}

/// The results of calls.
#[derive(Clone, Copy, Debug, Default)]
pub struct Calls {
    /// All calls.
    pub all: u32,
    /// Calls that succeeded.
    pub succeeded: u32,
    /// Calls whose credentials the service refused as expired, to the end.
    pub refused: u32,
    /// Requests that the service refused so.
    pub refusals: u32,
}

impl Sessions {
    /// Runs the simulation.
    pub fn run(&self) -> Kept {
        Run::new(self).run()
    }
}

impl Kept {
    pub(super) fn new(length: Duration) -> Self {
        let minutes = length.as_secs().div_ceil(60) as usize;
        let (uses, calls) = (vec![Uses::default(); minutes], vec![Calls::default(); minutes]);
        Self { uses, calls, ..Self::default() }
    }

    /// The outcome of both runs, which cover the same time.
    pub fn and(mut self, other: Self) -> Self {
        self.service.resize(self.service.len().max(other.service.len()), Minute::default());
        for (minute, more) in self.service.iter_mut().zip(&other.service) {
            minute.requests += more.requests;
            minute.throttled += more.throttled;
            minute.misdated += more.misdated;
            minute.served += more.served;
        }
        let uses = self.uses.iter().zip(&other.uses).map(|(one, more)| Uses::sum(&[*one, *more])).collect();
        let calls =
            self.calls.iter().zip(&other.calls).map(|(one, more)| Calls::sum(&[*one, *more])).collect();
        Self {
            service: self.service,
            uses,
            calls,
            refreshed: [self.refreshed[0] + other.refreshed[0], self.refreshed[1] + other.refreshed[1]],
            max_wait: self.max_wait.max(other.max_wait),
            max_duration: self.max_duration.max(other.max_duration),
            max_jobs: self.max_jobs.max(other.max_jobs),
            outdated: self.outdated + other.outdated,
            given_up: self.given_up + other.given_up,
            lost: self.lost + other.lost,
        }
    }

    /// Counts a use that started at `began` and ends at `now`. `clock` is what the client takes for the service's time:
    /// while that is wrong, it cannot know what has expired.
    pub(super) fn used(
        &mut self,
        began: SystemTime,
        now: SystemTime,
        clock: SystemTime,
        got: Result<&Credentials, &Error>,
    ) {
        self.took(began, now);
        let uses = &mut self.uses[minute(began)];
        uses.all += 1;
        match got {
            Err(_) => uses.without += 1,
            Ok(credentials) if credentials.expiration.is_none_or(|end| end <= now && end <= clock) => {
                uses.expired += 1;
            }
            Ok(_) if began == now => uses.at_once += 1,
            Ok(_) => {
                uses.waited += 1;
                self.max_wait = self.max_wait.max(now.duration_since(began).unwrap_or_default());
            }
        }
    }

    /// Counts a call that started at `began` and ends at `now`.
    pub(super) fn called<T>(&mut self, began: SystemTime, now: SystemTime, called: &Result<T, Error>) {
        self.took(began, now);
        let calls = &mut self.calls[minute(began)];
        calls.all += 1;
        match called {
            Ok(_) => calls.succeeded += 1,
            Err(error) => calls.refused += u32::from(error.code() == Some(&ErrorCode::ExpiredToken)),
        }
    }

    /// Counts a request that the service refused as expired.
    pub(super) fn refused(&mut self, now: SystemTime) {
        // Calls may end after the last minute in which one starts.
        if let Some(calls) = self.calls.get_mut(minute(now)) {
            calls.refusals += 1;
        }
    }

    fn took(&mut self, began: SystemTime, now: SystemTime) {
        self.max_duration = self.max_duration.max(now.duration_since(began).unwrap_or_default());
    }
}

impl Uses {
    /// The sum of all.
    pub fn sum(uses: &[Self]) -> Self {
        uses.iter().fold(Self::default(), |sum, uses| Self {
            all: sum.all + uses.all,
            at_once: sum.at_once + uses.at_once,
            waited: sum.waited + uses.waited,
            expired: sum.expired + uses.expired,
            without: sum.without + uses.without,
        })
    }
}

impl Calls {
    /// The sum of all.
    pub fn sum(calls: &[Self]) -> Self {
        calls.iter().fold(Self::default(), |sum, calls| Self {
            all: sum.all + calls.all,
            succeeded: sum.succeeded + calls.succeeded,
            refused: sum.refused + calls.refused,
            refusals: sum.refusals + calls.refusals,
        })
    }
}

/// 2023-11-14T22:13:20Z: when every run begins.
pub(super) fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn minute(at: SystemTime) -> usize {
    (at.duration_since(start()).unwrap_or_default().as_secs() / 60) as usize
}
