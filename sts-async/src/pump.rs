//! Drives flows: performs what they ask for, and runs the client's jobs in tasks of their own.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use sts_proto::Span;
use sts_proto::client::{Core, Job, ProviderJob};
use sts_proto::flow::{Effect, Event, Flow, Join, Step};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::performer::Performer;
use crate::provider::{CredentialsFuture, CredentialsProvider};

/// What a client consists of.
#[derive(Clone)]
pub(crate) struct Pump {
    pub(crate) core: Core,
    pub(crate) driver: Arc<Driver>,
    /// What is asked for credentials in place of the sources that the settings name.
    pub(crate) provider: Option<Arc<dyn CredentialsProvider>>,
}

/// What performs effects.
pub(crate) struct Driver {
    performer: Performer,
    /// Rung whenever a job has ended.
    bell: Notify,
}

impl Driver {
    pub(crate) fn new(performer: Performer) -> Self {
        Self { performer, bell: Notify::new() }
    }
}

impl Pump {
    pub(crate) async fn drive<F: Flow>(&self, mut flow: F) -> Result<F::Output, F::Error> {
        let mut event = Event::Start;
        loop {
            match flow.step(SystemTime::now(), event)? {
                Step::Done(output) => return Ok(output),
                Step::Perform(Effect::Join(join)) => event = self.join(join).await,
                Step::Perform(effect) => event = self.driver.performer.perform(effect).await,
            }
        }
    }

    pub(crate) async fn drive_within<F: Flow>(&self, span: Span, flow: F) -> Result<F::Output, F::Error> {
        within(span, self.drive(flow)).await
    }

    async fn join(&self, join: Join) -> Event {
        while let Some(job) = self.core.job() {
            let work = Ringing::work(self.clone(), job);
            match Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn(work)),
                // Another executor: nothing can run beside the caller.
                Err(_) => work.await,
            }
        }
        let ended = || self.core.ended() != join.seen;
        let wait = async {
            loop {
                // Register before looking, or a job that ends in between is missed.
                let mut rung = pin!(self.driver.bell.notified());
                rung.as_mut().enable();
                if ended() {
                    return;
                }
                rung.await;
            }
        };
        if join.within == Duration::ZERO {
            return if ended() { Event::Joined } else { Event::Elapsed };
        }
        if Handle::try_current().is_err() {
            // Another executor, of which no timer is known: the caller that runs the job ends the wait.
            wait.await;
            return Event::Joined;
        }
        tokio::time::timeout(join.within, wait).await.map_or(Event::Elapsed, |()| Event::Joined)
    }

    /// A provider that panics is one that has failed: the calls that wait are told, and it is asked again another time.
    async fn ask(&self, job: ProviderJob) {
        let Some(provider) = &self.provider else { return };
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

/// Wakes all that wait for a job, however it ends: its task may be dropped with its runtime.
struct Ringing {
    pump: Pump,
    /// `None` once it runs.
    job: Option<Job>,
}

impl Ringing {
    /// Boxed, since driving a flow may begin a job and a job is a flow.
    fn work(pump: Pump, job: Job) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let span = job.span().clone();
        let mut ringing = Self { pump, job: Some(job) };
        Box::pin(within(span, async move {
            let job = ringing.job.take();
            let pump = &ringing.pump;
            match job {
                Some(Job::Flow(job)) => pump.drive(job).await.unwrap_or_else(|never| match never {}),
                Some(Job::Provider(job)) => pump.ask(job).await,
                None => {}
            }
        }))
    }
}

impl Drop for Ringing {
    fn drop(&mut self) {
        // A job that has not run gives its right back before the others look.
        drop(self.job.take());
        self.pump.driver.bell.notify_waiters();
    }
}

/// Polls a future within a span.
async fn within<F: Future>(span: Span, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| span.enter(|| Pin::as_mut(&mut future).poll(cx))).await
}
