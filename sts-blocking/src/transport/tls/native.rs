use std::error::Error as StdError;
use std::io;

use native_tls::{HandshakeError, TlsConnector, TlsStream};
use sts_proto::settings::{Roots, TlsLibrary, TlsSettings};
use ureq::Error;
use ureq::unversioned::transport::TransportAdapter;

pub(super) type Config = TlsConnector;
pub(super) type Stream = TlsStream<TransportAdapter>;

pub(crate) const LIBRARY: Option<TlsLibrary<Config>> = Some(TlsSettings::native_tls);
pub(crate) const DEFAULT_ROOTS: Roots = Roots::Platform;

pub(super) fn connect(config: &Config, host: &str, plain: TransportAdapter) -> Result<Stream, Error> {
    config.connect(host, plain).map_err(|error| match error {
        HandshakeError::Failure(error) => Error::Other(error.into()),
        HandshakeError::WouldBlock(_) => Error::Tls("the handshake was interrupted"),
    })
}

/// After the handshake the library's errors are held by an `io::Error`, and of a type that is not its own. A connection that
/// broke comes as an error of the library too, with the `io::Error` below it.
pub(crate) fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    let outer = error.downcast_ref::<io::Error>().filter(|error| error.kind() == io::ErrorKind::Other);
    let error: &(dyn StdError + 'static) = match outer.and_then(io::Error::get_ref) {
        Some(held) if !held.is::<Error>() => held,
        None if error.is::<native_tls::Error>() => error,
        _ => return false,
    };
    !std::iter::successors(error.source(), |&cause| cause.source()).any(|cause| cause.is::<io::Error>())
}
