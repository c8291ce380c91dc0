//! What gives credentials to a client.

use std::sync::Arc;

use sts_proto::client;
use sts_proto::{Credentials, Error};

use crate::Client;
use crate::client::seed;

/// Gives credentials whenever it is asked.
///
/// A client asks when it has none that hold, or when it is time for new ones: see
/// [`Builder::credentials_provider`](crate::Builder::credentials_provider). It asks once at a time and keeps what it gets,
/// so a provider need keep nothing. The text of an error should say what to do and hold no secret.
///
/// Credentials themselves, a [`Client`] and every closure without arguments are providers, and so are
/// [`AssumeRoleProvider`] and [`WebIdentityProvider`].
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

/// Assumes a role, with whatever credentials the client has.
///
/// ```no_run
/// use sts_blocking::operations::AssumeRole;
/// use sts_blocking::{AssumeRoleProvider, Client};
///
/// let sts = Client::from_env()?;
/// let hub = "arn:aws:iam::111122223333:role/hub";
/// let hub = AssumeRole::new(hub, "nightly").external_id("x-42");
/// let hub = AssumeRoleProvider::new(sts.clone(), hub);
/// let in_hub = sts.with_credentials_provider(hub);
/// // And another role on top of that one.
/// let leaf = "arn:aws:iam::444455556666:role/leaf";
/// let leaf = AssumeRole::new(leaf, "nightly").duration_seconds(900);
/// let leaf = AssumeRoleProvider::new(in_hub, leaf);
/// let in_leaf = sts.with_credentials_provider(leaf);
/// println!("{}", in_leaf.get_caller_identity()?.arn);
/// # Ok::<(), sts_blocking::Error>(())
/// ```
pub type AssumeRoleProvider = client::AssumeRoleProvider<Client>;

impl CredentialsProvider for AssumeRoleProvider {
    fn credentials(&self) -> Result<Credentials, Error> {
        self.outcome(self.client().send(self.operation()))
    }
}

/// Assumes a role with the identity token in a file.
///
/// ```no_run
/// use sts_blocking::{Client, WebIdentityProvider};
///
/// let sts = Client::builder().region("eu-west-1").build()?;
/// let role = "arn:aws:iam::123456789012:role/ci";
/// let web = WebIdentityProvider::new(sts.clone(), role, "/run/ci/token")
///     .session_name("build-42");
/// let sts = sts.with_credentials_provider(web);
/// println!("{}", sts.get_caller_identity()?.arn);
/// # Ok::<(), sts_blocking::Error>(())
/// ```
pub type WebIdentityProvider = client::WebIdentityProvider<Client>;

impl CredentialsProvider for WebIdentityProvider {
    fn credentials(&self) -> Result<Credentials, Error> {
        let client = self.client();
        self.outcome(client.run(self.flow(client.core(), seed())))
    }
}
