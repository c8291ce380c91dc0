//! Connections to the addresses of a name, as the core says how each is tried.

use std::net::ToSocketAddrs;
use std::sync::Arc;
use std::thread::Builder;
use std::time::{Duration, Instant};

use http::Uri;
use sts_proto::TransportError;
use sts_proto::perform::{Addresses, Bell, LookupWork, Lookups};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::error;

/// Connects to hosts and to proxies.
#[derive(Clone)]
pub(super) struct Tcp(Arc<Lookups<Bell>>);

impl Tcp {
    pub(super) fn new() -> Self {
        Self(Arc::new(Lookups::new(Bell::ring)))
    }

    /// The first address that takes the connection has it. An address that is slow is not given up while the others are
    /// tried.
    pub(super) async fn connect(self, uri: Uri, within: Duration) -> Result<TcpStream, TransportError> {
        let start = Instant::now();
        let mut addresses = self.addresses(&uri).await?;
        let mut connecting = JoinSet::new();
        loop {
            let next = addresses.next_beside(within.saturating_sub(start.elapsed()));
            let wait = next.map_or(Duration::MAX, |(address, wait)| {
                connecting.spawn(TcpStream::connect(address));
                wait
            });
            match tokio::time::timeout(wait, connecting.join_next()).await {
                Ok(Some(Ok(Ok(stream)))) => {
                    // Without it, requests only go out a little later.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Some(Ok(Err(failed)))) => addresses.failed(error::of(failed.into())),
                Ok(None) => return Err(addresses.error()),
                // A task that ended with its runtime, or an address that takes its time.
                Ok(Some(Err(_))) | Err(_) => {}
            }
        }
    }

    /// Not by tokio's threads: they are the program's, and a resolver that does not answer would keep all of them.
    async fn addresses(&self, uri: &Uri) -> Result<Addresses, TransportError> {
        if let Some(literal) = Addresses::literal(uri) {
            return Ok(literal);
        }
        let resolve = |work: LookupWork<Bell>| work.run(|host, port| (host, port).to_socket_addrs());
        let start =
            |work| Builder::new().name("sts-lookup".to_owned()).spawn(move || resolve(work)).map(drop);
        let lookup = self.0.join(uri, start)?;
        lookup.bell().until(|| lookup.addresses()).await
    }
}
