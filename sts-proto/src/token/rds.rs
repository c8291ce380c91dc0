//! RDS and Aurora.

use std::time::SystemTime;

use super::{Target, host, user};
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::member::IntoOptional;
use crate::proof::{Proof, ProofError};
use crate::secret::Secret;

/// The password of a database user of RDS or Aurora with IAM authentication, good for 15 minutes.
///
/// Source: Amazon RDS User Guide, "IAM database authentication". The host is written in lower case, as the database
/// compares it; it has to be the instance's own name or the cluster's, not an alias of yours.
///
/// ```
/// # use std::time::SystemTime;
/// # use sts_proto::Credentials;
/// # use sts_proto::endpoint::{Endpoint, EndpointParams};
/// use sts_proto::proof::Proof;
/// use sts_proto::token::Rds;
///
/// # let region = Some("eu-west-1");
/// # let params = EndpointParams { region, ..Default::default() };
/// # let endpoint = Endpoint::resolve(&params)?;
/// # let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let host = "db.123456789012.eu-west-1.rds.amazonaws.com";
/// let login = Rds::new(host, 5432, "jane_doe");
/// let password = login.prove(&endpoint, &keys, SystemTime::now())?;
/// # let _ = password;
/// # Ok::<(), sts_proto::proof::ProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rds {
    host: String,
    port: u16,
    user: String,
    region: Option<String>,
}

impl Rds {
    /// For the endpoint of an instance, a cluster or a proxy, and a user of the database.
    pub fn new(host: impl Into<String>, port: u16, user: impl Into<String>) -> Self {
        Self { host: host.into(), port, user: user.into(), region: None }
    }

    /// Another region than the client's.
    pub fn region<By>(mut self, region: impl IntoOptional<String, By>) -> Self {
        self.region = region.into_optional();
        self
    }
}

impl Proof for Rds {
    type Output = Secret;

    fn prove(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Secret, ProofError> {
        let host = host("host", &self.host)?;
        let target = Target { port: Some(self.port), ..Target::new("rds-db", host, self.region.as_deref()) };
        let query = [("Action", "connect"), ("DBUser", user(&self.user)?)];
        target.password(&query, endpoint, credentials, now)
    }
}
