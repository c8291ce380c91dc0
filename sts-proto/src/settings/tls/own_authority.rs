//! Servers' certificates that are authorities' own, as `openssl req -x509` makes them.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

/// Also takes an authority's certificate as that of a server, where the caller has given the very same one to be trusted, and
/// its name and dates fit. The usual verifier refuses it, since an authority and a server are to have certificates of their
/// own; but a certificate that vouches for all servers may vouch for this one.
#[derive(Debug)]
pub(super) struct OwnAuthority {
    usual: Arc<dyn ServerCertVerifier>,
    given: Vec<CertificateDer<'static>>,
}

impl OwnAuthority {
    pub(super) fn new(usual: Arc<dyn ServerCertVerifier>, given: Vec<CertificateDer<'static>>) -> Arc<Self> {
        Arc::new(Self { usual, given })
    }
}

impl ServerCertVerifier for OwnAuthority {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let usual = self.usual.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match usual {
            Err(error) if is_authority(&error) && self.given.contains(end_entity) && serves(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls12_signature(message, cert, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls13_signature(message, cert, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.usual.requires_raw_public_keys()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        self.usual.root_hint_subjects()
    }
}

/// The error has no type that rustls tells of. It comes after the dates were checked, and before anything else is; the tests
/// have a certificate that has expired.
fn is_authority(error: &Error) -> bool {
    match error {
        Error::InvalidCertificate(CertificateError::Other(other)) => {
            other.0.to_string() == "CaUsedAsEndEntity"
        }
        _ => false,
    }
}

/// Whether a certificate that says what it is for (RFC 5280 §4.2.1.12) says that it is for servers: looked for anywhere in it,
/// since what is given to be trusted hides nothing.
fn serves(certificate: &[u8]) -> bool {
    let has = |id: &[u8]| certificate.windows(id.len()).any(|bytes| bytes == id);
    !has(EXTENDED_KEY_USAGE) || has(SERVER_AUTH) || has(ANY_EXTENDED_KEY_USAGE)
}

/// The object identifiers 2.5.29.37, 1.3.6.1.5.5.7.3.1 and 2.5.29.37.0 in DER.
const EXTENDED_KEY_USAGE: &[u8] = &[6, 3, 0x55, 0x1d, 0x25];
const SERVER_AUTH: &[u8] = &[6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1];
const ANY_EXTENDED_KEY_USAGE: &[u8] = &[6, 4, 0x55, 0x1d, 0x25, 0];
