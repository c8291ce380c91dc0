//! Why a request could not be signed.

use std::error::Error;
use std::fmt;

/// Why a request could not be signed. Contains no part of the request or the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignError {
    /// The access key id is empty or contains a character that would break the `authorization` header.
    AccessKeyId,
    /// The session token cannot be a header value.
    SessionToken,
    /// The region or the service is empty or contains a character that would break the credential scope.
    Scope,
    /// No key of Signature Version 4a can be derived from the secret access key.
    Key,
    /// The time is outside the years 0 to 9999.
    Time,
    /// The services do not accept this lifetime for a presigned URL.
    Lifetime,
    /// There is neither a `host` header nor a URI with a host.
    HostMissing,
    /// The URI cannot carry the items of the signature, or the members of an operation that travels in it.
    Uri,
    /// The request has as many headers as a header map can hold.
    TooManyHeaders,
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccessKeyId => {
                "access key id is empty or holds a space, a comma or a character that is not ASCII: check it for a \
                 copying mistake"
            }
            Self::SessionToken => {
                "session token holds a character that no header can carry, such as a line break: check it for a \
                 copying mistake"
            }
            Self::Scope => {
                "signing region or service is empty or holds a space, a comma, a slash or a character that is not \
                 ASCII: give names such as us-east-1 and sts"
            }
            Self::Key => "no sigv4a key can be derived from the secret access key: use other keys",
            Self::Time => "signing time lies outside the years 0 to 9999: check the clock",
            Self::Lifetime => "lifetime of a presigned url is not 1 to 604800 seconds: choose at most seven days",
            Self::HostMissing => "request names no host: set a host header or use an absolute uri",
            Self::Uri => {
                "uri cannot hold what has to be in it: it must have a path and, signed, stay below 65535 bytes; shorten \
                 the parameters, or send long ones in a body where the server takes them there"
            }
            Self::TooManyHeaders => "request has too many headers to add the signature: remove some",
        })
    }
}

impl Error for SignError {}
