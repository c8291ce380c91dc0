use std::error::Error as StdError;

use http::Uri;
use sts_proto::{Error, TransportError, TransportErrorKind};

use super::{Connecting, Inner, TlsError, Trust};

pub(in crate::transport) type Stream<T> = T;
/// Never made.
pub(in crate::transport) enum Setup {}
/// Never made.
pub(in crate::transport) enum Roots {}
/// Never made.
pub(in crate::transport) enum Identity {}

pub(in crate::transport) fn plain<T>(connection: T) -> Stream<T> {
    connection
}

pub(in crate::transport) fn parse(_: &[u8]) -> Result<Roots, Error> {
    Err(TransportError::new(TransportErrorKind::Unsupported, WHY).into())
}

pub(in crate::transport) fn identity(_: &[u8], _: &[u8]) -> Result<Identity, Error> {
    Err(TransportError::new(TransportErrorKind::Unsupported, WHY).into())
}

pub(in crate::transport) fn setup(_: &Trust) -> Result<Setup, TlsError> {
    Err(TlsError { kind: TransportErrorKind::Unsupported, why: WHY })
}

pub(in crate::transport) fn connect<S: Inner>(
    setup: &Setup,
    _: S,
    _: Uri,
) -> Connecting<Stream<S::Response>> {
    match *setup {}
}

pub(in crate::transport) fn is_tls(_: &(dyn StdError + 'static)) -> bool {
    false
}

const WHY: &str = "built without tls: enable the feature ring, aws-lc or native-tls of sts-async";
