use crate::input;
use crate::keys::Credentials;
use crate::operation::Operation;
use crate::output;
use crate::secret::Secret;
use crate::types::{AssumedRoleUser, PolicyDescriptorType};

input! {
    /// Returns temporary keys for a role to a user whom a SAML 2.0 identity provider has signed in.
    ///
    /// Sent unsigned: the assertion is the proof of identity. Specific errors: `MalformedPolicyDocument`,
    /// `PackedPolicyTooLarge`, `IDPRejectedClaim`, `InvalidIdentityToken`, `ExpiredTokenException`,
    /// `RegionDisabledException`.
    ///
    /// AWS Security Token Service API Reference, "AssumeRoleWithSAML".
    ///
    /// ```
    /// use sts_proto::Operation;
    /// use sts_proto::endpoint::{Endpoint, EndpointParams};
    /// use sts_proto::operations::AssumeRoleWithSaml;
    ///
    /// let operation = AssumeRoleWithSaml::new(
    ///     "arn:aws:iam::123456789012:role/demo",
    ///     "arn:aws:iam::123456789012:saml-provider/idp",
    ///     "PHNhbWxwOlJlc3BvbnNlPg==",
    /// );
    /// let region = Some("eu-west-1");
    /// let params = EndpointParams { region, ..Default::default() };
    /// let endpoint = Endpoint::resolve(&params)?;
    /// let request = operation.to_request(&endpoint);
    /// let start = b"Action=AssumeRoleWithSAML&Version=2011-06-15";
    /// assert!(request.body().starts_with(start));
    /// # Ok::<(), sts_proto::Error>(())
    /// ```
    pub struct AssumeRoleWithSaml {
        /// ARN of the role.
        role_arn: String = "RoleArn",
        /// ARN of the SAML provider in IAM.
        principal_arn: String = "PrincipalArn",
        /// The provider's response, in base64, 4 to 100,000 characters.
        saml_assertion: Secret = "SAMLAssertion",
        ..
        /// Managed policies that the session may not exceed, up to 10, from the role's account.
        policy_arns: Vec<PolicyDescriptorType> = "PolicyArns",
        /// Inline policy, as JSON, that the session may not exceed.
        policy: String = "Policy",
        /// Lifetime in seconds, 900 to the role's maximum (at most 43,200), and never beyond the end of the
        /// assertion.
        duration_seconds: u32 = "DurationSeconds",
        /// Session tokens shorter than this many bytes are padded to it, 0 to 4096.
        minimum_session_token_size: u16 = "MinimumSessionTokenSize",
    }
}

output! {
    /// What [`AssumeRoleWithSaml`] returns.
    pub struct AssumeRoleWithSamlOutput {
        /// The temporary keys.
        credentials: Credentials = "Credentials",
        /// The identity that the keys belong to.
        assumed_role_user: Option<AssumedRoleUser> = "AssumedRoleUser",
        /// The size of the policies and tags in percent of the maximum. Deprecated by the service in favour
        /// of `SessionTokenUtilization`.
        packed_policy_size: Option<i64> = "PackedPolicySize",
        /// The `NameID` of the assertion's subject.
        subject: Option<String> = "Subject",
        /// The format of the `NameID`: `transient`, `persistent` or a full URI.
        subject_type: Option<String> = "SubjectType",
        /// The assertion's `Issuer`.
        issuer: Option<String> = "Issuer",
        /// The assertion's `Recipient`.
        audience: Option<String> = "Audience",
        /// Hash of issuer, account and provider; together with the subject it identifies the user
        /// permanently.
        name_qualifier: Option<String> = "NameQualifier",
        /// The source identity that the session carries.
        source_identity: Option<String> = "SourceIdentity",
        /// The size of the session token in percent of the maximum.
        session_token_utilization: Option<i64> = "SessionTokenUtilization",
        /// Length of the session token, in bytes.
        session_token_size: Option<i64> = "SessionTokenSize",
    }
    metadata
}

impl Operation for AssumeRoleWithSaml {
    const ACTION: &'static str = "AssumeRoleWithSAML";
    const SIGNED: bool = false;
    type Output = AssumeRoleWithSamlOutput;
}
