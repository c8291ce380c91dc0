use std::error::Error as StdError;
use std::sync::Arc;

use http::Uri;
use hyper_rustls::HttpsConnector;
use rustls::ClientConfig;
#[cfg(feature = "aws-lc")]
use rustls::crypto::aws_lc_rs::default_provider;
#[cfg(not(feature = "aws-lc"))]
use rustls::crypto::ring::default_provider;
use sts_proto::settings::{Roots, TlsLibrary};
use tower_service::Service;

use super::{Connecting, Hop, Once};

pub(super) type Config = Arc<ClientConfig>;

pub(crate) const LIBRARY: Option<TlsLibrary<Config>> =
    Some(|tls| tls.rustls(default_provider()).map(Arc::new));
pub(crate) const DEFAULT_ROOTS: Roots = Roots::Mozilla;

pub(super) fn secure(config: &Config, once: Once, uri: Uri) -> Connecting {
    let connecting = HttpsConnector::from((once, Arc::clone(config))).call(uri);
    Box::pin(async move { connecting.await.map(Hop::new) })
}

pub(crate) fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    error.is::<rustls::Error>()
}
