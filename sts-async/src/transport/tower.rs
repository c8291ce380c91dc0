use std::fmt;
use std::future::poll_fn;

use bytes::Bytes;
use http_body::Body;
use http_body_util::Full;
use sts_proto::SendTimeouts;
use tower_service::Service;

use super::{BoxError, exchange};
use crate::carrier::{Transport, TransportFuture};

/// A transport made of a tower service over `http` types: hyper-util's client with a connector of your own, a stack
/// of tower layers, an axum router in a test.
///
/// This transport keeps the attempt's time-out and the bound on the body. A service does not tell when it is connected, so
/// it has to keep the connect time-out itself; and it must have no layer that follows redirects.
///
/// A layer may say what has happened with a [`TransportError`](crate::TransportError), which decides about retries. Errors of the
/// system, of hyper, of TLS and of tokio's time-outs are known by their types; those of the layers of `tower` and `tower-http` and
/// of `reqwest` by their whole texts. Any other error ends the call, whatever words are in it.
///
/// ```
/// # use std::convert::Infallible;
/// # use http_body_util::Full;
/// # use sts_async::bytes::Bytes;
/// # type Asked = http::Request<Full<Bytes>>;
/// let canned = tower::service_fn(|_: Asked| async {
///     let answer = http::Response::new("<Response/>".to_owned());
///     Ok::<_, Infallible>(answer)
/// });
/// let sts = sts_async::Builder::isolated().tower_service(canned);
/// let sts = sts.region("eu-west-1").build()?;
/// # Ok::<(), sts_async::Error>(())
/// ```
#[derive(Clone)]
pub struct TowerTransport<S>(S);

impl<S> TowerTransport<S> {
    /// A transport that clones the service for each request.
    pub fn new(service: S) -> Self {
        Self(service)
    }
}

impl<S> fmt::Debug for TowerTransport<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TowerTransport").finish_non_exhaustive()
    }
}

impl<S, B> Transport for TowerTransport<S>
where
    S: Service<http::Request<Full<Bytes>>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    fn send(&self, request: http::Request<Bytes>, timeouts: SendTimeouts) -> TransportFuture<'_> {
        let mut service = self.0.clone();
        let head = async move {
            poll_fn(|cx| service.poll_ready(cx)).await.map_err(Into::into)?;
            service.call(request.map(Full::new)).await.map_err(Into::into)
        };
        Box::pin(exchange(head, timeouts.attempt))
    }
}
