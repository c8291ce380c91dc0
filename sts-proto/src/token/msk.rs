//! MSK.

use std::time::SystemTime;

use super::{QUARTER_OF_AN_HOUR, SCHEME, Target, host, region};
use crate::base64::URL;
use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::member::IntoOptional;
use crate::proof::{Draft, Proof, ProofError, end};
use crate::secret::Secret;

/// The token of SASL/OAUTHBEARER for an MSK cluster with IAM access control.
///
/// Source: Amazon MSK Developer Guide, "IAM access control", and its SASL signers, which use
/// `kafka.{region}.amazonaws.com` in every partition.
///
/// ```
/// # use std::time::SystemTime;
/// # use sts_proto::Credentials;
/// # use sts_proto::endpoint::{Endpoint, EndpointParams};
/// use sts_proto::proof::Proof;
/// use sts_proto::token::Msk;
///
/// # let region = Some("eu-west-1");
/// # let params = EndpointParams { region, ..Default::default() };
/// # let endpoint = Endpoint::resolve(&params)?;
/// # let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let login = Msk::new().user_agent("my-tool/1.0");
/// let token = login.prove(&endpoint, &keys, SystemTime::now())?;
/// println!("until {:?}", token.expires);
/// # Ok::<(), sts_proto::proof::ProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Msk {
    region: Option<String>,
    user_agent: String,
}

impl Msk {
    /// For the clusters of the client's region.
    #[allow(clippy::new_without_default)] // like the other tokens
    pub fn new() -> Self {
        let user_agent = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
        Self { region: None, user_agent: user_agent.to_owned() }
    }

    /// Another region than the client's.
    pub fn region<By>(mut self, region: impl IntoOptional<String, By>) -> Self {
        self.region = region.into_optional();
        self
    }

    /// What the cluster logs of the caller; not signed.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }
}

impl Proof for Msk {
    type Output = MskToken;

    fn prove(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<MskToken, ProofError> {
        let region = region(self.region.as_deref(), endpoint)?;
        let host = host("region", &format!("kafka.{region}.amazonaws.com"))?;
        let target = Target::new("kafka-cluster", host, Some(&region));
        let signed = target.presign(&[("Action", "kafka-cluster:Connect")], endpoint, credentials, now)?;
        let mut url = Draft::with_capacity(64 + signed.len() + 3 * self.user_agent.len());
        url.put(SCHEME);
        url.put(signed.as_str());
        url.put("&User-Agent=");
        url.put_escaped(&self.user_agent);
        let mut token = Draft::with_capacity(URL.length(url.len()));
        token.put_base64(URL, url.as_bytes());
        Ok(MskToken { token: token.into_secret(), expires: end(now, QUARTER_OF_AN_HOUR, credentials) })
    }
}

/// What [`Msk`] makes. `Debug` does not show the token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MskToken {
    /// The bearer token.
    pub token: Secret,
    /// When it ends: 15 minutes after it was signed, or when the credentials expire, if that is before. Kafka's clients ask for
    /// it in milliseconds since 1970.
    pub expires: SystemTime,
}
