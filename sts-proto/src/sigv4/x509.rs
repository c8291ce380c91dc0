//! Signatures by an X.509 certificate, as IAM Roles Anywhere expects them.
//!
//! An [`Identity`] is a certificate, the chain above it and the private key, which is behind the trait [`Key`]: it may be in
//! a file, a TPM, an HSM or an agent.

mod der;
mod error;
#[cfg_attr(
    any(not(any(feature = "aws-lc", feature = "ring")), all(target_family = "wasm", target_os = "unknown")),
    path = "x509/no_key.rs"
)]
mod pem_key;

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use http::Request;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};

pub use self::error::IdentityError;
use super::{Scope, SignError, Signer};
use crate::base64::STANDARD;
use crate::digits::hex_text;
use crate::keys::Credentials;
use crate::pem::documents;

/// A private key.
///
/// ```
/// use std::error::Error;
/// use sts_proto::sigv4::x509::{Algorithm, Key};
///
/// # #[derive(Debug)] struct Session;
/// # impl Session { fn ecdsa_sha256(&self, _: u32, _: &[u8]) -> Result<Vec<u8>, std::io::Error> { Ok(vec![]) } }
/// /// A key that does not leave the TPM.
/// #[derive(Debug)]
/// struct InTpm {
///     tpm: Session,
///     handle: u32,
/// }
///
/// impl Key for InTpm {
///     fn algorithm(&self) -> Algorithm {
///         Algorithm::Ecdsa
///     }
///
///     fn sign(
///         &self,
///         message: &[u8],
///     ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
///         Ok(self.tpm.ecdsa_sha256(self.handle, message)?)
///     }
/// }
/// ```
pub trait Key: fmt::Debug + Send + Sync {
    /// Which signatures the key makes.
    fn algorithm(&self) -> Algorithm;

    /// Signs the SHA-256 hash of `message`: with PKCS #1 v1.5 padding (RSA), or as an ECDSA signature in DER. Called within
    /// a step of a flow, so that it should not wait for long.
    ///
    /// # Errors
    ///
    /// What kept the key from signing; the text holds no secret.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>>;
}

/// Which signatures a key makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSA with PKCS #1 v1.5 padding and SHA-256.
    Rsa,
    /// ECDSA on any curve, with SHA-256.
    Ecdsa,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Rsa => "AWS4-X509-RSA-SHA256",
            Self::Ecdsa => "AWS4-X509-ECDSA-SHA256",
        }
    }
}

/// A certificate with its chain and its private key. Cheap to clone.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    /// In decimal digits.
    serial: String,
    validity: Option<(SystemTime, SystemTime)>,
    certificate: HeaderValue,
    /// The certificates above it; `None` without any.
    chain: Option<HeaderValue>,
    key: Box<dyn Key>,
}

impl Identity {
    /// The certificates in PEM, the holder's own first and then those above it, and the key of the first. Other text is
    /// passed over. That the key belongs to the certificate is not checked here.
    ///
    /// # Errors
    ///
    /// [`IdentityError`] if there is no certificate, if one cannot be read, or if there are too many.
    pub fn new(certificates: &[u8], key: impl Key + 'static) -> Result<Self, IdentityError> {
        Self::with_key(certificates, |_| Ok(key))
    }

    /// The certificates as for [`new`](Self::new), and the private key in PEM: PKCS #8, PKCS #1 or SEC 1, without a
    /// passphrase; RSA, or ECDSA on the curve P-256. Both may be in one text. The key signs with the cryptography of rustls
    /// that is compiled in (feature `ring` or `aws-lc`).
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new); also if the key cannot be used or belongs to another certificate.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, IdentityError> {
        Self::with_key(certificates, |own| of_certificate(own, key))
    }

    fn with_key<K: Key + 'static>(
        certificates: &[u8],
        key: impl FnOnce(&[u8]) -> Result<K, IdentityError>,
    ) -> Result<Self, IdentityError> {
        let certificates = self::certificates(certificates)?;
        let (own, chain) = certificates.split_first().ok_or(IdentityError::NoCertificate)?;
        let der::Facts { serial, validity } = der::facts(own).ok_or(IdentityError::Certificate)?;
        let header = |text: String| HeaderValue::try_from(text).map_err(|_| IdentityError::Certificate);
        // A file with the whole chain has the holder's own certificate too.
        let texts: Vec<String> =
            chain.iter().filter(|der| *der != own).map(|der| STANDARD.encode(der)).collect();
        let chain = if texts.is_empty() { None } else { Some(header(texts.join(","))?) };
        let certificate = header(STANDARD.encode(own))?;
        let key = Box::new(key(own)?);
        Ok(Self(Arc::new(Inner { serial, validity, certificate, chain, key })))
    }

    /// The serial number of the certificate, in decimal digits.
    pub fn serial(&self) -> &str {
        &self.0.serial
    }

    /// From when to when the certificate is valid; `None` if its dates cannot be read.
    pub fn validity(&self) -> Option<(SystemTime, SystemTime)> {
        self.0.validity
    }

    /// Signs in the header form: sets `x-amz-x509`, `x-amz-x509-chain`, `x-amz-date` and `authorization`, replacing existing
    /// ones.
    ///
    /// # Errors
    ///
    /// If the request cannot be signed as it is, the scope is of several regions, or the key does not sign.
    pub fn sign<B: AsRef<[u8]>>(
        &self,
        request: &mut Request<B>,
        scope: &Scope,
        now: SystemTime,
    ) -> Result<(), IdentityError> {
        // The signature would be over an algorithm's name that is not the one beside it.
        if scope.regions().is_some() {
            return Err(SignError::Scope.into());
        }
        let Inner { serial, certificate, chain, key, .. } = &*self.0;
        let headers = request.headers_mut();
        headers.remove(DATE);
        headers.insert(CERTIFICATE, certificate.clone());
        match chain {
            Some(chain) => drop(headers.insert(CHAIN, chain.clone())),
            None => drop(headers.remove(CHAIN)),
        }
        let algorithm = key.algorithm().name();
        let keys = Credentials::new(serial.as_str(), "");
        let explained = Signer::new(&keys, scope, now).algorithm_name(algorithm).explain(request)?;
        let text = explained.string_to_sign;
        let signature = key.sign(text.as_bytes()).map_err(|cause| IdentityError::Key(cause.into()))?;
        let mut lines = text.lines().skip(1);
        let (date, scope) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        let authorization = format!(
            "{algorithm} Credential={serial}/{scope}, SignedHeaders={}, Signature={}",
            explained.signed_headers,
            hex_text(&signature)
        );
        let mut authorization = HeaderValue::try_from(authorization).map_err(|_| SignError::Scope)?;
        authorization.set_sensitive(true);
        let date = HeaderValue::from_str(date).map_err(|_| SignError::Time)?;
        let headers = request.headers_mut();
        headers.insert(DATE, date);
        headers.insert(AUTHORIZATION, authorization);
        Ok(())
    }
}

/// By certificate and chain: a certificate belongs to one key.
impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        let of = |identity: &Self| (identity.0.certificate.clone(), identity.0.chain.clone());
        of(self) == of(other)
    }
}

impl Eq for Identity {}

/// Prints the serial number, and nothing of the key.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("serial", &self.0.serial).finish_non_exhaustive()
    }
}

/// The certificates in a text.
fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, IdentityError> {
    let mut found = Vec::new();
    for document in documents(pem) {
        let document = document.map_err(|_| IdentityError::Certificate)?;
        if document.label() == b"CERTIFICATE" {
            if found.len() == MAX_CERTIFICATES {
                return Err(IdentityError::TooMany);
            }
            found.push(document.decode().ok_or(IdentityError::Certificate)?.to_vec());
        }
    }
    Ok(found)
}

/// The private key in a text, which must be that of this certificate.
fn of_certificate(certificate: &[u8], pem: &[u8]) -> Result<impl Key + use<>, IdentityError> {
    let mut encrypted = false;
    for document in documents(pem) {
        let document = document.map_err(|_| IdentityError::PrivateKey)?;
        let kind = match document.label() {
            b"PRIVATE KEY" => Kind::Pkcs8,
            b"RSA PRIVATE KEY" => Kind::Pkcs1,
            b"EC PRIVATE KEY" => Kind::Sec1,
            _ => {
                encrypted |= document.is_encrypted();
                continue;
            }
        };
        if document.is_encrypted() {
            return Err(IdentityError::Encrypted);
        }
        let der = document.decode().ok_or(IdentityError::PrivateKey)?;
        return pem_key::load(certificate, kind, der);
    }
    Err(if encrypted { IdentityError::Encrypted } else { IdentityError::NoPrivateKey })
}

/// How a private key is written: RFC 5958, RFC 8017 §A.1.2, RFC 5915.
#[derive(Clone, Copy)]
enum Kind {
    Pkcs8,
    Pkcs1,
    Sec1,
}

const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const CERTIFICATE: HeaderName = HeaderName::from_static("x-amz-x509");
const CHAIN: HeaderName = HeaderName::from_static("x-amz-x509-chain");
/// More than any chain has, and fewer than a bundle of roots: a header has to hold them.
const MAX_CERTIFICATES: usize = 16;

#[cfg(test)]
mod tests;
