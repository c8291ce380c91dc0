//! Providers that are made of clients.

use sts_proto::Credentials;

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

    fn expired(&self, credentials: &Credentials) {
        self.refuse(self.client().core(), credentials);
    }
}

sts_proto::provider_types!(sts_async, (async fn), (.await));
