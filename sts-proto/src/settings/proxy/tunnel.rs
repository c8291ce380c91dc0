//! A tunnel through a proxy (RFC 9110 §9.3.6).

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use http::uri::Scheme;
use http::{StatusCode, Uri};

use super::Proxy;
use crate::secret::Secret;
use crate::transport::{Phase, TransportError, TransportErrorKind};

/// The exchange with a proxy that makes a connection to it a connection to the host.
///
/// Send [`request`](Self::request), then pass the bytes that arrive to [`receive`](Self::receive), until it returns `true`.
///
/// ```
/// use sts_proto::settings::proxy::Proxies;
///
/// let target = "https://sts.eu-west-1.amazonaws.com/".parse().unwrap();
/// let proxies = Proxies::all("http://proxy.example.com:3128")?;
/// let mut tunnel = proxies.for_uri(&target).unwrap().tunnel(&target);
/// assert!(
///     tunnel.request().starts_with(
///         b"CONNECT sts.eu-west-1.amazonaws.com:443 HTTP/1.1\r\n"
///     )
/// );
/// assert_eq!(tunnel.receive(b"HTTP/1.1 200 Connection"), Ok(false));
/// assert_eq!(tunnel.receive(b" established\r\n\r\n"), Ok(true));
/// # Ok::<(), sts_proto::SettingsError>(())
/// ```
#[derive(Debug)]
pub struct Tunnel {
    request: Secret,
    received: Vec<u8>,
}

impl Tunnel {
    pub(super) fn new(target: &Uri, authorization: Option<&Secret>) -> Self {
        let host = target.host().unwrap_or_default();
        let default = if target.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
        let host = format!("{host}:{}", target.port_u16().unwrap_or(default));
        let token = authorization.map_or("", Secret::expose);
        let mut request = String::with_capacity(2 * host.len() + token.len() + 80);
        for part in ["CONNECT ", &host, " HTTP/1.1\r\nHost: ", &host, "\r\n"] {
            request.push_str(part);
        }
        if authorization.is_some() {
            for part in ["Proxy-Authorization: Basic ", token, "\r\n"] {
                request.push_str(part);
            }
        }
        request.push_str("\r\n");
        Self { request: Secret::new(request), received: Vec::new() }
    }

    /// The bytes to send.
    pub fn request(&self) -> &[u8] {
        self.request.expose().as_bytes()
    }

    /// Takes bytes that have arrived, or an empty slice at the end of the connection. Returns whether the tunnel is open.
    ///
    /// # Errors
    ///
    /// The proxy does not open the tunnel, or sends more than its answer: the client speaks first in a tunnel, so that these
    /// bytes would be taken for the answer to a request.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<bool, TunnelError> {
        if bytes.is_empty() {
            return Err(TunnelError::Closed);
        }
        // The empty line may have started in an earlier piece.
        let from = self.received.len().saturating_sub(3);
        self.received.extend_from_slice(bytes);
        let Some(status) = status(&self.received)? else { return self.more() };
        if !status.is_success() {
            return Err(TunnelError::Refused(status));
        }
        let new = self.received.get(from..).unwrap_or_default();
        let end = ["\n\r\n", "\n\n"].iter().filter_map(|end| {
            let at = new.windows(end.len()).position(|piece| piece == end.as_bytes())?;
            Some(from + at + end.len())
        });
        match end.min() {
            Some(end) if end == self.received.len() => Ok(true),
            Some(_) => Err(TunnelError::NotHttp),
            None => self.more(),
        }
    }

    fn more(&self) -> Result<bool, TunnelError> {
        if self.received.len() > MAX_HEAD { Err(TunnelError::TooLong) } else { Ok(false) }
    }
}

/// Why a proxy did not open a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TunnelError {
    /// It answered with this status.
    Refused(StatusCode),
    /// It closed the connection.
    Closed,
    /// Its answer is not HTTP/1.1, or more follows it.
    NotHttp,
    /// The head of its answer is too long.
    TooLong,
}

impl fmt::Display for TunnelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(StatusCode::PROXY_AUTHENTICATION_REQUIRED) => f.write_str(
                "the proxy asks for a user and a password, or refuses those that it was sent (407)",
            ),
            Self::Refused(status) => write!(f, "the proxy refused the tunnel with the status {status}"),
            Self::Closed => f.write_str("the proxy closed the connection and did not respond"),
            Self::NotHttp => f.write_str("the proxy's answer is not http/1.1"),
            Self::TooLong => write!(f, "the head of the proxy's answer is longer than {MAX_HEAD} bytes"),
        }
    }
}

impl StdError for TunnelError {}

/// A connection through a proxy failed. Names the proxy, without its password.
#[derive(Clone, Debug)]
pub struct ThroughProxy {
    proxy: Arc<str>,
    kind: TransportErrorKind,
    source: Arc<dyn StdError + Send + Sync>,
}

impl ThroughProxy {
    /// `source` is what failed, in connecting to the proxy or in opening the tunnel; `kind` is the kind of `source` by itself.
    pub fn new(
        proxy: &Proxy,
        kind: TransportErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        use TransportErrorKind as Kind;
        let kind = match kind {
            Kind::UnknownHost | Kind::Refused | Kind::Tls | Kind::Unsupported => kind,
            Kind::Timeout(_) => Kind::Timeout(Phase::Connect),
            // `Closed` and `NotHttp` would be about the server, to which there was no connection yet.
            _ => Kind::Connect,
        };
        let source: Box<dyn StdError + Send + Sync> = source.into();
        Self { proxy: proxy.to_string().into(), kind, source: source.into() }
    }

    /// The kind of the request's failure.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

/// The text of the new error names the proxy and says what went wrong. Its `source` is the cause of that, such as an error of the
/// system, if there is one.
impl From<ThroughProxy> for TransportError {
    fn from(error: ThroughProxy) -> Self {
        let tunnel = error.source.downcast_ref::<TunnelError>();
        let below = error.source.downcast_ref::<TransportError>();
        let why = match (tunnel, below, error.kind) {
            (Some(tunnel), ..) => tunnel.to_string(),
            (_, _, TransportErrorKind::UnknownHost) => {
                "the proxy's name has no address; check its url and dns".to_owned()
            }
            (_, Some(below), _) => below.what(),
            (.., kind) => kind.to_string(),
        };
        let cause = match (tunnel, below) {
            (Some(_), _) => None,
            (_, Some(below)) => below.cause(),
            _ => Some(Arc::clone(&error.source)),
        };
        TransportError::from(error.kind).saying(format!("{error}: {why}")).caused_by(cause)
    }
}

impl fmt::Display for ThroughProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no connection through the proxy {}", self.proxy)
    }
}

impl StdError for ThroughProxy {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}

/// The status of an answer, once its first line is there.
fn status(received: &[u8]) -> Result<Option<StatusCode>, TunnelError> {
    let mut lines = received.splitn(2, |byte| *byte == b'\n');
    let (line, whole) = (lines.next().unwrap_or_default(), lines.next().is_some());
    let expected = VERSION.iter().zip(line).all(|(expected, byte)| expected == byte);
    if !expected {
        return Err(TunnelError::NotHttp);
    }
    if !whole {
        return Ok(None);
    }
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let status = match line.strip_prefix(VERSION) {
        Some([b'0' | b'1', b' ', code @ ..]) => match code {
            [a, b, c] | [a, b, c, b' ', ..] => StatusCode::from_bytes(&[*a, *b, *c]).ok(),
            _ => None,
        },
        _ => None,
    };
    status.map(Some).ok_or(TunnelError::NotHttp)
}

const VERSION: &[u8] = b"HTTP/1.";
const MAX_HEAD: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::super::Proxies;
    use super::*;

    fn tunnel(proxy: &str, target: &str) -> Tunnel {
        let target = target.parse().unwrap();
        Proxies::all(proxy).unwrap().for_uri(&target).unwrap().tunnel(&target)
    }

    #[test]
    fn what_is_asked() {
        for (target, host) in [
            ("https://sts.invalid/", "sts.invalid:443"),
            ("http://sts.invalid/path?query", "sts.invalid:80"),
            ("http://sts.invalid:8080/", "sts.invalid:8080"),
            ("https://[::1]/", "[::1]:443"),
        ] {
            let asked = tunnel("http://proxy", target);
            let expected = format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            assert_eq!(String::from_utf8_lossy(asked.request()), expected);
            let asked = tunnel("http://me:pl%40nted@proxy", target);
            let line = "\r\nProxy-Authorization: Basic bWU6cGxAbnRlZA==\r\n\r\n";
            assert!(asked.request().ends_with(line.as_bytes()));
            assert!(!format!("{asked:?}").contains("bWU6"));
        }
    }

    #[test]
    fn what_is_answered_in_one_piece_or_many() {
        use TunnelError::{Closed, NotHttp, Refused, TooLong};
        let refused = |code| Err(Refused(StatusCode::from_u16(code).unwrap()));
        let long = format!("HTTP/1.1 200 {}", "x".repeat(MAX_HEAD));
        let headers = format!("HTTP/1.1 200 OK\r\n{}", "a: b\r\n".repeat(MAX_HEAD / 6));
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\n", Ok(())),
            ("HTTP/1.0 200 Connection established\r\nvia: me\r\n\r\n", Ok(())),
            ("HTTP/1.1 204\r\ncontent-length: 0\r\n\r\n", Ok(())),
            ("HTTP/1.1 200 OK\n\n", Ok(())),
            ("HTTP/1.1 407 Who\r\n", refused(407)),
            ("HTTP/1.1 403 No\r\n", refused(403)),
            ("HTTP/1.1 502\r\n", refused(502)),
            ("HTTP/1.1 302 Found\r\n", refused(302)),
            ("HTTP/1.1 101 Switching\r\n", refused(101)),
            ("", Err(Closed)),
            ("HTTP/1.1 200", Err(Closed)),
            ("HTTP/1.1 200 OK\r\na: b\r\n", Err(Closed)),
            ("SSH-2.0-OpenSSH_9.6\r\n", Err(NotHttp)),
            ("S", Err(NotHttp)),
            ("HTTP/2 200 OK\r\n", Err(NotHttp)),
            ("HTTP/1.1 2000 OK\r\n", Err(NotHttp)),
            ("HTTP/1.1 20\r\n", Err(NotHttp)),
            ("HTTP/1.1  200 OK\r\n", Err(NotHttp)),
            ("HTTP/1.1 099 OK\r\n", Err(NotHttp)),
            ("\r\nHTTP/1.1 200 OK\r\n\r\n", Err(NotHttp)),
            (&long, Err(TooLong)),
            (&headers, Err(TooLong)),
        ] {
            for size in [1, 3, 1024, 64 * 1024] {
                let mut tunnel = tunnel("http://proxy", "https://sts.invalid");
                let mut pieces = answer.as_bytes().chunks(size).chain([&[][..]]);
                let ended = pieces.find_map(|piece| match tunnel.receive(piece) {
                    Ok(false) => None,
                    Ok(true) => Some(Ok(())),
                    Err(error) => Some(Err(error)),
                });
                let shown = answer.get(..40).unwrap_or(answer);
                assert_eq!(ended, Some(expected), "{shown:?} by {size}");
            }
        }
        // The host cannot have sent what follows at once.
        let mut tunnel = tunnel("http://proxy", "https://sts.invalid");
        assert_eq!(tunnel.receive(b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), Err(NotHttp));
    }

    #[test]
    fn each_failure_names_the_proxy_and_has_one_class() {
        use TransportErrorKind as Kind;
        let proxies = Proxies::all("http://me:planted@proxy:3128").unwrap();
        let proxy = proxies.for_uri(&Uri::from_static("http://sts.invalid/")).unwrap();
        for (kind, expected) in [
            (Kind::UnknownHost, Kind::UnknownHost),
            (Kind::Refused, Kind::Refused),
            (Kind::Tls, Kind::Tls),
            (Kind::Timeout(Phase::Response), Kind::Timeout(Phase::Connect)),
            (Kind::Closed, Kind::Connect),
            (Kind::NotHttp, Kind::Connect),
            (Kind::Other, Kind::Connect),
        ] {
            let error = ThroughProxy::new(proxy, kind, TunnelError::Closed);
            assert_eq!(error.kind(), expected);
            assert_eq!(error.to_string(), "no connection through the proxy proxy:3128");
            assert!(!format!("{error:?}").contains("planted"));
            let error = TransportError::from(error);
            assert_eq!(error.kind(), expected);
            assert_eq!(
                error.to_string(),
                "no connection through the proxy proxy:3128: the proxy closed the connection and did not respond"
            );
            assert!(error.source().is_none());
        }
        let failed = |kind| {
            let below = TransportError::new(kind, "the system says so").while_calling("Other", "other.test");
            let error = TransportError::from(ThroughProxy::new(proxy, kind, below));
            assert_eq!(error.source().unwrap().to_string(), "the system says so");
            error.to_string()
        };
        assert!(
            failed(Kind::UnknownHost).ends_with(": the proxy's name has no address; check its url and dns")
        );
        // What the error below tried is not told as well.
        let refused = format!("no connection through the proxy proxy:3128: {}", Kind::Refused);
        assert_eq!(failed(Kind::Refused), refused);
        for (code, said) in
            [(403, "403 Forbidden"), (502, "502 Bad Gateway"), (407, "a password"), (407, "407")]
        {
            let error = TunnelError::Refused(StatusCode::from_u16(code).unwrap()).to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
