//! Providers that are made of clients.

use sts_proto::{Credentials, Error};

use crate::client::Client;
use crate::effects::{environment, seed};
use crate::provider::CredentialsProvider;

/// Those that the client signs with, kept fresh by it.
impl CredentialsProvider for Client {
    fn credentials(&self) -> Result<Credentials, Error> {
        Client::credentials(self)
    }

    fn expired(&self, credentials: &Credentials) {
        self.credentials_expired(credentials);
    }
}

impl CredentialsProvider for AssumeRoleProvider {
    fn credentials(&self) -> Result<Credentials, Error> {
        let (client, core) = (self.client(), self.client().core());
        self.outcome(client.run(self.flow(core, core.trace_id(environment), seed())))
    }

    fn expired(&self, credentials: &Credentials) {
        self.refuse(self.client().core(), credentials);
    }
}

impl CredentialsProvider for WebIdentityProvider {
    fn credentials(&self) -> Result<Credentials, Error> {
        self.outcome(self.client().run(self.flow(self.client().core(), seed())))
    }
}

impl CredentialsProvider for SourceProvider {
    fn credentials(&self) -> Result<Credentials, Error> {
        self.outcome(self.client().run(self.flow(self.client().core(), seed())))
    }

    fn expired(&self, credentials: &Credentials) {
        self.refuse(self.client().core(), credentials);
    }
}

sts_proto::provider_types!(sts_blocking, (fn), ());
