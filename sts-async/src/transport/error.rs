//! What the errors of hyper, rustls and the system mean.

use std::error::Error as StdError;
use std::sync::{Mutex, PoisonError};
use std::{fmt, io};

use sts_proto::settings::proxy::{Proxy, ThroughProxy};
use sts_proto::{Phase, TransportError, TransportErrorKind as Kind};

use super::BoxError;

/// The error with its kind: the most specific cause in its chain decides, else the first with a meaning. Where the connector
/// has said why there is no connection, the layers of hyper above it add nothing, and what a layer of the program says in these
/// words stays as it is.
pub(super) fn of(error: BoxError) -> TransportError {
    let error = match error.downcast::<TransportError>() {
        Ok(error) => return *error,
        Err(error) => error,
    };
    let connector = causes(&*error).find_map(|cause| match cause.downcast_ref::<ThroughProxy>() {
        Some(through) => Some(through.clone().into()),
        None => cause.downcast_ref::<ConnectError>()?.take(),
    });
    connector.unwrap_or_else(|| TransportError::new(kind(&*error), error))
}

/// The error of a connection to a proxy, or of what the proxy has to do.
pub(super) fn through(proxy: &Proxy, error: BoxError) -> ThroughProxy {
    let kind = kind(&*error);
    let connector = causes(&*error).find_map(|cause| cause.downcast_ref::<ConnectError>()?.take());
    match connector {
        Some(error) => ThroughProxy::new(proxy, kind, error),
        None => ThroughProxy::new(proxy, kind, error),
    }
}

pub(super) fn kind(error: &(dyn StdError + 'static)) -> Kind {
    let (mut likely, mut otherwise) = (None, Kind::Other);
    for cause in causes(error) {
        match meaning(cause) {
            Some(Meaning::Sure(kind)) => return kind,
            Some(Meaning::Likely(kind)) => likely = likely.or(Some(kind)),
            Some(Meaning::Else(kind)) => otherwise = kind,
            None => {}
        }
    }
    likely.unwrap_or(otherwise)
}

/// Why there is no connection, as the connector knows it. Taken out once it has come through hyper, which lends causes only.
#[derive(Debug)]
pub(super) struct ConnectError(Mutex<Option<TransportError>>);

impl ConnectError {
    fn take(&self) -> Option<TransportError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn kind(&self) -> Option<Kind> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(TransportError::kind)
    }
}

impl From<TransportError> for ConnectError {
    fn from(error: TransportError) -> Self {
        Self(Mutex::new(Some(error)))
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no connection")
    }
}

impl StdError for ConnectError {}

enum Meaning {
    /// No cause below is more specific.
    Sure(Kind),
    /// A cause below may be more specific.
    Likely(Kind),
    /// No other cause means anything.
    Else(Kind),
}

fn meaning(cause: &(dyn StdError + 'static)) -> Option<Meaning> {
    use Meaning::{Else, Likely, Sure};
    if let Some(error) = cause.downcast_ref::<ConnectError>() {
        return error.kind().map(Sure);
    }
    if let Some(error) = cause.downcast_ref::<TransportError>() {
        return Some(Sure(error.kind()));
    }
    // What native-tls reports has no type of its own, and might be what a layer reports.
    if super::tls::is_tls(cause) && of_layer(cause).is_none() {
        return Some(Sure(Kind::Tls));
    }
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        return of_io(error.kind());
    }
    if let Some(error) = cause.downcast_ref::<hyper_util::client::legacy::Error>() {
        return error.is_connect().then_some(Likely(Kind::Connect));
    }
    let Some(error) = cause.downcast_ref::<hyper::Error>() else { return of_layer(cause) };
    if error.is_parse() {
        Some(Likely(Kind::NotHttp))
    } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        Some(Likely(Kind::Closed))
    } else if error.is_user() && !error.to_string().contains("dispatch task is gone") {
        None
    } else {
        // Whatever has happened, the connection is of no use any more: its runtime has ended, for example.
        Some(Else(Kind::Closed))
    }
}

/// What tower, tower-http and reqwest say: their types are not known here. A text that is like it may mean anything.
fn of_layer(cause: &(dyn StdError + 'static)) -> Option<Meaning> {
    const SLOW_BODY: &str = "data was not received within the designated timeout";
    let kind = match &*cause.to_string() {
        _ if cause.is::<tokio::time::error::Elapsed>() => Kind::Timeout(Phase::Response),
        "request timed out" | "operation timed out" | SLOW_BODY => Kind::Timeout(Phase::Response),
        "service overloaded" => Kind::Overloaded,
        _ => return None,
    };
    Some(Meaning::Likely(kind))
}

fn of_io(error: io::ErrorKind) -> Option<Meaning> {
    match Kind::of_io(error, Phase::Response) {
        Some(Kind::Refused) => Some(Meaning::Sure(Kind::Refused)),
        Some(kind) => Some(Meaning::Likely(kind)),
        // hyper reports malformed chunks so.
        None if matches!(error, io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => {
            Some(Meaning::Likely(Kind::NotHttp))
        }
        None => None,
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
