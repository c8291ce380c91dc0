use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sts_proto::credentials::{Chain, Resolve};
use sts_proto::{Credentials, Tried};

use super::{CredentialsFuture, CredentialsProvider};
use crate::engine::{Engine, seed};

/// The chain of a client's settings, carried out by the client's own engine.
pub(crate) struct OwnChain {
    engine: Arc<Engine>,
    chain: Arc<Chain>,
    last: Mutex<Last>,
}

/// What came of the chain when it was last carried out; empty before.
#[derive(Default)]
struct Last {
    tried: Arc<[Tried]>,
    /// The last that it ended with.
    held: Option<Credentials>,
}

impl OwnChain {
    pub(crate) fn new(engine: Arc<Engine>, chain: Arc<Chain>) -> Self {
        Self { engine, chain, last: Mutex::default() }
    }

    /// What became of each source then.
    pub(crate) fn tried(&self) -> Arc<[Tried]> {
        Arc::clone(&self.last().tried)
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CredentialsProvider for OwnChain {
    fn credentials(&self) -> CredentialsFuture<'_> {
        Box::pin(async {
            let mut resolve = Resolve::new(Arc::clone(&self.chain), Arc::clone(&self.engine.context), seed())
                .held(self.last().held.clone());
            let resolved = self.engine.drive(&mut resolve, |_| {}).await;
            let mut last = self.last();
            last.tried = resolve.tried().into();
            let credentials = resolved?.credentials;
            last.held = Some(credentials.clone());
            Ok(credentials)
        })
    }
}
