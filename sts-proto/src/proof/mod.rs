//! Proofs of identity: a signed `GetCallerIdentity` that its receiver sends, to learn the caller's identity from STS.
//!
//! Each consumer wants another form of it. Each form is a small type here: it takes what the consumer asks for, and
//! [`Proof::prove`] gives the exact text to hand over.
//!
//! | consumer | type | what is handed over |
//! |---|---|---|
//! | Amazon EKS, aws-iam-authenticator | [`Eks`] | a token, or an `ExecCredential` for kubectl |
//! | HashiCorp Vault, OpenBao | [`Vault`] | JSON, posted to [`Vault::path`] |
//! | HashiCorp Consul | [`Consul`] | JSON, as the bearer token of a login |
//! | Teleport | [`Teleport`] | the HTTP request as bytes |
//! | MongoDB (`MONGODB-AWS`) | [`MongoDb`] | two SASL messages in BSON |
//! | Google workload identity federation | [`Google`] | a subject token: JSON, percent-encoded |
//! | HCP | [`Hcp`] | JSON |
//! | Snowflake | [`Snowflake`] | JSON in base64 |
//! | Datadog | [`Datadog`] | four parts in base64 |
//! | Infisical | [`Infisical`] | JSON, posted to [`Infisical::PATH`] |
//! | Chainguard | [`Chainguard`] | the HTTP request in base64 |
//! | CyberArk Conjur | [`Conjur`] | JSON |
//! | lakeFS | [`LakeFs`] | JSON in base64 |
//! | a service of one's own | [`Audience`] | JSON |
//!
//! For any other consumer, [`Operation::sign`](crate::Operation::sign) and
//! [`Operation::presign`](crate::Operation::presign) sign what it asks for. Tokens of other services of AWS are in
//! [`token`](crate::token).
//!
//! A client makes a proof with the credentials and the region that it has:
//! `client.prove(&Eks::new("my-cluster"))`. Here is the same without a client:
//!
//! ```
//! use std::time::SystemTime;
//! use sts_proto::Credentials;
//! use sts_proto::endpoint::{Endpoint, EndpointParams};
//! use sts_proto::proof::{Proof, Vault};
//!
//! let region = Some("eu-west-1");
//! let params = EndpointParams { region, ..Default::default() };
//! let endpoint = Endpoint::resolve(&params)?;
//! let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
//! let login = Vault::new("dev-role").server_id("vault.example.com");
//! let body = login.prove(&endpoint, &keys, SystemTime::now())?;
//! println!("POST {}", Vault::path("aws"));
//! assert!(body.expose().starts_with("{\"role\":\"dev-role\","));
//! # Ok::<(), sts_proto::proof::ProofError>(())
//! ```
//!
//! # A proof is a secret
//!
//! With a proof, anyone is the caller towards its consumer, for as long as STS honours the signature: 15 minutes, whatever
//! lifetime is written into it. It also holds the session token. So proofs are [`Secret`](crate::Secret): `Debug` does not
//! show them, and their memory is wiped. Hand a proof only to the consumer that it names: the header that names the
//! consumer (the cluster, the server id, the audience) is what keeps one consumer from using it with another. Set it
//! wherever it is optional.

mod audience;
mod chainguard;
mod conjur;
mod consul;
mod datadog;
mod draft;
mod eks;
mod error;
mod exec_credential;
mod google;
mod hcp;
mod infisical;
#[cfg(feature = "verify")]
mod json;
mod lakefs;
mod mongodb;
mod request;
mod snowflake;
mod teleport;
#[cfg(test)]
mod testing;
mod vault;
#[cfg(feature = "verify")]
pub mod verify;

use std::time::{Duration, SystemTime};

pub use audience::Audience;
pub use chainguard::Chainguard;
pub use conjur::Conjur;
pub use consul::Consul;
pub use datadog::Datadog;
pub(crate) use draft::Draft;
pub use eks::{Eks, EksToken};
pub use error::ProofError;
pub use exec_credential::ApiVersion;
#[cfg(feature = "verify")]
pub use exec_credential::ExecInfoWarning;
pub use google::Google;
pub use hcp::Hcp;
pub use infisical::Infisical;
pub use lakefs::LakeFs;
pub use mongodb::{MongoDb, MongoDbMessage, MongoDbReply};
pub use snowflake::Snowflake;
pub use teleport::Teleport;
pub use vault::Vault;

use crate::endpoint::Endpoint;
use crate::keys::Credentials;
use crate::wire::time;

/// Something that is signed with credentials and handed over, to prove the identity of its bearer.
///
/// Open: the form of another consumer is one more implementation, which a client's `prove` makes like those of this crate.
pub trait Proof {
    /// What is handed over.
    type Output;

    /// Makes the proof. `endpoint` is the STS that the consumer will ask, and its region is what is signed for; `now` is
    /// the time of the service's clock, of which a fraction of a second is dropped.
    ///
    /// # Errors
    ///
    /// What cannot be signed, and what the consumer would refuse: see [`ProofError`].
    fn prove(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<Self::Output, ProofError>;
}

/// When what is signed now ends: after this long, or with the credentials if that is before.
pub(crate) fn end(now: SystemTime, lifetime: Duration, credentials: &Credentials) -> SystemTime {
    let signed = time::whole_seconds(now);
    let told = signed.checked_add(lifetime).unwrap_or(signed);
    credentials.expiration.map_or(told, |end| end.min(told))
}
