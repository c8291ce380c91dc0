use std::fmt;

/// The code of an error document.
///
/// Matched by the name on the wire. The name of the model's shape (`…Exception`) and a `prefix#` are understood
/// as well, since servers and proxies use both.
///
/// ```
/// use sts_proto::ErrorCode;
///
/// assert_eq!(
///     ErrorCode::from("PackedPolicyTooLarge"),
///     ErrorCode::PackedPolicyTooLarge
/// );
/// assert_eq!(
///     ErrorCode::from("com.amazonaws.sts#PackedPolicyTooLargeException"),
///     ErrorCode::PackedPolicyTooLarge
/// );
/// assert_eq!(
///     ErrorCode::from("BrandNew"),
///     ErrorCode::Other("BrandNew".into())
/// );
///
/// // A code is also compared with its name on the wire, as an error gives it too.
/// assert!(ErrorCode::AccessDenied == "AccessDenied");
/// let code: Option<&ErrorCode> = Some(&ErrorCode::AccessDenied);
/// assert!(code.is_some_and(|code| code == "AccessDenied"));
/// assert_eq!(code.map(ErrorCode::as_str), Some("AccessDenied"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// A code that has no variant here, as it was sent, but in one line and cut after 128 characters.
    Other(Box<str>),
    /// The web identity token or SAML assertion has expired (HTTP 400).
    ExpiredTokenException,
    /// The token given to GetDelegatedAccessToken has expired (400).
    ExpiredTradeInTokenException,
    /// The identity provider could not be reached; may be tried again (400).
    IdpCommunicationError,
    /// The identity provider said no, or the claim is not what the role trusts (403).
    IdpRejectedClaim,
    /// The message given to DecodeAuthorizationMessage is not one of the service's (400).
    InvalidAuthorizationMessageException,
    /// The web identity token cannot be validated (400).
    InvalidIdentityToken,
    /// The token asked of GetWebIdentityToken would be too large (400).
    JwtPayloadSizeExceededException,
    /// A policy is not valid JSON or not a valid policy (400).
    MalformedPolicyDocument,
    /// The account does not issue web identity tokens (403).
    OutboundWebIdentityFederationDisabledException,
    /// Policies and tags together do not fit the session token (400).
    PackedPolicyTooLarge,
    /// The account has not activated STS in this region (403).
    RegionDisabledException,
    /// The token would outlive the session that asks for it (403).
    SessionDurationEscalationException,
    /// The caller may not do this.
    AccessDenied,
    /// The session that signed the request is over.
    ExpiredToken,
    /// The Authorization header lacks a part.
    IncompleteSignature,
    /// The service failed.
    InternalFailure,
    /// The access key id is not known: S3-like servers say it so.
    InvalidAccessKeyId,
    /// The service knows no such action, or not in this version.
    InvalidAction,
    /// The access key id or the session token is not known.
    InvalidClientTokenId,
    /// The session token is of no use (any more): S3-like servers say it so.
    InvalidToken,
    /// The request names no action.
    MissingAction,
    /// The request is not signed and has to be.
    MissingAuthenticationToken,
    /// A required member was not sent.
    MissingParameter,
    /// The account is not signed up.
    OptInRequired,
    /// The request's date is too old.
    RequestExpired,
    /// The request's date is too far from the server's: S3-like servers say it so.
    RequestTimeTooSkewed,
    /// Not now.
    ServiceUnavailable,
    /// The signature is not what the service calculates: a wrong secret, a changed request, or a wrong clock.
    SignatureDoesNotMatch,
    /// Too many requests.
    Throttling,
    /// A member is outside its bounds.
    ValidationError,
}

impl ErrorCode {
    /// The name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(code) => code,
            known => NAMES.iter().find(|(_, code)| code == known).map_or("", |(name, _)| name),
        }
    }
}

impl From<&str> for ErrorCode {
    fn from(wire: &str) -> Self {
        let name = wire.rsplit_once('#').map_or(wire, |(_, name)| name);
        let find = |name: &str| NAMES.iter().find(|(known, _)| *known == name).map(|(_, code)| code.clone());
        find(name).or_else(|| find(name.strip_suffix("Exception")?)).unwrap_or_else(|| {
            let plain = wire.chars().filter(|c| !c.is_control());
            Self::Other(plain.take(MAX_LENGTH).collect::<String>().into())
        })
    }
}

impl PartialEq<str> for ErrorCode {
    fn eq(&self, name: &str) -> bool {
        self.as_str() == name
    }
}

impl PartialEq<&str> for ErrorCode {
    fn eq(&self, name: &&str) -> bool {
        self == *name
    }
}

impl PartialEq<ErrorCode> for str {
    fn eq(&self, code: &ErrorCode) -> bool {
        code == self
    }
}

impl PartialEq<ErrorCode> for &str {
    fn eq(&self, code: &ErrorCode) -> bool {
        code == *self
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No code has more characters. Longer texts are not codes: codes are shown in logs and used as labels of metrics.
const MAX_LENGTH: usize = 128;

const NAMES: &[(&str, ErrorCode)] = &[
    ("ExpiredTokenException", ErrorCode::ExpiredTokenException),
    ("ExpiredTradeInTokenException", ErrorCode::ExpiredTradeInTokenException),
    ("IDPCommunicationError", ErrorCode::IdpCommunicationError),
    ("IDPRejectedClaim", ErrorCode::IdpRejectedClaim),
    ("InvalidAuthorizationMessageException", ErrorCode::InvalidAuthorizationMessageException),
    ("InvalidIdentityToken", ErrorCode::InvalidIdentityToken),
    ("JWTPayloadSizeExceededException", ErrorCode::JwtPayloadSizeExceededException),
    ("MalformedPolicyDocument", ErrorCode::MalformedPolicyDocument),
    (
        "OutboundWebIdentityFederationDisabledException",
        ErrorCode::OutboundWebIdentityFederationDisabledException,
    ),
    ("PackedPolicyTooLarge", ErrorCode::PackedPolicyTooLarge),
    ("RegionDisabledException", ErrorCode::RegionDisabledException),
    ("SessionDurationEscalationException", ErrorCode::SessionDurationEscalationException),
    ("AccessDenied", ErrorCode::AccessDenied),
    ("ExpiredToken", ErrorCode::ExpiredToken),
    ("IncompleteSignature", ErrorCode::IncompleteSignature),
    ("InternalFailure", ErrorCode::InternalFailure),
    ("InvalidAccessKeyId", ErrorCode::InvalidAccessKeyId),
    ("InvalidAction", ErrorCode::InvalidAction),
    ("InvalidClientTokenId", ErrorCode::InvalidClientTokenId),
    ("InvalidToken", ErrorCode::InvalidToken),
    ("MissingAction", ErrorCode::MissingAction),
    ("MissingAuthenticationToken", ErrorCode::MissingAuthenticationToken),
    ("MissingParameter", ErrorCode::MissingParameter),
    ("OptInRequired", ErrorCode::OptInRequired),
    ("RequestExpired", ErrorCode::RequestExpired),
    ("RequestTimeTooSkewed", ErrorCode::RequestTimeTooSkewed),
    ("ServiceUnavailable", ErrorCode::ServiceUnavailable),
    ("SignatureDoesNotMatch", ErrorCode::SignatureDoesNotMatch),
    ("Throttling", ErrorCode::Throttling),
    ("ValidationError", ErrorCode::ValidationError),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_name_and_reads_back() {
        for (name, code) in NAMES {
            assert_eq!(code.as_str(), *name);
            assert_eq!(code, name);
            assert_eq!(name, code);
            assert_eq!(code, *name);
            assert_eq!(*name, code);
            assert_ne!(code, "NoSuchCode");
            assert_eq!(&ErrorCode::from(*name), code);
            assert_eq!(&ErrorCode::from(format!("x#{name}").as_str()), code);
        }
    }

    #[test]
    fn shape_names_and_near_misses() {
        assert_eq!(ErrorCode::from("IDPRejectedClaimException"), ErrorCode::IdpRejectedClaim);
        assert_eq!(ErrorCode::from("ExpiredTokenException"), ErrorCode::ExpiredTokenException);
        assert_eq!(ErrorCode::from("accessdenied").as_str(), "accessdenied");
        assert_eq!(ErrorCode::from("Exception").as_str(), "Exception");
        assert_eq!(ErrorCode::from("").as_str(), "");
        assert_eq!(ErrorCode::from("a\nb").as_str(), "ab");
        assert_eq!(ErrorCode::from("é".repeat(1000).as_str()).as_str(), "é".repeat(MAX_LENGTH));
    }
}
