use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use http::Uri;

use crate::transport::{Phase, TransportError, TransportErrorKind as Kind};

/// The addresses of a name, each of which is tried within the time to connect, until one takes the connection.
///
/// The families take turns, so that a network without the one costs no more than one address, and the order of the
/// resolver is kept otherwise.
#[derive(Debug)]
pub struct Addresses {
    left: VecDeque<SocketAddr>,
    failure: Option<TransportError>,
}

impl Addresses {
    /// These, in the order in which the resolver gave them. What is beyond the sixteenth is left out.
    pub fn new(found: impl IntoIterator<Item = SocketAddr>) -> Self {
        let (mut first, mut second) = (VecDeque::new(), VecDeque::new());
        for address in found {
            let same = first.front().is_none_or(|first: &SocketAddr| first.is_ipv4() == address.is_ipv4());
            let family = if same { &mut first } else { &mut second };
            if !family.contains(&address) {
                family.push_back(address);
            }
        }
        let mut left = VecDeque::new();
        while left.len() < MAX_ADDRESSES && !(first.is_empty() && second.is_empty()) {
            left.extend(first.pop_front());
            left.extend(second.pop_front());
        }
        left.truncate(MAX_ADDRESSES);
        Self { left, failure: None }
    }

    /// The address that stands in the URI in place of a name, which needs no look-up.
    pub fn literal(uri: &Uri) -> Option<Self> {
        let (host, port) = host_and_port(uri);
        Some(Self::new([SocketAddr::new(host.parse::<IpAddr>().ok()?, port)]))
    }

    /// The next one, and how long to try it where one is tried at a time and this much time is left to connect.
    pub fn next(&mut self, left: Duration) -> Option<(SocketAddr, Duration)> {
        if left.is_zero() {
            self.failed(Self::silent());
            return None;
        }
        let share = left / u32::try_from(self.left.len()).ok().filter(|&count| count > 0)?;
        Some((self.left.pop_front()?, share))
    }

    /// The next one, and how long to wait for it before the one after is tried beside it.
    pub fn next_beside(&mut self, left: Duration) -> Option<(SocketAddr, Duration)> {
        let (address, share) = self.next(left)?;
        Some((address, share.min(STAGGER)))
    }

    /// One could not be connected to.
    pub fn failed(&mut self, error: TransportError) {
        let kind = match error.kind() {
            Kind::Timeout(_) => Kind::Timeout(Phase::Connect),
            Kind::Refused => Kind::Refused,
            // The system's errors have no other meaning before there is a connection.
            _ => Kind::Connect,
        };
        let silent = |error: &TransportError| matches!(error.kind(), Kind::Timeout(_));
        if !self.failure.as_ref().is_some_and(silent) {
            self.failure = Some(error.of_kind(kind));
        }
    }

    /// Why there is no connection: an address that did not answer, else the last one's error.
    pub fn error(self) -> TransportError {
        self.failure.unwrap_or_else(|| Kind::UnknownHost.into())
    }

    /// The error of an address that did not answer within its time.
    pub fn silent() -> TransportError {
        Kind::Timeout(Phase::Connect).into()
    }
}

/// The host of a URI without the brackets of an IPv6 address, and its port or that of its scheme.
pub fn host_and_port(uri: &Uri) -> (&str, u16) {
    let host = uri.host().unwrap_or_default();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    (bare.unwrap_or(host), uri.port_u16().unwrap_or(usual))
}

/// More than the names of a service have. With more, each would have too little time.
const MAX_ADDRESSES: usize = 16;
/// RFC 8305 §5 allows up to two seconds and recommends a quarter of one.
const STAGGER: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(found: &[&str]) -> Vec<(String, u128)> {
        let mut addresses = Addresses::new(found.iter().map(|address| address.parse().unwrap()));
        let mut left = Duration::from_millis(1200);
        let tries = std::iter::from_fn(|| addresses.next(left).inspect(|(_, share)| left -= *share));
        tries.map(|(address, share)| (address.to_string(), share.as_millis())).collect()
    }

    #[test]
    fn each_address_has_its_share_of_the_time_and_the_families_take_turns() {
        let all = ["127.0.0.1:1", "127.0.0.2:1", "127.0.0.1:1", "[::1]:1", "[::2]:1"];
        let expected = [("127.0.0.1:1", 300), ("[::1]:1", 300), ("127.0.0.2:1", 300), ("[::2]:1", 300)];
        assert_eq!(tried(&all), expected.map(|(address, share)| (address.to_owned(), share)));
        assert_eq!(tried(&["[::1]:1"]), [("[::1]:1".to_owned(), 1200)]);
        assert!(tried(&[]).is_empty());
        let many: Vec<_> = (0..100).map(|port| format!("127.0.0.1:{port}")).collect();
        assert_eq!(tried(&many.iter().map(String::as_str).collect::<Vec<_>>()).len(), MAX_ADDRESSES);
        let mut two = Addresses::new([([127, 0, 0, 1], 1).into(), ([127, 0, 0, 2], 1).into()]);
        assert_eq!(two.next_beside(Duration::from_secs(3)).unwrap().1, STAGGER);
        assert_eq!(two.next_beside(Duration::from_millis(30)).unwrap().1, Duration::from_millis(30));
    }

    #[test]
    fn an_address_is_no_name() {
        for (uri, expected) in [
            ("http://127.0.0.1/", Some("127.0.0.1:80")),
            ("https://[::1]/", Some("[::1]:443")),
            ("https://[::1]:8443/", Some("[::1]:8443")),
            ("http://localhost/", None),
            ("http://a.b", None),
        ] {
            let literal = Addresses::literal(&uri.parse().unwrap());
            let address = literal.and_then(|mut literal| literal.next(Duration::MAX));
            assert_eq!(address.map(|(address, _)| address.to_string()).as_deref(), expected, "{uri}");
        }
    }

    #[test]
    fn when_the_time_is_over_no_other_is_tried() {
        let mut addresses = Addresses::new([([127, 0, 0, 1], 1).into()]);
        assert!(addresses.next(Duration::ZERO).is_none());
        assert_eq!(addresses.error().kind(), Kind::Timeout(Phase::Connect));
    }

    #[test]
    fn an_address_that_says_nothing_counts_for_more_than_one_that_refuses() {
        let error = |errors: &[Kind]| {
            let mut addresses = Addresses::new([]);
            errors.iter().for_each(|&kind| addresses.failed(kind.into()));
            addresses.error().kind()
        };
        let silent = Addresses::silent().kind();
        for (errors, expected) in [
            (&[][..], Kind::UnknownHost),
            (&[Kind::Refused], Kind::Refused),
            (&[Kind::Connect, Kind::Refused], Kind::Refused),
            (&[Kind::Refused, silent, Kind::Refused], silent),
            (&[Kind::Closed], Kind::Connect),
            (&[Kind::Other], Kind::Connect),
        ] {
            assert_eq!(error(errors), expected, "{errors:?}");
        }
    }
}
