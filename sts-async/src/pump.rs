//! Drives flows: performs what they ask for, and runs the client's jobs in tasks of their own.

use std::future::{self, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use sts_proto::client::{Asking, Core, Job, Pace, ProviderJob, Sending, Untyped};
use sts_proto::flow::{Effect, Event, Flow, Join, Step};
use sts_proto::perform::{self, AskMfaCode, Bell, BoxFuture, MaybeSend};
use sts_proto::{Error, Operation, Span};

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
    /// Calls an operation. It is compiled once for each operation, so it leaves all it can to [`call`](Self::call).
    pub(crate) fn send<O: Operation>(&self, operation: O) -> impl Future<Output = Answer<O>> {
        let mut asking = Asking::new(operation);
        let mut call = self.call(&asking.untyped());
        poll_fn(move |cx| call.poll(cx, &mut asking))
    }

    fn call(&self, asked: &Untyped<'_>) -> Calling<'_> {
        let call = self.core.sending(asked, effects::seed(), effects::environment);
        let span = call.span().clone();
        Calling(Driving { pump: self, pace: self.core.pace(), span, under_way: None }, call)
    }

    pub(crate) fn drive<F: Flow>(&self, flow: F) -> impl Future<Output = Ended<F>> {
        self.drive_within(Span::default(), flow)
    }

    /// Performs within a span; the steps of a flow enter their own.
    pub(crate) fn drive_within<F: Flow>(&self, span: Span, mut flow: F) -> impl Future<Output = Ended<F>> {
        let mut driving = Driving { pump: self, pace: self.core.pace(), span, under_way: None };
        poll_fn(move |cx| driving.poll(cx, &mut flow))
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
                None => Box::pin(future::ready(perform::mfa_code(None, &serial))),
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

type Answer<O> = Result<<O as Operation>::Output, Error>;
type Ended<F> = Result<<F as Flow>::Output, <F as Flow>::Error>;

/// A call in progress, without its operation. `poll` is a method that is not inlined: the compiler would copy a closure to each
/// place that polls it.
struct Calling<'a>(Driving<'a>, Sending);

impl Calling<'_> {
    #[inline(never)]
    fn poll<O: Operation>(&mut self, cx: &mut Context<'_>, asking: &mut Asking<O>) -> Poll<Answer<O>> {
        ready!(self.0.poll(cx, &mut self.1.steps(asking.untyped())))?;
        Poll::Ready(asking.output())
    }
}

/// What drives a flow, apart from the flow itself.
struct Driving<'a> {
    pump: &'a Pump,
    pace: Pace,
    span: Span,
    /// The effect that the flow waits for; `None` before the first step and after the last.
    under_way: Option<BoxFuture<'a, Event>>,
}

impl Driving<'_> {
    fn poll<F: Flow>(&mut self, cx: &mut Context<'_>, flow: &mut F) -> Poll<Ended<F>> {
        loop {
            let event = match &mut self.under_way {
                Some(effect) => ready!(self.span.enter(|| effect.as_mut().poll(cx))),
                None => Event::Start,
            };
            // Drop the effect that has ended before the next one begins, which may need its connection.
            self.under_way = None;
            match self.pace.step(flow, effects::now, event)? {
                Step::Done(output) => return Poll::Ready(Ok(output)),
                Step::Perform(effect) => self.under_way = Some(self.span.enter(|| self.pump.perform(effect))),
            }
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
                Some(Job::Provider(job)) => span.within(Box::pin(pump.ask(job))).await,
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
