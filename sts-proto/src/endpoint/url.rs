//! The only place that turns the text of an endpoint into a URI and a `Host` header, so that connecting,
//! signing and sending use the same one.
//!
//! Stricter than [`http::Uri`], which silently drops a fragment and accepts characters that RFC 3986 does not
//! allow: a URL that would not be used as written is refused.

use http::{HeaderValue, Uri};
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::text::{eq_ignore_ascii_case, split_once, to_ascii_lowercase};

/// Where requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Absolute. The path is as written, or `/`.
    pub(crate) uri: Uri,
    /// The authority of `uri`.
    pub(crate) host: HeaderValue,
}

/// What is wrong with a URL, in words that continue "the endpoint URL".
///
/// A fixed text: a URL may hold a password, even where the parser does not see one, so no part of it may
/// reach a message.
pub(crate) type Problem = &'static str;

impl Target {
    /// Reads `http[s]://host[:port][/path]` (RFC 3986 §3).
    ///
    /// The scheme and the host become lower case (§6.2.2.1) and a default port is dropped (§6.2.3). The path
    /// stays as written, byte for byte, since its meaning is the custom endpoint's.
    pub(crate) fn parse(text: &str) -> Result<Target, Problem> {
        check_characters(text)?;
        let (scheme, rest) = Scheme::split(text)?;
        let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err("has a user name or password before the host, which is not used");
        }
        let path = read_path(tail)?;
        let authority = read_authority(scheme, authority)?;
        let host = HeaderValue::try_from(authority.as_str()).map_err(|_| BAD_HOST)?;
        let uri =
            Uri::try_from(format!("{}://{authority}{path}", scheme.name())).map_err(|_| "is too long")?;
        Ok(Target { uri, host })
    }
}

const BAD_HOST: Problem = "has a host that is neither an IP address nor a name made of letters, digits, '-', \
                           '_' and '.' (labels of 1 to 63 characters, no '-' at their ends)";
const BAD_IPV6: Problem = "has brackets without an IPv6 address in them; write one like [2001:db8::1]";
const OPEN_BRACKET: Problem = "has a '[' without a ']'; write an IPv6 address like [2001:db8::1]";
const AFTER_BRACKET: Problem = "has something other than a port behind the ']'";
const COLONS: Problem =
    "has more than one ':' in its host and port; write an IPv6 address like [2001:db8::1]";
const BAD_PORT: Problem = "has a port that is not a number from 1 to 65535";

#[derive(Clone, Copy)]
enum Scheme {
    Http,
    Https,
}

impl Scheme {
    /// Splits `scheme://rest`. The scheme's case does not matter (RFC 3986 §3.1).
    fn split(text: &str) -> Result<(Scheme, &str), Problem> {
        match text.split_once("://") {
            Some((name, rest)) if eq_ignore_ascii_case(name, "https") => Ok((Scheme::Https, rest)),
            Some((name, rest)) if eq_ignore_ascii_case(name, "http") => Ok((Scheme::Http, rest)),
            _ => Err("does not start with http:// or https://"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    /// RFC 9110 §4.2.1, §4.2.2.
    fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

pub(crate) fn check_characters(text: &str) -> Result<(), Problem> {
    if text.is_empty() {
        return Err("is empty");
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("has a space or a control character");
    }
    if !text.is_ascii() {
        return Err("has a character outside ASCII: a host is written as xn--…, a byte of a path as %XX");
    }
    Ok(())
}

/// Checks what follows the authority: a path (RFC 3986 §3.3), with neither query nor fragment.
fn read_path(tail: &str) -> Result<&str, Problem> {
    match tail.bytes().find(|byte| matches!(byte, b'?' | b'#')) {
        Some(b'?') => return Err("has a query ('?'), which an endpoint cannot have"),
        Some(_) => return Err("has a fragment ('#'), which an endpoint cannot have"),
        None => {}
    }
    let mut rest = tail.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = match (byte, after) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => after,
            (b'%', _) => return Err("has a '%' in its path that is not followed by two hexadecimal digits"),
            _ if is_path_character(byte) => after,
            _ => return Err("has a character in its path that must be written as %XX"),
        };
    }
    Ok(if tail.is_empty() { "/" } else { tail })
}

/// `pchar` without `%`, or `/`.
fn is_path_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte)
}

/// Checks the host and the port and writes them as in a `Host` header (RFC 9110 §7.2).
fn read_authority(scheme: Scheme, authority: &str) -> Result<String, Problem> {
    let (host, port) = read_host_and_port(authority)?;
    Ok(match port.filter(|port| *port != scheme.default_port()) {
        Some(port) => format!("{host}:{port}"),
        None => host,
    })
}

/// The host in lower case, an IPv6 address in brackets, and the port if there is one.
pub(crate) fn read_host_and_port(authority: &str) -> Result<(String, Option<u16>), Problem> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = split_once(rest, ']').ok_or(OPEN_BRACKET)?;
            let port = match after {
                "" => None,
                _ => Some(after.strip_prefix(':').ok_or(AFTER_BRACKET)?),
            };
            (format!("[{}]", read_ipv6(address)?), port)
        }
        None => match split_once(authority, ':') {
            Some((_, after)) if after.contains(':') => return Err(COLONS),
            Some((name, port)) => (read_name(name)?, Some(port)),
            None => (read_name(authority)?, None),
        },
    };
    Ok((host, port.map(read_port).transpose()?))
}

fn read_ipv6(text: &str) -> Result<String, Problem> {
    if text.contains('%') {
        return Err("has an IPv6 address with a zone, which cannot be sent as a host");
    }
    text.parse::<Ipv6Addr>().map_err(|_| BAD_IPV6)?;
    Ok(to_ascii_lowercase(text))
}

/// A host name (RFC 1123 §2.1) or an IPv4 address. Underscores are accepted too, since container tools use
/// them in names. A trailing dot (the DNS root) is kept.
fn read_name(text: &str) -> Result<String, Problem> {
    if text.is_empty() {
        return Err("has no host");
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.len() > 253 || !name.split('.').all(|label| is_label(label, |byte| byte == b'_')) {
        return Err(BAD_HOST);
    }
    // A host name's last label is never numeric (same section), so this must be an IPv4 address.
    let last = name.rsplit('.').next().unwrap_or(name);
    if last.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<Ipv4Addr>().is_err() {
        return Err("has a host that looks like an IPv4 address but is not one");
    }
    Ok(to_ascii_lowercase(text))
}

fn read_port(text: &str) -> Result<u16, Problem> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BAD_PORT);
    }
    text.parse().ok().filter(|port| *port != 0).ok_or(BAD_PORT)
}

/// Whether `text` is one label of a host name: 1 to 63 letters, digits and hyphens, no hyphen at either end
/// (RFC 1123 §2.1, RFC 1035 §2.3.1). `also` accepts further characters.
pub(crate) fn is_label(text: &str, also: impl Fn(u8) -> bool) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || also(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uri_and_host_have_one_normal_form() {
        let max_label = format!("http://{}/", "a".repeat(63));
        for (text, uri, host) in [
            ("https://sts.example.com", "https://sts.example.com/", "sts.example.com"),
            ("https://sts.example.com/", "https://sts.example.com/", "sts.example.com"),
            (
                "HTTPS://STS.Example.COM:8443/Base",
                "https://sts.example.com:8443/Base",
                "sts.example.com:8443",
            ),
            ("http://localhost:4566", "http://localhost:4566/", "localhost:4566"),
            ("http://h:80", "http://h/", "h"),
            ("https://h:443/", "https://h/", "h"),
            ("http://h:443", "http://h:443/", "h:443"),
            ("https://h:80", "https://h:80/", "h:80"),
            ("http://h:0080", "http://h/", "h"),
            ("http://h:65535", "http://h:65535/", "h:65535"),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000/", "127.0.0.1:9000"),
            ("http://[::1]", "http://[::1]/", "[::1]"),
            ("http://[::1]:80", "http://[::1]/", "[::1]"),
            ("http://[2001:DB8::A]:8080/sts/", "http://[2001:db8::a]:8080/sts/", "[2001:db8::a]:8080"),
            ("http://[::ffff:10.0.0.1]/", "http://[::ffff:10.0.0.1]/", "[::ffff:10.0.0.1]"),
            ("http://local_stack:4566", "http://local_stack:4566/", "local_stack:4566"),
            ("http://_a.b_/", "http://_a.b_/", "_a.b_"),
            ("https://sts.example.com./", "https://sts.example.com./", "sts.example.com."),
            ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
            ("https://1password.example", "https://1password.example/", "1password.example"),
            ("https://h//a//b/../c/./d/", "https://h//a//b/../c/./d/", "h"),
            ("https://h/a%20b/%2f%2F", "https://h/a%20b/%2f%2F", "h"),
            ("https://h/~me/!$&'()*+,;=:@-._", "https://h/~me/!$&'()*+,;=:@-._", "h"),
            ("https://h/http://other/", "https://h/http://other/", "h"),
            (&max_label, &max_label, &max_label[7..70]),
        ] {
            let target = Target::parse(text).unwrap_or_else(|problem| panic!("{text} {problem}"));
            assert_eq!(target.uri.to_string(), uri, "{text}");
            assert_eq!(target.host, host, "{text}");
            assert_eq!(target.uri.authority().map(|authority| authority.as_str()), Some(host), "{text}");
            assert_eq!(Target::parse(uri).as_ref(), Ok(&target), "{text}: normal form is stable");
        }
    }

    #[test]
    fn an_invalid_endpoint_is_refused_with_the_reason() {
        let long_label = format!("http://{}/", "a".repeat(64));
        let long_name = format!("http://{}", ["a".repeat(63).as_str(); 4].join("."));
        let long_path = format!("http://h/{}", "a".repeat(70_000));
        for (text, expected) in [
            ("", "is empty"),
            (" ", "space"),
            (" https://h", "space"),
            ("https://h/\n", "space or a control"),
            ("https://h\r\nx: y/", "space or a control"),
            ("https://h/a b", "space"),
            ("https://h/\u{a0}", "space"),
            ("https://h/\0", "control"),
            ("https://b\u{fc}cher.example", "outside ASCII"),
            ("https://h/\u{fc}", "outside ASCII"),
            ("sts.example.com", "http:// or https://"),
            ("localhost:4566", "http:// or https://"),
            ("//h/", "http:// or https://"),
            ("/path", "http:// or https://"),
            ("https:/h", "http:// or https://"),
            ("https:h", "http:// or https://"),
            ("https:\\\\h", "http:// or https://"),
            ("ftp://h", "http:// or https://"),
            ("file:///etc/passwd", "http:// or https://"),
            ("httpss://h", "http:// or https://"),
            ("://h", "http:// or https://"),
            ("h/?u=http://x", "http:// or https://"),
            ("https://", "no host"),
            ("https:///path", "no host"),
            ("https://:8080", "no host"),
            ("https://?x", "query"),
            ("https://u@h", "user name"),
            ("https://u:p@h/", "user name"),
            ("https://@h/", "user name"),
            ("https://h@", "user name"),
            ("https://a@b@h/?q", "user name"),
            ("https://h?x=1", "query"),
            ("https://h/p?", "query"),
            ("https://h/p?x#y", "query"),
            ("https://h#x", "fragment"),
            ("https://h/#", "fragment"),
            ("https://h/#a?b", "fragment"),
            ("https://h:", "port"),
            ("https://h:/", "port"),
            ("https://h:0", "port"),
            ("https://h:99999", "port"),
            ("https://h:65536", "port"),
            ("https://h:99999999999999999999", "port"),
            ("https://h:-1", "port"),
            ("https://h:+80", "port"),
            ("https://h:8o", "port"),
            ("https://h:%38", "port"),
            ("https://[::1]:", "port"),
            ("https://[::1]:x", "port"),
            ("https://::1", "more than one ':' in its host and port; write an IPv6"),
            ("https://::1:8080/", "more than one ':' in its host and port; write an IPv6"),
            ("https://h:80:80", "more than one ':' in its host and port; write an IPv6"),
            ("https://nonsense::", "more than one ':' in its host and port; write an IPv6"),
            ("https://[::1", "has a '[' without a ']'; write an IPv6 address like"),
            ("https://[]", "IPv6"),
            ("https://[::g]", "IPv6"),
            ("https://[1:2]", "IPv6"),
            ("https://[127.0.0.1]", "IPv6"),
            ("https://[v1.x]", "IPv6"),
            ("https://[::1]8080", "something other than a port"),
            ("https://[::1].example", "something other than a port"),
            ("https://[fe80::1%25eth0]/", "zone"),
            ("https://[fe80::1%eth0]/", "zone"),
            ("https://a%2eb", "neither"),
            ("https://a%00", "neither"),
            ("https://.", "neither"),
            ("https://a..b", "neither"),
            ("https://.a", "neither"),
            ("https://a..", "neither"),
            ("https://-a", "neither"),
            ("https://a-.b", "neither"),
            ("https://a!b", "neither"),
            ("https://a,b", "neither"),
            ("https://a;b", "neither"),
            ("https://a=b", "neither"),
            ("https://a&b", "neither"),
            ("https://a*", "neither"),
            ("https://a\\b", "neither"),
            ("https://a]b", "neither"),
            ("https://a[b", "neither"),
            ("https://{region}", "neither"),
            ("https://<h>", "neither"),
            ("https://\"h\"", "neither"),
            (&long_label, "neither"),
            (&long_name, "neither"),
            ("https://1.2.3", "IPv4"),
            ("https://1.2.3.256", "IPv4"),
            ("https://127.0.0.1.", "IPv4"),
            ("https://2130706433", "IPv4"),
            ("https://a.1", "IPv4"),
            ("https://h/%", "'%'"),
            ("https://h/%2", "'%'"),
            ("https://h/%zz", "'%'"),
            ("https://h/a%2/b", "'%'"),
            ("https://h/{a}", "%XX"),
            ("https://h/a\"b", "%XX"),
            ("https://h/a\\b", "%XX"),
            ("https://h/a|b", "%XX"),
            ("https://h/[a]", "%XX"),
            ("https://h/<a>", "%XX"),
            ("https://h/a^b", "%XX"),
            ("https://h/a`b", "%XX"),
            (&long_path, "too long"),
        ] {
            let problem = Target::parse(text).map(|target| target.uri).expect_err(text);
            assert!(problem.contains(expected), "{text} {problem}; expected {expected}");
        }
    }

    /// Every single byte, in each part of a URL, either gives a stable normal form or is refused.
    #[test]
    fn no_character_breaks_the_normal_form() {
        for c in (0..=0x24f).filter_map(char::from_u32) {
            for text in [
                format!("{c}"),
                format!("{c}https://h:81/p"),
                format!("https{c}://h:81/p"),
                format!("https://{c}h:81/p"),
                format!("https://h{c}:81/p"),
                format!("https://h:8{c}1/p"),
                format!("https://[::1]{c}/p"),
                format!("https://[::{c}1]/p"),
                format!("https://h:81{c}p"),
                format!("https://h:81/p{c}"),
            ] {
                if let Ok(target) = Target::parse(&text) {
                    let normal = target.uri.to_string();
                    assert_eq!(Target::parse(&normal).as_ref(), Ok(&target), "{text:?}");
                    let host = target.host.to_str().expect("ASCII");
                    assert_eq!(target.uri.authority().map(|authority| authority.as_str()), Some(host));
                    assert!(target.uri.query().is_none());
                }
            }
        }
    }
}
