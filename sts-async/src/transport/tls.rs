//! TLS by whichever library is compiled in. Each backend has the same few names.

#[cfg(all(feature = "native-tls", not(any(feature = "ring", feature = "aws-lc"))))]
mod native;
#[cfg(not(any(feature = "ring", feature = "aws-lc", feature = "native-tls")))]
mod none;
#[cfg(any(feature = "ring", feature = "aws-lc"))]
mod rustls;

#[cfg(all(feature = "native-tls", not(any(feature = "ring", feature = "aws-lc"))))]
use native as backend;
#[cfg(not(any(feature = "ring", feature = "aws-lc", feature = "native-tls")))]
use none as backend;
#[cfg(any(feature = "ring", feature = "aws-lc"))]
use rustls as backend;

use super::error::TlsError;
use super::hyper::{Connecting, Inner};

/// A certificate chain and its key.
pub(super) use backend::Identity;
/// Roots to trust.
pub(super) use backend::Roots;
/// TLS that is set up.
pub(super) use backend::Setup;
/// A connection, with TLS or without.
pub(super) use backend::Stream;
/// Connects to an `https` URI.
pub(super) use backend::connect;
/// The client certificate of a chain and a key, both PEM, if they fit.
pub(super) use backend::identity;
/// Whether this error is the TLS library's.
pub(super) use backend::is_tls;
/// The certificates in a PEM file.
pub(super) use backend::parse;
/// A connection without TLS.
pub(super) use backend::plain;
/// Sets TLS up.
pub(super) use backend::setup;

/// Whom to trust, and who to be.
#[derive(Default)]
#[cfg_attr(not(any(feature = "ring", feature = "aws-lc", feature = "native-tls")), expect(dead_code))]
pub(super) struct Trust {
    /// Instead of the roots that the features name.
    pub(super) roots: Option<Roots>,
    /// Besides them.
    pub(super) extra_roots: Option<Roots>,
    /// Shown to servers that ask.
    pub(super) identity: Option<Identity>,
}

#[cfg(all(test, any(feature = "ring", feature = "aws-lc", feature = "native-tls")))]
mod tests;
