use crate::input;
use crate::keys::Credentials;
use crate::operation::Operation;
use crate::output;
use crate::secret::Secret;

input! {
    /// Exchanges a trade-in token for temporary keys that act for the customer of an AWS partner.
    ///
    /// Specific errors: `ExpiredTradeInTokenException`, `RegionDisabledException`, `PackedPolicyTooLarge`.
    ///
    /// AWS Security Token Service API Reference, "GetDelegatedAccessToken".
    ///
    /// ```
    /// use sts_proto::Operation;
    /// use sts_proto::endpoint::{Endpoint, EndpointParams};
    /// use sts_proto::operations::GetDelegatedAccessToken;
    ///
    /// let operation = GetDelegatedAccessToken::new("tok-EXAMPLE");
    /// let region = Some("eu-west-1");
    /// let params = EndpointParams { region, ..Default::default() };
    /// let endpoint = Endpoint::resolve(&params)?;
    /// let request = operation.to_request(&endpoint);
    /// let start = b"Action=GetDelegatedAccessToken&Version=2011-06-15";
    /// assert!(request.body().starts_with(start));
    /// # Ok::<(), sts_proto::Error>(())
    /// ```
    pub struct GetDelegatedAccessToken {
        /// The token that resulted from the customer's approval.
        trade_in_token: Secret = "TradeInToken",
    }
}

output! {
    /// What [`GetDelegatedAccessToken`] returns.
    pub struct GetDelegatedAccessTokenOutput {
        /// The temporary keys.
        credentials: Credentials = "Credentials",
        /// The size of the policies in percent of the maximum. Deprecated by the service, which does not send
        /// it.
        packed_policy_size: Option<i64> = "PackedPolicySize",
        /// ARN of the principal that the keys belong to.
        assumed_principal: Option<String> = "AssumedPrincipal",
    }
    metadata
}

impl Operation for GetDelegatedAccessToken {
    const ACTION: &'static str = "GetDelegatedAccessToken";
    type Output = GetDelegatedAccessTokenOutput;
}
