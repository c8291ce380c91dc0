use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use sts_proto::credentials::{Explanation, Role, WebIdentity};
use sts_proto::operations::AssumeRole;
use sts_proto::{Credentials, CredentialsError, Error};

use super::CredentialsProvider;
use crate::engine::seed;
use crate::{Builder, Client};

/// Assumes a role, with whatever credentials the client has.
///
/// Each fetch is a call of the operation as it is given, with all its options; a `token_code` among them would be good for
/// the first only. Roles are chained by making a client for each link.
///
/// ```no_run
/// use sts_blocking::operations::AssumeRole;
/// use sts_blocking::{AssumeRoleProvider, Client};
///
/// let sts = Client::from_env()?;
/// let hub = AssumeRole::new("arn:aws:iam::111122223333:role/hub", "nightly").external_id("x-42");
/// let in_hub = sts.with_credentials_provider(AssumeRoleProvider::new(sts.clone(), hub));
/// let leaf = AssumeRole::new("arn:aws:iam::444455556666:role/leaf", "nightly").duration_seconds(900);
/// let in_leaf = sts.with_credentials_provider(AssumeRoleProvider::new(in_hub, leaf));
/// println!("{}", in_leaf.get_caller_identity()?.arn);
/// # Ok::<(), sts_blocking::Error>(())
/// ```
#[derive(Clone)]
pub struct AssumeRoleProvider {
    client: Client,
    role: AssumeRole,
}

impl AssumeRoleProvider {
    /// Assumes this role by way of this client.
    pub fn new(client: Client, role: AssumeRole) -> Self {
        Self { client, role }
    }
}

impl CredentialsProvider for AssumeRoleProvider {
    fn credentials(&self) -> Result<Credentials, Error> {
        let told = |error| CredentialsError::met_by(format!("the role {}", self.role.role_arn), error).into();
        self.client.send(self.role.clone()).map(Credentials::from).map_err(told)
    }
}

impl fmt::Debug for AssumeRoleProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssumeRoleProvider").field("role_arn", &self.role.role_arn).finish_non_exhaustive()
    }
}

/// Assumes a role with the identity token in a file, which is read anew for each attempt: on EKS, or in a CI system that
/// signs tokens. The client needs no credentials.
///
/// ```no_run
/// use sts_blocking::{Client, WebIdentityProvider};
///
/// let sts = Client::builder().region("eu-west-1").build()?;
/// let web = WebIdentityProvider::new(sts.clone(), "arn:aws:iam::123456789012:role/ci", "/run/ci/token").session_name("build-42");
/// let sts = sts.with_credentials_provider(web);
/// println!("{}", sts.get_caller_identity()?.arn);
/// # Ok::<(), sts_blocking::Error>(())
/// ```
#[derive(Clone)]
pub struct WebIdentityProvider {
    client: Client,
    role: Role,
    token_file: PathBuf,
}

impl WebIdentityProvider {
    /// Assumes this role by way of this client, with the token in this file.
    pub fn new(client: Client, role_arn: impl Into<String>, token_file: impl Into<PathBuf>) -> Self {
        Self { client, role: Role::new(role_arn), token_file: token_file.into() }
    }

    /// The name of the sessions; one is made up otherwise.
    #[must_use]
    pub fn session_name(mut self, name: impl Into<String>) -> Self {
        self.role.role_session_name = Some(name.into());
        self
    }

    /// How long a session lasts, in seconds; an hour otherwise.
    #[must_use]
    pub fn duration_seconds(mut self, seconds: u32) -> Self {
        self.role.duration_seconds = Some(seconds);
        self
    }
}

impl CredentialsProvider for WebIdentityProvider {
    fn credentials(&self) -> Result<Credentials, Error> {
        let context = Arc::clone(&self.client.engine().context);
        let flow = WebIdentity::new(self.role.clone(), &self.token_file, context, seed());
        let told = |error| CredentialsError::met_by(format!("the role {}", self.role.role_arn), error).into();
        self.client.run(flow).map_err(told)
    }
}

impl fmt::Debug for WebIdentityProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebIdentityProvider")
            .field("role_arn", &self.role.role_arn)
            .field("token_file", &self.token_file)
            .finish_non_exhaustive()
    }
}

/// Looks where every AWS tool looks, for who needs credentials and no STS. What it finds is kept fresh.
///
/// No region is needed, unless a role is to be assumed.
///
/// ```no_run
/// use sts_blocking::{ChainProvider, CredentialsProvider};
///
/// let keys = ChainProvider::profile("backup")?.credentials()?;
/// println!("{}", keys.access_key_id);
/// # Ok::<(), sts_blocking::Error>(())
/// ```
#[derive(Clone)]
pub struct ChainProvider(Client);

impl ChainProvider {
    /// The sources that environment and shared files name.
    ///
    /// # Errors
    ///
    /// As for [`Builder::from_env`] and [`Builder::build`], but for a region that is missing.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_builder(Builder::from_env()?)
    }

    /// This profile of the shared files, before what the environment says; keys in the environment are passed over.
    ///
    /// # Errors
    ///
    /// As for [`from_env`](Self::from_env); a profile that is not there.
    pub fn profile(name: impl Into<String>) -> Result<Self, Error> {
        Self::from_builder(Builder::from_env()?.profile(name))
    }

    /// What a client of this builder would sign with: for one with a transport of its own, or that asks for MFA codes.
    ///
    /// # Errors
    ///
    /// As for [`Builder::build`], but for a region that is missing.
    pub fn from_builder(builder: Builder) -> Result<Self, Error> {
        builder.build_without_endpoint().map(Self)
    }

    /// Which sources there are, and what became of each: see [`Client::explain`].
    pub fn explain(&self) -> Explanation {
        self.0.explain()
    }
}

impl CredentialsProvider for ChainProvider {
    fn credentials(&self) -> Result<Credentials, Error> {
        self.0.credentials()
    }

    fn expired(&self, credentials: &Credentials) {
        self.0.credentials_expired(credentials);
    }
}

impl fmt::Debug for ChainProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChainProvider").finish_non_exhaustive()
    }
}
