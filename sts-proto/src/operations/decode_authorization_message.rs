use crate::input;
use crate::operation::Operation;
use crate::output;

input! {
    /// Decodes the message that an AWS service adds to an `AccessDenied` error; it shows which policy denied
    /// the request.
    ///
    /// Specific error: `InvalidAuthorizationMessageException`.
    ///
    /// AWS Security Token Service API Reference, "DecodeAuthorizationMessage".
    ///
    /// ```
    /// use sts_proto::Operation;
    /// use sts_proto::endpoint::{Endpoint, EndpointParams};
    /// use sts_proto::operations::DecodeAuthorizationMessage;
    ///
    /// let operation = DecodeAuthorizationMessage::new("K7xEXAMPLE");
    /// let region = Some("eu-west-1");
    /// let params = EndpointParams { region, ..Default::default() };
    /// let endpoint = Endpoint::resolve(&params)?;
    /// let request = operation.to_request(&endpoint);
    /// let start = b"Action=DecodeAuthorizationMessage&Version=2011-06-15";
    /// assert!(request.body().starts_with(start));
    /// # Ok::<(), sts_proto::Error>(())
    /// ```
    pub struct DecodeAuthorizationMessage {
        /// The encoded message, 1 to 10,240 characters.
        encoded_message: String = "EncodedMessage",
    }
}

output! {
    /// What [`DecodeAuthorizationMessage`] returns.
    pub struct DecodeAuthorizationMessageOutput {
        /// The decoded message: JSON with the decision, the principal, the action, the resource and the
        /// conditions.
        decoded_message: String = "DecodedMessage",
    }
    metadata
}

impl Operation for DecodeAuthorizationMessage {
    const ACTION: &'static str = "DecodeAuthorizationMessage";
    type Output = DecodeAuthorizationMessageOutput;
}
