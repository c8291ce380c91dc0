//! MemoryDB.

use std::time::SystemTime;

use super::{Target, host, user};
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::member::IntoOptional;
use crate::proof::{Proof, ProofError};
use crate::secret::Secret;

/// The password of a user of MemoryDB with IAM authentication, good for 15 minutes: the last argument of `AUTH`.
///
/// Source: MemoryDB Developer Guide, "Authenticating with IAM". The name is written in lower case, as the service has it.
///
/// ```
/// # use std::time::SystemTime;
/// # use sts_proto::Credentials;
/// # use sts_proto::endpoint::{Endpoint, EndpointParams};
/// use sts_proto::proof::Proof;
/// use sts_proto::token::MemoryDb;
///
/// # let region = Some("eu-west-1");
/// # let params = EndpointParams { region, ..Default::default() };
/// # let endpoint = Endpoint::resolve(&params)?;
/// # let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let login = MemoryDb::new("my-cluster", "iam-user-01");
/// let password = login.prove(&endpoint, &keys, SystemTime::now())?;
/// assert!(password.expose().starts_with("my-cluster/?Action=connect&"));
/// # let _ = password;
/// # Ok::<(), sts_proto::proof::ProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryDb {
    cluster: String,
    user: String,
    region: Option<String>,
}

impl MemoryDb {
    /// For the cluster of this name (not its host name), and the id of a user.
    pub fn new(cluster: impl Into<String>, user: impl Into<String>) -> Self {
        Self { cluster: cluster.into(), user: user.into(), region: None }
    }

    /// Another region than the client's.
    pub fn region<By>(mut self, region: impl IntoOptional<String, By>) -> Self {
        self.region = region.into_optional();
        self
    }
}

impl Proof for MemoryDb {
    type Output = Secret;

    fn prove(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Secret, ProofError> {
        let target = Target::new("memorydb", host("cluster", &self.cluster)?, self.region.as_deref());
        let query = [("Action", "connect"), ("User", user(&self.user)?)];
        target.password(&query, endpoint, credentials, now)
    }
}
