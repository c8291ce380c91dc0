use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use sts_proto::credentials::{Chain, MfaSession, Resolve, Resolved, Standing};
use sts_proto::{Credentials, CredentialsError, Error, Tried};

use super::CredentialsFuture;
use crate::engine::{Engine, seed};
use crate::trace;

/// The chain of a client's settings, carried out by the client's own engine.
pub(crate) struct OwnChain {
    engine: Arc<Engine>,
    chain: Arc<Chain>,
    last: Mutex<Last>,
    mfa_session: MfaSession,
}

/// What came of the chain when it last gave credentials; empty before.
#[derive(Default)]
struct Last {
    tried: Arc<[Tried]>,
    /// Whether those had expired.
    kept_in_use: bool,
    /// The last that it ended with.
    held: Option<Credentials>,
}

impl OwnChain {
    pub(crate) fn new(engine: Arc<Engine>, chain: Arc<Chain>) -> Self {
        Self { engine, chain, last: Mutex::default(), mfa_session: MfaSession::default() }
    }

    pub(super) fn credentials(&self) -> CredentialsFuture<'_> {
        Box::pin(async {
            let mut resolve = Resolve::new(Arc::clone(&self.chain), Arc::clone(&self.engine.context), seed())
                .held(self.last().held.clone())
                .mfa_session(self.mfa_session.clone());
            let resolved = self.engine.drive(&mut resolve, |_| {}).await;
            self.end(&resolve, resolved)
        })
    }

    /// Who is asked, as far as that is known beforehand.
    pub(super) fn name(&self) -> &str {
        self.chain.asked()
    }

    /// Every source, while this is in use.
    pub(super) fn in_use(
        &self,
        credentials: &Credentials,
        failure: Option<&CredentialsError>,
        now: SystemTime,
    ) -> Vec<Tried> {
        let last = self.last();
        let standing = Standing { credentials, kept_in_use: last.kept_in_use, failure, now };
        self.chain.in_use(&last.tried, standing)
    }

    /// Every source, where there is nothing that may be used.
    pub(super) fn failed(&self, error: CredentialsError) -> Vec<Tried> {
        self.chain.failed(error)
    }

    fn end(&self, resolve: &Resolve, resolved: Result<Resolved, Error>) -> Result<Credentials, Error> {
        let Resolved { credentials, tried, .. } = resolved?;
        if resolve.kept_in_use() {
            trace::kept_in_use(&credentials, self.engine.context.service_time(SystemTime::now()));
        }
        let held = Some(credentials.clone());
        *self.last() = Last { tried: tried.into(), kept_in_use: resolve.kept_in_use(), held };
        Ok(credentials)
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
