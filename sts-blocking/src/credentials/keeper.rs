use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use sts_proto::credentials::{Cache, Lookup};
use sts_proto::{Context, Credentials, CredentialsError, RetryClass};

use super::CredentialsProvider;
use crate::engine::seed;

/// Keeps what a provider gives: asks it when need be, one caller at a time, and lets the others go on with what is still
/// good, or wait where nothing is.
pub(crate) struct Keeper {
    provider: Box<dyn CredentialsProvider>,
    context: Arc<Context>,
    state: Mutex<State>,
    /// A fetch has ended.
    ended: Condvar,
}

struct State {
    cache: Cache,
    /// How many fetches have ended.
    ended: u64,
    /// What came of the last of them.
    last: Option<Fetched>,
}

type Fetched = Result<Arc<Credentials>, CredentialsError>;

impl Keeper {
    /// `context` knows the service's clock.
    pub(crate) fn new(provider: Box<dyn CredentialsProvider>, context: Arc<Context>) -> Arc<Self> {
        let state = State { cache: Cache::new(seed()), ended: 0, last: None };
        Arc::new(Self { provider, context, state: Mutex::new(state), ended: Condvar::new() })
    }

    /// Credentials that hold. Who waits for another's fetch waits no longer than `patience`.
    pub(crate) fn get(self: &Arc<Self>, patience: Duration) -> Fetched {
        let mut state = self.state();
        let now = self.now();
        match state.cache.look(now) {
            Lookup::Fresh(credentials) => return Ok(credentials),
            Lookup::Stale(credentials) => {
                if state.cache.begin(now) {
                    drop(state);
                    self.refresh();
                }
                return Ok(credentials);
            }
            Lookup::Failed(error) => return Err(error),
            Lookup::Absent => {}
        }
        if state.cache.begin(now) {
            drop(state);
            return self.fetch();
        }
        self.wait(state, patience)
    }

    /// Others than these, which the service says have expired; `None` where there are none.
    pub(crate) fn instead_of(
        self: &Arc<Self>,
        refused: &Credentials,
        patience: Duration,
    ) -> Option<Arc<Credentials>> {
        let now = self.now();
        let worth_it = self.state().cache.refuse(now, refused);
        worth_it.then(|| self.get(patience).ok())?.filter(|new| !new.same_keys(refused))
    }

    /// Fetches while all others go on with what there is.
    fn refresh(self: &Arc<Self>) {
        let keeper = Arc::clone(self);
        let thread = std::thread::Builder::new().name("sts-refresh".to_owned());
        if thread.spawn(move || drop(keeper.fetch())).is_err() {
            // The caller then waits, which is better than that nobody fetches.
            let _ = self.fetch();
        }
    }

    /// Fetches, once [`Cache::begin`] has said so.
    fn fetch(&self) -> Fetched {
        let ticket = Ticket(self);
        let fetched = self.provider.credentials().map_err(CredentialsError::from);
        std::mem::forget(ticket);
        self.end(fetched)
    }

    fn end(&self, fetched: Result<Credentials, CredentialsError>) -> Fetched {
        let mut state = self.state();
        // Asking may have taken a while, and shown what the service's clock says.
        let kept = state.cache.finish(self.now(), fetched);
        state.ended = state.ended.wrapping_add(1);
        state.last = Some(kept.clone());
        drop(state);
        self.ended.notify_all();
        kept
    }

    /// What comes of the fetch that is under way.
    fn wait(&self, mut state: MutexGuard<'_, State>, patience: Duration) -> Fetched {
        let deadline = Instant::now().checked_add(patience);
        let before = state.ended;
        loop {
            if let Some(last) = state.last.as_ref().filter(|_| state.ended != before) {
                return last.clone();
            }
            state = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => self.ended.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return Err(too_long(patience)),
                Some(left) => self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> SystemTime {
        self.context.service_time(SystemTime::now())
    }
}

/// Held while fetching. It is dropped where the provider panics; those who wait are then told.
struct Ticket<'a>(&'a Keeper);

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let problem = "it panicked; the program's error output says where";
        let _ = self.0.end(Err(CredentialsError::new("the provider", problem)));
    }
}

fn too_long(patience: Duration) -> CredentialsError {
    let problem =
        format!("another call is still asking it after {patience:?}, the time that this call may take");
    CredentialsError::new("the provider", problem).with_retry_class(RetryClass::Transient)
}
