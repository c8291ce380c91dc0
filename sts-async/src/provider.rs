//! What gives credentials to a client.

use std::future::{Future, ready};
use std::sync::Arc;

use sts_proto::perform::{BoxFuture, MaybeSend, MaybeSync};
use sts_proto::{Credentials, Error};

/// Gives credentials whenever it is asked.
///
/// A client asks when it has none that hold, or when it is time for new ones: see
/// [`Builder::credentials_provider`](crate::Builder::credentials_provider). It asks once at a time and keeps what it gets,
/// so a provider need keep nothing. One that fails returns a [`CredentialsError`](crate::CredentialsError), whose text says what
/// to do and holds no secret.
///
/// It is asked in a task of its own, on the runtime of the call that needed credentials first, and that task goes on only
/// while that runtime does. Where a runtime runs only within one `block_on` a request, fetching ahead of expiry gets no
/// time to end, and calls wait once the old credentials are over. Where there are several runtimes, the calls on one
/// wait, for as long as they may take, for a fetch that was begun on another; once that runtime is dropped they fetch
/// themselves. A client for each runtime knows neither.
///
/// Credentials themselves, a [`Client`](crate::Client) and every closure without arguments that returns a future are providers, and so
/// are [`AssumeRoleProvider`](crate::AssumeRoleProvider) and [`WebIdentityProvider`](crate::WebIdentityProvider).
///
/// ```
/// use sts_async::{Builder, CredentialsError, CredentialsFuture};
/// use sts_async::{CredentialsProvider, Error};
///
/// struct Vault;
///
/// impl CredentialsProvider for Vault {
///     fn credentials(&self) -> CredentialsFuture<'_> {
///         let what_to_do = "it is sealed; unseal it first";
///         let error = CredentialsError::new("the vault", what_to_do);
///         Box::pin(async { Err(error.into()) })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Error> {
/// let sts = Builder::isolated()
///     .region("eu-west-1")
///     .credentials_provider(Vault)
///     .build()?;
/// let error = sts.get_caller_identity().await.unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "no credentials from the vault: it is sealed; unseal it first"
/// );
/// # Ok(())
/// # }
/// ```
pub trait CredentialsProvider: MaybeSend + MaybeSync + 'static {
    /// Fetches credentials, which hold at this moment.
    fn credentials(&self) -> CredentialsFuture<'_>;

    /// The service has refused these as expired, whatever they say: they are not to be given again. For providers that
    /// keep what they give. A client says it before it asks for the next ones, of credentials that others gave too, and
    /// more than once. It may not block. The default does nothing.
    fn expired(&self, credentials: &Credentials) {
        let _ = credentials;
    }
}

/// Credentials to come.
pub type CredentialsFuture<'a> = BoxFuture<'a, Result<Credentials, Error>>;

/// Always the same.
impl CredentialsProvider for Credentials {
    fn credentials(&self) -> CredentialsFuture<'_> {
        Box::pin(ready(Ok(self.clone())))
    }
}

impl<F, R> CredentialsProvider for F
where
    F: Fn() -> R + MaybeSend + MaybeSync + 'static,
    R: Future<Output = Result<Credentials, Error>> + MaybeSend + 'static,
{
    fn credentials(&self) -> CredentialsFuture<'_> {
        Box::pin(self())
    }
}

impl<P: CredentialsProvider + ?Sized> CredentialsProvider for Arc<P> {
    fn credentials(&self) -> CredentialsFuture<'_> {
        (**self).credentials()
    }

    fn expired(&self, credentials: &Credentials) {
        (**self).expired(credentials);
    }
}
