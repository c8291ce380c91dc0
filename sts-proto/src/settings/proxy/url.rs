//! A proxy and its URL.

use std::fmt;

use http::Uri;
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use super::super::{Origin, SettingsError, SettingsErrorKind};
use super::tunnel::Tunnel;
use crate::base64::STANDARD;
use crate::endpoint::{Problem, check_characters, read_host_and_port};
use crate::secret::Secret;
use crate::text::{eq_ignore_ascii_case, split_once, to_ascii_lowercase};

/// A proxy that requests go through. `Display` prints host and port, with `https://` in front for a proxy that uses TLS.
/// Neither `Display` nor `Debug` shows user or password.
#[derive(Clone, Debug)]
pub struct Proxy {
    uri: Uri,
    /// `user:password` in base64.
    authorization: Option<Secret>,
    origin: Origin,
}

impl Proxy {
    /// Reads `[http[s]://][user[:password]@]host[:port][/]`.
    ///
    /// A path, a query and a fragment are refused. They may be the rest of a password in which `/`, `?` or `#` is not
    /// percent-encoded: the user's name would then be taken for the host.
    pub(super) fn parse(url: &str, origin: Origin) -> Result<Self, SettingsError> {
        match read(url.trim()) {
            Ok((uri, authorization)) => Ok(Self { uri, authorization, origin }),
            Err(problem) => Err(SettingsErrorKind::Proxy { origin, problem }.into()),
        }
    }

    /// Its scheme, host and port, without user and password.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Whether the connection to it uses TLS.
    pub fn is_https(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// The value of `Proxy-Authorization` for its user and password, if it has one (RFC 7617 §2).
    pub fn authorization(&self) -> Option<Secret> {
        let token = self.authorization.as_ref()?.expose();
        let mut value = String::with_capacity("Basic ".len() + token.len());
        value.push_str("Basic ");
        value.push_str(token);
        Some(Secret::new(value))
    }

    /// Where its URL stands.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Opens a tunnel to the host of `target`, on a connection to this proxy.
    pub fn tunnel(&self, target: &Uri) -> Tunnel {
        Tunnel::new(target, self.authorization.as_ref())
    }

    pub(super) fn refused(&self, problem: Problem) -> SettingsError {
        SettingsErrorKind::Proxy { origin: self.origin.clone(), problem }.into()
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_https() {
            f.write_str("https://")?;
        }
        f.write_str(self.uri.authority().map_or("", |authority| authority.as_str()))
    }
}

fn read(url: &str) -> Result<(Uri, Option<Secret>), Problem> {
    check_characters(url)?;
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let default_port = match scheme {
        _ if eq_ignore_ascii_case(scheme, "http") => 80,
        _ if eq_ignore_ascii_case(scheme, "https") => 443,
        _ => return Err("starts with neither http:// nor https://, and no other kind of proxy is supported"),
    };
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if !matches!(tail, "" | "/") {
        return Err(TAIL);
    }
    let (user, host) = match split_once(authority, '@') {
        Some((_, host)) if host.contains('@') => return Err(USER),
        Some((user, host)) => (user, host),
        None => ("", authority),
    };
    let (host, port) = read_host_and_port(host)?;
    let port = port.unwrap_or(default_port);
    let uri = Uri::try_from(format!("{}://{host}:{port}/", to_ascii_lowercase(scheme)));
    Ok((uri.map_err(|_| "is too long")?, read_user(user)?))
}

/// `user[:password]`, each percent-encoded, as it goes into `Proxy-Authorization`.
fn read_user(text: &str) -> Result<Option<Secret>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let (user, password) = split_once(text, ':').unwrap_or((text, ""));
    let (user, password) = (decode(user)?, decode(password)?);
    // The proxy would read the rest of the user name as the password (RFC 7617 §2).
    if user.expose().contains(':') {
        return Err(USER);
    }
    let mut pair = String::with_capacity(user.expose().len() + 1 + password.expose().len());
    pair.push_str(user.expose());
    pair.push(':');
    pair.push_str(password.expose());
    let pair = Secret::new(pair);
    Ok(Some(Secret::new(STANDARD.encode(pair.expose().as_bytes()))))
}

fn decode(text: &str) -> Result<Secret, Problem> {
    let mut rest = text;
    while let Some((_, after)) = split_once(rest, '%') {
        let digits = after.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        rest = digits.and_then(|_| after.get(2..)).ok_or(USER)?;
    }
    // With room for all of it, so that nothing is left behind where it grows.
    let mut decoded = Vec::with_capacity(text.len());
    decoded.extend(percent_decode_str(text));
    let text = String::from_utf8(decoded).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        USER
    })?;
    let text = Secret::new(text);
    if text.expose().contains(char::is_control) { Err(USER) } else { Ok(text) }
}

const TAIL: Problem = "has something after host and port; a proxy has no path, and '/', '?' or '#' in a password \
                       must be written as %2F, %3F or %23";
const USER: Problem = "has a user or a password that cannot be read; '@', '%' and other reserved characters in them \
                       must be written as %XX, and control characters are not allowed";

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(url: &str) -> Result<Proxy, SettingsError> {
        Proxy::parse(url, Origin::Code)
    }

    #[test]
    fn scheme_host_and_port() {
        for (url, uri, shown) in [
            ("http://proxy.test:3128", "http://proxy.test:3128/", "proxy.test:3128"),
            ("http://proxy.test:3128/", "http://proxy.test:3128/", "proxy.test:3128"),
            (" proxy.test:3128 ", "http://proxy.test:3128/", "proxy.test:3128"),
            ("HTTP://Proxy.Test", "http://proxy.test:80/", "proxy.test:80"),
            ("https://proxy.test", "https://proxy.test:443/", "https://proxy.test:443"),
            ("https://proxy.test:8443", "https://proxy.test:8443/", "https://proxy.test:8443"),
            ("http://u:p@[::1]:3128", "http://[::1]:3128/", "[::1]:3128"),
            ("me:pw@squid_1:1", "http://squid_1:1/", "squid_1:1"),
            ("http://127.0.0.1", "http://127.0.0.1:80/", "127.0.0.1:80"),
            ("http://host:65535", "http://host:65535/", "host:65535"),
        ] {
            let proxy = proxy(url).unwrap();
            assert_eq!((&*proxy.uri().to_string(), &*proxy.to_string()), (uri, shown), "{url}");
            assert_eq!(proxy.is_https(), uri.starts_with("https"));
        }
    }

    #[test]
    fn user_and_password() {
        for (url, expected) in [
            ("http://host", None),
            ("http://@host", None),
            ("http://token@host", Some("Basic dG9rZW46")),
            ("http://me:@host", Some("Basic bWU6")),
            ("http://:pw@host", Some("Basic OnB3")),
            ("http://me:pl%40nted@host", Some("Basic bWU6cGxAbnRlZA==")),
            ("http://aladdin:planted%40opensesame@host", Some("Basic YWxhZGRpbjpwbGFudGVkQG9wZW5zZXNhbWU=")),
            ("http://me:a:b+c@host", Some("Basic bWU6YTpiK2M=")),
            ("http://me:%25%C3%A4@host", Some("Basic bWU6JcOk")),
        ] {
            let proxy = proxy(url).unwrap();
            let authorization = proxy.authorization();
            assert_eq!(authorization.as_ref().map(Secret::expose), expected, "{url}");
            let shown = format!("{proxy} {proxy:?} {authorization:?}");
            assert!(!shown.contains("nted") && !shown.contains("bWU6"), "{shown}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_and_not_shown() {
        for (url, problem) in [
            ("", "is empty"),
            (" ", "is empty"),
            ("http://", "no host"),
            ("/p", "after host"),
            ("http://planted@", "no host"),
            ("http://me:planted@:1", "no host"),
            ("http://pl anted", "a space"),
            ("http://user:planted word@proxy.test", "a space"),
            ("http://user:pl\u{e4}nted@proxy.test", "outside ASCII"),
            ("ftp://me:planted@host:1", "neither http://"),
            ("ftp://planted", "neither http://"),
            ("socks5://planted:planted@proxy.test", "neither http://"),
            ("socks5h://127.0.0.1:1", "neither http://"),
            ("http://127.0.0.1:99999", "port"),
            ("http://127.0.0.1:0", "port"),
            ("http://127.0.0.1:", "port"),
            ("http://127.0.0.1:+80", "port"),
            ("http://127.0.0.1:80a", "port"),
            ("http://::1", "IPv6"),
            ("http://[::1", "IPv6"),
            ("http://[fe80::1%25eth0]:1", "zone"),
            ("http://ho%73t:1", "a host"),
            ("http://user:planted@ss@proxy.test", "user or a password"),
            ("http://user:plan%ted@proxy.test", "user or a password"),
            ("http://user:planted%4@proxy.test", "user or a password"),
            ("http://user:planted%ff@proxy.test", "user or a password"),
            ("http://user:planted%0a@proxy.test", "user or a password"),
            ("http://us%3Aer:planted@proxy.test", "user or a password"),
            ("http://proxy.test/planted.pac", "after host"),
            ("http://proxy.test?planted", "after host"),
            ("http://me:12/planted@proxy.test", "after host"),
            ("http://me:12#planted@proxy.test", "after host"),
            ("http://me:12?planted@proxy.test", "after host"),
        ] {
            let error = proxy(url).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(problem) && shown.contains("the program"), "{url}: {shown}");
            assert!(!shown.contains("planted"), "{shown}");
        }
    }
}
