use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::sigv4::SignError;

/// Why a certificate and its key cannot be used, or did not sign. Holds nothing of the key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum IdentityError {
    /// The text holds no certificate.
    NoCertificate,
    /// A certificate is damaged, or has no serial number that is positive.
    Certificate,
    /// The text holds more certificates than a chain has.
    TooMany,
    /// The text holds no private key.
    NoPrivateKey,
    /// The private key is encrypted.
    Encrypted,
    /// The private key is damaged, or of a kind that the TLS library cannot sign with.
    PrivateKey,
    /// The private key belongs to another certificate.
    OtherKey,
    /// No library that could sign is compiled in.
    NoLibrary,
    /// The request cannot be signed.
    Request(SignError),
    /// The key did not sign.
    Key(Arc<dyn Error + Send + Sync>),
}

impl IdentityError {
    /// Whether it is about the certificates and not the key.
    pub(crate) fn is_of_certificates(&self) -> bool {
        matches!(self, Self::NoCertificate | Self::Certificate | Self::TooMany)
    }
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCertificate => "it holds no certificate: give pem text with BEGIN CERTIFICATE, the own one first",
            Self::Certificate => {
                "a certificate in it is damaged or has no serial number: give x.509 certificates of version 3 in pem"
            }
            Self::TooMany => {
                "it holds more than 16 certificates: give the own one and those between it and the trust anchor"
            }
            Self::NoPrivateKey => {
                "it holds no private key: give pem text with BEGIN PRIVATE KEY, BEGIN RSA PRIVATE KEY or BEGIN EC \
                 PRIVATE KEY"
            }
            Self::Encrypted => {
                "the private key in it is encrypted: decrypt it with `openssl pkey`, or implement the trait Key"
            }
            Self::PrivateKey => {
                "the private key in it cannot be used: give an rsa key of 2048 bits or more or an ec key of the curve \
                 P-256, or implement the trait Key"
            }
            Self::OtherKey => "the private key in it belongs to another certificate: give that of the first one",
            Self::NoLibrary => {
                "keys in pem take the feature ring or aws-lc: build with one of them, or implement the trait Key"
            }
            Self::Request(error) => return error.fmt(f),
            Self::Key(cause) => return write!(f, "the private key did not sign: {cause}"),
        })
    }
}

impl Error for IdentityError {}

impl From<SignError> for IdentityError {
    fn from(error: SignError) -> Self {
        Self::Request(error)
    }
}
