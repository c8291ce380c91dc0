use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::PROXY_AUTHORIZATION;
use http::uri::Scheme;
use http::{StatusCode, Uri};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiResolver, Name};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use sts_proto::flow::Direct;
use sts_proto::settings::{Origin, Setting};
use sts_proto::{Error, Phase, Secret, SendTimeouts, TransportError, TransportErrorKind};
use tower_service::Service;

use super::error::{self, ConnectError, TlsError};
use super::metered::Metered;
use super::proxy::{Proxies, Proxy, Route};
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
    client: Client<Connector, Full<Bytes>>,
    /// Goes through no proxy; there where the other one may.
    direct: Option<Client<Connector, Full<Bytes>>>,
    proxies: Proxies,
}

impl HyperTransport {
    /// Trusts the roots that are compiled in, or those of the system, as the crate's features say.
    pub fn new() -> Self {
        Self::with(tls::Trust::default(), Proxies::default())
    }

    /// Trusts exactly the certificates in `pem`. It is an error if there are none, or if one of them is broken.
    pub fn with_ca_bundle(pem: &[u8]) -> Result<Self, Error> {
        Ok(Self::with(
            tls::Trust { roots: Some(tls::parse(pem)?), ..tls::Trust::default() },
            Proxies::default(),
        ))
    }

    /// What a builder says.
    pub(crate) fn configured(tls: &TlsSettings, proxy: &Proxy) -> Result<Self, Error> {
        let parse = |pem: &Option<Vec<u8>>| pem.as_deref().map(tls::parse).transpose();
        let identity =
            tls.client_certificate.as_ref().map(|(chain, key)| tls::identity(chain, key.expose().as_bytes()));
        let trust = tls::Trust {
            roots: parse(&tls.ca_bundle)?,
            extra_roots: parse(&tls.extra_roots)?,
            identity: identity.transpose()?,
        };
        Ok(Self::with(trust, Proxies::new(proxy)?))
    }

    fn with(trust: tls::Trust, proxies: Proxies) -> Self {
        let trust = Arc::new(trust);
        let direct = proxies.any().then(|| client(&trust, Proxies::default()));
        Self { client: client(&trust, proxies.clone()), direct, proxies }
    }

    /// Which proxy requests to an endpoint go through, for a person to read.
    pub(crate) fn proxy(&self, chosen: &Proxy, endpoint: Option<&Uri>) -> Setting {
        self.proxies.setting(chosen, endpoint)
    }
}

fn client(trust: &Arc<tls::Trust>, proxies: Proxies) -> Client<Connector, Full<Bytes>> {
    let mut http = Http::new_with_resolver(Resolver::system());
    http.enforce_http(false);
    http.set_nodelay(true);
    let secure = Arc::new(Secure { trust: Arc::clone(trust), connector: OnceLock::new() });
    Client::builder(TokioExecutor::new())
        .retry_canceled_requests(true)
        .http1_max_buf_size(LARGEST_HEAD)
        .pool_timer(TokioTimer::new())
        .pool_max_idle_per_host(MOST_IDLE)
        .build(Connector { route: Route { http, proxies }, secure })
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
    fn send(&self, mut request: http::Request<Bytes>, timeouts: SendTimeouts) -> TransportFuture<'_> {
        if ![Some(&Scheme::HTTP), Some(&Scheme::HTTPS)].contains(&request.uri().scheme()) {
            let why = "only http and https urls can be sent to";
            return Box::pin(ready(Err(TransportError::new(TransportErrorKind::Unsupported, why))));
        }
        let direct = self.direct.as_ref().filter(|_| request.extensions().get::<Direct>().is_some());
        let forwarding = if direct.is_some() { None } else { self.proxies.forwarding(request.uri()) };
        if let Some(authorization) = forwarding.as_ref().and_then(|proxy| proxy.authorization.clone()) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization);
        }
        let attempt = Arc::new(Attempt { connect: timeouts.connect, connecting: AtomicBool::new(false) });
        let client = direct.unwrap_or(&self.client);
        let response = ATTEMPT.scope(Arc::clone(&attempt), client.request(request.map(Full::new)));
        Box::pin(async move {
            let head = async { response.await.map_err(BoxError::from) };
            let sent = exchange(head, timeouts.attempt).await.map_err(|error| attempt.in_its_phase(error));
            match (sent, forwarding) {
                (Ok(answer), Some(by)) if answer.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                    Err(error::of(ConnectError::ProxyAuthorization(by.proxy).into()))
                }
                (sent, _) => sent,
            }
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
struct Connector {
    route: Route,
    secure: Arc<Secure>,
}

/// Connections to servers and to proxies.
pub(super) type Http = HttpConnector<Resolver>;

struct Secure {
    trust: Arc<tls::Trust>,
    connector: OnceLock<Result<tls::Connector, TlsError>>,
}

impl Connector {
    fn connect(&mut self, uri: Uri) -> Connecting {
        if uri.scheme() != Some(&Scheme::HTTPS) {
            let tcp = self.route.call(uri);
            return Box::pin(async move { Ok(tls::plain(tcp.await?)) });
        }
        let Secure { trust, connector } = &*self.secure;
        match connector.get_or_init(|| tls::connector(self.route.clone(), trust)) {
            Ok(connector) => tls::connect(connector, uri),
            Err(error) => Box::pin(ready(Err(ConnectError::Tls(*error).into()))),
        }
    }
}

impl Service<Uri> for Connector {
    type Response = Metered;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Metered, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.route.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.connect(uri);
        let attempt = ATTEMPT.try_with(Arc::clone).ok();
        if let Some(attempt) = &attempt {
            attempt.connecting.store(true, Ordering::Relaxed);
        }
        Box::pin(async move {
            let Some(attempt) = attempt else { return connecting.await.map(Metered::new) };
            let result = tokio::time::timeout(attempt.connect, connecting).await;
            attempt.connecting.store(false, Ordering::Relaxed);
            result.unwrap_or_else(|_| Err(ConnectError::Timeout.into())).map(Metered::new)
        })
    }
}

/// A connection to come.
pub(super) type Connecting = Pin<Box<dyn Future<Output = Result<tls::Stream, BoxError>> + Send>>;

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
