//! What the errors of hyper, rustls and the system mean.

use std::error::Error as StdError;
use std::{fmt, io};

use sts_proto::settings::proxy::ThroughProxy;
use sts_proto::{Phase, TransportError, TransportErrorKind as Kind};

use super::BoxError;

/// The error with its kind: the most specific cause in its chain decides, else the first with a meaning.
pub(super) fn of(error: BoxError) -> TransportError {
    let through = causes(&*error).find_map(|cause| cause.downcast_ref::<ThroughProxy>()).cloned();
    match through {
        // The layers of hyper above it add nothing.
        Some(through) => TransportError::new(through.kind(), through),
        None => TransportError::new(kind(&*error), error),
    }
}

pub(super) fn kind(error: &(dyn StdError + 'static)) -> Kind {
    let mut likely = None;
    for cause in causes(error) {
        match meaning(cause) {
            Some(Meaning::Sure(kind)) => return kind,
            Some(Meaning::Likely(kind)) => likely = likely.or(Some(kind)),
            None => {}
        }
    }
    likely.unwrap_or(Kind::Other)
}

/// Why there is no connection, if only the connector can know.
#[derive(Debug)]
pub(super) enum ConnectError {
    /// The resolver gave no address.
    UnknownHost(io::Error),
    /// Not within the time.
    Timeout,
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownHost(_) => f.write_str("the name was not resolved"),
            Self::Timeout => f.write_str("no connection within the time"),
        }
    }
}

impl StdError for ConnectError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::UnknownHost(error) => Some(error),
            _ => None,
        }
    }
}

enum Meaning {
    /// No cause below is more specific.
    Sure(Kind),
    /// A cause below may be more specific.
    Likely(Kind),
}

fn meaning(cause: &(dyn StdError + 'static)) -> Option<Meaning> {
    use Meaning::{Likely, Sure};
    if let Some(error) = cause.downcast_ref::<ConnectError>() {
        return Some(match error {
            ConnectError::UnknownHost(_) => Sure(Kind::UnknownHost),
            ConnectError::Timeout => Sure(Kind::Timeout(Phase::Connect)),
        });
    }
    if let Some(error) = cause.downcast_ref::<TransportError>() {
        return Some(Sure(error.kind()));
    }
    if super::tls::is_tls(cause) {
        return Some(Sure(Kind::Tls));
    }
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        return of_io(error.kind());
    }
    if let Some(error) = cause.downcast_ref::<hyper_util::client::legacy::Error>() {
        return error.is_connect().then_some(Likely(Kind::Connect));
    }
    let error = cause.downcast_ref::<hyper::Error>()?;
    if error.is_parse() {
        Some(Likely(Kind::NotHttp))
    } else if error.is_incomplete_message()
        || error.is_closed()
        || error.is_canceled()
        || error.is_body_write_aborted()
    {
        Some(Likely(Kind::Closed))
    } else {
        None
    }
}

fn of_io(kind: io::ErrorKind) -> Option<Meaning> {
    use io::ErrorKind as Io;
    match kind {
        Io::ConnectionRefused => Some(Meaning::Sure(Kind::Refused)),
        Io::ConnectionReset
        | Io::ConnectionAborted
        | Io::BrokenPipe
        | Io::UnexpectedEof
        | Io::NotConnected
        | Io::TimedOut => Some(Meaning::Likely(Kind::Closed)),
        Io::HostUnreachable | Io::NetworkUnreachable | Io::NetworkDown | Io::AddrNotAvailable => {
            Some(Meaning::Likely(Kind::Connect))
        }
        // hyper reports malformed chunks so.
        Io::InvalidData | Io::InvalidInput => Some(Meaning::Likely(Kind::NotHttp)),
        _ => None,
    }
}

/// The error and its causes. An `io::Error` counts as what it holds, which its own `source` leaves out.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| below(error))
}

fn below<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(held) => Some(held),
        None => error.source(),
    }
}
