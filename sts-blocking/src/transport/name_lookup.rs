//! Names are looked up when a connection has to be made, and not for a request that goes out on a kept one; and their
//! addresses are tried as the core says.
//!
//! ureq looks a name up before it asks whether there is a kept connection, and with a time-out it does so on a thread of
//! its own: that costs more than all the rest of a call, and panics where there is no thread to be had.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::thread;

use sts_proto::perform::{Addresses, Lookups};
use sts_proto::{Phase, TransportError};
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::time::{Duration, Instant};
use ureq::unversioned::transport::{ConnectionDetails, Connector, NextTimeout};

use super::error::kind;
use crate::bell::Bell;

/// Looks nothing up: returns [`LATER`].
#[derive(Debug)]
pub(crate) struct Later;

impl Resolver for Later {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(only(self, LATER))
    }
}

/// Looks up the name that [`Later`] left, then connects; both within the time to connect.
#[derive(Debug)]
pub(crate) struct AtLast<C> {
    pub(crate) connector: C,
    pub(crate) lookups: Arc<Lookups<Bell>>,
}

impl<C: Connector> Connector for AtLast<C> {
    type Out = C::Out;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<()>) -> Result<Option<C::Out>, Error> {
        let start = Instant::now();
        let left = || time_left(details.timeout, start);
        let failed = |error: TransportError| Error::Other(error.into());
        let mut addresses = self.addresses(details.uri, *left().after).map_err(failed)?;
        while let Some((address, share)) = addresses.next(*left().after) {
            let (addrs, now) = (only(details.resolver, address), Instant::now());
            let timeout = NextTimeout { after: share.into(), ..details.timeout };
            match self.connector.connect(&ConnectionDetails { addrs, timeout, now, ..copy(details) }, chained)
            {
                Err(error) => addresses.failed(TransportError::new(kind(&error, Phase::Connect), error)),
                connected => return connected,
            }
        }
        Err(failed(addresses.error()))
    }
}

impl<C> AtLast<C> {
    fn addresses(&self, uri: &Uri, within: std::time::Duration) -> Result<Addresses, TransportError> {
        if let Some(literal) = Addresses::literal(uri) {
            return Ok(literal);
        }
        let lookup = self.lookups.join(uri, |work| {
            let thread = thread::Builder::new().name("sts-lookup".to_owned());
            thread.spawn(|| work.run(|host, port| (host, port).to_socket_addrs())).map(drop)
        })?;
        lookup.bell().wait(within, || lookup.addresses().is_some());
        lookup.addresses().unwrap_or_else(|| Err(Addresses::silent()))
    }
}

fn only(resolver: &dyn Resolver, address: SocketAddr) -> ResolvedSocketAddrs {
    let mut addresses = resolver.empty();
    addresses.push(address);
    addresses
}

/// The same details.
pub(crate) fn copy<'a>(details: &ConnectionDetails<'a>) -> ConnectionDetails<'a> {
    ConnectionDetails {
        uri: details.uri,
        addrs: details.addrs.clone(),
        config: details.config,
        request_level: details.request_level,
        resolver: details.resolver,
        now: details.now,
        timeout: details.timeout,
        current_time: details.current_time.clone(),
        run_connector: details.run_connector.clone(),
        register_shutdown: details.register_shutdown.clone(),
    }
}

/// What is left of a time-out that began at `start`.
pub(crate) fn time_left(timeout: NextTimeout, start: Instant) -> NextTimeout {
    match (timeout.after, start) {
        (Duration::Exact(after), Instant::Exact(start)) => {
            NextTimeout { after: after.saturating_sub(start.elapsed()).into(), ..timeout }
        }
        _ => timeout,
    }
}

/// Stands for addresses that are not known yet; no connection can be made to it.
const LATER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use ureq::unversioned::transport::TcpConnector;

    use super::*;

    #[test]
    fn a_name_is_looked_up_once_a_connection() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
        let server = std::thread::spawn(move || {
            for requests in [3, 1] {
                let (mut stream, _) = listener.accept().unwrap();
                for left in (0..requests).rev() {
                    assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
                    let close = if left == 0 { "connection: close\r\n" } else { "" };
                    write!(stream, "HTTP/1.1 200 OK\r\n{close}content-length: 0\r\n\r\n").unwrap();
                }
            }
        });
        static LOOKED_UP: AtomicUsize = AtomicUsize::new(0);
        let count = |bell: &Bell| {
            LOOKED_UP.fetch_add(1, Ordering::Relaxed);
            bell.ring();
        };
        let connector =
            AtLast { connector: ().chain(TcpConnector::default()), lookups: Arc::new(Lookups::new(count)) };
        let agent = ureq::Agent::with_parts(Config::default(), connector, Later);
        for (request, expected) in [1, 1, 1, 2].into_iter().enumerate() {
            agent.get(&url).call().unwrap().into_body().read_to_vec().unwrap();
            assert_eq!(LOOKED_UP.load(Ordering::Relaxed), expected, "request {request}");
        }
        server.join().unwrap();
    }
}
