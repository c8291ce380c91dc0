use crate::input;
use crate::keys::Credentials;
use crate::operation::Operation;
use crate::output;
use crate::secret::Secret;

input! {
    /// Returns temporary keys for the caller, usually to prove MFA. To be called with the long-term keys of
    /// an IAM user.
    ///
    /// Specific error: `RegionDisabledException`.
    ///
    /// AWS Security Token Service API Reference, "GetSessionToken".
    ///
    /// ```
    /// use sts_proto::Operation;
    /// use sts_proto::endpoint::{Endpoint, EndpointParams};
    /// use sts_proto::operations::GetSessionToken;
    ///
    /// let device = "arn:aws:iam::123456789012:mfa/alice";
    /// let operation = GetSessionToken::new()
    ///     .serial_number(device)
    ///     .token_code("123456");
    /// let region = Some("eu-west-1");
    /// let params = EndpointParams { region, ..Default::default() };
    /// let endpoint = Endpoint::resolve(&params)?;
    /// let request = operation.to_request(&endpoint);
    /// let start = b"Action=GetSessionToken&Version=2011-06-15";
    /// assert!(request.body().starts_with(start));
    /// # Ok::<(), sts_proto::Error>(())
    /// ```
    pub struct GetSessionToken {

        ..
        /// Lifetime in seconds, 900 to 129,600; 43,200 by default.
        duration_seconds: u32 = "DurationSeconds",
        /// Serial number or ARN of the caller's MFA device.
        serial_number: String = "SerialNumber",
        /// Current code of the MFA device, six digits.
        token_code: Secret = "TokenCode",
        /// Session tokens shorter than this many bytes are padded to it, 0 to 4096.
        minimum_session_token_size: u16 = "MinimumSessionTokenSize",
    }
}

output! {
    /// What [`GetSessionToken`] returns.
    pub struct GetSessionTokenOutput {
        /// The temporary keys.
        credentials: Credentials = "Credentials",
        /// The size of the session token in percent of the maximum.
        session_token_utilization: Option<i64> = "SessionTokenUtilization",
        /// Length of the session token, in bytes.
        session_token_size: Option<i64> = "SessionTokenSize",
    }
    metadata
}

impl Operation for GetSessionToken {
    const ACTION: &'static str = "GetSessionToken";
    type Output = GetSessionTokenOutput;
}
