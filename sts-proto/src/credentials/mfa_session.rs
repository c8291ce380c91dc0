use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::keys::Credentials;

/// The session that the code of an MFA device was spent on, where roles are assumed from it: kept for as long as it lasts,
/// so that a person is asked once for it and not for each renewal of what stands on top. Clones share it.
///
/// For [`Resolve::mfa_session`](super::Resolve::mfa_session).
#[derive(Clone, Debug, Default)]
pub struct MfaSession(Arc<Mutex<Option<Session>>>);

#[derive(Debug)]
struct Session {
    /// Which source of the chain, and how many of its roles were assumed.
    place: (usize, usize),
    credentials: Credentials,
}

impl MfaSession {
    /// How many roles of this source need not be assumed, and the session of the last of them.
    pub(super) fn get(&self, source: usize, clock: SystemTime) -> Option<(usize, Credentials)> {
        let kept = self.kept();
        let session = kept.as_ref().filter(|session| session.place.0 == source)?;
        // What is begun with it has to come to its end.
        let lasts = session
            .credentials
            .expiration
            .is_some_and(|end| clock.checked_add(LEAST).is_some_and(|soon| soon <= end));
        lasts.then(|| (session.place.1, session.credentials.clone()))
    }

    pub(super) fn keep(&self, source: usize, assumed: usize, credentials: &Credentials) {
        *self.kept() = Some(Session { place: (source, assumed), credentials: credentials.clone() });
    }

    pub(super) fn forget(&self) {
        *self.kept() = None;
    }

    fn kept(&self) -> MutexGuard<'_, Option<Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const LEAST: Duration = Duration::from_secs(60);
