use sts_proto::settings::SettingsError;
use sts_proto::{Error, TransportError, TransportErrorKind as Kind};
use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::typestate::AgentScope;

use super::{TlsOptions, identity};

const RUSTLS: bool = cfg!(any(feature = "ring", feature = "aws-lc"));
const OWN_ROOTS: bool = cfg!(feature = "webpki-roots");
const PLATFORM_ROOTS: bool = !RUSTLS || cfg!(feature = "platform-roots");

/// Adds the configuration, out of which ureq makes the real thing when it sees the first `https` URL.
pub(crate) fn configure(
    builder: ConfigBuilder<AgentScope>,
    options: &TlsOptions,
) -> Result<ConfigBuilder<AgentScope>, Error> {
    let client = match &options.client_certificate {
        Some((chain, key)) => Some(identity::read(chain, key.expose())?),
        None => None,
    };
    let tls = TlsConfig::builder().root_certs(roots(options)?).client_cert(client);
    let tls = tls.provider(if RUSTLS { TlsProvider::Rustls } else { TlsProvider::NativeTls });
    #[cfg(any(feature = "ring", feature = "aws-lc"))]
    let tls = tls.unversioned_rustls_crypto_provider(std::sync::Arc::new(identity::provider()));
    Ok(builder.tls_config(tls.build()))
}

pub(crate) fn available(trusts: bool) -> Result<(), TransportError> {
    if trusts || OWN_ROOTS || PLATFORM_ROOTS {
        return Ok(());
    }
    Err(TransportError::new(
        Kind::Unsupported,
        "no root certificates: enable the feature webpki-roots or platform-roots, or give a ca bundle",
    ))
}

pub(crate) fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    match error.downcast_ref::<ureq::Error>() {
        Some(ureq::Error::Tls(_) | ureq::Error::Pem(_)) => return true,
        #[cfg(any(feature = "ring", feature = "aws-lc"))]
        Some(ureq::Error::Rustls(_)) => return true,
        #[cfg(feature = "native-tls")]
        Some(ureq::Error::NativeTls(_) | ureq::Error::Der(_)) => return true,
        _ => {}
    }
    #[cfg(any(feature = "ring", feature = "aws-lc"))]
    if error.is::<rustls::Error>() {
        return true;
    }
    false
}

fn roots(options: &TlsOptions) -> Result<RootCerts, SettingsError> {
    let Some(extra) = &options.extra_roots else {
        return Ok(match &options.ca_bundle {
            Some(pem) => certificates(pem)?.into(),
            None if PLATFORM_ROOTS => RootCerts::PlatformVerifier,
            None if OWN_ROOTS => RootCerts::WebPki,
            // Nobody is trusted.
            None => RootCerts::new_with_certs(&[]),
        });
    };
    // ureq takes either its own roots or a list, so with further ones the usual ones have to be listed too.
    let mut roots = match &options.ca_bundle {
        Some(pem) => certificates(pem)?,
        None => usual(),
    };
    roots.extend(certificates(extra)?);
    Ok(roots.into())
}

/// The certificates in a text; there has to be one.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<Certificate<'static>>, SettingsError> {
    let mut certificates = Vec::new();
    for item in parse_pem(pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) if is_certificate(&certificate) => {
                certificates.push(certificate)
            }
            Ok(PemItem::Certificate(_)) => return Err(SettingsError::CaBundle),
            Ok(_) => {}
            Err(_) => return Err(SettingsError::CaBundle),
        }
    }
    if certificates.is_empty() { Err(SettingsError::CaBundle) } else { Ok(certificates) }
}

/// Whether it can be a root; ureq would leave it out without a word.
#[cfg(any(feature = "ring", feature = "aws-lc"))]
fn is_certificate(certificate: &Certificate<'_>) -> bool {
    rustls::RootCertStore::empty().add(rustls::pki_types::CertificateDer::from(certificate.der())).is_ok()
}

/// Whether it can be a root; ureq would leave it out without a word.
#[cfg(not(any(feature = "ring", feature = "aws-lc")))]
fn is_certificate(certificate: &Certificate<'_>) -> bool {
    native_tls::Certificate::from_der(certificate.der()).is_ok()
}

/// The usual roots as a list. A certificate in the operating system's store that cannot be read is left out.
fn usual() -> Vec<Certificate<'static>> {
    #[cfg(any(feature = "platform-roots", feature = "native-tls"))]
    if PLATFORM_ROOTS {
        let store = rustls_native_certs::load_native_certs();
        return store.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
    }
    #[cfg(feature = "webpki-roots")]
    if OWN_ROOTS {
        return super::anchors::certificates();
    }
    Vec::new()
}
