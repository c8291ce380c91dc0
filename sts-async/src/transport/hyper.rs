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
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiResolver, Name};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use sts_proto::settings::proxy::{Proxies, ThroughProxy};
use sts_proto::settings::{Origin, Setting};
use sts_proto::{Error, Phase, Secret, SendTimeouts, TransportError, TransportErrorKind};
use tower_service::Service;

use super::bounded::Bounded;
use super::error::{ConnectError, TlsError};
use super::proxy::Route;
use super::{BoxError, Transport, TransportFuture, exchange, tls};

/// The default transport: HTTP/1.1 on hyper, with connections kept for the next request.
///
/// TLS is set up when the first `https` request is made, and never for a client that makes none. Certificates are
/// verified. Proxies, further roots and a client certificate come from the [`Builder`](crate::Builder) of a client; a
/// transport that is made here has none. A request that meets a kept connection which the server has closed, so that
/// nothing of it was sent, goes out on another one within the same attempt. Connections belong to the tokio runtime on
/// which they were made.
#[derive(Clone)]
pub struct HyperTransport {
    direct: Client<Connector, Full<Bytes>>,
    /// Its connections go through the proxies, if there are any.
    proxied: Client<Connector, Full<Bytes>>,
    proxies: Arc<Proxies>,
}

impl HyperTransport {
    /// Trusts the roots that are compiled in, or those of the system, as the crate's features say.
    pub fn new() -> Self {
        Self::with(tls::Trust::default(), &Proxies::default())
    }

    /// Trusts exactly the certificates in `pem`. It is an error if there are none, or if one of them is broken.
    pub fn with_ca_bundle(pem: &[u8]) -> Result<Self, Error> {
        Ok(Self::with(
            tls::Trust { roots: Some(tls::parse(pem)?), ..tls::Trust::default() },
            &Proxies::default(),
        ))
    }

    /// What a builder says.
    pub(crate) fn configured(tls: &TlsSettings, proxies: &Proxies) -> Result<Self, Error> {
        let parse = |pem: &Option<Vec<u8>>| pem.as_deref().map(tls::parse).transpose();
        let identity =
            tls.client_certificate.as_ref().map(|(chain, key)| tls::identity(chain, key.expose().as_bytes()));
        let trust = tls::Trust {
            roots: parse(&tls.ca_bundle)?,
            extra_roots: parse(&tls.extra_roots)?,
            identity: identity.transpose()?,
        };
        Ok(Self::with(trust, proxies))
    }

    fn with(trust: tls::Trust, proxies: &Proxies) -> Self {
        let secure = Arc::new(Secure { trust, setup: OnceLock::new() });
        let proxies = Arc::new(proxies.clone());
        let direct = client(&secure, Arc::default());
        let proxied = if proxies.any() { client(&secure, Arc::clone(&proxies)) } else { direct.clone() };
        Self { direct, proxied, proxies }
    }
}

fn client(secure: &Arc<Secure>, proxies: Arc<Proxies>) -> Client<Connector, Full<Bytes>> {
    let mut http = Http::new_with_resolver(Resolver::system());
    http.enforce_http(false);
    http.set_nodelay(true);
    let secure = Arc::clone(secure);
    Client::builder(TokioExecutor::new())
        .retry_canceled_requests(true)
        .http1_max_buf_size(LARGEST_HEAD)
        .pool_timer(TokioTimer::new())
        .pool_max_idle_per_host(MOST_IDLE)
        .build(Connector(Route { http, proxies, secure }))
}

/// What a builder was told about TLS, all in PEM.
#[derive(Default)]
pub(crate) struct TlsSettings {
    /// Trusted instead of the usual roots.
    pub(crate) ca_bundle: Option<Vec<u8>>,
    /// Trusted besides.
    pub(crate) extra_roots: Option<Vec<u8>>,
    /// A chain and its key.
    pub(crate) client_certificate: Option<(Vec<u8>, Secret)>,
}

impl TlsSettings {
    /// Which of them there are, for a person to read.
    pub(crate) fn told(&self) -> Vec<Setting> {
        let given = |name| Setting::new(name, "given", Origin::Code);
        let row = |name, is_there| {
            if is_there { given(name) } else { Setting::new(name, "not set", Origin::Default) }
        };
        let bundle = self.ca_bundle.is_some().then(|| given("ca bundle"));
        let rest = [
            row("extra roots", self.extra_roots.is_some()),
            row("client certificate", self.client_certificate.is_some()),
        ];
        bundle.into_iter().chain(rest).collect()
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
    fn send(&self, request: http::Request<Bytes>, timeouts: SendTimeouts) -> TransportFuture<'_> {
        if ![Some(&Scheme::HTTP), Some(&Scheme::HTTPS)].contains(&request.uri().scheme()) {
            let why = "only http and https urls can be sent to";
            return Box::pin(ready(Err(TransportError::new(TransportErrorKind::Unsupported, why))));
        }
        let client = if self.proxies.of(&request).is_some() { &self.proxied } else { &self.direct };
        let attempt = Arc::new(Attempt { connect: timeouts.connect, connecting: AtomicBool::new(false) });
        let response = ATTEMPT.scope(Arc::clone(&attempt), client.request(request.map(Full::new)));
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

/// Looks up the name, connects, by way of a proxy where there is one, agrees on TLS where it has to, all within the attempt's time to connect.
#[derive(Clone)]
struct Connector(Route);

/// Connections to servers and to proxies.
pub(super) type Http = HttpConnector<Resolver>;

pub(super) struct Secure {
    trust: tls::Trust,
    setup: OnceLock<Result<tls::Setup, TlsError>>,
}

impl Secure {
    /// A connection that `inner` makes, with TLS on it if the URI says so.
    pub(super) fn connect<S: Inner>(&self, mut inner: S, uri: Uri) -> Connecting<tls::Stream<S::Response>> {
        if uri.scheme() != Some(&Scheme::HTTPS) {
            let plain = inner.call(uri);
            return Box::pin(async move { plain.await.map(tls::plain).map_err(Into::into) });
        }
        match self.setup.get_or_init(|| tls::setup(&self.trust)) {
            Ok(setup) => tls::connect(setup, inner, uri),
            Err(error) => Box::pin(ready(Err(ConnectError::Tls(*error).into()))),
        }
    }
}

impl Service<Uri> for Connector {
    type Response = Bounded;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Bounded, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let proxy = self.0.proxies.for_uri(&uri).cloned();
        let connecting = self.0.secure.connect(self.0.clone(), uri);
        let attempt = ATTEMPT.try_with(Arc::clone).ok();
        if let Some(attempt) = &attempt {
            attempt.connecting.store(true, Ordering::Relaxed);
        }
        Box::pin(async move {
            let Some(attempt) = attempt else { return connecting.await.map(Bounded::new) };
            let result = tokio::time::timeout(attempt.connect, connecting).await;
            attempt.connecting.store(false, Ordering::Relaxed);
            let connection = result.unwrap_or_else(|_| {
                let (timeout, error) = (TransportErrorKind::Timeout(Phase::Connect), ConnectError::Timeout);
                Err(match proxy {
                    Some(proxy) => ThroughProxy::new(&proxy, timeout, error).into(),
                    None => error.into(),
                })
            });
            connection.map(Bounded::new)
        })
    }
}

/// A connection to come.
pub(super) type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// What makes connections on which TLS can be agreed.
pub(super) trait Inner:
    Service<
        Uri,
        Response: Read + Write + Connection + Send + Unpin + 'static,
        Error: Into<BoxError>,
        Future: Send + 'static,
    > + Send
    + 'static
{
}

impl<S> Inner for S where
    S: Service<
            Uri,
            Response: Read + Write + Connection + Send + Unpin + 'static,
            Error: Into<BoxError>,
            Future: Send + 'static,
        > + Send
        + 'static
{
}

/// Status line and headers of an answer, in bytes.
const LARGEST_HEAD: usize = 64 * 1024;
/// Connections that are kept for later, to one host. They are closed after 90 s without use.
const MOST_IDLE: usize = 32;

/// The system's resolver, with errors that can be told from others.
#[derive(Clone)]
pub(super) struct Resolver(GaiResolver);

impl Resolver {
    pub(super) fn system() -> Self {
        Self(GaiResolver::new())
    }
}

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
