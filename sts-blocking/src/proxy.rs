//! Which proxy there is. ureq speaks to it: `CONNECT` through `http` and `https` proxies, for all URLs.

use std::fmt;

use http::Uri;
use http::uri::Scheme;
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
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) proxy: Proxy,
    origin: Origin,
}

/// The proxies of a client: one for each scheme of the URLs that are asked for.
#[derive(Clone, Debug)]
pub(crate) struct Proxies {
    http: Search,
    https: Search,
}

type Search = Result<Option<Found>, SettingsError>;

impl Choice {
    /// What comes of it. One that cannot be used is an error of the requests that would go through it.
    pub(crate) fn proxies(self) -> Proxies {
        match self {
            Self::Direct => Proxies::none(),
            Self::Environment => Proxies { http: from_env(&Scheme::HTTP), https: from_env(&Scheme::HTTPS) },
            Self::Url(proxy) => {
                let found = proxy.map(|proxy| Some(Found { proxy, origin: Origin::Code }));
                Proxies { http: found.clone(), https: found }
            }
        }
    }
}

impl Proxies {
    pub(crate) fn none() -> Self {
        Self { http: Ok(None), https: Ok(None) }
    }

    /// Which one requests of this scheme go through.
    pub(crate) fn of(&self, scheme: Option<&Scheme>) -> Result<Option<&Found>, SettingsError> {
        let found = if scheme == Some(&Scheme::HTTPS) { &self.https } else { &self.http };
        found.as_ref().map(Option::as_ref).map_err(Clone::clone)
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
fn from_env(scheme: &Scheme) -> Search {
    // A CGI program's HTTP_PROXY is a header of who calls it.
    if std::env::var_os("REQUEST_METHOD").is_some() {
        return Ok(None);
    }
    let of_scheme =
        if *scheme == Scheme::HTTPS { ["HTTPS_PROXY", "https_proxy"] } else { ["HTTP_PROXY", "http_proxy"] };
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
    use sts_proto::{Effect, Event, Phase, Retry, Step, TransportErrorKind as Kind};

    use super::*;
    use crate::testing::{Server, builder, text};
    use crate::tls::TlsOptions;
    use crate::{Builder, Error, SendTimeouts, Timeouts, Transport, UreqTransport};

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

    /// Asks for the machine's own service, and ends with the status.
    struct Local(Option<http::Request<bytes::Bytes>>);

    impl sts_proto::Flow for Local {
        type Output = u16;
        type Error = Error;

        fn step(&mut self, _: std::time::SystemTime, event: Event) -> Result<Step<u16>, Error> {
            match (self.0.take(), event) {
                (Some(request), _) => Ok(Step::Perform(Effect::Send(request, SendTimeouts::default()))),
                (None, Event::Response(response)) => Ok(Step::Done(response.status().as_u16())),
                (None, event) => panic!("{event:?}"),
            }
        }
    }

    #[test]
    fn what_is_for_the_machine_itself_goes_through_no_proxy() {
        let (server, proxy) = (Server::sts(), proxy("HTTP/1.1 200 OK\r\n\r\n"));
        let sts = builder(&server.url()).proxy(format!("http://{}", proxy.address())).build().unwrap();
        let mut request = http::Request::post(server.url()).body(bytes::Bytes::from_static(b"x")).unwrap();
        request.extensions_mut().insert(sts_proto::flow::Direct);
        assert_eq!(sts.run(Local(Some(request.clone()))).unwrap(), 200);
        assert_eq!((server.heard().len(), proxy.heard().len()), (1, 0));
        request.extensions_mut().clear();
        assert_eq!(sts.run(Local(Some(request))).unwrap(), 200);
        assert_eq!((server.heard().len(), proxy.heard().len()), (2, 1));
    }

    /// Wherever the service itself is.
    #[test]
    fn each_request_goes_through_the_proxy_of_its_own_scheme() {
        let (server, proxy) = (Server::sts(), proxy("HTTP/1.1 502 Bad\r\n\r\n"));
        let found = || {
            let proxy = parse(&format!("http://{}", proxy.address())).unwrap();
            Ok(Some(Found { proxy, origin: Origin::Environment("HTTPS_PROXY") }))
        };
        let through = |proxies: Proxies, url: &str| {
            let sent = UreqTransport::with(SendTimeouts::default(), &TlsOptions::default(), proxies);
            let request = http::Request::post(url).body(bytes::Bytes::from_static(b"x")).unwrap();
            sent.unwrap().send(request, SendTimeouts::default())
        };
        let https = || Proxies { http: Ok(None), https: found() };
        assert_eq!(through(https(), &server.url()).unwrap().status(), 200);
        assert_eq!((server.heard().len(), proxy.heard().len()), (1, 0));
        let http = Proxies { http: found(), https: Ok(None) };
        assert_eq!(through(http, &server.url()).unwrap_err().kind(), Kind::Connect);
        assert_eq!((server.heard().len(), proxy.heard().len()), (1, 1));
        // What cannot be used is no reason to go without, and harms nobody else.
        let broken = || Proxies { http: Err(SettingsError::Proxy), https: Ok(None) };
        assert_eq!(through(broken(), &server.url()).unwrap_err().kind(), Kind::Unsupported);
        assert_eq!(server.heard().len(), 1);
        if crate::tls::ENABLED {
            assert_eq!(through(https(), "https://sts.invalid/").unwrap_err().kind(), Kind::Connect);
            assert!(proxy.heard()[1].starts_with("CONNECT sts.invalid:443 "), "{:?}", proxy.heard());
        }
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
            let scheme = Scheme::try_from(&*std::env::var("STS_TEST_SCHEME").unwrap()).unwrap();
            let proxies = Builder::new().proxies();
            let found = match proxies.of(Some(&scheme)) {
                Ok(None) => "none".to_owned(),
                Ok(Some(Found { proxy, .. })) => {
                    let direct =
                        ThroughProxy::of(Some(proxy), &Uri::from_static("http://localhost/")).is_none();
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
