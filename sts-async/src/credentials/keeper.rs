use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use sts_proto::credentials::{Cache, Lookup};
use sts_proto::{Context, Credentials, CredentialsError, RetryClass};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::CredentialsProvider;
use crate::engine::seed;

/// Keeps what a provider gives: asks it when need be, once at a time, and lets callers go on with what is still good, or
/// wait where nothing is. It is asked in a task of its own, so that a caller who gives up takes nothing from the others.
pub(crate) struct Keeper {
    provider: Box<dyn CredentialsProvider>,
    context: Arc<Context>,
    cache: Mutex<Cache>,
    /// What came of the last fetch that has ended; nothing where it was cut off.
    ended: watch::Sender<Option<Fetched>>,
}

type Fetched = Result<Arc<Credentials>, CredentialsError>;

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
    pub(crate) fn new(provider: Box<dyn CredentialsProvider>, context: Arc<Context>) -> Arc<Self> {
        let (cache, ended) = (Mutex::new(Cache::new(seed())), watch::Sender::new(None));
        Arc::new(Self { provider, context, cache, ended })
    }

    /// Credentials that hold. Nobody waits longer for them than `patience`.
    pub(crate) async fn get(self: &Arc<Self>, patience: Duration) -> Fetched {
        let Ok(runtime) = Handle::try_current() else { return self.fetched(None).await };
        tokio::time::timeout(patience, self.fetched(Some(runtime)))
            .await
            .unwrap_or_else(|_| Err(too_long(patience)))
    }

    /// Others than these, which the service says have expired; `None` where there are none.
    pub(crate) async fn instead_of(
        self: &Arc<Self>,
        refused: &Credentials,
        patience: Duration,
    ) -> Option<Arc<Credentials>> {
        let worth_it = self.cache().refuse(self.now(), refused);
        if !worth_it {
            return None;
        }
        self.get(patience).await.ok().filter(|new| !new.same_keys(refused))
    }

    /// Fetches on `runtime`, or else in place.
    async fn fetched(self: &Arc<Self>, mut runtime: Option<Handle>) -> Fetched {
        loop {
            let mut ended = match self.next() {
                Next::Take(fetched) => return fetched,
                Next::Refresh(ticket, credentials) => {
                    match &runtime {
                        Some(runtime) => drop(runtime.spawn(ticket.fetch())),
                        None => ticket.fetch().await,
                    }
                    return Ok(credentials);
                }
                Next::Fetch(ticket, ended) => {
                    match &runtime {
                        Some(runtime) => drop(runtime.spawn(ticket.fetch())),
                        None => ticket.fetch().await,
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
            Lookup::Fresh(credentials) => Next::Take(Ok(credentials)),
            Lookup::Stale(credentials) if cache.begin(now) => Next::Refresh(Ticket::new(self), credentials),
            Lookup::Stale(credentials) => Next::Take(Ok(credentials)),
            Lookup::Failed(error) => Next::Take(Err(error)),
            Lookup::Absent if cache.begin(now) => Next::Fetch(Ticket::new(self), self.ended.subscribe()),
            Lookup::Absent => Next::Wait(self.ended.subscribe()),
        }
    }

    fn end(&self, fetched: Result<Credentials, CredentialsError>) {
        let mut cache = self.cache();
        // Asking may have taken a while, and shown what the service's clock says.
        let kept = cache.finish(self.now(), fetched);
        self.ended.send_replace(Some(kept));
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> SystemTime {
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

    fn fetch(mut self) -> impl Future<Output = ()> + Send + 'static {
        async move {
            let fetched = self.keeper.provider.credentials().await;
            self.used = true;
            self.keeper.end(fetched.map_err(CredentialsError::from));
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.used {
            return;
        }
        if std::thread::panicking() {
            let problem = "it panicked; the program's error output says where";
            return self.keeper.end(Err(CredentialsError::new("the provider", problem)));
        }
        let mut cache = self.keeper.cache();
        cache.abandon();
        self.keeper.ended.send_replace(None);
    }
}

fn too_long(patience: Duration) -> CredentialsError {
    let problem = format!("it has not answered after {patience:?}, the time that the call may take");
    CredentialsError::new("the provider", problem).with_retry_class(RetryClass::Transient)
}
