use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

use sts_proto::settings::Env;
use sts_proto::{Event, Secret, TransportError, TransportErrorKind};

mod files;
mod program;

pub(crate) use files::{read, read_in_place, replace};
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

/// Asks the user for a code, given the serial number of the device.
pub(crate) type MfaPrompt = Arc<dyn Fn(&str) -> Option<Secret> + Send + Sync>;

/// On a thread that may wait.
pub(crate) async fn blocking(work: impl FnOnce() -> Event + Send + 'static) -> Event {
    let lost = |error| Event::Failed(TransportError::new(TransportErrorKind::Other, error));
    tokio::task::spawn_blocking(work).await.unwrap_or_else(lost)
}
