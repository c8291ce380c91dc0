use std::error::Error as StdError;
use std::sync::Arc;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use rustls::client::WantsClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use sts_proto::settings::SettingsError;
use sts_proto::{Error, TransportErrorKind};
use tower_service::Service;

use super::{Connecting, Http, Tcp, TlsError};

pub(in crate::transport) type Stream = MaybeHttpsStream<Tcp>;
pub(in crate::transport) type Connector = HttpsConnector<Http>;
pub(in crate::transport) type Roots = Arc<RootCertStore>;

pub(in crate::transport) fn plain(tcp: Tcp) -> Stream {
    Stream::Http(tcp)
}

pub(in crate::transport) fn parse(pem: &[u8]) -> Result<Roots, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.map_err(|_| SettingsError::CaBundle)?).map_err(|_| SettingsError::CaBundle)?;
    }
    if roots.is_empty() {
        return Err(SettingsError::CaBundle.into());
    }
    Ok(Arc::new(roots))
}

pub(in crate::transport) fn connector(http: Http, roots: Option<&Roots>) -> Result<Connector, TlsError> {
    let config = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsError {
            kind: TransportErrorKind::Tls,
            why: "the tls library has no protocol version to offer",
        })?;
    let config = match roots {
        Some(roots) => config.with_root_certificates(Arc::clone(roots)),
        None => with_default_roots(config)?,
    };
    let config = config.with_no_client_auth();
    Ok(HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .wrap_connector(http))
}

pub(in crate::transport) fn connect(connector: &Connector, uri: Uri) -> Connecting {
    connector.clone().call(uri)
}

pub(in crate::transport) fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    error.is::<rustls::Error>()
}

#[cfg(feature = "aws-lc")]
fn provider() -> CryptoProvider {
    rustls::crypto::aws_lc_rs::default_provider()
}

#[cfg(not(feature = "aws-lc"))]
fn provider() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}

type Verified = ConfigBuilder<ClientConfig, WantsClientCert>;

#[cfg(feature = "platform-roots")]
fn with_default_roots(config: ConfigBuilder<ClientConfig, WantsVerifier>) -> Result<Verified, TlsError> {
    use rustls_platform_verifier::BuilderVerifierExt;
    let unusable = |_| TlsError {
        kind: TransportErrorKind::Tls,
        why: "the system's root certificates cannot be loaded",
    };
    config.with_platform_verifier().map_err(unusable)
}

#[cfg(all(feature = "webpki-roots", not(feature = "platform-roots")))]
fn with_default_roots(config: ConfigBuilder<ClientConfig, WantsVerifier>) -> Result<Verified, TlsError> {
    Ok(config
        .with_root_certificates(RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned())))
}

#[cfg(not(any(feature = "webpki-roots", feature = "platform-roots")))]
fn with_default_roots(_: ConfigBuilder<ClientConfig, WantsVerifier>) -> Result<Verified, TlsError> {
    let why = "no root certificates: enable the feature webpki-roots or platform-roots, or give a ca bundle";
    Err(TlsError { kind: TransportErrorKind::Unsupported, why })
}
