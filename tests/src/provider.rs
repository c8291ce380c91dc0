//! Providers of credentials for either client.

use std::path::PathBuf;
use std::sync::Arc;

use sts_proto::{Credentials, Error};

use crate::driver::Driver;

/// Something that gives credentials to either client, or to one of them.
#[derive(Clone)]
pub enum Provider {
    /// Always these.
    Given(Credentials),
    /// Whatever this closure gives. It may block and panic.
    Closure(Arc<Closure>),
    /// For sts-blocking.
    Blocking(Arc<dyn sts_blocking::CredentialsProvider>),
    /// For sts-async.
    Async(Arc<dyn sts_async::CredentialsProvider>),
    /// The same in an `Arc`.
    Shared(Box<Self>),
}

/// A provider for both clients.
pub type Closure = dyn Fn() -> Result<Credentials, Error> + Send + Sync;

impl Provider {
    /// In an `Arc`.
    #[must_use]
    pub fn shared(self) -> Self {
        Self::Shared(Box::new(self))
    }

    /// What it gives when it is asked on the runtime of this driver.
    pub fn credentials(&self, driver: &Driver) -> Result<Credentials, Error> {
        match driver {
            Driver::Blocking(_) => self.clone().blocking().credentials(),
            Driver::Async(_, runtime) => runtime.block_on(self.clone().asynchronous().credentials()),
        }
    }

    /// For sts-blocking.
    pub(crate) fn blocking(self) -> Arc<dyn sts_blocking::CredentialsProvider> {
        match self {
            Self::Given(credentials) => Arc::new(credentials),
            Self::Closure(ask) => Arc::new(move || ask()),
            Self::Blocking(provider) => Arc::new(provider),
            Self::Async(_) => panic!("a provider for sts-async"),
            Self::Shared(provider) => provider.blocking(),
        }
    }

    /// For sts-async.
    pub(crate) fn asynchronous(self) -> Arc<dyn sts_async::CredentialsProvider> {
        match self {
            Self::Given(credentials) => Arc::new(credentials),
            Self::Closure(ask) => Arc::new(move || {
                let ask = Arc::clone(&ask);
                async move {
                    let asked = tokio::task::spawn_blocking(move || ask()).await;
                    asked.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
                }
            }),
            Self::Blocking(_) => panic!("a provider for sts-blocking"),
            Self::Async(provider) => Arc::new(provider),
            Self::Shared(provider) => provider.asynchronous(),
        }
    }
}

impl<F: Fn() -> Result<Credentials, Error> + Send + Sync + 'static> From<F> for Provider {
    fn from(ask: F) -> Self {
        Self::Closure(Arc::new(ask))
    }
}

impl From<Credentials> for Provider {
    fn from(credentials: Credentials) -> Self {
        Self::Given(credentials)
    }
}

/// The client's own credentials, kept fresh by it.
impl From<&Driver> for Provider {
    fn from(driver: &Driver) -> Self {
        match driver {
            Driver::Blocking(client) => Self::Blocking(Arc::new(client.clone())),
            Driver::Async(client, _) => Self::Async(Arc::new(client.clone())),
        }
    }
}

/// A role that is assumed with the token in a file.
#[derive(Clone, Debug)]
pub struct WebIdentity {
    /// The role.
    pub role_arn: &'static str,
    /// The file with the token.
    pub token_file: PathBuf,
    /// The name of the sessions.
    pub session_name: &'static str,
    /// How long a session lasts.
    pub duration_seconds: u32,
}
