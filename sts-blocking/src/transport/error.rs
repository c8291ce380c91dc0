//! What the errors of ureq mean.

use std::error::Error as StdError;
use std::io;

use sts_proto::settings::proxy::ThroughProxy;
use sts_proto::{Phase, TransportError, TransportErrorKind as Kind};

use super::tls;

pub(crate) fn kind(error: &ureq::Error, phase: Phase) -> Kind {
    match error {
        ureq::Error::HostNotFound => Kind::UnknownHost,
        ureq::Error::ConnectionFailed => Kind::Connect,
        ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => {
            Kind::Timeout(Phase::Connect)
        }
        ureq::Error::Timeout(_) => Kind::Timeout(phase),
        ureq::Error::BodyExceedsLimit(_) => Kind::TooLarge,
        ureq::Error::Protocol(_)
        | ureq::Error::Http(_)
        | ureq::Error::LargeResponseHeader(..)
        | ureq::Error::BodyStalled => Kind::NotHttp,
        ureq::Error::TlsRequired => Kind::Unsupported,
        ureq::Error::Tls(_) => Kind::Tls,
        ureq::Error::Io(error) => cause_kind(error, phase).unwrap_or(Kind::Other),
        ureq::Error::Other(error) => cause_kind(&**error, phase).unwrap_or(Kind::Other),
        _ => Kind::Other,
    }
}

/// What the most telling cause means. Links of a connection pass on the errors of each other in an `io::Error`, or in one of
/// the TLS library's.
fn cause_kind(error: &(dyn StdError + 'static), phase: Phase) -> Option<Kind> {
    if let Some(error) = error.downcast_ref::<ThroughProxy>() {
        return Some(error.kind());
    }
    if let Some(error) = error.downcast_ref::<TransportError>() {
        return Some(error.kind());
    }
    if let Some(error) = error.downcast_ref::<ureq::Error>() {
        return Some(kind(error, phase));
    }
    if tls::is_tls(error) {
        return Some(Kind::Tls);
    }
    match error.downcast_ref::<io::Error>() {
        Some(error) => {
            let held = error.get_ref().and_then(|held| cause_kind(held, phase));
            held.or_else(|| Kind::of_io(error.kind(), phase))
        }
        None => cause_kind(error.source()?, phase),
    }
}
