use std::hash::{BuildHasher, Hasher, RandomState};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use sts_proto::settings::Env;
use sts_proto::{Event, TransportError, TransportErrorKind};
use tokio::sync::oneshot;

mod files;
mod program;

pub(crate) use files::{read, replace};
pub(crate) use program::run;

/// The environment of this process, as it is now.
pub(crate) fn environment() -> Env {
    Env::from_iter(std::env::vars_os()).or_home(std::env::home_dir())
}

/// A number that no other call has. The standard library keys its hashers at random; what they make of nothing is
/// good enough to name a call and to spread waits, and nothing else is made of it: no key, no nonce, no secret.
pub(crate) fn seed() -> u128 {
    let half = || u128::from(RandomState::new().build_hasher().finish());
    half() << 64 | half()
}

/// The event that comes of an effect.
pub(crate) type EventFuture<'a> = Pin<Box<dyn Future<Output = Event> + Send + 'a>>;

/// On a thread that may wait, or on this one where the system gives no other. tokio's pool panics there.
pub(crate) fn beside(work: impl FnOnce() -> Event + Send + 'static) -> EventFuture<'static> {
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
