//! The credentials of a client, for another signer.

use std::sync::Arc;
use std::time::SystemTime;

use super::Core;
use super::ready::Ready;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::flow::{Event, Flow, Step};
use crate::keys::Credentials;

/// Gives the credentials that calls are signed with; they hold at this moment.
///
/// Fails with [`Error::Credentials`] where there are none or their source fails.
#[derive(Debug)]
pub struct GetCredentials {
    ready: Ready,
    deadline: Deadline,
}

impl GetCredentials {
    /// `action` as for [`CredentialsError::while_calling`](crate::error::CredentialsError::while_calling).
    pub(super) fn new(core: &Core, action: &'static str, seed: u128) -> Self {
        let deadline = Deadline::new(core.timeouts().call);
        Self { ready: Ready::with_credentials(core, action, seed), deadline }
    }
}

impl Flow for GetCredentials {
    type Output = Credentials;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Credentials>, Error> {
        self.deadline.tick(now);
        match self.ready.step(now, event, &self.deadline)? {
            Step::Perform(effect) => Ok(Step::Perform(effect)),
            Step::Done(Some(credentials)) => Ok(Step::Done(Arc::unwrap_or_clone(credentials))),
            Step::Done(None) => Err(self.ready.core().no_credentials("").into()),
        }
    }
}
