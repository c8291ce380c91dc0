//! Drives flows: performs what they ask for, and runs the client's jobs in threads of their own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use sts_proto::client::{Asking, Core, Job, Untyped};
use sts_proto::flow::{Effect, Event, Flow, Join, Step};
use sts_proto::perform;
use sts_proto::{Error, Operation, Span};

use crate::bell::Bell;
use crate::effects::{self, AskMfaCode};
use crate::provider::CredentialsProvider;
use crate::transport::Transport;

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
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) mfa_code: Option<Arc<AskMfaCode>>,
    pub(crate) bell: Bell,
}

impl Pump {
    /// Calls an operation. It is compiled once for each operation, so it leaves all it can to [`call`](Self::call).
    pub(crate) fn send<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        let mut asking = Asking::new(operation);
        self.call(asking.untyped())?;
        asking.output()
    }

    fn call(&self, asked: Untyped<'_>) -> Result<(), Error> {
        let mut call = self.core.sending(&asked, effects::seed(), effects::environment);
        self.drive_within(call.span().clone(), call.steps(asked))
    }

    pub(crate) fn drive<F: Flow>(&self, mut flow: F) -> Result<F::Output, F::Error> {
        let mut pace = self.core.pace();
        let mut event = Event::Start;
        loop {
            event = match pace.step(&mut flow, SystemTime::now, event)? {
                Step::Done(output) => return Ok(output),
                Step::Perform(effect) => self.perform(effect),
            };
        }
    }

    pub(crate) fn drive_within<F: Flow>(&self, span: Span, flow: F) -> Result<F::Output, F::Error> {
        span.enter(|| self.drive(flow))
    }

    fn perform(&self, effect: Effect) -> Event {
        match effect {
            Effect::Send(request, timeouts) => {
                self.driver.transport.send(request, timeouts).map_or_else(Event::Failed, Event::Response)
            }
            Effect::Read(path) => effects::read(&path),
            Effect::Replace(path, contents) => effects::replace(&path, &contents),
            Effect::Run(command) => effects::run(&command),
            Effect::AskMfaCode(serial) => perform::mfa_code(self.driver.mfa_code.as_deref(), &serial),
            Effect::Wait(duration) => {
                std::thread::sleep(duration);
                Event::Elapsed
            }
            Effect::Join(join) => self.join(join),
        }
    }

    fn join(&self, join: Join) -> Event {
        while let Some(job) = self.core.job() {
            self.start(job);
        }
        match self.driver.bell.wait(join.within, || self.core.ended() != join.seen) {
            true => Event::Joined,
            false => Event::Elapsed,
        }
    }

    fn start(&self, job: Job) {
        let job = Arc::new(Mutex::new(Some(job)));
        let take = |job: &Mutex<Option<Job>>| job.lock().unwrap_or_else(PoisonError::into_inner).take();
        let work = {
            let (pump, job) = (self.clone(), Arc::clone(&job));
            move || take(&job).into_iter().for_each(|job| pump.work(job))
        };
        if std::thread::Builder::new().name("sts-credentials".to_owned()).spawn(work).is_err() {
            // Without a thread the caller waits longer than it may, but does not wait in vain.
            take(&job).into_iter().for_each(|job| self.work(job));
        }
    }

    fn work(&self, job: Job) {
        let _ringing = Ringing(&self.driver.bell);
        let span = job.span().clone();
        span.enter(|| match job {
            // A job that panics is dropped, which gives its right back.
            Job::Flow(job) => drop(catch_unwind(AssertUnwindSafe(|| self.drive(job)))),
            Job::Provider(job) => {
                let ask = || {
                    let provider = self.provider.as_ref()?;
                    job.refused().into_iter().for_each(|refused| provider.expired(refused));
                    Some(provider.credentials())
                };
                match catch_unwind(AssertUnwindSafe(ask)) {
                    Ok(Some(fetched)) => job.finish(self.core.now(SystemTime::now), fetched),
                    Ok(None) => drop(job),
                    Err(_) => job.panicked(self.core.now(SystemTime::now)),
                }
            }
        });
    }
}

/// Wakes all that wait for a job, however it ends.
struct Ringing<'a>(&'a Bell);

impl Drop for Ringing<'_> {
    fn drop(&mut self) {
        self.0.ring();
    }
}
