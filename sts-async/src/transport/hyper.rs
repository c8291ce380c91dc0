use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http::uri::Scheme;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use sts_proto::perform::{Addresses, Kept, MAX_IDLE};
use sts_proto::settings::proxy::{Proxies, Proxy, ThroughProxy};
use sts_proto::settings::{LazyTls, TlsSettings};
use sts_proto::{Error, Phase, SendTimeouts, TransportError, TransportErrorKind};
use tower_service::Service;

use super::ask_first::AskFirst;
use super::error::ConnectError;
use super::hop::Hop;
use super::proxy::Route;
use super::tcp::Tcp;
use super::tls::{self, Tls};
use super::{BoxError, exchange};
use crate::carrier::{Transport, TransportFuture};
use crate::effects::{beside, read};

/// The default transport: HTTP/1.1 on hyper, with connections kept for the next request.
///
/// TLS is set up when the first `https` request is made, and never for a client that makes none. Certificates are
/// verified. A request that meets a kept connection which the server has closed, so that
/// nothing of it was sent, goes out on another one within the same attempt. Connections belong to the tokio runtime on
/// which they were made.
#[derive(Clone)]
pub struct HyperTransport {
    direct: Arc<Connections>,
    /// These go through the proxies, if there are any.
    proxied: Arc<Connections>,
    proxies: Arc<Proxies>,
    tls: Tls,
}

impl HyperTransport {
    /// With TLS as it is chosen there. Uses no proxy; [`Builder`](crate::Builder) can do more.
    ///
    /// # Errors
    ///
    /// Roots or a client certificate that cannot be used.
    pub fn new(tls: &TlsSettings) -> Result<Self, Error> {
        Self::with(tls, &Proxies::default())
    }

    pub(crate) fn with(tls: &TlsSettings, proxies: &Proxies) -> Result<Self, Error> {
        let tls = Arc::new(LazyTls::new(tls, tls::LIBRARY, read)?);
        let proxies = Arc::new(proxies.clone());
        let route = Route { tcp: Tcp::new(), proxies: Arc::default(), tls: Arc::clone(&tls) };
        let direct = kept(route.clone());
        let proxied = match proxies.any() {
            true => kept(Route { proxies: Arc::clone(&proxies), ..route }),
            false => Arc::clone(&direct),
        };
        Ok(Self { direct, proxied, proxies, tls })
    }
}

type Connections = Kept<Client<Connector, Full<Bytes>>>;

fn kept(route: Route) -> Arc<Connections> {
    Arc::new(Kept::new(move || client(route.clone())))
}

fn client(route: Route) -> Client<Connector, Full<Bytes>> {
    Client::builder(TokioExecutor::new())
        .retry_canceled_requests(true)
        .http1_max_buf_size(MAX_HEAD)
        .pool_timer(TokioTimer::new())
        .pool_max_idle_per_host(MAX_IDLE)
        .build(Connector(route))
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport").finish_non_exhaustive()
    }
}

impl Transport for HyperTransport {
    fn send(&self, request: http::Request<Bytes>, timeouts: SendTimeouts) -> TransportFuture<'_> {
        let Some(roots) = self.tls.file() else { return self.send_once(request, timeouts) };
        Box::pin(async move {
            let sent = self.send_once(request.clone(), timeouts).await;
            if sent.as_ref().is_err_and(|error| error.kind() == TransportErrorKind::Tls) {
                let path = roots.path().to_owned();
                if self.tls.renew(&roots, beside(move || read(&path)).await) {
                    return self.send_once(request, timeouts).await;
                }
            }
            sent
        })
    }
}

impl HyperTransport {
    fn send_once(&self, request: http::Request<Bytes>, timeouts: SendTimeouts) -> TransportFuture<'_> {
        if ![Some(&Scheme::HTTP), Some(&Scheme::HTTPS)].contains(&request.uri().scheme()) {
            let why = "only http and https urls can be sent to";
            return Box::pin(ready(Err(TransportError::new(TransportErrorKind::Unsupported, why))));
        }
        let proxy = self.proxies.of(&request);
        if (request.uri().scheme() == Some(&Scheme::HTTPS) || proxy.is_some_and(Proxy::is_https))
            && let Err(error) = self.tls.get()
        {
            return Box::pin(ready(Err(error)));
        }
        let lent = if proxy.is_some() { self.proxied.lend() } else { self.direct.lend() };
        let attempt = Arc::new(Attempt { connect: timeouts.connect, connecting: AtomicBool::new(false) });
        let response = lent.connections().request(request.map(Full::new));
        let response = ATTEMPT.scope(Arc::clone(&attempt), response);
        Box::pin(async move {
            let head = async { response.await.map_err(BoxError::from) };
            let end = exchange(head, timeouts.attempt).await;
            lent.ended(end.map_err(|error| attempt.in_its_phase(error)))
        })
    }
}

tokio::task_local! {
    /// The attempt for which a connection is made: hyper passes a connector the URI only.
    static ATTEMPT: Arc<Attempt>;
}

struct Attempt {
    connect: Duration,
    connecting: AtomicBool,
}

impl Attempt {
    /// An attempt whose time ended before there was a connection has timed out in connecting.
    fn in_its_phase(&self, error: TransportError) -> TransportError {
        match error.kind() {
            TransportErrorKind::Timeout(Phase::Response) if self.connecting.load(Ordering::Relaxed) => {
                TransportErrorKind::Timeout(Phase::Connect).into()
            }
            _ => error,
        }
    }
}

/// Looks up the name, connects, through a proxy if there is one, and agrees on TLS if it has to, all within the attempt's
/// time to connect.
#[derive(Clone)]
struct Connector(Route);

impl Service<Uri> for Connector {
    type Response = AskFirst;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<AskFirst, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let proxy = self.0.proxies.for_uri(&uri).cloned();
        let attempt = ATTEMPT.try_with(Arc::clone).ok();
        let within = attempt.as_ref().map_or(Duration::MAX, |attempt| attempt.connect);
        let connecting = self.0.connect(uri, within);
        if let Some(attempt) = &attempt {
            attempt.connecting.store(true, Ordering::Relaxed);
        }
        Box::pin(async move {
            let Some(attempt) = attempt else { return connecting.await.map(AskFirst::new) };
            let result = tokio::time::timeout(attempt.connect, connecting).await;
            attempt.connecting.store(false, Ordering::Relaxed);
            let result = result.unwrap_or_else(|_| {
                let error = Addresses::silent();
                Err(match proxy {
                    Some(proxy) => ThroughProxy::new(&proxy, error.kind(), error).into(),
                    None => ConnectError::from(error).into(),
                })
            });
            result.map(AskFirst::new)
        })
    }
}

/// A connection to come.
pub(super) type Connecting = Pin<Box<dyn Future<Output = Result<Hop, BoxError>> + Send>>;

/// Status line and headers of an answer, in bytes.
const MAX_HEAD: usize = 64 * 1024;
