//! TLS by the library that is compiled in: rustls, with aws-lc before ring, else the platform's.

#[cfg_attr(feature = "_rustls", path = "tls/rustls.rs")]
#[cfg_attr(all(feature = "native-tls", not(feature = "_rustls")), path = "tls/native.rs")]
#[cfg_attr(not(any(feature = "native-tls", feature = "_rustls")), path = "tls/none.rs")]
mod backend;

use std::sync::Arc;

use http::Uri;
use http::uri::Scheme;
use sts_proto::settings::LazyTls;

use super::hyper::{Connecting, Inner};

pub(crate) use backend::{DEFAULT_ROOTS, LIBRARY};
pub(super) use backend::{Stream, is_tls, plain};

/// TLS as the connections of a client share it.
pub(super) type Tls = Arc<LazyTls<backend::Config>>;

/// A connection that `inner` makes, with TLS on it if the URI says so.
pub(super) fn connect<S: Inner>(tls: &Tls, mut inner: S, uri: Uri) -> Connecting<Stream<S::Response>> {
    if uri.scheme() != Some(&Scheme::HTTPS) {
        let connecting = inner.call(uri);
        return Box::pin(async move { connecting.await.map(plain).map_err(Into::into) });
    }
    match tls.get() {
        Ok(config) => backend::connect(config, inner, uri),
        Err(error) => Box::pin(std::future::ready(Err(error.into()))),
    }
}

#[cfg(test)]
mod tests;
