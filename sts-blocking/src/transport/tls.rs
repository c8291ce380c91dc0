//! TLS by the library that is compiled in: rustls, with aws-lc before ring, else the platform's.

#[cfg_attr(feature = "_rustls", path = "tls/rustls.rs")]
#[cfg_attr(all(feature = "native-tls", not(feature = "_rustls")), path = "tls/native.rs")]
#[cfg_attr(not(any(feature = "native-tls", feature = "_rustls")), path = "tls/none.rs")]
mod backend;
#[cfg(any(feature = "native-tls", feature = "_rustls"))]
mod encrypted;

use std::sync::Arc;

use sts_proto::settings::LazyTls;

pub(super) use backend::is_tls;
pub(crate) use backend::{DEFAULT_ROOTS, LIBRARY};

#[cfg(not(any(feature = "native-tls", feature = "_rustls")))]
pub(super) use backend::secure;
#[cfg(any(feature = "native-tls", feature = "_rustls"))]
pub(super) use encrypted::secure;

/// TLS as the connections of a client share it.
pub(super) type Tls = Arc<LazyTls<backend::Config>>;

#[cfg(all(test, any(feature = "native-tls", feature = "_rustls")))]
mod tests;
