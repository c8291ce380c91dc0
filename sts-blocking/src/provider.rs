//! What gives credentials to a client.

use std::sync::Arc;

use sts_proto::{Credentials, Error};

/// Gives credentials whenever it is asked.
///
/// A client asks when it has none that hold, or when it is time for new ones: see
/// [`Builder::credentials_provider`](crate::Builder::credentials_provider). It asks once at a time and keeps what it gets,
/// so a provider need keep nothing. One that fails returns a [`CredentialsError`](crate::CredentialsError), whose text says what
/// to do and holds no secret.
///
/// Credentials themselves, a [`Client`](crate::Client) and every closure without arguments are providers, and so are
/// [`AssumeRoleProvider`](crate::AssumeRoleProvider) and [`WebIdentityProvider`](crate::WebIdentityProvider).
///
/// ```
/// use sts_blocking::{Builder, Credentials, CredentialsError};
/// use sts_blocking::{CredentialsProvider, Error};
///
/// struct Vault;
///
/// impl CredentialsProvider for Vault {
///     fn credentials(&self) -> Result<Credentials, Error> {
///         let what_to_do = "it is sealed; unseal it first";
///         Err(CredentialsError::new("the vault", what_to_do).into())
///     }
/// }
///
/// let sts = Builder::isolated()
///     .region("eu-west-1")
///     .credentials_provider(Vault)
///     .build()?;
/// let error = sts.get_caller_identity().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "no credentials from the vault: it is sealed; unseal it first"
/// );
/// # Ok::<(), Error>(())
/// ```
pub trait CredentialsProvider: Send + Sync + 'static {
    /// Fetches credentials, which hold at this moment.
    fn credentials(&self) -> Result<Credentials, Error>;

    /// The service has refused these as expired, whatever they say: they are not to be given again. For providers that
    /// keep what they give. A client says it before it asks for the next ones, of credentials that others gave too, and
    /// more than once. The default does nothing.
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

impl<P: CredentialsProvider + ?Sized> CredentialsProvider for Arc<P> {
    fn credentials(&self) -> Result<Credentials, Error> {
        (**self).credentials()
    }

    fn expired(&self, credentials: &Credentials) {
        (**self).expired(credentials);
    }
}
