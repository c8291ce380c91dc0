use std::convert::Infallible;
use std::error::Error as StdError;

use http::Uri;
use sts_proto::settings::{Roots, TlsLibrary};

use super::{Connecting, Inner};

pub(super) type Config = Infallible;
pub(crate) type Stream<T> = T;

pub(crate) const LIBRARY: Option<TlsLibrary<Config>> = None;
pub(crate) const DEFAULT_ROOTS: Roots = Roots::Mozilla;

pub(super) fn connect<S: Inner>(config: &Config, _: S, _: Uri) -> Connecting<Stream<S::Response>> {
    match *config {}
}

pub(crate) fn plain<T>(connection: T) -> Stream<T> {
    connection
}

pub(crate) fn is_tls(_: &(dyn StdError + 'static)) -> bool {
    false
}
