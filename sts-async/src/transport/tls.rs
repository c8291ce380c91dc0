//! TLS by the library that is compiled in: rustls, with aws-lc before ring, else the platform's.

#[cfg_attr(feature = "_rustls", path = "tls/rustls.rs")]
#[cfg_attr(all(feature = "native-tls", not(feature = "_rustls")), path = "tls/native.rs")]
#[cfg_attr(not(any(feature = "native-tls", feature = "_rustls")), path = "tls/none.rs")]
mod backend;

use std::future::ready;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use http::uri::Scheme;
use sts_proto::settings::LazyTls;
use tower_service::Service;

use super::BoxError;
use super::hop::Hop;
use super::hyper::Connecting;

pub(super) use backend::is_tls;
pub(crate) use backend::{DEFAULT_ROOTS, LIBRARY};

/// TLS as the connections of a client share it.
pub(super) type Tls = Arc<LazyTls<backend::Config>>;

/// The connection with TLS on it, if the URI says so.
pub(super) fn secure(tls: &Tls, connecting: Connecting, uri: Uri) -> Connecting {
    if uri.scheme() != Some(&Scheme::HTTPS) {
        return connecting;
    }
    match tls.get() {
        Ok(config) => backend::secure(&config, Once(Some(connecting)), uri),
        Err(error) => Box::pin(ready(Err(error.into()))),
    }
}

/// What the libraries for hyper take a connection from: a service that connects, here once.
struct Once(Option<Connecting>);

impl Service<Uri> for Once {
    type Response = Hop;
    type Error = BoxError;
    type Future = Connecting;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Connecting {
        self.0.take().unwrap_or_else(|| Box::pin(ready(Err("it has connected already".into()))))
    }
}

#[cfg(test)]
mod tests;
