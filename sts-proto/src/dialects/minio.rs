//! What MinIO adds to STS, and AIStor, which is built on it.
//!
//! None of these actions is signed. Keys are valid for up to 365 days. A server that is not configured for an action, or has
//! not loaded its users yet, says so with status 503 (`STSNotInitialized`, `STSIAMNotInitialized`); that is not tried again,
//! although a server that has just started may answer otherwise a few seconds later.

use crate::input;
use crate::keys::Credentials;
use crate::operation::Operation;
use crate::operations::AssumeRoleWithWebIdentityOutput;
use crate::output;
use crate::secret::Secret;

input! {
    /// Returns temporary keys to a user of the server's LDAP directory.
    ///
    /// Sent unsigned: name and password are the proof of identity. The policies are those that the server has for the user's
    /// distinguished name and groups; there is no role.
    ///
    /// ```
    /// use sts_proto::Operation;
    /// use sts_proto::dialects::minio::AssumeRoleWithLdapIdentity;
    /// use sts_proto::endpoint::{Endpoint, EndpointParams};
    ///
    /// let endpoint = Endpoint::resolve(&EndpointParams {
    ///     endpoint_url: Some("https://minio.example.net:9000"),
    ///     ..Default::default()
    /// })?;
    /// let operation = AssumeRoleWithLdapIdentity::new("alice", "secret")
    ///     .duration_seconds(3600);
    /// let request = operation.to_request(&endpoint);
    /// assert!(request.uri().query().is_none());
    /// # Ok::<(), sts_proto::Error>(())
    /// ```
    pub struct AssumeRoleWithLdapIdentity {
        /// The user's name in the directory.
        ldap_username: String = "LDAPUsername",
        /// The password.
        ldap_password: Secret = "LDAPPassword",
        ..
        /// Inline policy, as JSON, that the session may not exceed.
        policy: String = "Policy",
        /// Lifetime in seconds, 900 to 31,536,000; 3,600 by default.
        duration_seconds: u32 = "DurationSeconds",
        /// Marks the keys, so that all keys of the user with this mark can be revoked together.
        token_revoke_type: String = "TokenRevokeType",
        /// Which of several directories the user is in; AIStor only.
        config_name: String = "ConfigName",
    }
}

output! {
    /// What [`AssumeRoleWithLdapIdentity`] returns.
    pub struct AssumeRoleWithLdapIdentityOutput {
        /// The temporary keys.
        credentials: Credentials = "Credentials",
    }
    metadata
}

impl Operation for AssumeRoleWithLdapIdentity {
    const ACTION: &'static str = "AssumeRoleWithLDAPIdentity";
    const SIGNED: bool = false;
    type Output = AssumeRoleWithLdapIdentityOutput;
}

input! {
    /// Returns temporary keys to the holder of a TLS client certificate.
    ///
    /// Sent unsigned, in the query of an `https` URL: the connection is the proof of identity. The certificate is for clients,
    /// an authority that the server trusts has signed it, and its common name is that of the policy for the keys. The keys end
    /// with the certificate at the latest. Both clients show what `Builder::client_certificate` was given; for one in a TPM or
    /// HSM, bring a transport of your own.
    ///
    /// ```
    /// use sts_proto::Operation;
    /// use sts_proto::dialects::minio::AssumeRoleWithCertificate;
    /// use sts_proto::endpoint::{Endpoint, EndpointParams};
    ///
    /// let endpoint = Endpoint::resolve(&EndpointParams {
    ///     endpoint_url: Some("https://minio.example.net:9000"),
    ///     ..Default::default()
    /// })?;
    /// let operation = AssumeRoleWithCertificate::new();
    /// let request = operation.to_request(&endpoint);
    /// let query = "Action=AssumeRoleWithCertificate&Version=2011-06-15";
    /// assert_eq!(request.uri().query(), Some(query));
    /// assert!(request.body().is_empty());
    /// # Ok::<(), sts_proto::Error>(())
    /// ```
    pub struct AssumeRoleWithCertificate {
        ..
        /// Lifetime in seconds, 900 to 31,536,000; 3,600 by default.
        duration_seconds: u32 = "DurationSeconds",
        /// Marks the keys, so that all keys of the user with this mark can be revoked together.
        token_revoke_type: String = "TokenRevokeType",
    }
}

output! {
    /// What [`AssumeRoleWithCertificate`] returns.
    pub struct AssumeRoleWithCertificateOutput {
        /// The temporary keys.
        credentials: Credentials = "Credentials",
    }
    metadata
}

impl Operation for AssumeRoleWithCertificate {
    const ACTION: &'static str = "AssumeRoleWithCertificate";
    const SIGNED: bool = false;
    const IN_QUERY: bool = true;
    type Output = AssumeRoleWithCertificateOutput;
}

input! {
    /// Returns temporary keys for a token that the server's identity plugin understands.
    ///
    /// Sent unsigned, in the query of the URL, where proxies and the server may log the token.
    ///
    /// ```
    /// use sts_proto::Operation;
    /// use sts_proto::dialects::minio::AssumeRoleWithCustomToken;
    /// use sts_proto::endpoint::{Endpoint, EndpointParams};
    ///
    /// let endpoint = Endpoint::resolve(&EndpointParams {
    ///     endpoint_url: Some("https://minio.example.net:9000"),
    ///     ..Default::default()
    /// })?;
    /// let role = "arn:minio:iam:::role/idmp-plugin";
    /// let operation = AssumeRoleWithCustomToken::new("token", role);
    /// let request = operation.to_request(&endpoint);
    /// let query = request.uri().query().unwrap_or_default();
    /// assert!(query.contains("&Token=token&RoleArn=arn%3Aminio"));
    /// # Ok::<(), sts_proto::Error>(())
    /// ```
    pub struct AssumeRoleWithCustomToken {
        /// What the plugin is given.
        token: Secret = "Token",
        /// The plugin's ARN, which the server prints when it starts.
        role_arn: String = "RoleArn",
        ..
        /// Lifetime in seconds, 900 to 31,536,000; the plugin may allow less.
        duration_seconds: u32 = "DurationSeconds",
        /// Marks the keys, so that all keys of the user with this mark can be revoked together.
        token_revoke_type: String = "TokenRevokeType",
    }
}

output! {
    /// What [`AssumeRoleWithCustomToken`] returns.
    pub struct AssumeRoleWithCustomTokenOutput {
        /// The temporary keys.
        credentials: Credentials = "Credentials",
        /// The user that the plugin has named.
        assumed_user: Option<String> = "AssumedUser",
    }
    metadata
}

impl Operation for AssumeRoleWithCustomToken {
    const ACTION: &'static str = "AssumeRoleWithCustomToken";
    const SIGNED: bool = false;
    const IN_QUERY: bool = true;
    type Output = AssumeRoleWithCustomTokenOutput;
}

input! {
    /// Returns temporary keys to an application that an OpenID Connect provider has signed in.
    ///
    /// Sent unsigned: the token is the proof of identity. Only old servers know it; newer ones have
    /// [`AssumeRoleWithWebIdentity`] for it.
    ///
    /// ```
    /// use sts_proto::Operation;
    /// use sts_proto::dialects::minio::AssumeRoleWithClientGrants;
    /// use sts_proto::endpoint::{Endpoint, EndpointParams};
    ///
    /// let endpoint = Endpoint::resolve(&EndpointParams {
    ///     endpoint_url: Some("https://minio.example.net:9000"),
    ///     ..Default::default()
    /// })?;
    /// let operation = AssumeRoleWithClientGrants::new("eyJhbGciOi…");
    /// let request = operation.to_request(&endpoint);
    /// assert!(request.uri().query().is_none());
    /// # Ok::<(), sts_proto::Error>(())
    /// ```
    pub struct AssumeRoleWithClientGrants {
        /// The provider's token.
        token: Secret = "Token",
        ..
        /// Inline policy, as JSON, that the session may not exceed.
        policy: String = "Policy",
        /// Lifetime in seconds, 900 to 31,536,000; what is left of the token's by default.
        duration_seconds: u32 = "DurationSeconds",
    }
}

output! {
    /// What [`AssumeRoleWithClientGrants`] returns.
    pub struct AssumeRoleWithClientGrantsOutput {
        /// The temporary keys.
        credentials: Credentials = "Credentials",
        /// The token's `sub`.
        subject_from_token: Option<String> = "SubjectFromToken",
    }
    metadata
}

impl Operation for AssumeRoleWithClientGrants {
    const ACTION: &'static str = "AssumeRoleWithClientGrants";
    const SIGNED: bool = false;
    type Output = AssumeRoleWithClientGrantsOutput;
}

input! {
    /// Returns temporary keys to a user whom an OpenID Connect provider has signed in.
    ///
    /// Sent unsigned: the token is the proof of identity. Unlike [the action of
    /// AWS](crate::operations::AssumeRoleWithWebIdentity), it needs neither a role nor a name for the session: where no role is
    /// given, a claim of the token names the policies. AWS's works too, if the role's ARN is the one that the server prints
    /// when it starts.
    ///
    /// ```
    /// use sts_proto::Operation;
    /// use sts_proto::dialects::minio::AssumeRoleWithWebIdentity;
    /// use sts_proto::endpoint::{Endpoint, EndpointParams};
    ///
    /// let endpoint = Endpoint::resolve(&EndpointParams {
    ///     endpoint_url: Some("https://minio.example.net:9000"),
    ///     ..Default::default()
    /// })?;
    /// let operation = AssumeRoleWithWebIdentity::new("eyJhbGciOi…")
    ///     .web_identity_access_token("opaque");
    /// let request = operation.to_request(&endpoint);
    /// assert!(request.uri().query().is_none());
    /// # Ok::<(), sts_proto::Error>(())
    /// ```
    pub struct AssumeRoleWithWebIdentity {
        /// The provider's token.
        web_identity_token: Secret = "WebIdentityToken",
        ..
        /// The access token that belongs to it, with which the server asks the provider for claims that the token lacks.
        web_identity_access_token: Secret = "WebIdentityAccessToken",
        /// ARN of the role that the server has made for the provider.
        role_arn: String = "RoleArn",
        /// Inline policy, as JSON, that the session may not exceed.
        policy: String = "Policy",
        /// Lifetime in seconds, 900 to 31,536,000; what is left of the token's by default.
        duration_seconds: u32 = "DurationSeconds",
        /// Marks the keys, so that all keys of the user with this mark can be revoked together.
        token_revoke_type: String = "TokenRevokeType",
    }
}

/// The output is that of AWS. `AssumedRoleUser` may be empty.
impl Operation for AssumeRoleWithWebIdentity {
    const ACTION: &'static str = "AssumeRoleWithWebIdentity";
    const SIGNED: bool = false;
    type Output = AssumeRoleWithWebIdentityOutput;
}
