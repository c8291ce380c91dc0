//! Providers that assume a role or ask one source by way of a client, whatever its driver.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderValue;

use super::{AssumingRole, Core};
use crate::credentials::{
    Candidate, Chain, Found, Plan, Renewals, Resolve, Resolved, Role, Source, WebIdentity,
};
use crate::error::{CredentialsError, Error};
use crate::keys::Credentials;
use crate::member::IntoOptional;
use crate::operations::AssumeRole;

/// Assumes a role, with whatever credentials the client `C` has.
///
/// Each fetch is a call of the operation as it is given, with all its options. If it has a `serial_number` and no
/// `token_code`, the `mfa_code` of the client is asked for the code, once for each fetch; a `token_code` that is given is
/// valid for the first fetch only. A client that shares the AWS CLI's cache looks there first: see
/// [`share_cli_cache`](super::Config::share_cli_cache). Roles are chained by making a client for each link.
#[derive(Clone)]
pub struct AssumeRoleProvider<C> {
    client: C,
    role: AssumeRole,
}

impl<C> AssumeRoleProvider<C> {
    /// Assumes this role by way of this client.
    pub fn new(client: C, role: AssumeRole) -> Self {
        Self { client, role }
    }

    /// The client that assumes the role.
    pub fn client(&self) -> &C {
        &self.client
    }

    /// The flow that is to be driven for each fetch; `core` is the client's, `trace_id` as for
    /// [`Send::trace_id`](super::Send::trace_id).
    pub fn flow(&self, core: &Core, trace_id: Option<HeaderValue>, seed: u128) -> AssumingRole {
        AssumingRole::new(core, self.role.clone(), trace_id, seed)
    }

    /// A service has refused these credentials: they are not taken from the AWS CLI's cache again. `core` is the client's.
    pub fn refuse(&self, core: &Core, credentials: &Credentials) {
        core.refuse_in_cli_cache(credentials);
    }

    /// What came of that flow, as a provider gives it.
    ///
    /// # Errors
    ///
    /// The flow's own, which names the role.
    pub fn outcome(&self, called: Result<Credentials, Error>) -> Result<Credentials, Error> {
        called.map_err(|error| of_role(&self.role.role_arn, error))
    }
}

impl<C> fmt::Debug for AssumeRoleProvider<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssumeRoleProvider").field("role_arn", &self.role.role_arn).finish_non_exhaustive()
    }
}

/// Assumes a role with the identity token in a file, which is read anew for each attempt: on EKS, or in a CI system that
/// signs tokens. The client `C` needs no credentials.
#[derive(Clone)]
pub struct WebIdentityProvider<C> {
    client: C,
    role: Role,
    token_file: PathBuf,
}

impl<C> WebIdentityProvider<C> {
    /// Assumes this role by way of this client, with the token in this file.
    pub fn new(client: C, role_arn: impl Into<String>, token_file: impl Into<PathBuf>) -> Self {
        Self { client, role: Role::new(role_arn), token_file: token_file.into() }
    }

    /// The name of the sessions; one is made up otherwise.
    #[must_use]
    pub fn session_name<By>(mut self, name: impl IntoOptional<String, By>) -> Self {
        self.role.role_session_name = name.into_optional();
        self
    }

    /// How long a session lasts, in seconds; an hour otherwise.
    #[must_use]
    pub fn duration_seconds<By>(mut self, seconds: impl IntoOptional<u32, By>) -> Self {
        self.role.duration_seconds = seconds.into_optional();
        self
    }

    /// The client that assumes the role.
    pub fn client(&self) -> &C {
        &self.client
    }

    /// The flow that is to be driven for each fetch; `core` is the client's.
    pub fn flow(&self, core: &Core, seed: u128) -> WebIdentity {
        let context = Arc::clone(core.context());
        WebIdentity::new(self.role.clone(), &self.token_file, context, seed)
            .metadata(core.metadata().cloned())
    }

    /// What came of that flow, as a provider gives it.
    ///
    /// # Errors
    ///
    /// The flow's own, which names the role.
    pub fn outcome(&self, fetched: Result<Credentials, Error>) -> Result<Credentials, Error> {
        fetched.map_err(|error| of_role(&self.role.role_arn, error))
    }
}

impl<C> fmt::Debug for WebIdentityProvider<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebIdentityProvider")
            .field("role_arn", &self.role.role_arn)
            .field("token_file", &self.token_file)
            .finish_non_exhaustive()
    }
}

/// Gives the credentials of one source, whatever else environment and files configure: a program, a container, the metadata of
/// the instance, IAM Identity Center, `aws login`. The client `C` performs what that takes, and needs no credentials of its
/// own.
///
/// A source that turns out not to exist is an error. Logins are renewed and shared as in a chain.
///
/// ```
/// use sts_proto::client::SourceProvider;
/// use sts_proto::credentials::{Source, imds};
/// use sts_proto::settings::Env;
///
/// # #[derive(Clone)] struct Client;
/// # let client = Client;
/// let env = Env::from_iter(std::env::vars_os());
/// if let Some(config) = imds::Config::new(&env, None)? {
///     // Give it to `with_credentials_provider`.
///     let source = Source::InstanceMetadata(config);
///     let provider = SourceProvider::new(client.clone(), source);
/// }
/// let command = "vault-keys --role ci".into();
/// let source = Source::Process { command, account_id: None };
/// let provider = SourceProvider::new(client, source);
/// assert!(format!("{provider:?}").contains("credential_process"));
/// # Ok::<(), sts_proto::CredentialsError>(())
/// ```
#[derive(Clone)]
pub struct SourceProvider<C> {
    client: C,
    name: String,
    chain: Arc<Chain>,
    renewals: Renewals,
    /// What it gave last: see [`Resolve::held`].
    last: Arc<Mutex<Option<Credentials>>>,
}

impl<C> SourceProvider<C> {
    /// Asks this source by way of this client.
    pub fn new(client: C, source: Source) -> Self {
        let plan = Plan::of(source);
        let name = plan.to_string();
        let candidates = vec![Candidate { name: name.as_str().into(), found: Found::Plan(Box::new(plan)) }];
        let chain = Arc::new(Chain { candidates });
        Self { client, name, chain, renewals: Renewals::default(), last: Arc::default() }
    }

    /// The client that asks the source.
    pub fn client(&self) -> &C {
        &self.client
    }

    /// The flow that is to be driven for each fetch; `core` is the client's.
    pub fn flow(&self, core: &Core, seed: u128) -> Resolve {
        Resolve::new(Arc::clone(&self.chain), Arc::clone(core.context()), seed)
            .renewals(self.renewals.clone())
            .cli_cache(core.shared.cli_cache.clone())
            .metadata(core.metadata().cloned())
            .held(self.last().clone())
    }

    /// A service has refused these credentials: they are not taken from the AWS CLI's cache again. `core` is the client's.
    pub fn refuse(&self, core: &Core, credentials: &Credentials) {
        core.refuse_in_cli_cache(credentials);
    }

    /// What came of that flow, as a provider gives it.
    ///
    /// # Errors
    ///
    /// The flow's own, which names the source.
    pub fn outcome(&self, resolved: Result<Resolved, Error>) -> Result<Credentials, Error> {
        let credentials = resolved?.credentials;
        *self.last() = Some(credentials.clone());
        Ok(credentials)
    }

    fn last(&self) -> MutexGuard<'_, Option<Credentials>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Prints what the source is, without a secret.
impl<C> fmt::Debug for SourceProvider<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceProvider").field("source", &self.name).finish_non_exhaustive()
    }
}

fn of_role(role_arn: &str, error: Error) -> Error {
    CredentialsError::met_by(format!("the role {role_arn}"), error).into()
}
