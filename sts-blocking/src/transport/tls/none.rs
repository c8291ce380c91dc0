use std::convert::Infallible;
use std::error::Error as StdError;

use sts_proto::settings::{Roots, TlsLibrary};
use ureq::Error;
use ureq::unversioned::transport::{ConnectionDetails, Transport};

use super::Tls;

pub(super) type Config = Infallible;

pub(crate) const LIBRARY: Option<TlsLibrary<Config>> = None;
pub(crate) const DEFAULT_ROOTS: Roots = Roots::Mozilla;

/// ureq refuses it, if there should be TLS.
pub(crate) fn secure(
    _: &Tls,
    _: &ConnectionDetails<'_>,
    plain: Box<dyn Transport>,
) -> Result<Box<dyn Transport>, Error> {
    Ok(plain)
}

pub(crate) fn is_tls(_: &(dyn StdError + 'static)) -> bool {
    false
}
