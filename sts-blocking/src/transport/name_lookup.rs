//! Names are looked up when a connection has to be made, and not for a request that goes out on a kept one.
//!
//! ureq looks a name up before it asks whether there is a kept connection, and with a time-out it does so on a thread of
//! its own: that costs more than all the rest of a call.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::time::{Duration, Instant};
use ureq::unversioned::transport::{ConnectionDetails, Connector, NextTimeout};
use ureq::{Error, Timeout};

/// Looks nothing up: returns [`LATER`].
#[derive(Debug)]
pub(crate) struct Later;

impl Resolver for Later {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut addresses = self.empty();
        addresses.push(LATER);
        Ok(addresses)
    }
}

/// Looks up the name that [`Later`] left, then connects; both within the time to connect.
#[derive(Debug)]
pub(crate) struct AtLast<C, R> {
    pub(crate) connector: C,
    pub(crate) resolver: R,
}

impl<C: Connector, R: Resolver> Connector for AtLast<C, R> {
    type Out = C::Out;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<()>) -> Result<Option<C::Out>, Error> {
        let start = Instant::now();
        let within = if is_address(details.uri) { UNBOUNDED } else { details.timeout };
        let addrs = self.resolver.resolve(details.uri, details.config, within)?;
        let timeout = time_left(details.timeout, start);
        self.connector.connect(&ConnectionDetails { addrs, timeout, ..copy(details) }, chained)
    }
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

/// An address needs no look-up: without a time-out, ureq starts no thread for it.
fn is_address(uri: &Uri) -> bool {
    bare_host(uri).parse::<IpAddr>().is_ok()
}

/// The host without the brackets of an IPv6 address.
pub(crate) fn bare_host(uri: &Uri) -> &str {
    let host = uri.host().unwrap_or_default();
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
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

const UNBOUNDED: NextTimeout =
    NextTimeout { after: Duration::NotHappening, reason: Timeout::Connect, per_read: None, per_write: None };
/// Stands for addresses that are not known yet; no connection can be made to it.
const LATER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use ureq::unversioned::resolver::DefaultResolver;
    use ureq::unversioned::transport::TcpConnector;

    use super::*;

    #[derive(Debug)]
    struct Counting(Arc<AtomicUsize>);

    impl Resolver for Counting {
        fn resolve(
            &self,
            uri: &Uri,
            config: &Config,
            timeout: NextTimeout,
        ) -> Result<ResolvedSocketAddrs, Error> {
            self.0.fetch_add(1, Ordering::Relaxed);
            DefaultResolver::default().resolve(uri, config, timeout)
        }
    }

    #[test]
    fn an_address_is_no_name() {
        for (uri, expected) in [
            ("http://127.0.0.1:80/", true),
            ("https://[::1]/", true),
            ("http://localhost/", false),
            ("http://a.b", false),
        ] {
            assert_eq!(is_address(&uri.parse().unwrap()), expected, "{uri}");
        }
    }

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
        let looked_up = Arc::new(AtomicUsize::new(0));
        let chain = ().chain(TcpConnector::default());
        let connector = AtLast { connector: chain, resolver: Counting(Arc::clone(&looked_up)) };
        let config = ureq::Agent::config_builder().ip_family(ureq::config::IpFamily::Ipv4Only).build();
        let agent = ureq::Agent::with_parts(config, connector, Later);
        for (request, expected) in [1, 1, 1, 2].into_iter().enumerate() {
            agent.get(&url).call().unwrap().into_body().read_to_vec().unwrap();
            assert_eq!(looked_up.load(Ordering::Relaxed), expected, "request {request}");
        }
        server.join().unwrap();
    }
}
