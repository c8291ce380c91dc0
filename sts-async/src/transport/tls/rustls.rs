use std::error::Error as StdError;
use std::sync::Arc;

use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use rustls::ClientConfig;
#[cfg(feature = "aws-lc")]
use rustls::crypto::aws_lc_rs::default_provider;
#[cfg(not(feature = "aws-lc"))]
use rustls::crypto::ring::default_provider;
use sts_proto::settings::{Roots, TlsLibrary};
use tower_service::Service;

use super::{Connecting, Inner};

pub(super) type Config = Arc<ClientConfig>;
pub(crate) type Stream<T> = MaybeHttpsStream<T>;

pub(crate) const LIBRARY: Option<TlsLibrary<Config>> =
    Some(|tls| tls.rustls(default_provider()).map(Arc::new));
pub(crate) const DEFAULT_ROOTS: Roots = Roots::Mozilla;

pub(super) fn connect<S: Inner>(config: &Config, inner: S, uri: Uri) -> Connecting<Stream<S::Response>> {
    HttpsConnector::from((inner, Arc::clone(config))).call(uri)
}

pub(crate) fn plain<T>(connection: T) -> Stream<T> {
    Stream::Http(connection)
}

pub(crate) fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    error.is::<rustls::Error>()
}
