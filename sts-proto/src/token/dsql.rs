//! Aurora DSQL.

use std::time::{Duration, SystemTime};

use super::{QUARTER_OF_AN_HOUR, Target, host};
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::member::IntoOptional;
use crate::proof::{Proof, ProofError};
use crate::secret::Secret;

/// The password of a database role of Aurora DSQL.
///
/// Source: Aurora DSQL User Guide, "Authentication tokens".
///
/// ```
/// # use std::time::SystemTime;
/// # use sts_proto::Credentials;
/// # use sts_proto::endpoint::{Endpoint, EndpointParams};
/// use sts_proto::proof::Proof;
/// use sts_proto::token::Dsql;
///
/// # let region = Some("eu-west-1");
/// # let params = EndpointParams { region, ..Default::default() };
/// # let endpoint = Endpoint::resolve(&params)?;
/// # let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let host = "abcdefghij.dsql.eu-west-1.on.aws";
/// let login = Dsql::new(host).admin();
/// let password = login.prove(&endpoint, &keys, SystemTime::now())?;
/// # let _ = password;
/// # Ok::<(), sts_proto::proof::ProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dsql {
    host: String,
    action: &'static str,
    lifetime: Duration,
    region: Option<String>,
}

impl Dsql {
    /// For the endpoint of a cluster, and a role of the database (`dsql:DbConnect`).
    pub fn new(host: impl Into<String>) -> Self {
        Self { host: host.into(), action: "DbConnect", lifetime: QUARTER_OF_AN_HOUR, region: None }
    }

    /// For the role `admin` (`dsql:DbConnectAdmin`).
    pub fn admin(mut self) -> Self {
        self.action = "DbConnectAdmin";
        self
    }

    /// How long the token is good for: 1 second to 7 days, whole seconds, 15 minutes by default.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Another region than the client's.
    pub fn region<By>(mut self, region: impl IntoOptional<String, By>) -> Self {
        self.region = region.into_optional();
        self
    }
}

impl Proof for Dsql {
    type Output = Secret;

    fn prove(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Secret, ProofError> {
        let host = host("host", &self.host)?;
        let target = Target { lifetime: self.lifetime, ..Target::new("dsql", host, self.region.as_deref()) };
        target.password(&[("Action", self.action)], endpoint, credentials, now)
    }
}
