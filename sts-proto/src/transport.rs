use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use crate::retry::RetryClass;

/// No answer arrived, or not all of it. Made by a driver or a transport; the call adds what it tried. Its kind decides whether
/// the call is tried again: see [`retry_class`](Self::retry_class).
#[derive(Clone, Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    /// What to say in place of what the kind says.
    problem: Option<Box<str>>,
    /// The action and the host, once known.
    tried: Option<(&'static str, Box<str>)>,
    attempts: u32,
    total_retry_delay: Duration,
}

impl TransportError {
    /// An error of this kind that came from `source`.
    pub fn new(kind: TransportErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into().into()), ..kind.into() }
    }

    /// What the system said of a connection in this phase. The kind is that of [`TransportErrorKind::of_io`], or
    /// [`Other`](TransportErrorKind::Other).
    ///
    /// ```
    /// use std::io::{self, Read};
    /// use sts_proto::{Phase, TransportError};
    ///
    /// fn read(connection: &mut impl Read) -> Result<Vec<u8>, TransportError> {
    ///     let mut answer = Vec::new();
    ///     let broken = |error| TransportError::of_io(error, Phase::Body);
    ///     connection.read_to_end(&mut answer).map_err(broken)?;
    ///     Ok(answer)
    /// }
    /// # assert_eq!(read(&mut io::empty()).unwrap(), b"");
    /// ```
    pub fn of_io(error: io::Error, phase: Phase) -> Self {
        Self::new(TransportErrorKind::of_io(error.kind(), phase).unwrap_or(TransportErrorKind::Other), error)
    }

    /// Says this in place of what the kind says.
    pub(crate) fn saying(self, problem: String) -> Self {
        Self { problem: Some(problem.into()), ..self }
    }

    /// What went wrong, without what was tried.
    pub(crate) fn what(&self) -> String {
        self.problem.as_deref().map_or_else(|| self.kind.to_string(), str::to_owned)
    }

    pub(crate) fn cause(&self) -> Option<Arc<dyn StdError + Send + Sync>> {
        self.source.clone()
    }

    pub(crate) fn caused_by(self, source: Option<Arc<dyn StdError + Send + Sync>>) -> Self {
        Self { source, ..self }
    }

    pub(crate) fn of_kind(self, kind: TransportErrorKind) -> Self {
        Self { kind, ..self }
    }

    pub(crate) fn while_calling(mut self, operation: &'static str, host: &str) -> Self {
        self.tried = Some((operation, host.into()));
        self
    }

    pub(crate) fn set_effort(&mut self, attempts: u32, total_retry_delay: Duration) {
        self.attempts = attempts;
        self.total_retry_delay = total_retry_delay;
    }

    /// How many requests were sent for the call.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How long the call waited between its attempts, altogether.
    pub fn total_retry_delay(&self) -> Duration {
        self.total_retry_delay
    }

    /// What happened.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later. A certificate that is not trusted, a body over the bound and an
    /// answer that is not HTTP stay what they are.
    pub fn retry_class(&self) -> RetryClass {
        use TransportErrorKind as Kind;
        match self.kind {
            Kind::UnknownHost
            | Kind::Refused
            | Kind::Connect
            | Kind::Timeout(_)
            | Kind::Closed
            | Kind::Overloaded => RetryClass::Transient,
            Kind::Tls
            | Kind::NotHttp
            | Kind::TooLarge
            | Kind::Unsupported
            | Kind::RateLimited
            | Kind::Other => RetryClass::Never,
        }
    }
}

impl From<TransportErrorKind> for TransportError {
    fn from(kind: TransportErrorKind) -> Self {
        Self {
            kind,
            source: None,
            problem: None,
            tried: None,
            attempts: 1,
            total_retry_delay: Duration::ZERO,
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((operation, host)) = &self.tried {
            write!(f, "{operation} got no answer from {host}: ")?;
        }
        match &self.problem {
            Some(problem) => f.write_str(problem),
            None => self.kind.fmt(f),
        }?;
        if self.attempts > 1 { write!(f, " ({} attempts)", self.attempts) } else { Ok(()) }
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// What happened to a request on its way, or to its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The host name has no address.
    UnknownHost,
    /// The host refuses connections on this port.
    Refused,
    /// No connection, for another reason.
    Connect,
    /// TLS could not be agreed on: an expired certificate, one of another name, one without a trusted issuer, ….
    Tls,
    /// It took too long.
    Timeout(Phase),
    /// The connection broke before the whole answer had arrived.
    Closed,
    /// The answer is not HTTP/1.1, or contradicts itself.
    NotHttp,
    /// The body is longer than [`MAX_BODY`](crate::wire::MAX_BODY).
    TooLarge,
    /// The transport cannot do what was asked of it.
    Unsupported,
    /// Nothing was sent: the transport, or a layer of it, takes no more requests at present.
    Overloaded,
    /// Nothing was sent: the client's own rate limit has no place before the call's deadline.
    RateLimited,
    /// Anything else.
    Other,
}

impl TransportErrorKind {
    /// What an error of the system means for a connection in this phase; `None` where it may mean anything. A socket that
    /// blocks, with a time-out of its own, ends a read with `WouldBlock` on Unix and with `TimedOut` on Windows.
    pub fn of_io(error: io::ErrorKind, phase: Phase) -> Option<Self> {
        use io::ErrorKind as Io;
        match error {
            Io::ConnectionRefused => Some(Self::Refused),
            Io::TimedOut | Io::WouldBlock => Some(Self::Timeout(phase)),
            Io::HostUnreachable | Io::NetworkUnreachable | Io::NetworkDown | Io::AddrNotAvailable => {
                Some(Self::Connect)
            }
            Io::ConnectionReset
            | Io::ConnectionAborted
            | Io::BrokenPipe
            | Io::UnexpectedEof
            | Io::NotConnected => Some(Self::Closed),
            _ => None,
        }
    }

    /// Its name in snake case, for logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownHost => "unknown_host",
            Self::Refused => "refused",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout(_) => "timeout",
            Self::Closed => "closed",
            Self::NotHttp => "not_http",
            Self::TooLarge => "too_large",
            Self::Unsupported => "unsupported",
            Self::Overloaded => "overloaded",
            Self::RateLimited => "rate_limited",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for TransportErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownHost => "the host name has no address; check region, endpoint url and dns",
            Self::Refused => "the connection was refused; check host and port, and that the server runs",
            Self::Connect => "no connection could be made",
            Self::Tls => {
                "tls could not be agreed on; check the certificate's name and date, and the trusted roots"
            }
            Self::Timeout(Phase::Connect) => "connecting took too long",
            Self::Timeout(Phase::Response) => "the answer did not begin in time",
            Self::Timeout(Phase::Body) => "the answer did not end in time",
            Self::Closed => "the connection was closed before the whole answer had arrived",
            Self::NotHttp => "the answer is not http/1.1",
            Self::TooLarge => return write!(f, "the answer is longer than {} bytes", crate::wire::MAX_BODY),
            Self::Unsupported => "the transport cannot do this",
            Self::Overloaded => "nothing was sent, since the transport takes no more requests at present",
            Self::RateLimited => {
                "the service throttles, and the client's own rate limit has no place in time"
            }
            Self::Other => "the transport failed",
        })
    }
}

/// How far an exchange had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Looking up the name, TCP, TLS.
    Connect,
    /// Sending the request and waiting for status and headers.
    Response,
    /// Reading the body.
    Body,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_keep_their_meaning() {
        use io::ErrorKind as Io;
        for (error, kind, class) in [
            (Io::ConnectionRefused, TransportErrorKind::Refused, RetryClass::Transient),
            (Io::TimedOut, TransportErrorKind::Timeout(Phase::Connect), RetryClass::Transient),
            (Io::WouldBlock, TransportErrorKind::Timeout(Phase::Connect), RetryClass::Transient),
            (Io::NetworkUnreachable, TransportErrorKind::Connect, RetryClass::Transient),
            (Io::ConnectionReset, TransportErrorKind::Closed, RetryClass::Transient),
            (Io::UnexpectedEof, TransportErrorKind::Closed, RetryClass::Transient),
            (Io::InvalidData, TransportErrorKind::Other, RetryClass::Never),
        ] {
            let made = TransportError::of_io(error.into(), Phase::Connect);
            assert_eq!((made.kind(), made.retry_class()), (kind, class), "{error}");
            assert_eq!(made.source().unwrap().to_string(), error.to_string());
        }
        let late = TransportErrorKind::Timeout(Phase::Body);
        assert_eq!(TransportErrorKind::of_io(Io::TimedOut, Phase::Body), Some(late));
    }
}
