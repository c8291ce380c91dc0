//! Connections to hosts, through a proxy where the core says so.

use std::sync::Arc;

use http::Uri;
use hyper_util::rt::TokioIo;
use sts_proto::settings::proxy::{Proxies, ThroughProxy, Tunnel};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower_service::Service;

use super::bounded::Bounded;
use super::hop::Hop;
use super::hyper::{Connecting, Http};
use super::tls::{self, Tls};
use super::{BoxError, error};

/// Connects to a host, or to a proxy and through a tunnel, and agrees on TLS with both as their URLs say.
#[derive(Clone)]
pub(super) struct Route {
    pub(super) http: Http,
    pub(super) proxies: Arc<Proxies>,
    pub(super) tls: Tls,
}

impl Route {
    pub(super) fn connect(&mut self, uri: Uri) -> Connecting {
        let Some(proxy) = self.proxies.for_uri(&uri).cloned() else { return self.reach(uri) };
        let (connecting, host) = (self.reach(proxy.uri().clone()), uri.clone());
        let tunnel = Box::pin(async move {
            let tunnel = async { open(connecting.await?, proxy.tunnel(&host)).await };
            tunnel.await.map_err(|error| ThroughProxy::new(&proxy, error::kind(&*error), error).into())
        });
        tls::secure(&self.tls, tunnel, uri)
    }

    fn reach(&mut self, uri: Uri) -> Connecting {
        let tcp = self.http.call(uri.clone());
        let connecting = Box::pin(async move { Ok(Hop::new(Bounded::new(tcp.await?))) });
        tls::secure(&self.tls, connecting, uri)
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
