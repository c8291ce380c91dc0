use std::fmt;
use std::path::PathBuf;

use super::{container, imds, sso};
use crate::keys::Credentials;
use crate::secret::Secret;

/// What credentials are made of: known before anything is read or sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// What comes first.
    pub source: Source,
    /// The roles that are assumed one after the other, each with the credentials of the one before it.
    pub roles: Vec<Role>,
}

/// Where a plan begins.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// Keys that are written down, in the environment or in a profile.
    Static(Credentials),
    /// A program prints them (AWS SDKs and Tools Reference Guide, "Process credential provider").
    Process {
        /// The command line; may hold secrets.
        command: Secret,
        /// The account, where the program does not say it.
        account_id: Option<String>,
    },
    /// A role is assumed with an identity token from a file.
    WebIdentity {
        /// The role.
        role: Role,
        /// The file, which is read anew for each attempt.
        token_file: PathBuf,
    },
    /// An endpoint of the container.
    Container(container::Config),
    /// The metadata service of the instance.
    InstanceMetadata(imds::Config),
    /// IAM Identity Center.
    Sso(sso::Config),
}

/// A role to assume.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Role {
    /// Its ARN.
    pub role_arn: String,
    /// The name of the session; one is made up where there is none.
    pub role_session_name: Option<String>,
    /// What a third party's role may ask for.
    pub external_id: Option<String>,
    /// The serial number of the MFA device whose code has to be shown.
    pub mfa_serial: Option<String>,
    /// How long the session lasts, in seconds.
    pub duration_seconds: Option<u32>,
}

impl Plan {
    /// A source that no role is assumed from.
    pub fn of(source: Source) -> Self {
        Self { source, roles: Vec::new() }
    }
}

/// Says what it is made of, without a secret: `credential_process, then the role arn:…`.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Static(_) => f.write_str("keys")?,
            Source::Process { .. } => f.write_str("credential_process")?,
            Source::WebIdentity { role, token_file } => {
                write!(f, "the role {} with the token in {}", role.role_arn, token_file.display())?;
            }
            Source::Container(_) => f.write_str("the container's endpoint")?,
            Source::InstanceMetadata(_) => f.write_str("the instance's metadata")?,
            Source::Sso(_) => f.write_str("sso")?,
        }
        self.roles.iter().try_for_each(|role| write!(f, ", then the role {}", role.role_arn))
    }
}

impl Role {
    /// A role with nothing else said.
    pub fn new(role_arn: impl Into<String>) -> Self {
        Self {
            role_arn: role_arn.into(),
            role_session_name: None,
            external_id: None,
            mfa_serial: None,
            duration_seconds: None,
        }
    }

    /// The session's name, or one made of `seed`.
    pub(crate) fn session_name(&self, seed: u128) -> String {
        self.role_session_name.clone().unwrap_or_else(|| format!("sts-{:016x}", seed as u64))
    }
}
