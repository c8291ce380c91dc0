//! Connections to hosts, through a proxy where the core says so.

use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use sts_proto::settings::proxy::{Proxies, Tunnel};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::bounded::Bounded;
use super::error::ConnectError;
use super::hop::Hop;
use super::hyper::Connecting;
use super::tcp::Tcp;
use super::tls::{self, Tls};
use super::{BoxError, error};

/// Connects to a host, or to a proxy and through a tunnel, and agrees on TLS with both as their URLs say.
#[derive(Clone)]
pub(super) struct Route {
    pub(super) tcp: Tcp,
    pub(super) proxies: Arc<Proxies>,
    pub(super) tls: Tls,
}

impl Route {
    /// Tries the addresses within this time. The caller bounds the rest: proxy and TLS.
    pub(super) fn connect(&self, uri: Uri, within: Duration) -> Connecting {
        let Some(proxy) = self.proxies.for_uri(&uri).cloned() else { return self.reach(uri, within) };
        let (connecting, host) = (self.reach(proxy.uri().clone(), within), uri.clone());
        let tunnel = Box::pin(async move {
            let tunnel = async { open(connecting.await?, proxy.tunnel(&host)).await };
            tunnel.await.map_err(|error| error::through(&proxy, error).into())
        });
        tls::secure(&self.tls, tunnel, uri)
    }

    fn reach(&self, uri: Uri, within: Duration) -> Connecting {
        let tcp = self.tcp.clone().connect(uri.clone(), within);
        let connecting = Box::pin(async move {
            let stream = tcp.await.map_err(ConnectError::from)?;
            Ok(Hop::new(Bounded::new(TokioIo::new(stream))))
        });
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
