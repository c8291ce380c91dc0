use std::error::Error as StdError;
use std::io;

use http::Uri;
use hyper_tls::{HttpsConnector, MaybeHttpsStream};
use native_tls::{Certificate, TlsConnector};
use sts_proto::settings::SettingsError;
use sts_proto::{Error, TransportErrorKind};
use tower_service::Service;

use super::{Connecting, Inner, TlsError, Trust};

pub(in crate::transport) type Stream<T> = MaybeHttpsStream<T>;
pub(in crate::transport) type Setup = TlsConnector;
pub(in crate::transport) struct Roots(Vec<Certificate>);
pub(in crate::transport) type Identity = native_tls::Identity;

pub(in crate::transport) fn plain<T>(connection: T) -> Stream<T> {
    Stream::Http(connection)
}

pub(in crate::transport) fn parse(pem: &[u8]) -> Result<Roots, Error> {
    let certificates = Certificate::stack_from_pem(pem).map_err(|_| SettingsError::CaBundle)?;
    if certificates.is_empty() {
        return Err(SettingsError::CaBundle.into());
    }
    Ok(Roots(certificates))
}

/// The library takes PKCS #8 keys only, and compares the key with the certificate no sooner than it makes a connector.
pub(in crate::transport) fn identity(chain: &[u8], key: &[u8]) -> Result<Identity, Error> {
    let identity = Identity::from_pkcs8(chain, key).map_err(|_| SettingsError::ClientCertificate)?;
    let mut trial = TlsConnector::builder();
    trial.disable_built_in_roots(true).identity(identity.clone());
    trial.build().map_err(|_| SettingsError::ClientCertificate)?;
    Ok(identity)
}

pub(in crate::transport) fn setup(trust: &Trust) -> Result<Setup, TlsError> {
    let mut builder = TlsConnector::builder();
    builder.disable_built_in_roots(trust.roots.is_some());
    for Roots(certificates) in trust.roots.iter().chain(&trust.extra_roots) {
        for certificate in certificates {
            builder.add_root_certificate(certificate.clone());
        }
    }
    if let Some(identity) = &trust.identity {
        builder.identity(identity.clone());
    }
    builder
        .build()
        .map_err(|_| TlsError { kind: TransportErrorKind::Tls, why: "the system's tls cannot be set up" })
}

pub(in crate::transport) fn connect<S: Inner>(
    setup: &Setup,
    inner: S,
    uri: Uri,
) -> Connecting<Stream<S::Response>> {
    Box::pin(HttpsConnector::from((inner, setup.clone().into())).call(uri))
}

/// A connection that broke during the handshake comes as the library's error too; it is not meant.
pub(in crate::transport) fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    let mut below = std::iter::successors(error.source(), |&error| error.source());
    error.is::<native_tls::Error>() && !below.any(|cause| cause.is::<io::Error>())
}
