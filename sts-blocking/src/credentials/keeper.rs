use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use sts_proto::credentials::{Cache, Cached, Standing};
use sts_proto::{Context, Credentials, CredentialsError, Error, Outcome, RetryClass, Tried};

use super::CredentialsProvider;
use super::chain::{Begun, OwnChain, Pending};
use crate::engine::seed;
use crate::flight::Flight;
use crate::trace;

/// Keeps what a source gives: asks it when need be, once at a time, and lets callers go on with what is still good, or wait
/// where nothing is. What is not there at once is fetched by a thread of its own, so that nobody waits for longer than he
/// has time.
pub(crate) struct Keeper {
    source: Source,
    context: Arc<Context>,
    cache: Mutex<Cache>,
    /// The fetches.
    flight: Flight<Fetched>,
}

/// Who is asked.
pub(crate) enum Source {
    /// Whom the program has named.
    Provider(Box<dyn CredentialsProvider>),
    /// The chain of the settings.
    Chain(Arc<OwnChain>),
}

pub(crate) type Fetched = Result<Arc<Credentials>, CredentialsError>;

impl Keeper {
    /// `context` knows the service's clock.
    pub(crate) fn new(source: Source, context: Arc<Context>) -> Arc<Self> {
        let cache = Mutex::new(Cache::new(seed()));
        Arc::new(Self { source, context, cache, flight: Flight::default() })
    }

    /// Credentials that hold. Nobody waits for them longer than `patience`.
    pub(crate) fn get(self: &Arc<Self>, patience: Duration) -> Fetched {
        let mut cache = self.cache();
        let now = self.now();
        match cache.look(now) {
            Cached::Fresh(credentials) => return Ok(credentials),
            Cached::Stale(credentials) => {
                if cache.begin(now) {
                    drop(cache);
                    self.begin(true);
                }
                return Ok(credentials);
            }
            Cached::Failed(error) => return Err(error),
            Cached::Absent => {}
        }
        // A fetch ends under the lock too.
        let before = self.flight.times();
        let begins = cache.begin(now);
        drop(cache);
        if begins {
            self.begin(false);
        }
        self.flight.wait(before, patience).unwrap_or_else(|| Err(too_long(self.name(), patience)))
    }

    /// The service says that these have expired, whatever they say: neither this nor who is asked gives them again. Whether
    /// it is worth to ask once more.
    pub(crate) fn refuse(&self, refused: &Credentials) -> bool {
        // First of all the source, or who comes between would be given the same ones by it.
        if let Source::Provider(provider) = &self.source {
            provider.expired(refused);
        }
        self.cache().refuse(self.now(), refused)
    }

    /// Others than these, which the service says have expired; `None` where there are none.
    pub(crate) fn instead_of(
        self: &Arc<Self>,
        refused: &Credentials,
        patience: Duration,
    ) -> Option<Arc<Credentials>> {
        let worth_it = self.refuse(refused);
        worth_it.then(|| self.get(patience).ok())?.filter(|new| !new.same_keys(refused))
    }

    /// Every source in order, with what became of it. Where there is nothing that holds, it is looked for.
    pub(crate) fn explain(self: &Arc<Self>, patience: Duration) -> Vec<Tried> {
        let got = self.get(patience);
        let failure = self.cache().failure().cloned();
        match (&self.source, got) {
            (Source::Chain(chain), Ok(credentials)) => {
                chain.in_use(&credentials, failure.as_ref(), self.now())
            }
            (Source::Chain(chain), Err(error)) => chain.failed(error),
            (Source::Provider(_), got) => {
                let used = |credentials: Arc<Credentials>| {
                    let (credentials, failure) = (&*credentials, failure.as_ref());
                    Standing { credentials, kept_in_use: false, failure, now: self.now() }.to_string()
                };
                let outcome = match got {
                    Ok(credentials) => Outcome::Used(used(credentials).into()),
                    Err(error) => Outcome::Failed(error.problem().into()),
                };
                vec![Tried::new("the provider set in code", outcome)]
            }
        }
    }

    /// Whether a provider is asked that the program has named.
    pub(crate) fn is_set_in_code(&self) -> bool {
        matches!(self.source, Source::Provider(_))
    }

    /// Fetches, once [`Cache::begin`] has said so: in place what there is at once, all else in a thread.
    fn begin(self: &Arc<Self>, background: bool) {
        trace::fetching(background);
        let pending = match &self.source {
            Source::Provider(_) => None,
            Source::Chain(chain) => match chain.begin() {
                Begun::Done(fetched) => return self.end(fetched, background),
                Begun::Pending(pending) => Some(pending),
            },
        };
        let keeper = Arc::clone(self);
        let fetch = trace::carried(background, move || keeper.fetch(pending, background));
        if std::thread::Builder::new().name("sts-credentials".to_owned()).spawn(fetch).is_err() {
            // The caller then waits, which is better than that nobody fetches.
            self.fetch(None, background);
        }
    }

    fn fetch(&self, pending: Option<Pending>, background: bool) {
        let ask = || match (&self.source, pending) {
            (Source::Provider(provider), _) => provider.credentials(),
            (Source::Chain(chain), Some(pending)) => chain.finish(pending),
            (Source::Chain(chain), None) => chain.credentials(),
        };
        // Where it panics, those who wait are told, and it is asked again another time.
        let fetched = catch_unwind(AssertUnwindSafe(ask)).unwrap_or_else(|_| Err(panicked()));
        self.end(fetched, background);
    }

    fn end(&self, fetched: Result<Credentials, Error>, background: bool) {
        let mut cache = self.cache();
        // Asking may have taken a while, and shown what the service's clock says.
        let now = self.now();
        let kept = cache.finish(now, fetched.map_err(CredentialsError::from));
        trace::fetched(background, &kept, now);
        self.flight.land(kept);
    }

    /// Who is asked, as errors have it.
    fn name(&self) -> &str {
        match &self.source {
            Source::Provider(_) => "the provider",
            Source::Chain(chain) => chain.name(),
        }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the service's clock says.
    pub(crate) fn now(&self) -> SystemTime {
        self.context.service_time(SystemTime::now())
    }
}

fn panicked() -> Error {
    CredentialsError::new("the provider", "it panicked; the program's error output says where").into()
}

fn too_long(name: &str, patience: Duration) -> CredentialsError {
    let problem = format!("it has not answered after {patience:?}, the time that the call may take");
    CredentialsError::new(name, problem).with_retry_class(RetryClass::Transient)
}
