//! Which proxy there is. ureq speaks to it: `CONNECT` through `http` and `https` proxies, for all URLs.

use std::fmt;

use http::Uri;
use sts_proto::settings::{Origin, Setting, SettingsError};
use ureq::{Proxy, ProxyProtocol};

/// A proxy that ureq can use. Without TLS, that is none over `https`.
pub(crate) fn parse(url: &str) -> Result<Proxy, SettingsError> {
    let proxy = Proxy::new(url).map_err(|_| SettingsError::Proxy)?;
    let usable = match proxy.protocol() {
        ProxyProtocol::Http => true,
        ProxyProtocol::Https => crate::tls::ENABLED,
        _ => false,
    };
    if usable && !proxy.host().is_empty() { Ok(proxy) } else { Err(SettingsError::Proxy) }
}

/// Who says which proxy to use.
#[derive(Debug)]
pub(crate) enum Choice {
    /// Nobody: none.
    Direct,
    /// The environment.
    Environment,
    /// The program.
    Url(Result<Proxy, SettingsError>),
}

/// A proxy, and who named it.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) proxy: Proxy,
    origin: Origin,
}

impl Choice {
    /// The proxy for an endpoint of this scheme.
    pub(crate) fn for_scheme(self, scheme: Option<&str>) -> Result<Option<Found>, SettingsError> {
        match self {
            Self::Direct => Ok(None),
            Self::Environment => from_env(scheme),
            Self::Url(proxy) => Ok(Some(Found { proxy: proxy?, origin: Origin::Code })),
        }
    }
}

/// Which proxy requests to an endpoint go through, for a person to read: never its password.
pub(crate) fn setting(found: Option<&Found>, endpoint: Option<&Uri>) -> Setting {
    let Some(Found { proxy, origin }) = found else {
        return Setting::new("proxy", "none", Origin::Default);
    };
    let name = format!("{}:{}", proxy.host(), proxy.port());
    if endpoint.is_some_and(|uri| proxy.is_no_proxy(uri)) {
        return Setting::new(
            "proxy",
            format!("none for this host, else {name}"),
            Origin::Environment("NO_PROXY"),
        );
    }
    Setting::new("proxy", name, origin.clone())
}

/// What the environment says. A variable that is set and cannot be used is no reason to go without the proxy.
fn from_env(scheme: Option<&str>) -> Result<Option<Found>, SettingsError> {
    // A CGI program's HTTP_PROXY is a header of who calls it.
    if std::env::var_os("REQUEST_METHOD").is_some() {
        return Ok(None);
    }
    let of_scheme = match scheme {
        Some("https") => ["HTTPS_PROXY", "https_proxy"],
        _ => ["HTTP_PROXY", "http_proxy"],
    };
    let found = match first(&of_scheme)? {
        Some(found) => Some(found),
        None => first(&["ALL_PROXY", "all_proxy"])?,
    };
    let Some((variable, url)) = found else { return Ok(None) };
    let proxy = parse(&url)?;
    let mut builder = Proxy::builder(proxy.protocol()).host(proxy.host()).port(proxy.port());
    if let Some(name) = proxy.username() {
        builder = builder.username(name);
    }
    if let Some(password) = proxy.password() {
        builder = builder.password(password);
    }
    let without = first(&["NO_PROXY", "no_proxy"])?.unwrap_or_default().1;
    for entry in without.split(',') {
        // A name stands for the hosts below it too.
        let entry = entry.trim();
        let below = entry.trim_start_matches('.');
        if !below.is_empty() {
            builder = builder.no_proxy(below).no_proxy(&format!(".{below}"));
        }
    }
    let proxy = builder.build().map_err(|_| SettingsError::Proxy)?;
    Ok(Some(Found { proxy, origin: Origin::Environment(variable) }))
}

/// The first of these variables that is not blank, and its value.
fn first(variables: &[&'static str]) -> Result<Option<(&'static str, String)>, SettingsError> {
    for variable in variables {
        let Some(value) = std::env::var_os(variable) else { continue };
        let value = value.into_string().map_err(|_| SettingsError::Proxy)?;
        if !value.trim().is_empty() {
            return Ok(Some((variable, value.trim().to_owned())));
        }
    }
    Ok(None)
}

/// A failure between this client and its proxy, or of the proxy to go on. Says which proxy, without its password.
#[derive(Debug)]
pub(crate) struct ThroughProxy {
    proxy: String,
    source: ureq::Error,
}

impl ThroughProxy {
    /// `None` if requests to this URI go without a proxy.
    pub(crate) fn of(proxy: Option<&Proxy>, uri: &Uri) -> Option<String> {
        let proxy = proxy.filter(|proxy| !proxy.is_no_proxy(uri))?;
        Some(format!("{}:{}", proxy.host(), proxy.port()))
    }

    pub(crate) fn new(proxy: String, source: ureq::Error) -> Self {
        Self { proxy, source }
    }
}

impl fmt::Display for ThroughProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "through the proxy {}: {}", self.proxy, self.source)
    }
}

impl std::error::Error for ThroughProxy {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use sts_proto::{Phase, Retry, TransportErrorKind as Kind};

    use super::*;
    use crate::testing::{Server, builder, text};
    use crate::{Builder, Error, Timeouts};

    /// Passes on what comes after a `CONNECT` with the right password; records what it was asked.
    fn proxy(answer: &'static str) -> Server {
        Server::start(move |mut connection, heard| {
            let head = connection.head();
            let target = head.split(' ').nth(1).unwrap_or("").to_owned();
            heard(head);
            connection.write(answer);
            if answer.contains("200") {
                connection.join(&target);
            }
        })
    }

    #[test]
    fn calls_go_through_the_proxy_with_its_password() {
        let (server, proxy) = (Server::sts(), proxy("HTTP/1.1 200 OK\r\n\r\n"));
        let url = format!("http://me:pl%40nted@{}", proxy.address());
        let sts = builder(&server.url()).proxy(&url).build().unwrap();
        assert!(!format!("{sts:?}").contains("nted"));
        assert_eq!(sts.get_caller_identity().unwrap().account, "0123");
        let asked = proxy.heard().remove(0);
        assert!(asked.starts_with(&format!("CONNECT {} HTTP/1.1\r\n", server.address())), "{asked}");
        // me:pl@nted
        assert!(asked.contains("Proxy-Authorization: Basic bWU6cGxAbnRlZA==\r\n"), "{asked}");
        assert!(!server.heard()[0].to_ascii_lowercase().contains("proxy-authorization"));
    }

    #[test]
    fn without_a_word_there_is_no_proxy() {
        let (server, proxy) = (Server::sts(), proxy("HTTP/1.1 200 OK\r\n\r\n"));
        let sts =
            builder(&server.url()).proxy(format!("http://{}", proxy.address())).no_proxy().build().unwrap();
        sts.get_caller_identity().unwrap();
        assert!(proxy.heard().is_empty());
    }

    #[test]
    fn a_proxy_that_refuses_says_why_and_not_what_its_password_is() {
        for (status, kind) in [("407 Who", Kind::Connect), ("502 Bad", Kind::Connect), ("", Kind::Connect)] {
            let answer = if status.is_empty() { String::new() } else { format!("HTTP/1.1 {status}\r\n\r\n") };
            let proxy = proxy(answer.leak());
            let url = format!("http://me:planted@{}", proxy.address());
            let sts = builder("http://sts.invalid").proxy(url).retry(Retry::off()).build().unwrap();
            let error = sts.get_caller_identity().unwrap_err();
            assert_eq!(error.as_transport_error().unwrap().kind(), kind);
            let shown = text(&error);
            assert!(shown.contains(&format!("through the proxy {}", proxy.address())), "{shown}");
            assert!(shown.contains(status.get(..3).unwrap_or("respond")), "{shown}");
            assert!(!shown.contains("planted") && !format!("{error:?}").contains("planted"), "{shown}");
        }
    }

    #[test]
    fn a_proxy_that_says_nothing_ends_on_time() {
        let silent = Server::start(|connection, _| connection.hold());
        let short = std::time::Duration::from_millis(200);
        let sts = builder("http://sts.invalid")
            .proxy(format!("http://{}", silent.address()))
            .retry(Retry::off())
            .timeouts(Timeouts { connect: short, ..Timeouts::default() })
            .build()
            .unwrap();
        let error = sts.get_caller_identity().unwrap_err();
        assert_eq!(error.as_transport_error().unwrap().kind(), Kind::Timeout(Phase::Connect));
    }

    #[test]
    fn urls_that_cannot_be_used_are_not_shown() {
        for url in [
            "",
            " ",
            "ftp://me:planted@host:1",
            "socks5://host:1",
            "http://me:planted@:1",
            "http://pl anted",
            "/p",
        ] {
            let error = builder("http://sts.invalid").proxy(url).build().unwrap_err();
            assert!(matches!(error, Error::Settings(SettingsError::Proxy)), "{url}");
            assert!(!format!("{error:?} {error}").contains("planted"));
        }
        assert!(parse("me:pw@proxy.example.com:3128").is_ok());
        assert_eq!(parse("https://proxy.example.com").is_ok(), crate::tls::ENABLED);
    }

    /// Runs this test alone in a process of its own, since a process has one environment.
    #[test]
    fn the_environment_names_a_proxy() {
        if let Ok(expected) = std::env::var("STS_TEST_EXPECTED") {
            let scheme = std::env::var("STS_TEST_SCHEME").ok();
            let found = Builder::from_env().unwrap().found_proxy(scheme.as_deref());
            let found = match found {
                Ok(None) => "none".to_owned(),
                Ok(Some(Found { proxy, .. })) => {
                    let direct =
                        ThroughProxy::of(Some(&proxy), &Uri::from_static("http://localhost/")).is_none();
                    format!("{}:{} {direct}", proxy.host(), proxy.port())
                }
                Err(error) => error.to_string(),
            };
            assert_eq!(found, expected);
            return;
        }
        let refused = SettingsError::Proxy.to_string();
        let all =
            ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY"];
        for (scheme, expected, variables) in [
            ("http", "none", &[][..]),
            ("https", "none", &[("HTTPS_PROXY", ""), ("https_proxy", " "), ("HTTP_PROXY", "http://b:2")]),
            ("https", "a:1 false", &[("HTTPS_PROXY", "http://a:1"), ("HTTP_PROXY", "http://b:2")]),
            ("http", "b:2 false", &[("HTTPS_PROXY", "http://a:1"), ("HTTP_PROXY", "http://b:2")]),
            (
                "http",
                "a:1 false",
                &[("HTTP_PROXY", " "), ("http_proxy", "http://a:1"), ("ALL_PROXY", "http://b:2")],
            ),
            ("https", "b:2 false", &[("HTTP_PROXY", "http://a:1"), ("ALL_PROXY", "http://b:2")]),
            ("http", "none", &[("HTTP_PROXY", "http://a:1"), ("REQUEST_METHOD", "GET")]),
            ("http", "b:2 true", &[("http_proxy", "http://u:p@b:2"), ("NO_PROXY", "x, localhost")]),
            ("https", &refused, &[("HTTPS_PROXY", "socks5://a:1")]),
            ("https", &refused, &[("ALL_PROXY", "pl anted://a:1")]),
        ] {
            let mut command = std::process::Command::new(std::env::current_exe().unwrap());
            for variable in all.iter().chain(&["no_proxy", "REQUEST_METHOD"]) {
                command.env_remove(variable);
            }
            let command = command.args(["--exact", "proxy::tests::the_environment_names_a_proxy"]);
            let command = command.envs(variables.iter().copied()).env("STS_TEST_SCHEME", scheme);
            let output = command.env("STS_TEST_EXPECTED", expected).output();
            let output = output.unwrap();
            assert!(output.status.success(), "{variables:?}\n{}", String::from_utf8_lossy(&output.stdout));
        }
    }
}
