use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use super::*;
use crate::{Builder, CredentialsError};

mod keeping;
mod peer;
mod sources;
mod telling;

use peer::Peer;

fn keys(id: &str, seconds: u64) -> Credentials {
    Credentials::new(id, "planted-secret")
        .with_session_token("planted-token")
        .with_expiration(SystemTime::now() + Duration::from_secs(seconds))
}

fn sealed() -> Error {
    CredentialsError::new("the vault", "it is sealed").into()
}

fn client(peer: &Peer, provider: impl CredentialsProvider) -> Client {
    builder(peer).credentials_provider(provider).build().unwrap()
}

fn builder(peer: &Peer) -> Builder {
    Client::builder().region("eu-west-1").transport(peer.clone())
}

/// How often a provider was asked.
#[derive(Clone, Default)]
struct Asked(Arc<AtomicUsize>);

impl Asked {
    /// Counts, from 1.
    fn again(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}
