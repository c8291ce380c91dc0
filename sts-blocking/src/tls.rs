//! What TLS is made of, by feature: a rustls provider (aws-lc before ring), else the operating system's TLS; and
//! the roots that are trusted: a bundle, else the operating system's, else the compiled-in ones.

#[cfg(any(feature = "ring", feature = "aws-lc", feature = "native-tls"))]
mod enabled;

#[cfg(not(any(feature = "ring", feature = "aws-lc", feature = "native-tls")))]
mod disabled;

#[cfg(not(any(feature = "ring", feature = "aws-lc", feature = "native-tls")))]
pub(crate) use disabled::{available, configure, is_tls};
#[cfg(any(feature = "ring", feature = "aws-lc", feature = "native-tls"))]
pub(crate) use enabled::{available, configure, is_tls};
