use std::sync::Arc;

use sts_proto::perform::{self, AskMfaCode};
use sts_proto::{Effect, Event, TransportErrorKind};

use crate::effects;
use crate::transport::Transport;

/// What performs the effects that flows ask for.
pub(crate) struct Performer {
    transport: Box<dyn Transport>,
    mfa_code: Option<Arc<AskMfaCode>>,
}

impl Performer {
    pub(crate) fn new(transport: Box<dyn Transport>, mfa_code: Option<Arc<AskMfaCode>>) -> Self {
        Self { transport, mfa_code }
    }

    pub(crate) async fn perform(&self, effect: Effect) -> Event {
        match effect {
            Effect::Send(request, timeouts) => {
                self.transport.send(request, timeouts).await.map_or_else(Event::Failed, Event::Response)
            }
            Effect::Read(path) => effects::read(path).await,
            Effect::Replace(path, contents) => effects::replace(path, contents).await,
            Effect::Run(command) => effects::run(command).await,
            Effect::AskMfaCode(serial) => match self.mfa_code.clone() {
                Some(ask) => effects::blocking(move || perform::mfa_code(Some(&*ask), &serial)).await,
                None => perform::mfa_code(None, &serial),
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
