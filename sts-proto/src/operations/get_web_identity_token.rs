use std::time::SystemTime;

use crate::input;
use crate::operation::Operation;
use crate::output;
use crate::secret::Secret;
use crate::types::Tag;

input! {
    /// Returns a signed JWT that proves the caller's AWS identity to other services.
    ///
    /// Specific errors: `SessionDurationEscalationException`,
    /// `OutboundWebIdentityFederationDisabledException`, `JWTPayloadSizeExceededException`.
    ///
    /// AWS Security Token Service API Reference, "GetWebIdentityToken".
    ///
    /// ```
    /// use sts_proto::Operation;
    /// use sts_proto::endpoint::{Endpoint, EndpointParams};
    /// use sts_proto::operations::GetWebIdentityToken;
    ///
    /// let audience = ["https://api.example.com"];
    /// let operation = GetWebIdentityToken::new(audience, "ES384")
    ///     .duration_seconds(300);
    /// let region = Some("eu-west-1");
    /// let params = EndpointParams { region, ..Default::default() };
    /// let endpoint = Endpoint::resolve(&params)?;
    /// let request = operation.to_request(&endpoint);
    /// let start = b"Action=GetWebIdentityToken&Version=2011-06-15";
    /// assert!(request.body().starts_with(start));
    /// # Ok::<(), sts_proto::Error>(())
    /// ```
    pub struct GetWebIdentityToken {
        /// The intended recipients, 1 to 10 names; becomes `aud`.
        audience: Vec<String> = "Audience",
        ..
        /// Lifetime in seconds, 60 to 3,600; 300 by default.
        duration_seconds: u32 = "DurationSeconds",
        // In the service's model, a required member follows an optional one.
        ;
        /// `ES384` or `RS256`.
        signing_algorithm: String = "SigningAlgorithm",
        ..
        /// Session tags, up to 50.
        tags: Vec<Tag> = "Tags",
    }
}

output! {
    /// What [`GetWebIdentityToken`] returns.
    pub struct GetWebIdentityTokenOutput {
        /// The token.
        web_identity_token: Secret = "WebIdentityToken",
        /// When the token expires.
        expiration: SystemTime = "Expiration",
    }
    metadata
}

impl Operation for GetWebIdentityToken {
    const ACTION: &'static str = "GetWebIdentityToken";
    type Output = GetWebIdentityTokenOutput;
}
