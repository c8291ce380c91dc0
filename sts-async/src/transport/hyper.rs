use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http::uri::Scheme;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiResolver, Name};
use hyper_util::rt::TokioExecutor;
use sts_proto::{Error, Phase, Timeouts, TransportError, TransportErrorKind};
use tower_service::Service;

use super::error::{ConnectError, TlsError};
use super::{BoxError, Transport, TransportFuture, exchange, tls};

/// The default transport: HTTP/1.1 on hyper, with connections kept for the next request.
///
/// TLS is set up when the first `https` request is made, and never for a client that makes none. Certificates are
/// verified. No proxy is used. Connections belong to the tokio runtime on which they were made.
#[derive(Clone)]
pub struct HyperTransport {
    client: Client<Connector, Full<Bytes>>,
}

impl HyperTransport {
    /// Trusts the roots that are compiled in, or those of the system, as the crate's features say.
    pub fn new() -> Self {
        Self::with_roots(None)
    }

    /// Trusts exactly the certificates in `pem`. It is an error if there are none, or if one of them is broken.
    pub fn with_ca_bundle(pem: &[u8]) -> Result<Self, Error> {
        Ok(Self::with_roots(Some(tls::parse(pem)?)))
    }

    fn with_roots(roots: Option<tls::Roots>) -> Self {
        let mut http = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        http.enforce_http(false);
        http.set_nodelay(true);
        let secure = Arc::new(Secure { roots, connector: OnceLock::new() });
        let client = Client::builder(TokioExecutor::new()).build(Connector { http, secure });
        Self { client }
    }
}

impl Default for HyperTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport").finish_non_exhaustive()
    }
}

impl Transport for HyperTransport {
    fn send(&self, request: http::Request<Bytes>, timeouts: Timeouts) -> TransportFuture<'_> {
        let attempt = Arc::new(Attempt { connect: timeouts.connect, connecting: AtomicBool::new(false) });
        let response = ATTEMPT.scope(Arc::clone(&attempt), self.client.request(request.map(Full::new)));
        Box::pin(async move {
            let head = async { response.await.map_err(BoxError::from) };
            exchange(head, timeouts.attempt).await.map_err(|error| attempt.in_its_phase(error))
        })
    }
}

tokio::task_local! {
    /// The attempt for which a connection is made: a connector is given a URI and nothing else.
    static ATTEMPT: Arc<Attempt>;
}

struct Attempt {
    connect: Duration,
    connecting: AtomicBool,
}

impl Attempt {
    /// An attempt whose time ended while there was no connection yet has timed out in connecting.
    fn in_its_phase(&self, error: TransportError) -> TransportError {
        match error.kind() {
            TransportErrorKind::Timeout(Phase::Response) if self.connecting.load(Ordering::Relaxed) => {
                TransportErrorKind::Timeout(Phase::Connect).into()
            }
            _ => error,
        }
    }
}

/// Looks up the name, connects, agrees on TLS where it has to, all within the attempt's time to connect.
#[derive(Clone)]
struct Connector {
    http: Http,
    secure: Arc<Secure>,
}

/// Plain connections, and what TLS is built on.
pub(super) type Http = HttpConnector<Resolver>;

struct Secure {
    roots: Option<tls::Roots>,
    connector: OnceLock<Result<tls::Connector, TlsError>>,
}

impl Connector {
    fn connect(&mut self, uri: Uri) -> Connecting {
        if uri.scheme() != Some(&Scheme::HTTPS) {
            let tcp = self.http.call(uri);
            return Box::pin(async move { Ok(tls::plain(tcp.await?)) });
        }
        let Secure { roots, connector } = &*self.secure;
        match connector.get_or_init(|| tls::connector(self.http.clone(), roots.as_ref())) {
            Ok(connector) => tls::connect(connector, uri),
            Err(error) => Box::pin(ready(Err(ConnectError::Tls(*error).into()))),
        }
    }
}

impl Service<Uri> for Connector {
    type Response = tls::Stream;
    type Error = BoxError;
    type Future = Connecting;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.http.poll_ready(cx).map_err(BoxError::from)
    }

    fn call(&mut self, uri: Uri) -> Connecting {
        let connecting = self.connect(uri);
        let Ok(attempt) = ATTEMPT.try_with(Arc::clone) else { return connecting };
        attempt.connecting.store(true, Ordering::Relaxed);
        Box::pin(async move {
            let result = tokio::time::timeout(attempt.connect, connecting).await;
            attempt.connecting.store(false, Ordering::Relaxed);
            result.unwrap_or_else(|_| Err(ConnectError::Timeout.into()))
        })
    }
}

/// A connection to come.
pub(super) type Connecting = Pin<Box<dyn Future<Output = Result<tls::Stream, BoxError>> + Send>>;

/// The system's resolver, with errors that can be told from others.
#[derive(Clone)]
pub(super) struct Resolver(GaiResolver);

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<GaiAddrs, ConnectError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        self.0.poll_ready(cx).map_err(ConnectError::UnknownHost)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let addresses = self.0.call(name);
        Box::pin(async move { addresses.await.map_err(ConnectError::UnknownHost) })
    }
}
