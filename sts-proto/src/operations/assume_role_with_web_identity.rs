use crate::input;
use crate::keys::Credentials;
use crate::operation::Operation;
use crate::output;
use crate::secret::Secret;
use crate::types::{AssumedRoleUser, PolicyDescriptorType};

input! {
    /// Returns temporary keys for a role to a user whom an OpenID Connect provider has signed in.
    ///
    /// Sent unsigned: the token is the proof of identity. Specific errors: `MalformedPolicyDocument`,
    /// `PackedPolicyTooLarge`, `IDPRejectedClaim`, `IDPCommunicationError`, `InvalidIdentityToken`,
    /// `ExpiredTokenException`, `RegionDisabledException`.
    ///
    /// AWS Security Token Service API Reference, "AssumeRoleWithWebIdentity".
    ///
    /// ```
    /// use sts_proto::Operation;
    /// use sts_proto::endpoint::{Endpoint, EndpointParams};
    /// use sts_proto::operations::AssumeRoleWithWebIdentity;
    ///
    /// let role = "arn:aws:iam::123456789012:role/web";
    /// let token = "eyJhbGciOi…";
    /// let operation = AssumeRoleWithWebIdentity::new(role, "bob", token)
    ///     .duration_seconds(900);
    /// let region = Some("eu-west-1");
    /// let params = EndpointParams { region, ..Default::default() };
    /// let endpoint = Endpoint::resolve(&params)?;
    /// let request = operation.to_request(&endpoint);
    /// let start = b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15";
    /// assert!(request.body().starts_with(start));
    /// # Ok::<(), sts_proto::Error>(())
    /// ```
    pub struct AssumeRoleWithWebIdentity {
        /// ARN of the role.
        role_arn: String = "RoleArn",
        /// Name of the session, 2 to 64 characters; usually the user's name.
        role_session_name: String = "RoleSessionName",
        /// The provider's OpenID Connect or OAuth 2.0 token, 4 to 20,000 characters.
        web_identity_token: Secret = "WebIdentityToken",
        ..
        /// Host name of an OAuth 2.0 provider (`www.amazon.com`, `graph.facebook.com`); not for OpenID
        /// Connect.
        provider_id: String = "ProviderId",
        /// Managed policies that the session may not exceed, up to 10, from the role's account.
        policy_arns: Vec<PolicyDescriptorType> = "PolicyArns",
        /// Inline policy, as JSON, that the session may not exceed.
        policy: String = "Policy",
        /// Lifetime in seconds, 900 to the role's maximum (at most 43,200); 3,600 by default.
        duration_seconds: u32 = "DurationSeconds",
        /// Session tokens shorter than this many bytes are padded to it, 0 to 4096.
        minimum_session_token_size: u16 = "MinimumSessionTokenSize",
    }
}

output! {
    /// What [`AssumeRoleWithWebIdentity`] returns.
    pub struct AssumeRoleWithWebIdentityOutput {
        /// The temporary keys.
        credentials: Credentials = "Credentials",
        /// The token's `sub`.
        subject_from_web_identity_token: Option<String> = "SubjectFromWebIdentityToken",
        /// The identity that the keys belong to.
        assumed_role_user: Option<AssumedRoleUser> = "AssumedRoleUser",
        /// The size of the policies and tags in percent of the maximum. Deprecated by the service in favour
        /// of `SessionTokenUtilization`.
        packed_policy_size: Option<i64> = "PackedPolicySize",
        /// The token's issuer, or the `ProviderId` that was sent.
        provider: Option<String> = "Provider",
        /// The token's `aud`, usually the application's client id.
        audience: Option<String> = "Audience",
        /// The source identity that the session carries.
        source_identity: Option<String> = "SourceIdentity",
        /// The size of the session token in percent of the maximum.
        session_token_utilization: Option<i64> = "SessionTokenUtilization",
        /// Length of the session token, in bytes.
        session_token_size: Option<i64> = "SessionTokenSize",
    }
    metadata
}

impl Operation for AssumeRoleWithWebIdentity {
    const ACTION: &'static str = "AssumeRoleWithWebIdentity";
    const SIGNED: bool = false;
    type Output = AssumeRoleWithWebIdentityOutput;
}
