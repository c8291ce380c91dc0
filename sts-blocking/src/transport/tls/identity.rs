//! A client certificate, checked before ureq sees it: ureq panics on a key of another certificate.

use sts_proto::settings::SettingsError;
use ureq::tls::{ClientCert, PrivateKey};

use super::enabled::certificates;

pub(super) fn read(chain: &[u8], key: &str) -> Result<ClientCert, SettingsError> {
    let refused = SettingsError::ClientCertificate;
    let certificates = certificates(chain).map_err(|_| refused.clone())?;
    let private = PrivateKey::from_pem(key.as_bytes()).map_err(|_| refused.clone())?;
    check(chain, key, &certificates).ok_or(refused)?;
    Ok(ClientCert::new_with_certs(&certificates, private))
}

/// By the same way as rustls will take it.
#[cfg(any(feature = "ring", feature = "aws-lc"))]
fn check(_: &[u8], key: &str, chain: &[ureq::tls::Certificate<'static>]) -> Option<()> {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};

    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).ok()?;
    let chain = chain.iter().map(|certificate| CertificateDer::from(certificate.der().to_vec())).collect();
    rustls::sign::CertifiedKey::from_der(chain, key, &provider()).ok().map(drop)
}

/// By the operating system, which takes keys in PKCS #8 only.
#[cfg(not(any(feature = "ring", feature = "aws-lc")))]
fn check(chain: &[u8], key: &str, _: &[ureq::tls::Certificate<'static>]) -> Option<()> {
    let identity = native_tls::Identity::from_pkcs8(chain, key.as_bytes()).ok()?;
    native_tls::TlsConnector::builder().identity(identity).build().ok().map(drop)
}

#[cfg(feature = "aws-lc")]
pub(super) fn provider() -> rustls::crypto::CryptoProvider {
    rustls::crypto::aws_lc_rs::default_provider()
}

#[cfg(all(feature = "ring", not(feature = "aws-lc")))]
pub(super) fn provider() -> rustls::crypto::CryptoProvider {
    rustls::crypto::ring::default_provider()
}

#[cfg(test)]
mod tests {
    use super::SettingsError;
    use crate::Error;
    use crate::testing::builder;

    const CLIENT: &[u8] = include_bytes!("testdata/client.pem");
    const CLIENT_KEY: &[u8] = include_bytes!("testdata/client.key");
    const SERVER_KEY: &[u8] = include_bytes!("testdata/server.key");

    #[test]
    fn a_pair_that_belongs_together_is_taken() {
        assert!(builder("https://sts.invalid").client_certificate(CLIENT, CLIENT_KEY).build().is_ok());
    }

    #[test]
    fn a_pair_that_does_not_belong_together_is_refused_before_anything_is_sent() {
        for (chain, key) in [
            (CLIENT, SERVER_KEY),
            (CLIENT, CLIENT),
            (CLIENT_KEY, CLIENT_KEY),
            (CLIENT, b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
            (CLIENT, b"\xff"),
            (b"", CLIENT_KEY),
        ] {
            let error = builder("https://sts.invalid").client_certificate(chain, key).build().unwrap_err();
            assert!(matches!(error, Error::Settings(SettingsError::ClientCertificate)), "{error}");
        }
    }
}
