use std::error::Error as StdError;
use std::sync::Arc;

use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use rustls::client::WantsClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use sts_proto::settings::SettingsError;
use sts_proto::{Error, TransportErrorKind};
use tower_service::Service;

use super::{Connecting, Inner, TlsError, Trust};

pub(in crate::transport) type Stream<T> = MaybeHttpsStream<T>;
pub(in crate::transport) type Setup = Arc<ClientConfig>;
pub(in crate::transport) type Roots = Vec<CertificateDer<'static>>;
pub(in crate::transport) type Identity = Arc<SingleCertAndKey>;

pub(in crate::transport) fn plain<T>(connection: T) -> Stream<T> {
    Stream::Http(connection)
}

pub(in crate::transport) fn parse(pem: &[u8]) -> Result<Roots, Error> {
    let roots = CertificateDer::pem_slice_iter(pem).collect::<Result<Roots, _>>();
    let roots = roots.map_err(|_| SettingsError::CaBundle)?;
    if roots.is_empty() || store(&roots).is_err() {
        return Err(SettingsError::CaBundle.into());
    }
    Ok(roots)
}

pub(in crate::transport) fn identity(chain: &[u8], key: &[u8]) -> Result<Identity, Error> {
    let unusable = || SettingsError::ClientCertificate;
    let chain =
        CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>().map_err(|_| unusable())?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| unusable())?;
    if chain.is_empty() {
        return Err(unusable().into());
    }
    let pair = CertifiedKey::from_der(chain, key, &provider()).map_err(|_| unusable())?;
    Ok(Arc::new(SingleCertAndKey::from(pair)))
}

fn store(roots: &[CertificateDer<'static>]) -> Result<RootCertStore, rustls::Error> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root.clone())?;
    }
    Ok(store)
}

pub(in crate::transport) fn setup(trust: &Trust) -> Result<Setup, TlsError> {
    let config = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsError {
            kind: TransportErrorKind::Tls,
            why: "the tls library has no protocol version to offer",
        })?;
    let extra = trust.extra_roots.as_deref().unwrap_or_default();
    let config = match &trust.roots {
        Some(roots) => config.with_root_certificates(store(&[roots, extra].concat()).map_err(unusable)?),
        None => with_default_roots(config, extra)?,
    };
    let config = match &trust.identity {
        Some(identity) => config.with_client_cert_resolver(Arc::<SingleCertAndKey>::clone(identity)),
        None => config.with_no_client_auth(),
    };
    Ok(Arc::new(config))
}

pub(in crate::transport) fn connect<S: Inner>(
    setup: &Setup,
    inner: S,
    uri: Uri,
) -> Connecting<Stream<S::Response>> {
    HttpsConnector::from((inner, Arc::clone(setup))).call(uri)
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

type Unverified = ConfigBuilder<ClientConfig, WantsVerifier>;
type Verified = ConfigBuilder<ClientConfig, WantsClientCert>;

#[cfg(all(feature = "platform-roots", not(target_os = "android")))]
fn with_default_roots(config: Unverified, extra: &[CertificateDer<'static>]) -> Result<Verified, TlsError> {
    use rustls_platform_verifier::Verifier;
    let provider = Arc::clone(config.crypto_provider());
    let verifier = Verifier::new_with_extra_roots(extra.iter().cloned(), provider).map_err(unusable)?;
    Ok(config.dangerous().with_custom_certificate_verifier(Arc::new(verifier)))
}

/// Android's verifier takes no further roots.
#[cfg(all(feature = "platform-roots", target_os = "android"))]
fn with_default_roots(config: Unverified, extra: &[CertificateDer<'static>]) -> Result<Verified, TlsError> {
    use rustls_platform_verifier::BuilderVerifierExt;
    if !extra.is_empty() {
        let why = "android's roots cannot be added to: give a ca bundle instead of extra roots";
        return Err(TlsError { kind: TransportErrorKind::Unsupported, why });
    }
    config.with_platform_verifier().map_err(unusable)
}

#[cfg(all(feature = "webpki-roots", not(feature = "platform-roots")))]
fn with_default_roots(config: Unverified, extra: &[CertificateDer<'static>]) -> Result<Verified, TlsError> {
    let mut roots = store(extra).map_err(unusable)?;
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    Ok(config.with_root_certificates(roots))
}

#[cfg(not(any(feature = "webpki-roots", feature = "platform-roots")))]
fn with_default_roots(config: Unverified, extra: &[CertificateDer<'static>]) -> Result<Verified, TlsError> {
    if extra.is_empty() {
        let why =
            "no root certificates: enable the feature webpki-roots or platform-roots, or give a ca bundle";
        return Err(TlsError { kind: TransportErrorKind::Unsupported, why });
    }
    Ok(config.with_root_certificates(store(extra).map_err(unusable)?))
}

fn unusable(_: rustls::Error) -> TlsError {
    TlsError { kind: TransportErrorKind::Tls, why: "the root certificates cannot be loaded" }
}
