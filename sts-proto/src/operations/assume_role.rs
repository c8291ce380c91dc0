use crate::input;
use crate::keys::Credentials;
use crate::operation::Operation;
use crate::output;
use crate::secret::Secret;
use crate::types::{AssumedRoleUser, PolicyDescriptorType, ProvidedContext, Tag};

input! {
    /// Returns temporary keys for a role, in the caller's account or another.
    ///
    /// Specific errors: `MalformedPolicyDocument`, `PackedPolicyTooLarge`, `RegionDisabledException`,
    /// `ExpiredTokenException`; `AccessDenied` if the role does not trust the caller.
    ///
    /// AWS Security Token Service API Reference, "AssumeRole".
    ///
    /// ```
    /// use sts_proto::Operation;
    /// use sts_proto::endpoint::{Endpoint, EndpointParams};
    /// use sts_proto::operations::AssumeRole;
    ///
    /// let role = "arn:aws:iam::123456789012:role/demo";
    /// let operation = AssumeRole::new(role, "build-42")
    ///     .duration_seconds(900)
    ///     .tags([("team", "payments")])
    ///     .external_id("s3cr3t");
    /// let region = Some("eu-west-1");
    /// let params = EndpointParams { region, ..Default::default() };
    /// let endpoint = Endpoint::resolve(&params)?;
    /// let request = operation.to_request(&endpoint);
    /// assert!(request.body().starts_with(b"Action=AssumeRole&Version=2011-06-15"));
    /// # Ok::<(), sts_proto::Error>(())
    /// ```
    pub struct AssumeRole {
        /// ARN of the role.
        role_arn: String = "RoleArn",
        /// Name of the session, 2 to 64 characters; appears in CloudTrail and in the session's ARN.
        role_session_name: String = "RoleSessionName",
        ..
        /// Managed policies that the session may not exceed, up to 10, from the role's account.
        policy_arns: Vec<PolicyDescriptorType> = "PolicyArns",
        /// Inline policy, as JSON, that the session may not exceed.
        policy: String = "Policy",
        /// Lifetime in seconds, 900 to the role's maximum (at most 43,200); 3,600 by default.
        duration_seconds: u32 = "DurationSeconds",
        /// Session tags, up to 50.
        tags: Vec<Tag> = "Tags",
        /// Keys of the tags that are passed on to sessions made from this one.
        transitive_tag_keys: Vec<String> = "TransitiveTagKeys",
        /// A value that the role's owner requires from third parties, 2 to 1,224 characters.
        external_id: String = "ExternalId",
        /// Serial number or ARN of the caller's MFA device.
        serial_number: String = "SerialNumber",
        /// Current code of the MFA device, six digits.
        token_code: Secret = "TokenCode",
        /// The identity behind the session, kept through role chaining, 2 to 64 characters.
        source_identity: String = "SourceIdentity",
        /// Contexts that trusted providers assert, 1 to 5.
        provided_contexts: Vec<ProvidedContext> = "ProvidedContexts",
        /// Session tokens shorter than this many bytes are padded to it, 0 to 4096.
        minimum_session_token_size: u16 = "MinimumSessionTokenSize",
    }
}

output! {
    /// What [`AssumeRole`] returns.
    pub struct AssumeRoleOutput {
        /// The temporary keys.
        credentials: Credentials = "Credentials",
        /// The identity that the keys belong to.
        assumed_role_user: Option<AssumedRoleUser> = "AssumedRoleUser",
        /// The size of the policies and tags in percent of the maximum. Deprecated by the service in favour
        /// of `SessionTokenUtilization`.
        packed_policy_size: Option<i64> = "PackedPolicySize",
        /// The source identity that the session carries.
        source_identity: Option<String> = "SourceIdentity",
        /// The size of the session token in percent of the maximum.
        session_token_utilization: Option<i64> = "SessionTokenUtilization",
        /// Length of the session token, in bytes.
        session_token_size: Option<i64> = "SessionTokenSize",
    }
    metadata
}

impl Operation for AssumeRole {
    const ACTION: &'static str = "AssumeRole";
    type Output = AssumeRoleOutput;
}
