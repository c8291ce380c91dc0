//! Drives flows: performs what they ask for, and runs the client's jobs in tasks of their own.

use std::future::{poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use sts_proto::Span;
use sts_proto::client::{Core, Job, ProviderJob};
use sts_proto::flow::{Effect, Event, Flow, Join, Step};
use sts_proto::perform::{self, AskMfaCode, Bell, BoxFuture, MaybeSend};

use crate::carrier::Transport;
use crate::effects;
use crate::provider::{CredentialsFuture, CredentialsProvider};

/// What a client consists of.
#[derive(Clone)]
pub(crate) struct Pump {
    /// What is asked for credentials in place of the sources that the settings name.
    pub(crate) provider: Option<Arc<dyn CredentialsProvider>>,
    pub(crate) core: Core,
    pub(crate) driver: Arc<Driver>,
}

/// What performs effects.
pub(crate) struct Driver {
    /// Rung whenever a job has ended.
    pub(crate) bell: Bell,
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) mfa_code: Option<Arc<AskMfaCode>>,
}

impl Pump {
    pub(crate) fn drive<F: Flow>(&self, flow: F) -> impl Future<Output = Result<F::Output, F::Error>> {
        self.drive_within(Span::default(), flow)
    }

    /// Performs within a span; the steps of a flow enter their own. An `async fn` would hold the flow twice.
    #[allow(clippy::manual_async_fn)]
    pub(crate) fn drive_within<F: Flow>(
        &self,
        span: Span,
        flow: F,
    ) -> impl Future<Output = Result<F::Output, F::Error>> {
        let mut flow = self.core.timed(flow);
        async move {
            let mut effect = None;
            loop {
                let event = match effect {
                    Some(effect) => within(&span, effect).await,
                    None => Event::Start,
                };
                match flow.step(self.core.now(effects::now), event)? {
                    Step::Perform(next) => effect = Some(span.enter(|| self.perform(next))),
                    Step::Done(output) => return Ok(output),
                }
            }
        }
    }

    /// Boxed, so that a program holds this code once and not once for each kind of flow.
    fn perform(&self, effect: Effect) -> BoxFuture<'_, Event> {
        match effect {
            Effect::Send(request, timeouts) => {
                let answer = self.driver.transport.send(request, timeouts);
                Box::pin(async { answer.await.map_or_else(Event::Failed, Event::Response) })
            }
            Effect::Read(path) => effects::beside(move || effects::read(&path)),
            Effect::Replace(path, contents) => effects::beside(move || effects::replace(&path, &contents)),
            Effect::Run(command) => Box::pin(effects::run(command)),
            Effect::AskMfaCode(serial) => match self.driver.mfa_code.clone() {
                Some(ask) => effects::beside(move || perform::mfa_code(Some(&*ask), &serial)),
                None => Box::pin(ready(perform::mfa_code(None, &serial))),
            },
            Effect::Wait(duration) => Box::pin(async move {
                effects::sleep(duration).await;
                Event::Elapsed
            }),
            Effect::Join(join) => Box::pin(self.join(join)),
        }
    }

    async fn join(&self, join: Join) -> Event {
        while let Some(job) = self.core.job() {
            effects::spawn(Ringing::work(self.clone(), job)).await;
        }
        let ended = || (self.core.ended() != join.seen).then_some(Event::Joined);
        let joined = match join.within {
            Duration::ZERO => ended(),
            within => effects::within(within, self.driver.bell.until(ended)).await,
        };
        joined.unwrap_or(Event::Elapsed)
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
            Some(fetched) => job.finish(self.core.now(effects::now), fetched),
            None => job.panicked(self.core.now(effects::now)),
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
    fn work(pump: Pump, job: Job) -> impl Future<Output = ()> + MaybeSend {
        let span = job.span().clone();
        let mut ringing = Self { pump, job: Some(job) };
        async move {
            let job = ringing.job.take();
            let pump = &ringing.pump;
            match job {
                Some(Job::Flow(job)) => {
                    pump.drive_within(span, job).await.unwrap_or_else(|never| match never {})
                }
                Some(Job::Provider(job)) => within(&span, Box::pin(pump.ask(job))).await,
                None => {}
            }
        }
    }
}

impl Drop for Ringing {
    fn drop(&mut self) {
        // A job that has not run gives its right back before the others look.
        drop(self.job.take());
        self.pump.driver.bell.ring();
    }
}

/// Polls a future within a span.
async fn within<T>(span: &Span, mut future: BoxFuture<'_, T>) -> T {
    poll_fn(|cx| span.enter(|| future.as_mut().poll(cx))).await
}
