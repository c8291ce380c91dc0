//! What SeaweedFS adds to STS.

use crate::input;
use crate::keys::Credentials;
use crate::operation::Operation;
use crate::output;
use crate::secret::Secret;
use crate::types::AssumedRoleUser;

input! {
    /// Returns temporary keys for a role to a user of an LDAP directory.
    ///
    /// Sent unsigned: name and password are the proof of identity. Unlike [MinIO's action of this
    /// name](crate::dialects::minio::AssumeRoleWithLdapIdentity), it wants a name for the session and a role, whose trust policy
    /// has to allow `sts:AssumeRole` to the AWS principal `*`: a statement for federated principals is not enough.
    ///
    /// A directory that cannot be reached is refused as a wrong password is, with `AccessDenied`. A provider that the server
    /// does not know is refused with `ServiceUnavailable` and status 503. That cannot be told from a server that is busy, so it
    /// is tried again: a wrong name costs three attempts.
    ///
    /// ```
    /// use sts_proto::Operation;
    /// use sts_proto::dialects::seaweedfs::AssumeRoleWithLdapIdentity;
    /// use sts_proto::endpoint::{Endpoint, EndpointParams};
    ///
    /// let url = Some("https://seaweedfs.example.net:8333");
    /// let endpoint = Endpoint::resolve(&EndpointParams {
    ///     endpoint_url: url,
    ///     ..Default::default()
    /// })?;
    /// let role = "arn:aws:iam::123456789012:role/staff";
    /// let operation =
    ///     AssumeRoleWithLdapIdentity::new("alice", "secret", role, "alice")
    ///         .duration_seconds(3600);
    /// let request = operation.to_request(&endpoint);
    /// assert!(request.uri().query().is_none());
    /// # Ok::<(), sts_proto::Error>(())
    /// ```
    pub struct AssumeRoleWithLdapIdentity {
        /// The user's name in the directory.
        ldap_username: String = "LDAPUsername",
        /// The password.
        ldap_password: Secret = "LDAPPassword",
        /// ARN of the role.
        role_arn: String = "RoleArn",
        /// Name of the session.
        role_session_name: String = "RoleSessionName",
        ..
        /// Inline policy, as JSON, that the session may not exceed.
        policy: String = "Policy",
        /// Lifetime in seconds.
        duration_seconds: u32 = "DurationSeconds",
        /// Name of the provider in the server's configuration, where it has several.
        ldap_provider_name: String = "LDAPProviderName",
    }
}

output! {
    /// What [`AssumeRoleWithLdapIdentity`] returns.
    pub struct AssumeRoleWithLdapIdentityOutput {
        /// The temporary keys.
        credentials: Credentials = "Credentials",
        /// The identity that the keys belong to.
        assumed_role_user: Option<AssumedRoleUser> = "AssumedRoleUser",
        /// The size of the policy in percent of the maximum.
        packed_policy_size: Option<i64> = "PackedPolicySize",
    }
    metadata
}

impl Operation for AssumeRoleWithLdapIdentity {
    const ACTION: &'static str = "AssumeRoleWithLDAPIdentity";
    const SIGNED: bool = false;
    type Output = AssumeRoleWithLdapIdentityOutput;
}
