use crate::input;
use crate::operation::Operation;
use crate::output;

input! {
    /// Returns the account that an access key belongs to.
    ///
    /// AWS Security Token Service API Reference, "GetAccessKeyInfo".
    ///
    /// ```
    /// use sts_proto::Operation;
    /// use sts_proto::endpoint::{Endpoint, EndpointParams};
    /// use sts_proto::operations::GetAccessKeyInfo;
    ///
    /// let operation = GetAccessKeyInfo::new("AKIAIOSFODNN7EXAMPLE");
    /// let region = Some("eu-west-1");
    /// let params = EndpointParams { region, ..Default::default() };
    /// let endpoint = Endpoint::resolve(&params)?;
    /// let request = operation.to_request(&endpoint);
    /// let start = b"Action=GetAccessKeyInfo&Version=2011-06-15";
    /// assert!(request.body().starts_with(start));
    /// # Ok::<(), sts_proto::Error>(())
    /// ```
    pub struct GetAccessKeyInfo {
        /// The access key id, 16 to 128 characters.
        access_key_id: String = "AccessKeyId",
    }
}

output! {
    /// What [`GetAccessKeyInfo`] returns.
    pub struct GetAccessKeyInfoOutput {
        /// The account's id.
        account: String = "Account",
    }
    metadata
}

impl Operation for GetAccessKeyInfo {
    const ACTION: &'static str = "GetAccessKeyInfo";
    type Output = GetAccessKeyInfoOutput;
}
