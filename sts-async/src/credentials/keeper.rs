use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use sts_proto::credentials::{Cache, Cached, Standing};
use sts_proto::{Context, Credentials, CredentialsError, Error, Outcome, RetryClass, Tried};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::{CredentialsFuture, CredentialsProvider, OwnChain};
use crate::engine::seed;
use crate::trace;

/// Keeps what a provider gives: asks it when need be, once at a time, and lets callers go on with what is still good, or
/// wait where nothing is. It is asked in a task of its own, so that a caller who gives up takes nothing from the others.
pub(crate) struct Keeper {
    source: Source,
    context: Arc<Context>,
    cache: Mutex<Cache>,
    /// What came of the last fetch that has ended; nothing where it was cut off.
    ended: watch::Sender<Option<Fetched>>,
}

/// Who is asked.
pub(crate) enum Source {
    /// Whom the program has named.
    Provider(Box<dyn CredentialsProvider>),
    /// The chain of the settings.
    Chain(Arc<OwnChain>),
}

pub(crate) type Fetched = Result<Arc<Credentials>, CredentialsError>;

/// What a caller is to do.
enum Next {
    Take(Fetched),
    /// Fetch, and go on with the old ones.
    Refresh(Ticket, Arc<Credentials>),
    /// Fetch, and wait for that.
    Fetch(Ticket, watch::Receiver<Option<Fetched>>),
    /// Wait for the fetch that is under way.
    Wait(watch::Receiver<Option<Fetched>>),
}

impl Keeper {
    /// `context` knows the service's clock.
    pub(crate) fn new(source: Source, context: Arc<Context>) -> Arc<Self> {
        let (cache, ended) = (Mutex::new(Cache::new(seed())), watch::Sender::new(None));
        Arc::new(Self { source, context, cache, ended })
    }

    /// Credentials that hold. Nobody waits longer for them than `patience`.
    pub(crate) async fn get(self: &Arc<Self>, patience: Duration) -> Fetched {
        let Ok(runtime) = Handle::try_current() else { return self.fetched(None).await };
        tokio::time::timeout(patience, self.fetched(Some(runtime)))
            .await
            .unwrap_or_else(|_| Err(too_long(self.name(), patience)))
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
    pub(crate) async fn instead_of(
        self: &Arc<Self>,
        refused: &Credentials,
        patience: Duration,
    ) -> Option<Arc<Credentials>> {
        if !self.refuse(refused) {
            return None;
        }
        self.get(patience).await.ok().filter(|new| !new.same_keys(refused))
    }

    /// Every source in order, with what became of it. Where there is nothing that holds, it is looked for.
    pub(crate) async fn explain(self: &Arc<Self>, patience: Duration) -> Vec<Tried> {
        let got = self.get(patience).await;
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

    /// Fetches on `runtime`, or else in place.
    async fn fetched(self: &Arc<Self>, mut runtime: Option<Handle>) -> Fetched {
        loop {
            let mut ended = match self.next() {
                Next::Take(fetched) => return fetched,
                Next::Refresh(ticket, credentials) => {
                    match &runtime {
                        Some(runtime) => drop(runtime.spawn(trace::carried(true, ticket.fetch(true)))),
                        None => ticket.fetch(true).await,
                    }
                    return Ok(credentials);
                }
                Next::Fetch(ticket, ended) => {
                    match &runtime {
                        Some(runtime) => drop(runtime.spawn(trace::carried(false, ticket.fetch(false)))),
                        None => ticket.fetch(false).await,
                    }
                    ended
                }
                Next::Wait(ended) => ended,
            };
            // The sender lives as long as the keeper.
            let _ = ended.changed().await;
            if let Some(fetched) = ended.borrow_and_update().clone() {
                return fetched;
            }
            // Cut off, with its runtime or with its caller: another task might end the same way.
            runtime = None;
        }
    }

    fn next(self: &Arc<Self>) -> Next {
        let mut cache = self.cache();
        let now = self.now();
        match cache.look(now) {
            Cached::Fresh(credentials) => Next::Take(Ok(credentials)),
            Cached::Stale(credentials) if cache.begin(now) => Next::Refresh(Ticket::new(self), credentials),
            Cached::Stale(credentials) => Next::Take(Ok(credentials)),
            Cached::Failed(error) => Next::Take(Err(error)),
            Cached::Absent if cache.begin(now) => Next::Fetch(Ticket::new(self), self.ended.subscribe()),
            Cached::Absent => Next::Wait(self.ended.subscribe()),
        }
    }

    /// A source that panics is one that has failed: those who wait are told, and it is asked again another time.
    async fn ask(&self) -> Result<Credentials, Error> {
        // Making the future may panic, too.
        let mut asking: Option<CredentialsFuture<'_>> = None;
        poll_fn(|cx| {
            let poll = || match &self.source {
                Source::Provider(provider) => {
                    asking.get_or_insert_with(|| provider.credentials()).as_mut().poll(cx)
                }
                Source::Chain(chain) => asking.get_or_insert_with(|| chain.credentials()).as_mut().poll(cx),
            };
            catch_unwind(AssertUnwindSafe(poll)).unwrap_or_else(|_| Poll::Ready(Err(panicked())))
        })
        .await
    }

    fn end(&self, fetched: Result<Credentials, Error>, background: bool) {
        let mut cache = self.cache();
        // Asking may have taken a while, and shown what the service's clock says.
        let now = self.now();
        let kept = cache.finish(now, fetched.map_err(CredentialsError::from));
        trace::fetched(background, &kept, now);
        self.ended.send_replace(Some(kept));
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

/// The right to fetch, which [`Cache::begin`] has given. Wherever it is dropped, another may have it.
struct Ticket {
    keeper: Arc<Keeper>,
    used: bool,
}

impl Ticket {
    fn new(keeper: &Arc<Keeper>) -> Self {
        Self { keeper: Arc::clone(keeper), used: false }
    }

    async fn fetch(mut self, background: bool) {
        trace::fetching(background);
        let fetched = self.keeper.ask().await;
        self.used = true;
        self.keeper.end(fetched, background);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.used {
            return;
        }
        let mut cache = self.keeper.cache();
        cache.abandon();
        self.keeper.ended.send_replace(None);
    }
}

fn panicked() -> Error {
    CredentialsError::new("the provider", "it panicked; the program's error output says where").into()
}

fn too_long(name: &str, patience: Duration) -> CredentialsError {
    let problem = format!("it has not answered after {patience:?}, the time that the call may take");
    CredentialsError::new(name, problem).with_retry_class(RetryClass::Transient)
}
