use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::clocks::Clocks;
use crate::error::CredentialsError;
use crate::keys::Credentials;
use crate::retry::Dice;

/// Keeps credentials and says when to fetch new ones. A [client](crate::client) does the fetching and the waiting.
///
/// Credentials that expire are refreshed at a random time, drawn for each set. The earliest time is when two thirds of the
/// remaining life have passed; the latest is five minutes before the expiration, or a tenth of the life if that is shorter.
/// The seed decides whether a cache tends to draw early or late times, so that clients that start together drift apart with
/// each refresh; over all seeds the times are spread evenly. Credentials without an expiration are kept for ever.
///
/// If a fetch fails while the old credentials are valid, the next one follows after a pause of 1, 2, 4, … up to 60 seconds, at
/// most a quarter of the time left (but at least a second). Up to half of each pause is cut at random. If there are no valid
/// credentials, callers get the error of the failure for half a second to a second; then the next caller may fetch.
///
/// `now` is the time by two clocks, see [`Context::clocks`](crate::context::Context::clocks), or by one. Credentials have
/// expired where both clocks say so. Where they disagree, others are fetched first, and if that fails, or if the source has no
/// better ones, these are used: the service decides. If the clock steps back, a pause takes at most twice as long.
/// Credentials that look expired while the clock is wrong are kept, and are used again once it is right.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use sts_proto::Credentials;
/// use sts_proto::credentials::{Cache, Cached};
///
/// let mut cache = Cache::new(42);
/// let now = SystemTime::now();
/// assert!(matches!(cache.look(now), Cached::Absent));
/// assert!(cache.begin(now) && !cache.begin(now));
/// let keys = Credentials::new("ASIAEXAMPLE", "secret")
///     .with_expiration(now + Duration::from_secs(3600));
/// cache.finish(now, Ok(keys))?;
/// assert!(matches!(
///     cache.look(now + Duration::from_secs(2400 - 1)),
///     Cached::Fresh(_)
/// ));
/// assert!(matches!(
///     cache.look(now + Duration::from_secs(3600 - 300)),
///     Cached::Stale(_)
/// ));
/// assert!(matches!(
///     cache.look(now + Duration::from_secs(3600)),
///     Cached::Absent
/// ));
/// # Ok::<(), sts_proto::CredentialsError>(())
/// ```
#[derive(Debug)]
pub struct Cache {
    dice: Dice,
    /// Where in the range, from 0 to 1, this cache tends to draw refresh times.
    tendency: f64,
    held: Option<Held>,
    /// The last fetch, if it failed.
    failure: Option<Failure>,
    /// When credentials were last dropped since the service had refused them.
    refused: Option<SystemTime>,
    /// Since when a fetch is under way.
    fetching: Option<Clocks>,
    /// How often in a row what was fetched had expired on its way.
    lapses: u32,
}

/// What a cache holds. Exhaustive on purpose: each calls for something else.
#[allow(clippy::exhaustive_enums)] // on purpose
#[derive(Clone, Debug)]
pub enum Cached {
    /// Valid credentials.
    Fresh(Arc<Credentials>),
    /// Valid credentials, and it is time to fetch new ones: see [`Cache::begin`].
    Stale(Arc<Credentials>),
    /// No credentials that are valid by both clocks: fetch them, or wait for the fetch that is under way.
    Absent,
    /// No valid credentials, and a fetch has just failed with this error.
    Failed(CredentialsError),
}

#[derive(Debug)]
struct Held {
    credentials: Arc<Credentials>,
    /// Whether only this machine's clock says that they are valid.
    by_local: bool,
    /// `None` for credentials that do not expire.
    refresh_at: Option<SystemTime>,
    /// How long after others were dropped these are kept, even if they are refused.
    patience: Duration,
}

#[derive(Debug)]
struct Failure {
    at: SystemTime,
    /// How long no other fetch begins after it.
    pause: Duration,
    /// The number of failures in a row.
    count: u32,
    error: CredentialsError,
}

impl Cache {
    /// An empty cache. Each cache needs a `seed` of its own.
    pub fn new(seed: u128) -> Self {
        let mut dice = Dice::new(seed);
        let tendency = dice.fraction();
        Self { dice, tendency, held: None, failure: None, refused: None, fetching: None, lapses: 0 }
    }

    /// What the cache holds now.
    pub fn look(&self, now: impl Into<Clocks>) -> Cached {
        let now = now.into();
        let pausing = self.pausing(now);
        match (self.valid(now), pausing) {
            (Some(held), _) if !held.is_due(now) => Cached::Fresh(Arc::clone(&held.credentials)),
            // By one clock they have expired, so others are better if there are any.
            (Some(held), None) if held.has_expired(now) => Cached::Absent,
            (Some(held), _) => Cached::Stale(Arc::clone(&held.credentials)),
            (None, Some(failure)) => Cached::Failed(failure.error.clone()),
            (None, None) => Cached::Absent,
        }
    }

    /// The credentials, unless they have expired by both clocks.
    pub fn held(&self, now: impl Into<Clocks>) -> Option<Arc<Credentials>> {
        self.valid(now.into()).map(|held| Arc::clone(&held.credentials))
    }

    /// Begins a fetch. If it returns `true`, the caller has to fetch credentials and call [`finish`](Self::finish) or
    /// [`abandon`](Self::abandon). Returns `false` while another fetch is under way, and during the pause after a failure.
    pub fn begin(&mut self, now: impl Into<Clocks>) -> bool {
        let now = now.into();
        let begins = self.fetching.is_none() && self.pausing(now).is_none();
        if begins {
            self.fetching = Some(now);
        }
        begins
    }

    /// Ends a fetch with its result. Credentials that have expired while they were fetched, since the program stood still
    /// meanwhile, are an error and no failure: the next caller may begin another fetch at once, twice in a row.
    ///
    /// # Errors
    ///
    /// That of `fetched`, or that what was fetched has expired already or is empty. What was held before stays.
    pub fn finish(
        &mut self,
        now: impl Into<Clocks>,
        fetched: Result<Credentials, CredentialsError>,
    ) -> Result<Arc<Credentials>, CredentialsError> {
        self.finish_or(now, fetched, expired)
    }

    /// The same, where an error about what has `expired`, and for how long, is told in other words.
    pub(crate) fn finish_or(
        &mut self,
        now: impl Into<Clocks>,
        fetched: Result<Credentials, CredentialsError>,
        expired: impl FnOnce(Duration) -> CredentialsError,
    ) -> Result<Arc<Credentials>, CredentialsError> {
        let (now, begun) = (now.into(), self.fetching.take());
        let end = fetched.as_ref().ok().and_then(|credentials| credentials.expiration);
        let kept = fetched.and_then(|credentials| self.keep(now, credentials, expired));
        match &kept {
            Ok(_) => (self.failure, self.lapses) = (None, 0),
            Err(_) if self.lapses < MAX_LAPSES && lapsed(begun, now, end) => self.lapses += 1,
            Err(error) => self.failed(now, error.clone()),
        }
        kept
    }

    /// Ends a fetch without a result. The next caller may begin another.
    pub fn abandon(&mut self) {
        self.fetching = None;
    }

    /// The error of the last fetch, if it failed.
    pub fn failure(&self) -> Option<&CredentialsError> {
        self.failure.as_ref().map(|failure| &failure.error)
    }

    /// Drops credentials that the service refused as expired, whatever their expiration. Returns `true` if the caller should
    /// get other credentials and send the request again.
    ///
    /// The source may return the same credentials again, and the service may refuse all credentials. So those that are
    /// refused within a minute after others were dropped (within half their life, if that is shorter) are kept, and this
    /// returns `false`: not every refused call leads to a fetch.
    pub fn refuse(&mut self, now: impl Into<Clocks>, credentials: &Credentials) -> bool {
        let now = now.into().local();
        let Some(held) = self.held.take_if(|held| held.credentials.same_keys(credentials)) else {
            return true;
        };
        if self.refused.is_some_and(|at| within(at, now, held.patience)) {
            self.held = Some(held);
            return false;
        }
        self.refused = Some(now);
        true
    }

    /// The credentials, if they have not expired by both clocks.
    fn valid(&self, now: Clocks) -> Option<&Held> {
        self.held.as_ref().filter(|held| held.credentials.expiration.is_none_or(|end| now.both() < end))
    }

    /// The last failure, if its pause is not over.
    fn pausing(&self, now: Clocks) -> Option<&Failure> {
        // Callers cannot wait long if there are no valid credentials.
        let max = if self.valid(now).is_some() { MAX_PAUSE } else { MIN_PAUSE };
        let is_over = |failure: &Failure| !within(failure.at, now.local(), failure.pause.min(max));
        self.failure.as_ref().filter(|failure| !is_over(failure))
    }

    fn keep(
        &mut self,
        now: Clocks,
        credentials: Credentials,
        expired: impl FnOnce(Duration) -> CredentialsError,
    ) -> Result<Arc<Credentials>, CredentialsError> {
        if let Some(missing) = missing(&credentials) {
            return Err(incomplete(missing));
        }
        let (by_local, refresh_at, patience) = match credentials.expiration {
            None => (false, None, REFUSED_AGAIN),
            Some(end) => {
                let clock = now.until(end);
                let life = end.duration_since(clock).unwrap_or_default();
                if life.is_zero() {
                    return Err(expired(clock.duration_since(end).unwrap_or_default()));
                }
                let by_local = clock != now.service();
                (by_local, clock.checked_add(self.draw(life)), REFUSED_AGAIN.min(life / 2))
            }
        };
        let credentials = Arc::new(credentials);
        self.held = Some(Held { credentials: Arc::clone(&credentials), by_local, refresh_at, patience });
        Ok(credentials)
    }

    /// Draws the time until the refresh of credentials that last for `life`.
    fn draw(&mut self, life: Duration) -> Duration {
        let buffer = MAX_BUFFER.min(life / 10);
        let (first, last) = (life / 3 * 2, life.saturating_sub(buffer));
        // Values beyond an end are folded back, which keeps the distribution even.
        let drawn = (self.tendency + SWAY * (self.dice.fraction() - 0.5)).abs();
        let drawn = 1.0 - (1.0 - drawn).abs();
        first.saturating_add(last.saturating_sub(first).mul_f64(drawn.clamp(0.0, 1.0)))
    }

    fn failed(&mut self, now: Clocks, error: CredentialsError) {
        let count = self.failure.as_ref().map_or(0, |failure| failure.count).saturating_add(1);
        let end = self.valid(now).and_then(|held| held.credentials.expiration);
        let left = end.and_then(|end| end.duration_since(now.until(end)).ok()).unwrap_or_default();
        let growing = MIN_PAUSE.saturating_mul(2u32.saturating_pow(count - 1));
        let ceiling = growing.min(MAX_PAUSE).min(MIN_PAUSE.max(left / 4));
        let pause = ceiling.mul_f64(0.5 + 0.5 * self.dice.fraction());
        self.failure = Some(Failure { at: now.local(), pause, count, error });
    }
}

impl Held {
    /// Whether to fetch others.
    fn is_due(&self, now: Clocks) -> bool {
        self.refresh_at.is_some_and(|at| at <= self.clock(now)) || self.has_expired(now)
    }

    /// By the clock that they were taken by.
    fn has_expired(&self, now: Clocks) -> bool {
        self.credentials.expiration.is_some_and(|end| end <= self.clock(now))
    }

    fn clock(&self, now: Clocks) -> SystemTime {
        if self.by_local { now.local() } else { now.service() }
    }
}

/// Whether what ends at `end` and has ended was still good when it was asked for.
fn lapsed(begun: Option<Clocks>, now: Clocks, end: Option<SystemTime>) -> bool {
    begun.zip(end).is_some_and(|(begun, end)| begun.both() < end && end <= now.both())
}

/// Whether `now` is less than `pause` before or after `then`. If it is earlier by more, the clock has stepped back, and the
/// pause counts as over.
fn within(then: SystemTime, now: SystemTime, pause: Duration) -> bool {
    now.duration_since(then).unwrap_or_else(|error| error.duration()) < pause
}

/// The name of a part that is present and empty.
fn missing(credentials: &Credentials) -> Option<&'static str> {
    let Credentials { access_key_id, secret_access_key, session_token, .. } = credentials;
    let empty = |text: &str| text.trim().is_empty();
    match session_token {
        _ if empty(access_key_id) => Some("access key id"),
        _ if empty(secret_access_key.expose()) => Some("secret access key"),
        Some(token) if empty(token.expose()) => Some("session token"),
        _ => None,
    }
}

fn incomplete(missing: &str) -> CredentialsError {
    let problem = format!("the {missing} that it returned is empty; check the provider");
    CredentialsError::new("the provider", problem)
}

pub(crate) fn expired(late: Duration) -> CredentialsError {
    let problem = format!(
        "the credentials that it returned expired {} s ago by this machine's clock; get new ones, or correct the clock",
        late.as_secs()
    );
    CredentialsError::new("the provider", problem)
}

/// The width of the range that one cache draws from, as a fraction of the whole range.
const SWAY: f64 = 0.5;
/// How long before the expiration new credentials should be there, at most.
const MAX_BUFFER: Duration = Duration::from_secs(300);
const MIN_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// How often in a row credentials may expire on their way. A source whose credentials last no longer than it takes to give
/// them is not asked for ever.
const MAX_LAPSES: u32 = 2;
/// The maximum time that credentials are kept if they are refused after others were.
const REFUSED_AGAIN: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
