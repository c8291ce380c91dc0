//! The hosts that are reached without a proxy.

use std::net::{IpAddr, Ipv6Addr};

use http::Uri;
use http::uri::Scheme;

use super::super::Origin;
use crate::text::{eq_ignore_ascii_case, split_once};

/// The entries of `NO_PROXY`.
#[derive(Debug, Default)]
pub(super) struct NoProxy {
    entries: Vec<Entry>,
    origin: Origin,
}

impl NoProxy {
    /// Ignores text that is not an entry.
    pub(super) fn parse(variable: &'static str, list: &str) -> Self {
        let entries = list.split(|c: char| c == ',' || c.is_whitespace()).filter_map(Entry::parse).collect();
        Self { entries, origin: Origin::Environment(variable) }
    }

    /// Whether an entry matches the host of this URI.
    pub(super) fn has(&self, uri: &Uri) -> bool {
        let Some(host) = uri.host() else { return false };
        let default = if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(default);
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let host = match host.parse() {
            Ok(address) => Host::Address(address),
            Err(_) => Host::Name(host.strip_suffix('.').unwrap_or(host)),
        };
        self.entries.iter().any(|entry| entry.port.is_none_or(|own| own == port) && entry.hosts.have(host))
    }

    /// The variable that holds the list.
    pub(super) fn origin(&self) -> Origin {
        self.origin.clone()
    }
}

#[derive(Clone, Copy)]
enum Host<'a> {
    Address(IpAddr),
    /// Without the dot at its end.
    Name(&'a str),
}

#[derive(Debug)]
struct Entry {
    hosts: Hosts,
    port: Option<u16>,
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        let (hosts, port) = match text.rsplit_once(':') {
            // The last part of an address may look like a port.
            Some((hosts, port)) if is_number(port) && text.parse::<Ipv6Addr>().is_err() => {
                (hosts, Some(port.parse().ok()?))
            }
            _ => (text, None),
        };
        Some(Self { hosts: Hosts::parse(hosts)?, port })
    }
}

#[derive(Debug)]
enum Hosts {
    All,
    /// The addresses whose first bits are these.
    Network(IpAddr, u32),
    /// A name and all below it.
    Name(Box<str>),
    /// All names below this one.
    Below(Box<str>),
}

impl Hosts {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::All);
        }
        let (address, bits) = match split_once(text, '/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let inner = address.strip_prefix('[').and_then(|address| address.strip_suffix(']'));
        let address = match inner {
            Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            None => address.parse().ok(),
        };
        match (address, bits) {
            (Some(address), bits) => Self::network(address, bits),
            (None, Some(_)) => None,
            (None, None) => {
                let name = text.strip_suffix('.').unwrap_or(text);
                let (below, name) = match name.strip_prefix("*.") {
                    Some(name) => (true, name),
                    None => (false, name.strip_prefix('.').unwrap_or(name)),
                };
                let hosts = if below { Self::Below } else { Self::Name };
                (!name.is_empty()).then(|| hosts(name.into()))
            }
        }
    }

    fn network(address: IpAddr, bits: Option<&str>) -> Option<Self> {
        let max = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) if is_number(bits) => bits.parse().ok().filter(|bits| *bits <= max)?,
            Some(_) => return None,
            None => max,
        };
        Some(Self::Network(address, bits))
    }

    fn have(&self, host: Host<'_>) -> bool {
        match (self, host) {
            (Self::All, _) => true,
            (Self::Network(IpAddr::V4(network), bits), Host::Address(IpAddr::V4(address))) => {
                let differing = network.to_bits() ^ address.to_bits();
                differing.checked_shr(32 - bits).unwrap_or(0) == 0
            }
            (Self::Network(IpAddr::V6(network), bits), Host::Address(IpAddr::V6(address))) => {
                let differing = network.to_bits() ^ address.to_bits();
                differing.checked_shr(128 - bits).unwrap_or(0) == 0
            }
            (Self::Name(name), Host::Name(host)) => eq_ignore_ascii_case(host, name) || is_below(host, name),
            (Self::Below(name), Host::Name(host)) => is_below(host, name),
            _ => false,
        }
    }
}

fn is_below(host: &str, name: &str) -> bool {
    let before = host.len().checked_sub(name.len()).and_then(|at| host.split_at_checked(at));
    before.is_some_and(|(before, end)| before.ends_with('.') && eq_ignore_ascii_case(end, name))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those marked with a plus differ from curl 7.88, which passes over the form or compares IPv6 addresses as text.
    #[test]
    fn each_form_against_hosts() {
        for (list, direct, proxied) in [
            ("", &[][..], &["http://localhost"][..]),
            ("*", &["http://a.localhost:1", "https://192.0.2.1", "http://[::1]"], &[]),
            ("b, *", &["http://a.localhost", "https://[2001:db8::1]"], &[]), // +
            ("*:81", &["http://a.localhost:81"], &["http://a.localhost", "http://192.0.2.1:80"]), // +
            ("*.*", &[], &["http://a.localhost"]),
            ("**", &[], &["http://a.localhost"]),
            (
                "corp.localhost",
                &["http://corp.localhost", "http://a.corp.localhost:8", "https://a.b.CORP.localhost."],
                &[
                    "http://acorp.localhost",
                    "http://corp.localhost.example",
                    "http://localhost",
                    "http://orp.localhost",
                ],
            ),
            (
                "CORP.localhost.",
                &["http://corp.localhost", "http://a.corp.localhost"],
                &["http://acorp.localhost"],
            ),
            (
                ".corp.localhost",
                &["http://corp.localhost", "http://a.corp.localhost"],
                &["http://acorp.localhost"],
            ),
            (".localhost.", &["http://localhost", "http://a.localhost"], &[]),
            ("corp.localhost..", &[], &["http://corp.localhost", "http://a.corp.localhost"]),
            ("..corp.localhost", &[], &["http://corp.localhost", "http://a.corp.localhost"]),
            (
                "*.corp.localhost",
                &["http://a.corp.localhost", "http://a.b.corp.localhost"],
                &["http://corp.localhost"],
            ), // +
            (
                "*corp.localhost",
                &[],
                &["http://acorp.localhost", "http://a.corp.localhost", "http://corp.localhost"],
            ),
            ("corp.*", &[], &["http://corp.localhost"]),
            (". *. .. :1 /8", &[], &["http://localhost", "http://a.localhost."]),
            (
                "x , a.localhost\t,\tb.localhost",
                &["http://a.localhost", "http://b.localhost"],
                &["http://c.localhost"],
            ),
            (
                "a.localhost b.localhost,,c.localhost,",
                &["http://a.localhost", "http://b.localhost", "http://c.localhost"],
                &["http://d.localhost"],
            ),
            (
                "a.localhost:8080", // +
                &["http://a.localhost:8080", "https://b.a.localhost:8080"],
                &["http://a.localhost", "http://a.localhost:80800", "https://a.localhost"],
            ),
            ("a.localhost:443", &["https://a.localhost", "http://a.localhost:443"], &["http://a.localhost"]), // +
            ("*.localhost:80", &["http://a.localhost"], &["https://a.localhost", "http://localhost"]), // +
            ("a.localhost:", &[], &["http://a.localhost"]),
            ("a.localhost:99999", &[], &["http://a.localhost"]),
            ("a.localhost:http", &[], &["http://a.localhost"]),
            ("http://a.localhost", &[], &["http://a.localhost"]),
            (
                "127.0.0.1",
                &["http://127.0.0.1:9"],
                &["http://127.0.0.11", "http://[::ffff:127.0.0.1]", "http://[::1]"],
            ),
            ("127.0.0.1:80", &["http://127.0.0.1"], &["http://127.0.0.1:81", "https://127.0.0.1"]), // +
            ("127.1", &[], &["http://127.0.0.1"]),
            ("0.0.1 127. 127.* 127", &[], &["http://127.0.0.1"]),
            ("10.*", &[], &["http://10.evil.localhost", "http://10.1.2.3"]),
            ("10.", &[], &["http://10.evil.localhost", "http://10.1.2.3"]),
            (
                "10.0.0.0/8",
                &["http://10.1.2.3", "https://10.255.255.255:1"],
                &["http://11.0.0.0", "http://9.255.255.255"],
            ),
            ("10.1.2.3/8", &["http://10.9.9.9"], &["http://11.1.2.3"]),
            ("10.0.0.0/8:443", &["https://10.1.2.3"], &["http://10.1.2.3", "https://11.1.2.3"]), // +
            ("10.1.2.3/32", &["http://10.1.2.3"], &["http://10.1.2.2"]),
            ("10.1.2.2/31", &["http://10.1.2.3"], &["http://10.1.2.4"]),
            ("0.0.0.0/0", &["http://10.1.2.3"], &["http://[::1]", "http://a.localhost"]), // +
            (
                "10.0.0.0/33 10.0.0.0/ 10.0.0.0/8x 10.0.0.0/+8 10.0.0.0/255.0.0.0 10.0/8 a/8",
                &[],
                &["http://10.0.0.0", "http://a"],
            ),
            (
                "::1",
                &["http://[::1]:1", "http://[0:0:0:0:0:0:0:1]"],
                &["http://[::2]", "http://127.0.0.1", "http://[::1:1]"],
            ),
            ("[::1]", &["http://[::1]:1"], &["http://[::2]"]), // +
            ("[::1]:1", &["http://[::1]:1"], &["http://[::1]:2"]), // +
            ("::1:443", &["http://[::1:443]"], &["https://[::1]"]),
            ("0:0:0:0:0:0:0:1", &["http://[::1]"], &[]),       // +
            ("2001:DB8::A", &["http://[2001:db8:0::a]"], &[]), // +
            (
                "[::1 ::1] [127.0.0.1] [a.localhost] []",
                &[],
                &["http://[::1]", "http://127.0.0.1", "http://a.localhost"],
            ),
            ("fc00::/7", &["http://[fd00::1]", "http://[fc00::]"], &["http://[fe00::1]"]), // +
            ("fd00::/8:443", &["https://[fd00::1]"], &["http://[fd00::1]"]),               // +
            ("[fd00::]/8:443", &["https://[fd00::1]"], &["http://[fd00::1]", "https://[fc00::1]"]), // +
            ("::/0", &["http://[fd00::1]"], &["http://127.0.0.1"]),                        // +
            ("::/129", &[], &["http://[::]"]),
            (
                "::ffff:127.0.0.1",
                &["http://[::ffff:127.0.0.1]", "http://[::ffff:7f00:1]"],
                &["http://127.0.0.1"],
            ),
            ("::ffff:7f00:1", &["http://[::ffff:127.0.0.1]"], &[]), // +
        ] {
            let no_proxy = NoProxy::parse("NO_PROXY", list);
            for (urls, expected) in [(direct, true), (proxied, false)] {
                for url in urls {
                    assert_eq!(no_proxy.has(&url.parse().unwrap()), expected, "NO_PROXY={list} {url}");
                }
            }
        }
    }
}
