use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::keys::Credentials;

/// The session of a role that needed an MFA code, if further roles are assumed from it. It is kept until it expires, so that
/// the user is asked once and not each time the last role is renewed. Clones share it.
///
/// For [`Resolve::mfa_session`](super::Resolve::mfa_session).
#[derive(Clone, Debug, Default)]
pub(crate) struct MfaSession(Arc<Mutex<Option<Box<Session>>>>);

#[derive(Debug)]
struct Session {
    /// The index of the source in the chain, and how many of its roles were assumed.
    place: (usize, usize),
    credentials: Credentials,
}

impl MfaSession {
    /// How many roles of this source are assumed already, and the session of the last of them.
    pub(super) fn get(&self, source: usize, clock: SystemTime) -> Option<(usize, Credentials)> {
        let kept = self.kept();
        let session = kept.as_ref().filter(|session| session.place.0 == source)?;
        // It must not expire before the next role is assumed with it.
        let lasts = session
            .credentials
            .expiration
            .is_some_and(|end| clock.checked_add(MIN_LIFE).is_some_and(|soon| soon <= end));
        lasts.then(|| (session.place.1, session.credentials.clone()))
    }

    pub(super) fn keep(&self, source: usize, assumed: usize, credentials: &Credentials) {
        let session = Session { place: (source, assumed), credentials: credentials.clone() };
        *self.kept() = Some(Box::new(session));
    }

    pub(super) fn forget(&self) {
        *self.kept() = None;
    }

    fn kept(&self) -> MutexGuard<'_, Option<Box<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const MIN_LIFE: Duration = Duration::from_secs(60);
