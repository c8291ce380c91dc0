//! What the errors of ureq mean.

use std::io;

use sts_proto::settings::proxy::ThroughProxy;
use sts_proto::{Phase, TransportErrorKind as Kind};

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
        ureq::Error::Protocol(_) | ureq::Error::Http(_) | ureq::Error::LargeResponseHeader(..) => {
            Kind::NotHttp
        }
        ureq::Error::TlsRequired => Kind::Unsupported,
        ureq::Error::Io(error) if is_lookup(error) => Kind::UnknownHost,
        ureq::Error::Io(error) => io_kind(error, phase),
        ureq::Error::Other(error) if error.is::<ThroughProxy>() => {
            error.downcast_ref::<ThroughProxy>().map_or(Kind::Connect, ThroughProxy::kind)
        }
        error if tls::is_tls(error) => Kind::Tls,
        _ => Kind::Other,
    }
}

/// The standard library gives a failed look-up no kind of its own, only this text.
fn is_lookup(error: &io::Error) -> bool {
    error.raw_os_error().is_none() && error.to_string().starts_with("failed to lookup address information")
}

fn io_kind(error: &io::Error, phase: Phase) -> Kind {
    use io::ErrorKind as Io;
    if error.get_ref().is_some_and(|source| tls::is_tls(source)) {
        return Kind::Tls;
    }
    match error.kind() {
        Io::ConnectionRefused => Kind::Refused,
        Io::TimedOut | Io::WouldBlock => Kind::Timeout(phase),
        Io::HostUnreachable | Io::NetworkUnreachable | Io::NetworkDown | Io::AddrNotAvailable => {
            Kind::Connect
        }
        Io::ConnectionReset
        | Io::ConnectionAborted
        | Io::BrokenPipe
        | Io::UnexpectedEof
        | Io::NotConnected => Kind::Closed,
        _ => Kind::Other,
    }
}
