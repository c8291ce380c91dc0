use std::convert::Infallible;
use std::error::Error as StdError;

use http::Uri;
use sts_proto::settings::{Roots, TlsLibrary};

use super::{Connecting, Once};

pub(super) type Config = Infallible;

pub(crate) const LIBRARY: Option<TlsLibrary<Config>> = None;
pub(crate) const DEFAULT_ROOTS: Roots = Roots::Mozilla;

pub(super) fn secure(config: &Config, _: Once, _: Uri) -> Connecting {
    match *config {}
}

pub(crate) fn is_tls(_: &(dyn StdError + 'static)) -> bool {
    false
}
