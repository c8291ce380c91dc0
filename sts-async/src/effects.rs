use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use sts_proto::settings::Env;
use sts_proto::wire::MAX_BODY;
use sts_proto::{Effect, Event, Secret, TransportError, TransportErrorKind};

use crate::transport::Transport;

mod files;
mod program;

use files::is_absent;
pub(crate) use files::read_bounded;

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
        let result = match effect {
            Effect::Send(request, timeouts) => {
                self.transport.send(request, timeouts).await.map(Event::Response)
            }
            Effect::Read(path) => read(path).await.map(Event::Contents),
            Effect::Run(command) => program::run(command).await.map(Event::Exited),
            Effect::AskMfaCode(serial) => self.ask(serial).await.map(Event::MfaCode),
            Effect::Wait(duration) => {
                tokio::time::sleep(duration).await;
                Ok(Event::Elapsed)
            }
            // The client performs it.
            Effect::Join(_) => Err(TransportErrorKind::Unsupported.into()),
        };
        result.unwrap_or_else(Event::Failed)
    }

    async fn ask(&self, serial: String) -> Result<Secret, TransportError> {
        let Some(ask) = self.mfa_code.clone() else {
            let why = "an mfa code is needed and nobody to ask is set; see Builder::mfa_code";
            return Err(TransportError::new(TransportErrorKind::Unsupported, why));
        };
        let unanswered = || TransportError::new(TransportErrorKind::Unsupported, "no mfa code was given");
        blocking(move || ask(&serial)).await?.ok_or_else(unanswered)
    }
}

async fn read(path: PathBuf) -> Result<Option<Bytes>, TransportError> {
    blocking(move || read_file(&path)).await?
}

pub(crate) fn read_file(path: &Path) -> Result<Option<Bytes>, TransportError> {
    match read_bounded(path) {
        Ok(contents) if contents.len() > MAX_BODY => {
            Err(TransportError::new(TransportErrorKind::TooLarge, "the file is larger than 1 MiB"))
        }
        Ok(contents) => Ok(Some(contents.into())),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(other(error)),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, TransportError> {
    tokio::task::spawn_blocking(work).await.map_err(other)
}

fn other(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> TransportError {
    TransportError::new(TransportErrorKind::Other, source)
}
