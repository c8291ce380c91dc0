//! Connections to hosts, through a proxy where the core says so.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::rt::TokioIo;
use sts_proto::settings::proxy::{Proxies, ThroughProxy, Tunnel};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower_service::Service;

use super::hyper::Http;
use super::tls::{self, Tls};
use super::{BoxError, error};

/// Connects to a host, or to a proxy and through a tunnel.
#[derive(Clone)]
pub(super) struct Route {
    pub(super) http: Http,
    pub(super) proxies: Arc<Proxies>,
    pub(super) tls: Tls,
}

/// A connection to a host, before TLS with that host. It may use TLS with a proxy.
pub(super) type Hop = tls::Stream<TokioIo<TcpStream>>;

impl Service<Uri> for Route {
    type Response = Hop;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Hop, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.http.poll_ready(cx).map_err(BoxError::from)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Some(proxy) = self.proxies.for_uri(&uri).cloned() else {
            let direct = self.http.call(uri);
            return Box::pin(async move { Ok(tls::plain(direct.await?)) });
        };
        let connecting = tls::connect(&self.tls, self.http.clone(), proxy.uri().clone());
        Box::pin(async move {
            let tunnel = async { open(connecting.await?, proxy.tunnel(&uri)).await };
            tunnel.await.map_err(|error| ThroughProxy::new(&proxy, error::kind(&*error), error).into())
        })
    }
}

async fn open(connection: Hop, mut tunnel: Tunnel) -> Result<Hop, BoxError> {
    let mut connection = TokioIo::new(connection);
    connection.write_all(tunnel.request()).await?;
    connection.flush().await?;
    let mut piece = [0; 1024];
    loop {
        let read = connection.read(&mut piece).await?;
        if tunnel.receive(piece.get(..read).unwrap_or_default())? {
            return Ok(connection.into_inner());
        }
    }
}
