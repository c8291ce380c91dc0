use std::sync::Arc;
use std::time::SystemTime;

use crate::{Credentials, CredentialsError};

/// Says when credentials have to be fetched anew. Pure: who fetches, and who waits, is up to a driver.
#[derive(Debug)]
pub struct Cache {}

/// What a cache holds at some time.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// Good.
    Fresh(Arc<Credentials>),
    /// Good, and it is time to fetch new ones: see [`Cache::begin`].
    Stale(Arc<Credentials>),
    /// Nothing that may be used.
    Absent,
}

impl Cache {
    /// Empty. `seed` is any number that no other has.
    pub fn new(_seed: u128) -> Self {
        Self {}
    }

    /// What there is.
    pub fn look(&self, _now: SystemTime) -> Lookup {
        Lookup::Absent
    }

    /// Whether the caller is the one to fetch now; it then has to call [`finish`](Self::finish). `false` while another
    /// does.
    pub fn begin(&mut self) -> bool {
        false
    }

    /// What came of fetching.
    pub fn finish(
        &mut self,
        _now: SystemTime,
        fetched: Result<Credentials, CredentialsError>,
    ) -> Result<Arc<Credentials>, CredentialsError> {
        fetched.map(Arc::new)
    }

    /// The service says that these have expired, whatever they say themselves. `true` if they are what is held: fetch
    /// anew and send again.
    pub fn refuse(&mut self, _credentials: &Credentials) -> bool {
        false
    }
}
