//! Connections to hosts, through a proxy where the core says so. ureq's own support for proxies is not used.

use std::io::{Read, Write};

use sts_proto::Phase;
use sts_proto::settings::proxy::{Proxies, ThroughProxy, Tunnel};
use ureq::Error;
use ureq::unversioned::transport::time::Instant;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, Transport, TransportAdapter,
};

use super::error::kind;
use super::joined::Joined;
use super::mute_ureq_log::Held;
use super::name_lookup::{copy, time_left};
use super::tls::{self, Tls};

/// Connects to a host, or to a proxy and through a tunnel, with TLS to the host and to the proxy as their URLs say.
#[derive(Debug)]
pub(crate) struct Route<C> {
    pub(crate) proxies: Proxies,
    /// Connections without TLS.
    pub(crate) connector: C,
    pub(crate) tls: Tls,
}

impl<C: Connector> Connector for Route<C> {
    type Out = Box<dyn Transport>;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Self::Out>, Error> {
        Ok(self
            .route(details)?
            .map(|connection| Box::new(Held(Box::new(Joined::new(connection)))) as Self::Out))
    }
}

impl<C: Connector> Route<C> {
    fn route(&self, details: &ConnectionDetails<'_>) -> Result<Option<Box<dyn Transport>>, Error> {
        let Some(proxy) = self.proxies.for_uri(details.uri) else { return self.reach(details) };
        let start = Instant::now();
        let through = |error| {
            let kind = kind(&error, Phase::Connect);
            Error::Other(Box::new(match error {
                Error::Other(error) => ThroughProxy::new(proxy, kind, error),
                error => ThroughProxy::new(proxy, kind, error),
            }))
        };
        let to_proxy = ConnectionDetails { uri: proxy.uri(), ..copy(details) };
        let connection = self.reach(&to_proxy).map_err(through)?.ok_or(Error::ConnectionFailed)?;
        let mut connection = TransportAdapter::new(connection, details.current_time.clone());
        connection.set_timeout(time_left(details.timeout, start));
        open(&mut connection, proxy.tunnel(details.uri)).map_err(through)?;
        let tunnel = Box::new(Tunnelled(connection.into_inner()));
        let now = Instant::now();
        let timeout = time_left(details.timeout, start);
        tls::secure(&self.tls, &ConnectionDetails { now, timeout, ..copy(details) }, tunnel).map(Some)
    }

    fn reach(&self, details: &ConnectionDetails<'_>) -> Result<Option<Box<dyn Transport>>, Error> {
        let Some(connection) = self.connector.connect(details, None)? else { return Ok(None) };
        tls::secure(&self.tls, details, Box::new(connection)).map(Some)
    }
}

fn open(connection: &mut (impl Read + Write), mut tunnel: Tunnel) -> Result<(), Error> {
    connection.write_all(tunnel.request())?;
    let mut piece = [0; 1024];
    loop {
        let read = connection.read(&mut piece)?;
        if tunnel
            .receive(piece.get(..read).unwrap_or_default())
            .map_err(|error| Error::Other(error.into()))?
        {
            return Ok(());
        }
    }
}

/// A connection to a host through a tunnel. It is not TLS with the host, even if the connection to the proxy uses TLS.
#[derive(Debug)]
struct Tunnelled(Box<dyn Transport>);

impl Transport for Tunnelled {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.0.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }
}
