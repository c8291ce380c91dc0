//! What a client fetches and keeps.

use std::sync::Arc;

use crate::credentials::Resolved;
use crate::error::{Error, Tried};
use crate::flow::Flow;
use crate::keys::Credentials;

/// One fetch. Its type is not known, so that what passes it on need not hold the code that drops every source.
pub(super) type Fetch = Box<dyn Flow<Output = Fetched, Error = Error> + Send + Sync>;

/// What a fetch gave.
pub(super) struct Fetched {
    pub(super) credentials: Credentials,
    /// The outcomes of all sources, and whether the credentials have expired and are kept in use.
    pub(super) chain: Option<(Arc<[Tried]>, bool)>,
}

impl Fetched {
    pub(super) fn by_chain(Resolved { credentials, tried, .. }: Resolved, kept_in_use: bool) -> Self {
        Self { credentials, chain: Some((tried.into(), kept_in_use)) }
    }
}

impl From<Credentials> for Fetched {
    fn from(credentials: Credentials) -> Self {
        Self { credentials, chain: None }
    }
}
