//! Who gives credentials, and how a client keeps those that it was given fresh.

mod chain;
mod keeper;
mod providers;

use std::sync::Arc;

use sts_proto::{Credentials, Error};

pub(crate) use chain::OwnChain;
pub(crate) use keeper::{Fetched, Keeper, Source};
pub use providers::{AssumeRoleProvider, ChainProvider, WebIdentityProvider};

use crate::Client;

/// Gives credentials whenever it is asked.
///
/// A client asks when it has none that hold, or when it is time for new ones: see
/// [`Builder::credentials_provider`](crate::Builder::credentials_provider). It asks once at a time and keeps what it gets,
/// so a provider need keep nothing. The text of an error should say what to do and hold no secret.
///
/// Credentials themselves, a [`Client`] and every closure without arguments are providers, and so are
/// [`AssumeRoleProvider`], [`WebIdentityProvider`] and [`ChainProvider`].
///
/// ```
/// use sts_blocking::{Client, Credentials, CredentialsError, CredentialsProvider, Error};
///
/// struct Vault;
///
/// impl CredentialsProvider for Vault {
///     fn credentials(&self) -> Result<Credentials, Error> {
///         Err(CredentialsError::new("the vault", "it is sealed; unseal it first").into())
///     }
/// }
///
/// let sts = Client::builder().region("eu-west-1").credentials_provider(Vault).build()?;
/// let error = sts.get_caller_identity().unwrap_err();
/// assert_eq!(error.to_string(), "no credentials from the vault: it is sealed; unseal it first");
/// # Ok::<(), Error>(())
/// ```
pub trait CredentialsProvider: Send + Sync + 'static {
    /// Fetches credentials, which hold at this moment.
    fn credentials(&self) -> Result<Credentials, Error>;

    /// The service has refused these as expired, whatever they say: they are not to be given again. For providers that keep
    /// what they give; it is said before the next are asked for, of credentials that others gave too, and more than once. The
    /// default does nothing.
    fn expired(&self, credentials: &Credentials) {
        let _ = credentials;
    }
}

/// Always the same.
impl CredentialsProvider for Credentials {
    fn credentials(&self) -> Result<Credentials, Error> {
        Ok(self.clone())
    }
}

impl<F: Fn() -> Result<Credentials, Error> + Send + Sync + 'static> CredentialsProvider for F {
    fn credentials(&self) -> Result<Credentials, Error> {
        self()
    }
}

/// Those that the client signs with, kept fresh by it.
impl CredentialsProvider for Client {
    fn credentials(&self) -> Result<Credentials, Error> {
        Client::credentials(self)
    }

    fn expired(&self, credentials: &Credentials) {
        self.credentials_expired(credentials);
    }
}

impl<P: CredentialsProvider + ?Sized> CredentialsProvider for Arc<P> {
    fn credentials(&self) -> Result<Credentials, Error> {
        (**self).credentials()
    }

    fn expired(&self, credentials: &Credentials) {
        (**self).expired(credentials);
    }
}

impl CredentialsProvider for Box<dyn CredentialsProvider> {
    fn credentials(&self) -> Result<Credentials, Error> {
        (**self).credentials()
    }

    fn expired(&self, credentials: &Credentials) {
        (**self).expired(credentials);
    }
}

#[cfg(test)]
mod tests;
