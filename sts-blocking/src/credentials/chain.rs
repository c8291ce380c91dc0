use std::sync::{Arc, Mutex, PoisonError};

use sts_proto::credentials::{Chain, Resolve};
use sts_proto::{Credentials, Error, Tried};

use super::CredentialsProvider;
use crate::engine::{Engine, seed};

/// The chain of a client's settings, carried out by the client's own engine.
pub(crate) struct OwnChain {
    engine: Arc<Engine>,
    chain: Arc<Chain>,
    tried: Mutex<Arc<[Tried]>>,
}

impl OwnChain {
    pub(crate) fn new(engine: Arc<Engine>, chain: Arc<Chain>) -> Self {
        Self { engine, chain, tried: Mutex::default() }
    }

    /// What became of each source when the chain was last carried out; empty before.
    pub(crate) fn tried(&self) -> Arc<[Tried]> {
        Arc::clone(&self.tried.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl CredentialsProvider for OwnChain {
    fn credentials(&self) -> Result<Credentials, Error> {
        let mut resolve = Resolve::new(Arc::clone(&self.chain), Arc::clone(&self.engine.context), seed());
        let resolved = self.engine.drive(&mut resolve, |_| {});
        *self.tried.lock().unwrap_or_else(PoisonError::into_inner) = resolve.tried().into();
        Ok(resolved?.credentials)
    }
}
