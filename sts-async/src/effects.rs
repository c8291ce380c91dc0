use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

use sts_proto::settings::Env;
use sts_proto::{Effect, Event, Secret, TransportError, TransportErrorKind, perform};

use crate::transport::Transport;

mod files;
mod program;

pub(crate) use files::read_in_place;

/// The environment of this process, as it is now.
pub(crate) fn environment() -> Env {
    Env::from_iter(std::env::vars_os())
}

/// A number that no other call has. The standard library keys its hashers at random; what they make of nothing is
/// good enough to name a call and to spread waits, and nothing else is made of it: no key, no nonce, no secret.
pub(crate) fn seed() -> u128 {
    let half = || u128::from(RandomState::new().build_hasher().finish());
    half() << 64 | half()
}

/// Asks the user for a code, given the serial number of the device.
pub(crate) type MfaPrompt = Arc<dyn Fn(&str) -> Option<Secret> + Send + Sync>;

/// What performs the effects that flows ask for.
pub(crate) struct Effects {
    transport: Box<dyn Transport>,
    mfa_code: Option<MfaPrompt>,
}

impl Effects {
    pub(crate) fn new(transport: Box<dyn Transport>, mfa_code: Option<MfaPrompt>) -> Self {
        Self { transport, mfa_code }
    }

    pub(crate) async fn perform(&self, effect: Effect) -> Event {
        match effect {
            Effect::Send(request, timeouts) => {
                self.transport.send(request, timeouts).await.map_or_else(Event::Failed, Event::Response)
            }
            Effect::Read(path) => files::read(path).await,
            Effect::Run(command) => program::run(command).await,
            Effect::AskMfaCode(serial) => match self.mfa_code.clone() {
                Some(ask) => blocking(move || perform::mfa_code(Some(ask(&serial)))).await,
                None => perform::mfa_code(None),
            },
            Effect::Wait(duration) => {
                tokio::time::sleep(duration).await;
                Event::Elapsed
            }
            // The client performs it.
            Effect::Join(_) => Event::Failed(TransportErrorKind::Unsupported.into()),
        }
    }
}

/// On a thread that may wait.
async fn blocking(work: impl FnOnce() -> Event + Send + 'static) -> Event {
    let lost = |error| Event::Failed(TransportError::new(TransportErrorKind::Other, error));
    tokio::task::spawn_blocking(work).await.unwrap_or_else(lost)
}
