//! ElastiCache.

use std::time::SystemTime;

use super::{Target, host, user};
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::member::IntoOptional;
use crate::proof::{Proof, ProofError};
use crate::secret::Secret;

/// The password of a user of ElastiCache with IAM authentication, good for 15 minutes: the last argument of `AUTH`.
///
/// Source: Amazon ElastiCache User Guide, "Authenticating with IAM". The name is written in lower case, as the service
/// has it.
///
/// ```
/// # use std::time::SystemTime;
/// # use sts_proto::Credentials;
/// # use sts_proto::endpoint::{Endpoint, EndpointParams};
/// use sts_proto::proof::Proof;
/// use sts_proto::token::ElastiCache;
///
/// # let region = Some("eu-west-1");
/// # let params = EndpointParams { region, ..Default::default() };
/// # let endpoint = Endpoint::resolve(&params)?;
/// # let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let login = ElastiCache::new("my-cache", "iam-user-01");
/// let password = login.prove(&endpoint, &keys, SystemTime::now())?;
/// assert!(password.expose().starts_with("my-cache/?Action=connect&"));
/// # let _ = password;
/// # Ok::<(), sts_proto::proof::ProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElastiCache {
    cache: String,
    user: String,
    serverless: bool,
    region: Option<String>,
}

impl ElastiCache {
    /// For the replication group or cache of this name (not its host name), and the id of a user.
    pub fn new(cache: impl Into<String>, user: impl Into<String>) -> Self {
        Self { cache: cache.into(), user: user.into(), serverless: false, region: None }
    }

    /// For a serverless cache.
    pub fn serverless(mut self) -> Self {
        self.serverless = true;
        self
    }

    /// Another region than the client's.
    pub fn region<By>(mut self, region: impl IntoOptional<String, By>) -> Self {
        self.region = region.into_optional();
        self
    }
}

impl Proof for ElastiCache {
    type Output = Secret;

    fn prove(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Secret, ProofError> {
        let target = Target::new("elasticache", host("cache", &self.cache)?, self.region.as_deref());
        let all = [("Action", "connect"), ("User", user(&self.user)?), ("ResourceType", "ServerlessCache")];
        let query = if self.serverless { &all[..] } else { all.split_last().map_or(&[][..], |(_, two)| two) };
        target.password(query, endpoint, credentials, now)
    }
}
