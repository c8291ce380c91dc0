//! Private keys in PEM, with the TLS library's own signatures.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use rustls::SignatureScheme;
#[cfg(feature = "aws-lc")]
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
#[cfg(not(feature = "aws-lc"))]
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SigningKey};
use zeroize::{Zeroize, Zeroizing};

use super::{Algorithm, IdentityError, Key, Kind};

pub(super) fn load(certificate: &[u8], kind: Kind, der: Zeroizing<Vec<u8>>) -> Result<PemKey, IdentityError> {
    PemKey::new(certificate, kind, der)
}

/// A key that rustls signs with.
pub(super) struct PemKey {
    key: Arc<dyn SigningKey>,
    scheme: SignatureScheme,
}

impl PemKey {
    /// # Errors
    ///
    /// A key that cannot be read, that rustls does not sign with, or that is not this certificate's.
    pub(super) fn new(
        certificate: &[u8],
        kind: Kind,
        mut der: Zeroizing<Vec<u8>>,
    ) -> Result<Self, IdentityError> {
        let der = std::mem::take(&mut *der);
        let mut der = match kind {
            Kind::Pkcs8 => PrivateKeyDer::Pkcs8(der.into()),
            Kind::Pkcs1 => PrivateKeyDer::Pkcs1(der.into()),
            Kind::Sec1 => PrivateKeyDer::Sec1(der.into()),
        };
        let key = any_supported_type(&der);
        der.zeroize();
        let key = key.map_err(|_| IdentityError::PrivateKey)?;
        let schemes = [SignatureScheme::RSA_PKCS1_SHA256, SignatureScheme::ECDSA_NISTP256_SHA256];
        let scheme = key.choose_scheme(&schemes).ok_or(IdentityError::PrivateKey)?.scheme();
        let own = CertificateDer::from(certificate.to_vec());
        match CertifiedKey::new(vec![own], Arc::clone(&key)).keys_match() {
            // The library cannot say it of each kind of key.
            Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {}
            Err(rustls::Error::InconsistentKeys(_)) => return Err(IdentityError::OtherKey),
            Err(_) => return Err(IdentityError::Certificate),
        }
        Ok(Self { key, scheme })
    }
}

impl Key for PemKey {
    fn algorithm(&self) -> Algorithm {
        match self.scheme {
            SignatureScheme::RSA_PKCS1_SHA256 => Algorithm::Rsa,
            _ => Algorithm::Ecdsa,
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        let signer = self.key.choose_scheme(&[self.scheme]).ok_or("the key lost its signature scheme")?;
        Ok(signer.sign(message)?)
    }
}

impl fmt::Debug for PemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PemKey").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}
