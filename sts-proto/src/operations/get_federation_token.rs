use crate::input;
use crate::keys::Credentials;
use crate::operation::Operation;
use crate::output;
use crate::types::{FederatedUser, PolicyDescriptorType, Tag};

input! {
    /// Returns temporary keys for a federated user. To be called with the long-term keys of an IAM user.
    ///
    /// Specific errors: `MalformedPolicyDocument`, `PackedPolicyTooLarge`, `RegionDisabledException`.
    ///
    /// AWS Security Token Service API Reference, "GetFederationToken".
    ///
    /// ```
    /// use sts_proto::Operation;
    /// use sts_proto::endpoint::{Endpoint, EndpointParams};
    /// use sts_proto::operations::GetFederationToken;
    ///
    /// let operation = GetFederationToken::new("bob").duration_seconds(3600);
    /// let region = Some("eu-west-1");
    /// let params = EndpointParams { region, ..Default::default() };
    /// let endpoint = Endpoint::resolve(&params)?;
    /// let request = operation.to_request(&endpoint);
    /// let start = b"Action=GetFederationToken&Version=2011-06-15";
    /// assert!(request.body().starts_with(start));
    /// # Ok::<(), sts_proto::Error>(())
    /// ```
    pub struct GetFederationToken {
        /// Name of the federated user, 2 to 32 characters.
        name: String = "Name",
        ..
        /// Inline policy, as JSON, that the session may not exceed.
        policy: String = "Policy",
        /// Managed policies that the session may not exceed, up to 10, from the caller's account.
        policy_arns: Vec<PolicyDescriptorType> = "PolicyArns",
        /// Lifetime in seconds, 900 to 129,600; 43,200 by default.
        duration_seconds: u32 = "DurationSeconds",
        /// Session tags, up to 50.
        tags: Vec<Tag> = "Tags",
        /// Session tokens shorter than this many bytes are padded to it, 0 to 4096.
        minimum_session_token_size: u16 = "MinimumSessionTokenSize",
    }
}

output! {
    /// What [`GetFederationToken`] returns.
    pub struct GetFederationTokenOutput {
        /// The temporary keys.
        credentials: Credentials = "Credentials",
        /// The identity that the keys belong to.
        federated_user: Option<FederatedUser> = "FederatedUser",
        /// The size of the policies and tags in percent of the maximum. Deprecated by the service in favour
        /// of `SessionTokenUtilization`.
        packed_policy_size: Option<i64> = "PackedPolicySize",
        /// The size of the session token in percent of the maximum.
        session_token_utilization: Option<i64> = "SessionTokenUtilization",
        /// Length of the session token, in bytes.
        session_token_size: Option<i64> = "SessionTokenSize",
    }
    metadata
}

impl Operation for GetFederationToken {
    const ACTION: &'static str = "GetFederationToken";
    type Output = GetFederationTokenOutput;
}
