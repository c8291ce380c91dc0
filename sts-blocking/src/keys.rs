//! Jobs run in threads of their own, and callers that wait for them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use sts_proto::client::Job;
use sts_proto::flow::{Event, Join};

use crate::Client;

/// Wakes all that wait for a job.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    lock: Mutex<()>,
    rung: Condvar,
}

impl Bell {
    fn ring(&self) {
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
        self.rung.notify_all();
    }

    /// Waits until `ready`; `false` if that takes longer than `within`.
    fn wait(&self, within: Duration, ready: impl Fn() -> bool) -> bool {
        // Beyond what the clock can say, there is no deadline.
        let deadline = Instant::now().checked_add(within);
        // Looked at under the lock: a job that ends meanwhile rings after this has begun to wait.
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        while !ready() {
            guard = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => self.rung.wait(guard).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return false,
                Some(left) => self.rung.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
        true
    }
}

impl Client {
    pub(crate) fn join(&self, join: Join) -> Event {
        while let Some(job) = self.core().job() {
            self.start(job);
        }
        match self.bell().wait(join.within, || self.core().ended() != join.seen) {
            true => Event::Joined,
            false => Event::Elapsed,
        }
    }

    fn start(&self, job: Job) {
        let job = Arc::new(Mutex::new(Some(job)));
        let take = |job: &Mutex<Option<Job>>| job.lock().unwrap_or_else(PoisonError::into_inner).take();
        let work = {
            let (client, job) = (self.clone(), Arc::clone(&job));
            move || take(&job).into_iter().for_each(|job| client.work(job))
        };
        if std::thread::Builder::new().name("sts-credentials".to_owned()).spawn(work).is_err() {
            // Without a thread the caller waits longer than it may, but does not wait in vain.
            take(&job).into_iter().for_each(|job| self.work(job));
        }
    }

    fn work(&self, job: Job) {
        let scope = job.scope().clone();
        scope.enter(|| match job {
            // A job that panics is dropped, which gives its right back.
            Job::Flow(job) => drop(catch_unwind(AssertUnwindSafe(|| self.drive(job)))),
            Job::Provider(job) => {
                let ask = || {
                    let provider = self.provider()?;
                    job.refused().into_iter().for_each(|refused| provider.expired(refused));
                    Some(provider.credentials())
                };
                match catch_unwind(AssertUnwindSafe(ask)) {
                    Ok(Some(fetched)) => job.finish(SystemTime::now(), fetched),
                    Ok(None) => drop(job),
                    Err(_) => job.panicked(SystemTime::now()),
                }
            }
        });
        self.bell().ring();
    }
}
