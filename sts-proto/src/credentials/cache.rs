use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::error::CredentialsError;
use crate::keys::Credentials;
use crate::retry::Dice;

/// Says when credentials have to be fetched anew. Pure: who fetches, and who waits, is up to a driver.
///
/// Credentials that expire are fetched anew at a moment that is drawn for each set from the seed, evenly between two
/// thirds of the life that they had left when they came and a buffer before their end: five minutes, or a tenth of that
/// life if it is shorter. A cache leans to the early or to the late side for good, and each draw is made around that: over
/// all seeds it is even all the same, and clients that started together drift apart with each refresh, not just by
/// chance. Credentials without an expiration are kept for ever.
///
/// A fetch that fails while the old credentials hold is followed by another after a second, two, four, … up to a
/// minute, never more than a quarter of the time left (but for a floor of a second), each cut by chance to a half at
/// the most. Where nothing holds, all that ask within half a second to a second of the failure get its error; then the
/// next may try.
///
/// `now` is the service's clock: see [`Context::service_time`](crate::context::Context::service_time). A clock that steps back
/// makes no pause longer than twice its length, and one that is right again finds the credentials that it had.
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
/// let keys = Credentials::new("ASIAEXAMPLE", "secret").with_expiration(now + Duration::from_secs(3600));
/// cache.finish(now, Ok(keys))?;
/// assert!(matches!(cache.look(now + Duration::from_secs(2400 - 1)), Cached::Fresh(_)));
/// assert!(matches!(cache.look(now + Duration::from_secs(3600 - 300)), Cached::Stale(_)));
/// assert!(matches!(cache.look(now + Duration::from_secs(3600)), Cached::Absent));
/// # Ok::<(), sts_proto::CredentialsError>(())
/// ```
#[derive(Debug)]
pub struct Cache {
    dice: Dice,
    /// To which side, between 0 and 1, moments of refresh are drawn.
    lean: f64,
    held: Option<Held>,
    /// The last fetch, if it failed.
    failure: Option<Failure>,
    refused: Option<Refused>,
    fetching: bool,
}

/// What a cache holds at some time.
#[derive(Clone, Debug)]
pub enum Cached {
    /// Good.
    Fresh(Arc<Credentials>),
    /// Good, and it is time to fetch new ones: see [`Cache::begin`].
    Stale(Arc<Credentials>),
    /// Nothing that may be used: fetch, or wait for who does.
    Absent,
    /// Nothing that may be used, and a fetch has failed a moment ago.
    Failed(CredentialsError),
}

#[derive(Debug)]
struct Held {
    credentials: Arc<Credentials>,
    /// `None` for those that need no refresh.
    refresh_at: Option<SystemTime>,
}

#[derive(Debug)]
struct Failure {
    at: SystemTime,
    /// How long after it no other fetch begins.
    pause: Duration,
    /// How many there were in a row.
    count: u32,
    error: CredentialsError,
}

#[derive(Debug)]
struct Refused {
    credentials: Arc<Credentials>,
    at: SystemTime,
}

impl Cache {
    /// Empty. `seed` is any number that no other has.
    pub fn new(seed: u128) -> Self {
        let mut dice = Dice::new(seed);
        let lean = dice.fraction();
        Self { dice, lean, held: None, failure: None, refused: None, fetching: false }
    }

    /// What there is.
    pub fn look(&self, now: SystemTime) -> Cached {
        match self.valid(now) {
            Some(held) if held.refresh_at.is_some_and(|at| at <= now) => {
                Cached::Stale(Arc::clone(&held.credentials))
            }
            Some(held) => Cached::Fresh(Arc::clone(&held.credentials)),
            None => match self.pausing(now) {
                Some(failure) => Cached::Failed(failure.error.clone()),
                None => Cached::Absent,
            },
        }
    }

    /// Whether the caller is the one to fetch now; it then has to call [`finish`](Self::finish) or
    /// [`abandon`](Self::abandon). `false` while another does, and for a while after a failure.
    pub fn begin(&mut self, now: SystemTime) -> bool {
        let begins = !self.fetching && self.pausing(now).is_none();
        self.fetching |= begins;
        begins
    }

    /// What came of fetching.
    ///
    /// # Errors
    ///
    /// That of `fetched`, or that what was fetched has expired already or is empty. What was held before stays.
    pub fn finish(
        &mut self,
        now: SystemTime,
        fetched: Result<Credentials, CredentialsError>,
    ) -> Result<Arc<Credentials>, CredentialsError> {
        self.fetching = false;
        let kept = fetched.and_then(|credentials| self.keep(now, credentials));
        match &kept {
            Ok(_) => self.failure = None,
            Err(error) => self.failed(now, error.clone()),
        }
        kept
    }

    /// Fetching was given up, and nothing came of it: the next that looks may begin.
    pub fn abandon(&mut self) {
        self.fetching = false;
    }

    /// Why the last fetch failed, if it did: what is held, if anything, is older.
    pub fn failure(&self) -> Option<&CredentialsError> {
        self.failure.as_ref().map(|failure| &failure.error)
    }

    /// The service says that these have expired, whatever they say themselves. `true` if it is worth to look again and to
    /// send again: they are dropped, or were so already.
    ///
    /// A source may give the same ones once more. If they are refused again within a minute this is `false`, so that
    /// calls that are refused do not become fetches.
    pub fn refuse(&mut self, now: SystemTime, credentials: &Credentials) -> bool {
        let Some(held) = self.held.take_if(|held| held.credentials.same_keys(credentials)) else {
            return true;
        };
        let before = self.refused.as_ref().filter(|refused| refused.credentials.same_keys(credentials));
        if before.is_some_and(|refused| within(refused.at, now, REFUSED_AGAIN)) {
            self.held = Some(held);
            return false;
        }
        self.refused = Some(Refused { credentials: held.credentials, at: now });
        true
    }

    /// What is held, if it may be used.
    fn valid(&self, now: SystemTime) -> Option<&Held> {
        self.held.as_ref().filter(|held| held.credentials.expiration.is_none_or(|end| now < end))
    }

    /// The failure after which it is too early to fetch.
    fn pausing(&self, now: SystemTime) -> Option<&Failure> {
        // Who has nothing cannot wait for long.
        let most = if self.valid(now).is_some() { LONGEST_PAUSE } else { SHORTEST_PAUSE };
        self.failure.as_ref().filter(|failure| within(failure.at, now, failure.pause.min(most)))
    }

    fn keep(
        &mut self,
        now: SystemTime,
        credentials: Credentials,
    ) -> Result<Arc<Credentials>, CredentialsError> {
        if let Some(missing) = missing(&credentials) {
            return Err(incomplete(missing));
        }
        let refresh_at = match credentials.expiration {
            None => None,
            Some(end) => {
                let life = end.duration_since(now).unwrap_or_default();
                if life.is_zero() {
                    return Err(expired(now.duration_since(end).unwrap_or_default()));
                }
                now.checked_add(self.draw(life))
            }
        };
        let credentials = Arc::new(credentials);
        self.held = Some(Held { credentials: Arc::clone(&credentials), refresh_at });
        Ok(credentials)
    }

    /// How long a set that lives for so long goes without a refresh.
    fn draw(&mut self, life: Duration) -> Duration {
        let buffer = LONGEST_BUFFER.min(life / 10);
        let (first, last) = (life / 3 * 2, life.saturating_sub(buffer));
        // What leans over an end is folded back, which keeps the whole even.
        let drawn = (self.lean + SWAY * (self.dice.fraction() - 0.5)).abs();
        let drawn = 1.0 - (1.0 - drawn).abs();
        first.saturating_add(last.saturating_sub(first).mul_f64(drawn.clamp(0.0, 1.0)))
    }

    fn failed(&mut self, now: SystemTime, error: CredentialsError) {
        let count = self.failure.as_ref().map_or(0, |failure| failure.count).saturating_add(1);
        let end = self.valid(now).and_then(|held| held.credentials.expiration);
        let left = end.and_then(|end| end.duration_since(now).ok()).unwrap_or_default();
        let growing = SHORTEST_PAUSE.saturating_mul(2u32.saturating_pow(count - 1));
        let ceiling = growing.min(LONGEST_PAUSE).min(SHORTEST_PAUSE.max(left / 4));
        let pause = ceiling.mul_f64(0.5 + 0.5 * self.dice.fraction());
        self.failure = Some(Failure { at: now, pause, count, error });
    }
}

/// Whether the clock is less than `pause` away from `then`, to either side: the service's is known to the second only, and
/// one that has stepped back further says nothing of how long it was.
fn within(then: SystemTime, now: SystemTime, pause: Duration) -> bool {
    now.duration_since(then).unwrap_or_else(|error| error.duration()) < pause
}

/// What is there, and empty.
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
    let problem = format!("the {missing} that it gave is empty; nothing can be signed with that");
    CredentialsError::new("the provider", problem)
}

fn expired(late: Duration) -> CredentialsError {
    let problem = format!(
        "the credentials that it gave expired {} s ago by this machine's clock; get new ones, or set the clock right",
        late.as_secs()
    );
    CredentialsError::new("the provider", problem)
}

/// How far apart two draws of one cache can be, of what there is.
const SWAY: f64 = 0.5;
/// Before the end of a life, by when there should be new ones.
const LONGEST_BUFFER: Duration = Duration::from_secs(300);
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How long a source that goes on giving what was refused is believed.
const REFUSED_AGAIN: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
