use crate::input;
use crate::keys::Credentials;
use crate::operation::Operation;
use crate::output;
use crate::types::PolicyDescriptorType;

input! {
    /// Returns keys for one privileged task on a member account of the caller's organization.
    ///
    /// Specific errors: `RegionDisabledException`, `ExpiredTokenException`.
    ///
    /// AWS Security Token Service API Reference, "AssumeRoot".
    ///
    /// ```
    /// use sts_proto::Operation;
    /// use sts_proto::endpoint::{Endpoint, EndpointParams};
    /// use sts_proto::operations::AssumeRoot;
    ///
    /// let task = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials";
    /// let operation = AssumeRoot::new("123456789012", task);
    /// let region = Some("eu-west-1");
    /// let params = EndpointParams { region, ..Default::default() };
    /// let endpoint = Endpoint::resolve(&params)?;
    /// let request = operation.to_request(&endpoint);
    /// assert!(request.body().starts_with(b"Action=AssumeRoot&Version=2011-06-15"));
    /// # Ok::<(), sts_proto::Error>(())
    /// ```
    pub struct AssumeRoot {
        /// The member account's id or root ARN.
        target_principal: String = "TargetPrincipal",
        /// The task: one of the AWS managed policies under `arn:aws:iam::aws:policy/root-task/`.
        task_policy_arn: PolicyDescriptorType = "TaskPolicyArn",
        ..
        /// Lifetime in seconds, 0 to 900; 900 by default.
        duration_seconds: u32 = "DurationSeconds",
        /// Session tokens shorter than this many bytes are padded to it, 0 to 4096.
        minimum_session_token_size: u16 = "MinimumSessionTokenSize",
    }
}

output! {
    /// What [`AssumeRoot`] returns.
    pub struct AssumeRootOutput {
        /// The temporary keys.
        credentials: Credentials = "Credentials",
        /// The source identity that the session carries.
        source_identity: Option<String> = "SourceIdentity",
        /// The size of the session token in percent of the maximum.
        session_token_utilization: Option<i64> = "SessionTokenUtilization",
        /// Length of the session token, in bytes.
        session_token_size: Option<i64> = "SessionTokenSize",
    }
    metadata
}

impl Operation for AssumeRoot {
    const ACTION: &'static str = "AssumeRoot";
    type Output = AssumeRootOutput;
}
