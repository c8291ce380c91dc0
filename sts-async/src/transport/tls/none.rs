use std::error::Error as StdError;

use http::Uri;
use sts_proto::{Error, TransportError, TransportErrorKind};

use super::{Connecting, Route, Tcp, TlsError, Trust};

pub(in crate::transport) type Stream = Tcp;
/// Never made.
pub(in crate::transport) enum Connector {}
/// Never made.
pub(in crate::transport) enum Roots {}
/// Never made.
pub(in crate::transport) enum Identity {}

pub(in crate::transport) fn plain(tcp: Tcp) -> Stream {
    tcp
}

pub(in crate::transport) fn parse(_: &[u8]) -> Result<Roots, Error> {
    Err(TransportError::new(TransportErrorKind::Unsupported, WHY).into())
}

pub(in crate::transport) fn identity(_: &[u8], _: &[u8]) -> Result<Identity, Error> {
    Err(TransportError::new(TransportErrorKind::Unsupported, WHY).into())
}

pub(in crate::transport) fn connector(_: Route, _: &Trust) -> Result<Connector, TlsError> {
    Err(TlsError { kind: TransportErrorKind::Unsupported, why: WHY })
}

pub(in crate::transport) fn connect(connector: &Connector, _: Uri) -> Connecting {
    match *connector {}
}

pub(in crate::transport) fn is_tls(_: &(dyn StdError + 'static)) -> bool {
    false
}

const WHY: &str = "built without tls: enable the feature ring, aws-lc or native-tls of sts-async";
