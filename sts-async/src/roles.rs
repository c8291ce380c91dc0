//! Providers that are made of clients.

use sts_proto::Credentials;
use sts_proto::client;

use crate::client::Client;
use crate::effects::{environment, seed};
use crate::provider::{CredentialsFuture, CredentialsProvider};

/// Those that the client signs with, kept fresh by it.
impl CredentialsProvider for Client {
    fn credentials(&self) -> CredentialsFuture<'_> {
        Box::pin(Client::credentials(self))
    }

    fn expired(&self, credentials: &Credentials) {
        self.credentials_expired(credentials);
    }
}

/// Assumes a role, with whatever credentials the client has.
///
/// ```no_run
/// # async fn example() -> Result<(), sts_async::Error> {
/// use sts_async::operations::AssumeRole;
/// use sts_async::{AssumeRoleProvider, Client};
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
/// println!("{}", in_leaf.get_caller_identity().await?.arn);
/// # Ok(())
/// # }
/// ```
pub type AssumeRoleProvider = client::AssumeRoleProvider<Client>;

impl CredentialsProvider for AssumeRoleProvider {
    fn credentials(&self) -> CredentialsFuture<'_> {
        let (client, core) = (self.client(), self.client().core());
        let flow = self.flow(core, core.trace_id(environment), seed());
        Box::pin(async move { self.outcome(client.run(flow).await) })
    }

    fn expired(&self, credentials: &Credentials) {
        self.refuse(self.client().core(), credentials);
    }
}

/// Assumes a role with the identity token in a file.
///
/// ```no_run
/// # async fn example() -> Result<(), sts_async::Error> {
/// use sts_async::{Client, WebIdentityProvider};
///
/// let sts = Client::builder().region("eu-west-1").build()?;
/// let role = "arn:aws:iam::123456789012:role/ci";
/// let web = WebIdentityProvider::new(sts.clone(), role, "/run/ci/token")
///     .session_name("build-42");
/// let sts = sts.with_credentials_provider(web);
/// println!("{}", sts.get_caller_identity().await?.arn);
/// # Ok(())
/// # }
/// ```
pub type WebIdentityProvider = client::WebIdentityProvider<Client>;

impl CredentialsProvider for WebIdentityProvider {
    fn credentials(&self) -> CredentialsFuture<'_> {
        let client = self.client();
        Box::pin(async move { self.outcome(client.run(self.flow(client.core(), seed())).await) })
    }
}

impl CredentialsProvider for SourceProvider {
    fn credentials(&self) -> CredentialsFuture<'_> {
        let client = self.client();
        Box::pin(async move { self.outcome(client.run(self.flow(client.core(), seed())).await) })
    }
}

sts_proto::provider_types!();
