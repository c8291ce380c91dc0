use crate::input;
use crate::operation::Operation;
use crate::output;

input! {
    /// Returns the caller's identity. Needs no permission, so it is a good test of credentials.
    ///
    /// AWS Security Token Service API Reference, "GetCallerIdentity".
    ///
    /// ```
    /// use sts_proto::Operation;
    /// use sts_proto::endpoint::{Endpoint, EndpointParams};
    /// use sts_proto::operations::GetCallerIdentity;
    ///
    /// let operation = GetCallerIdentity::new();
    /// let region = Some("eu-west-1");
    /// let params = EndpointParams { region, ..Default::default() };
    /// let endpoint = Endpoint::resolve(&params)?;
    /// let request = operation.to_request(&endpoint);
    /// let start = b"Action=GetCallerIdentity&Version=2011-06-15";
    /// assert!(request.body().starts_with(start));
    /// # Ok::<(), sts_proto::Error>(())
    /// ```
    pub struct GetCallerIdentity {}
}

output! {
    /// What [`GetCallerIdentity`] returns.
    pub struct GetCallerIdentityOutput {
        /// Unique id of the user, role session or federated user.
        user_id: String = "UserId",
        /// The account's id.
        account: String = "Account",
        /// ARN of the caller.
        arn: String = "Arn",
    }
    metadata
}

impl Operation for GetCallerIdentity {
    const ACTION: &'static str = "GetCallerIdentity";
    type Output = GetCallerIdentityOutput;
}
