use sts_proto::settings::SettingsError;
use sts_proto::{Error, TransportError, TransportErrorKind as Kind};
use ureq::config::ConfigBuilder;
use ureq::tls::{PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::typestate::AgentScope;

const RUSTLS: bool = cfg!(any(feature = "ring", feature = "aws-lc"));
const OWN_ROOTS: bool = cfg!(feature = "webpki-roots");
const PLATFORM_ROOTS: bool = !RUSTLS || cfg!(feature = "platform-roots");

/// Adds the configuration, out of which ureq makes the real thing when it sees the first `https` URL.
pub(crate) fn configure(
    builder: ConfigBuilder<AgentScope>,
    ca_bundle: Option<&[u8]>,
) -> Result<ConfigBuilder<AgentScope>, Error> {
    let roots = match ca_bundle {
        Some(pem) => bundle(pem)?,
        None if PLATFORM_ROOTS => RootCerts::PlatformVerifier,
        None if OWN_ROOTS => RootCerts::WebPki,
        // Nobody is trusted.
        None => RootCerts::new_with_certs(&[]),
    };
    let tls = TlsConfig::builder().root_certs(roots);
    let tls = tls.provider(if RUSTLS { TlsProvider::Rustls } else { TlsProvider::NativeTls });
    #[cfg(feature = "aws-lc")]
    let tls = tls.unversioned_rustls_crypto_provider(std::sync::Arc::new(
        rustls::crypto::aws_lc_rs::default_provider(),
    ));
    #[cfg(all(feature = "ring", not(feature = "aws-lc")))]
    let tls =
        tls.unversioned_rustls_crypto_provider(std::sync::Arc::new(rustls::crypto::ring::default_provider()));
    Ok(builder.tls_config(tls.build()))
}

pub(crate) fn available(ca_bundle: bool) -> Result<(), TransportError> {
    if ca_bundle || OWN_ROOTS || PLATFORM_ROOTS {
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

fn bundle(pem: &[u8]) -> Result<RootCerts, SettingsError> {
    let mut certificates = Vec::new();
    for item in parse_pem(pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            Ok(_) => {}
            Err(_) => return Err(SettingsError::CaBundle),
        }
    }
    if certificates.is_empty() { Err(SettingsError::CaBundle) } else { Ok(certificates.into()) }
}
