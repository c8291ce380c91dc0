use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use sts_proto::perform::{BoxFuture, MaybeSend};
use sts_proto::{Event, TransportError, TransportErrorKind};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

mod files;
mod program;

pub(crate) use files::{read, replace};
pub(crate) use program::run;

sts_proto::common_process_calls!(std::env);

pub(crate) use tokio::time::sleep;

/// `None` where the time is over first. No timer of another executor is known: there, the wait has no bound.
pub(crate) async fn within<F: Future>(time: Duration, future: F) -> Option<F::Output> {
    match Handle::try_current() {
        Ok(_) => tokio::time::timeout(time, future).await.ok(),
        Err(_) => Some(future.await),
    }
}

/// Runs a job beside the caller; on another executor in place, since nothing is known there that could run it.
pub(crate) async fn spawn(job: impl Future<Output = ()> + MaybeSend + 'static) {
    match Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn(job)),
        Err(_) => job.await,
    }
}

/// On a thread that may wait, or on this one where the system gives no other. tokio's pool panics there.
pub(crate) fn beside(work: impl FnOnce() -> Event + Send + 'static) -> BoxFuture<'static, Event> {
    Box::pin(on_a_thread(Box::new(work)))
}

async fn on_a_thread(work: Box<dyn FnOnce() -> Event + Send>) -> Event {
    let lost = || Event::Failed(TransportError::new(TransportErrorKind::Other, "the thread has panicked"));
    let work = Arc::new(Mutex::new(Some(work)));
    let take = |work: &Mutex<Option<_>>| work.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (ended, event) = oneshot::channel();
    let beside = {
        let work = Arc::clone(&work);
        move || take(&work).map_or((), |work| drop(ended.send(work())))
    };
    match thread::Builder::new().name("sts-effect".to_owned()).spawn(beside) {
        Ok(_) => event.await.unwrap_or_else(|_| lost()),
        Err(_) => take(&work).map_or_else(lost, |work| work()),
    }
}
