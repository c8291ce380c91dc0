//! Which failures may be retried. No HTTP here: statuses are numbers, codes are text.

use crate::text::to_ascii_lowercase;

/// Whether the same call may succeed when it is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryClass {
    /// A retry would fail in the same way.
    Never,
    /// A temporary fault of the network, the service or an identity provider.
    Transient,
    /// Too many requests: wait longer.
    Throttling,
    /// The clocks disagree: measure the difference and sign again.
    ClockSkew,
}

impl RetryClass {
    /// The name in snake case, for logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Transient => "transient",
            Self::Throttling => "throttling",
            Self::ClockSkew => "clock_skew",
        }
    }
}

/// The class of an error response, by status, code and message, following the AWS SDKs' retry behaviour of
/// 2026.
pub(crate) fn classify(status: u16, code: Option<&str>, message: Option<&str>) -> RetryClass {
    let code = code.map_or("", |code| code.rsplit_once('#').map_or(code, |(_, name)| name));
    let message = to_ascii_lowercase(message.unwrap_or(""));
    let says = |words: &str| message.contains(words);
    if status == 429 || THROTTLING.contains(&code) {
        RetryClass::Throttling
    } else if SKEW.contains(&code)
        || (SIGNATURE.contains(&code) && SKEW_WORDS.iter().any(|words| says(words)))
    {
        RetryClass::ClockSkew
    } else if NOT_CONFIGURED.contains(&code) {
        RetryClass::Never
    } else if matches!(status, 500 | 502 | 503 | 504)
        || TRANSIENT.contains(&code)
        || (INVALID_TOKEN.contains(&code) && NO_KEY.iter().all(|words| says(words)))
    {
        RetryClass::Transient
    } else {
        RetryClass::Never
    }
}

const THROTTLING: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

const TRANSIENT: &[&str] =
    &["RequestTimeout", "RequestTimeoutException", "IDPCommunicationError", "IDPCommunicationErrorException"];

/// MinIO's codes for an action or for users that it is not configured for: 503, and the same at the next attempt.
const NOT_CONFIGURED: &[&str] = &["STSNotInitialized", "STSIAMNotInitialized"];

const SKEW: &[&str] = &["RequestTimeTooSkewed", "RequestExpired"];

const SIGNATURE: &[&str] = &["SignatureDoesNotMatch", "InvalidSignatureException"];

/// Phrases in a signature error whose cause is the date.
const SKEW_WORDS: &[&str] = &["expired", "not yet current"];

const INVALID_TOKEN: &[&str] = &["InvalidIdentityToken", "InvalidIdentityTokenException"];

/// Phrases in an InvalidIdentityToken message when the provider's key could not be fetched, which is
/// temporary.
const NO_KEY: &[&str] = &["retrieve", "verification key"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes() {
        use RetryClass::*;
        for (status, code, message, expected) in [
            (400, "Throttling", "Rate exceeded", Throttling),
            (400, "x#ThrottlingException", "", Throttling),
            (503, "SlowDown", "", Throttling),
            (429, "", "", Throttling),
            (500, "InternalFailure", "", Transient),
            (502, "", "", Transient),
            (400, "IDPCommunicationError", "", Transient),
            (
                400,
                "InvalidIdentityToken",
                "Couldn't retrieve verification key from your identity provider",
                Transient,
            ),
            (400, "InvalidIdentityToken", "No OpenIDConnect provider found", Never),
            (403, "SignatureDoesNotMatch", "Signature expired: 20240517T…", ClockSkew),
            (403, "SignatureDoesNotMatch", "Signature not yet current: …", ClockSkew),
            (403, "SignatureDoesNotMatch", "The request signature we calculated does not match", Never),
            (400, "RequestExpired", "", ClockSkew),
            (403, "RequestTimeTooSkewed", "", ClockSkew),
            (403, "ExpiredToken", "The security token included in the request is expired", Never),
            (501, "", "", Never),
            (503, "STSNotInitialized", "STS API not initialized, please try again.", Never),
            (503, "STSIAMNotInitialized", "STS IAM not initialized, please try again.", Never),
            (503, "ServiceUnavailable", "", Transient),
            (302, "", "", Never),
        ] {
            let code = Some(code).filter(|code| !code.is_empty());
            assert_eq!(classify(status, code, Some(message)), expected, "{status} {code:?} {message}");
        }
    }
}
