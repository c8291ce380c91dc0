use std::fmt;
use std::path::PathBuf;

#[cfg(feature = "login")]
use super::login;
#[cfg(feature = "roles-anywhere")]
use super::roles_anywhere;
use super::{container, imds, sso};
use crate::keys::Credentials;
use crate::secret::Secret;

/// How to get a set of credentials. It is known before anything is read or sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// Where the first credentials come from.
    pub source: Source,
    /// The roles to assume one after the other, each with the credentials of the one before it.
    pub roles: Vec<Role>,
}

/// Where the first credentials of a plan come from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// Keys in the environment or in a profile.
    Static(Credentials),
    /// A program prints the credentials (AWS SDKs and Tools Reference Guide, "Process credential provider").
    Process {
        /// The command line, which may hold secrets.
        command: Secret,
        /// The account, if the program does not print it.
        account_id: Option<String>,
    },
    /// A role is assumed with an identity token from a file.
    WebIdentity {
        /// The role.
        role: Role,
        /// The file, which is read again for each attempt.
        token_file: PathBuf,
    },
    /// The credentials endpoint of a container.
    Container(container::Config),
    /// The metadata service of the instance.
    InstanceMetadata(imds::Config),
    /// IAM Identity Center.
    Sso(sso::Config),
    /// `aws login`.
    #[cfg(feature = "login")]
    Login(login::Config),
    /// IAM Roles Anywhere. Only code configures it.
    #[cfg(feature = "roles-anywhere")]
    RolesAnywhere(roles_anywhere::Config),
}

/// A role to assume.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Role {
    /// Its ARN.
    pub role_arn: String,
    /// The name of the session; generated if it is not set.
    pub role_session_name: Option<String>,
    /// The external id that the role of a third party may require.
    pub external_id: Option<String>,
    /// The serial number of the MFA device whose code the role requires.
    pub mfa_serial: Option<String>,
    /// How long the session lasts, in seconds.
    pub duration_seconds: Option<u32>,
}

impl Plan {
    /// A plan with no roles.
    pub fn of(source: Source) -> Self {
        Self { source, roles: Vec::new() }
    }
}

/// Describes the plan without a secret: `credential_process, then the role arn:…`.
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
            #[cfg(feature = "login")]
            Source::Login(_) => f.write_str("aws login")?,
            #[cfg(feature = "roles-anywhere")]
            Source::RolesAnywhere(config) => {
                write!(f, "the role {} by way of iam roles anywhere", config.role_arn())?;
            }
        }
        self.roles.iter().try_for_each(|role| write!(f, ", then the role {}", role.role_arn))
    }
}

impl Role {
    /// A role without options.
    pub fn new(role_arn: impl Into<String>) -> Self {
        Self {
            role_arn: role_arn.into(),
            role_session_name: None,
            external_id: None,
            mfa_serial: None,
            duration_seconds: None,
        }
    }

    /// The name of the session, or one that is generated from `seed`.
    pub(crate) fn session_name(&self, seed: u128) -> String {
        self.role_session_name.clone().unwrap_or_else(|| format!("sts-{:016x}", seed as u64))
    }
}
