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

use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::error::TlsError;
use super::hyper::{Connecting, Http};

/// Makes connections with TLS.
pub(super) use backend::Connector;
/// The roots to trust.
pub(super) use backend::Roots;
/// A connection, with TLS or without.
pub(super) use backend::Stream;
/// Connects to an `https` URI.
pub(super) use backend::connect;
/// Sets TLS up, with the given roots or those of the features.
pub(super) use backend::connector;
/// Whether this error is the TLS library's.
pub(super) use backend::is_tls;
/// The certificates in a PEM file.
pub(super) use backend::parse;
/// A connection without TLS.
pub(super) use backend::plain;

type Tcp = TokioIo<TcpStream>;
