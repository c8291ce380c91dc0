use std::error::Error as StdError;
use std::io;

use http::Uri;
use hyper_tls::{HttpsConnector, MaybeHttpsStream};
use native_tls::TlsConnector;
use sts_proto::settings::{Roots, TlsLibrary, TlsSettings};
use tower_service::Service;

use super::{Connecting, Inner};

pub(super) type Config = TlsConnector;
pub(crate) type Stream<T> = MaybeHttpsStream<T>;

pub(crate) const LIBRARY: Option<TlsLibrary<Config>> = Some(TlsSettings::native_tls);
pub(crate) const DEFAULT_ROOTS: Roots = Roots::Platform;

pub(super) fn connect<S: Inner>(config: &Config, inner: S, uri: Uri) -> Connecting<Stream<S::Response>> {
    Box::pin(HttpsConnector::from((inner, config.clone().into())).call(uri))
}

pub(crate) fn plain<T>(connection: T) -> Stream<T> {
    Stream::Http(connection)
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
