//! Jobs run in tasks of their own, and callers that wait for them.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use sts_proto::Scope;
use sts_proto::client::{Job, ProviderJob};
use sts_proto::flow::{Event, Join};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::{Client, CredentialsFuture};

impl Client {
    pub(crate) async fn join(&self, join: Join) -> Event {
        while let Some(job) = self.core().job() {
            let work = Ringing::new(self.clone()).work(job);
            match Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn(work)),
                // Another executor: nothing can run beside the caller.
                Err(_) => work.await,
            }
        }
        let ended = || self.core().ended() != join.seen;
        let wait = async {
            loop {
                // Registered before it is looked, or a job that ends in between is missed.
                let mut rung = pin!(self.bell().notified());
                rung.as_mut().enable();
                if ended() {
                    return;
                }
                rung.await;
            }
        };
        if join.within == Duration::ZERO || Handle::try_current().is_err() {
            return if ended() { Event::Joined } else { Event::Elapsed };
        }
        tokio::time::timeout(join.within, wait).await.map_or(Event::Elapsed, |()| Event::Joined)
    }
}

/// Wakes all that wait for a job, however it ends: its task may be dropped with its runtime.
struct Ringing(Client);

impl Ringing {
    fn new(client: Client) -> Self {
        Self(client)
    }

    /// Boxed, since driving a flow may begin a job and a job is a flow.
    fn work(self, job: Job) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let scope = job.scope().clone();
        Box::pin(within(scope, async move {
            let client = &self.0;
            match job {
                Job::Flow(job) => client.drive(job).await.unwrap_or_else(|never| match never {}),
                Job::Provider(job) => client.ask(job).await,
            }
        }))
    }
}

impl Drop for Ringing {
    fn drop(&mut self) {
        self.0.bell().notify_waiters();
    }
}

impl Client {
    /// A provider that panics is one that has failed: the calls that wait are told, and it is asked again another time.
    async fn ask(&self, job: ProviderJob) {
        let Some(provider) = self.provider() else { return };
        // Making the future may panic, too.
        let mut asking: Option<CredentialsFuture<'_>> = None;
        let asked = poll_fn(|cx| {
            let poll = || {
                let asking = asking.get_or_insert_with(|| {
                    job.refused().into_iter().for_each(|refused| provider.expired(refused));
                    provider.credentials()
                });
                asking.as_mut().poll(cx)
            };
            catch_unwind(AssertUnwindSafe(poll)).map_or(Poll::Ready(None), |polled| polled.map(Some))
        });
        match asked.await {
            Some(fetched) => job.finish(SystemTime::now(), fetched),
            None => job.panicked(SystemTime::now()),
        }
    }
}

/// Polls a future within a scope.
pub(crate) async fn within<F: Future>(scope: Scope, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| scope.enter(|| Pin::as_mut(&mut future).poll(cx))).await
}

pub(crate) type Bell = Notify;
