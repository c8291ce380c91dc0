use std::error::Error as StdError;
use std::io;

use http::Uri;
use hyper_tls::HttpsConnector;
use native_tls::TlsConnector;
use sts_proto::settings::{Roots, TlsLibrary, TlsSettings};
use tower_service::Service;

use super::{Connecting, Hop, Once};

pub(super) type Config = TlsConnector;

pub(crate) const LIBRARY: Option<TlsLibrary<Config>> = Some(TlsSettings::native_tls);
pub(crate) const DEFAULT_ROOTS: Roots = Roots::Platform;

pub(super) fn secure(config: &Config, once: Once, uri: Uri) -> Connecting {
    let connecting = HttpsConnector::from((once, config.clone().into())).call(uri);
    Box::pin(async move { connecting.await.map(Hop::new) })
}

/// After the handshake the library's errors are held by an `io::Error`, and of a type that is not its own. A connection that
/// broke comes as an error of the library too, with the `io::Error` below it.
pub(crate) fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    let outer = error.downcast_ref::<io::Error>().filter(|error| error.kind() == io::ErrorKind::Other);
    let error: &(dyn StdError + 'static) = match outer.and_then(io::Error::get_ref) {
        Some(held) => held,
        None if error.is::<native_tls::Error>() => error,
        _ => return false,
    };
    !std::iter::successors(error.source(), |&cause| cause.source()).any(|cause| cause.is::<io::Error>())
}
