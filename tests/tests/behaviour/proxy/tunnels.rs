//! Tunnels, and TLS with proxies and through them.

use std::time::{Duration, Instant};

use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Phase, Timeouts, TransportErrorKind as Kind};
use sts_tests::driver::{Driver, Setup};
use sts_tests::pki::Pki;
use sts_tests::proxy::{Does, Proxy};
use sts_tests::scripted::{Script, Scripted};

use super::{IDENTITY, server, settings, text, through};

#[test]
fn calls_go_through_a_tunnel_with_the_password() {
    for (endpoint, target) in
        [("http://sts.invalid:8080/path", "sts.invalid:8080"), ("http://sts.invalid", "sts.invalid:80")]
    {
        let server = server();
        let proxy = Proxy::start(Does::TunnelTo(server.address()));
        for driver in through(format!("http://aladdin:planted%40opensesame@{}", proxy.address()), endpoint) {
            let (before, sent) = (proxy.heads().len(), server.heads().len());
            assert_eq!(driver.send(GetCallerIdentity::new()).unwrap().account, "0123", "{driver}");
            let asked = &proxy.heads()[before..];
            assert_eq!(asked.len(), 1, "{driver}: {asked:?}");
            assert!(
                asked[0].starts_with(&format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n")),
                "{}",
                asked[0]
            );
            // aladdin:planted@opensesame
            let line = "\r\nProxy-Authorization: Basic YWxhZGRpbjpwbGFudGVkQG9wZW5zZXNhbWU=\r\n";
            assert!(asked[0].contains(line), "{driver}: {}", asked[0]);
            let head = server.heads()[sent].to_ascii_lowercase();
            assert!(head.starts_with("post /"), "{driver}: no absolute form: {head}");
            assert!(
                head.contains(&format!("\r\nhost: {}\r\n", target.strip_suffix(":80").unwrap_or(target))),
                "{head}"
            );
            assert!(!head.contains("proxy-"), "{driver}: {head}");
            let client = match &driver {
                Driver::Blocking(client) => format!("{client:?}"),
                Driver::Async(client, _) => format!("{client:?}"),
            };
            assert!(!client.contains("planted"), "{client}");
        }
    }
}

#[test]
fn a_proxy_that_makes_no_tunnel_is_told_of_in_the_same_words() {
    for (answer, said) in [
        ("HTTP/1.1 407 Who\r\ncontent-length: 0\r\n\r\n", "asks for a user and a password"),
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "(407)"),
        ("HTTP/1.1 403 planted\r\n\r\nplanted", "the status 403 Forbidden"),
        ("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n", "the status 502 Bad Gateway"),
        ("HTTP/1.0 503 No\r\n\r\n", "the status 503"),
        ("HTTP/1.1 301 Moved\r\nlocation: http://127.0.0.1:1/\r\n\r\n", "the status 301"),
        ("", "closed the connection and did not respond"),
        ("HTTP/1.1 200", "closed the connection and did not respond"),
        ("SSH-2.0-OpenSSH_9.6\r\n\r\n", "not http/1.1"),
        ("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "not http/1.1"),
    ] {
        for endpoint in ["http://sts.invalid", "https://sts.invalid"] {
            let proxy = Proxy::start(Does::Answer(answer.to_owned()));
            let address = proxy.address();
            let texts = through(format!("http://me:planted@{address}"), endpoint).map(|driver| {
                let error = driver.send(GetCallerIdentity::new()).unwrap_err();
                assert_eq!(error.as_transport_error().unwrap().kind(), Kind::Connect, "{driver} {answer:?}");
                assert!(!format!("{error:?}").contains("planted"), "{error:?}");
                // By itself, without its causes.
                let line = error.to_string();
                assert!(line.contains(&format!(": no connection through the proxy {address}: ")), "{line}");
                assert!(line.contains(said), "{line}");
                text(&error)
            });
            assert_eq!(texts[0], texts[1]);
            assert!(texts[0].contains(said) && !texts[0].contains("planted"), "{}", texts[0]);
            assert_eq!(texts[0].matches("through the proxy").count(), 1, "{}", texts[0]);
        }
    }
}

#[test]
fn a_proxy_that_is_not_there_is_told_of() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (url, kind, named) in [
        (format!("http://me:planted@{free}"), Kind::Refused, free.to_string()),
        ("http://me:planted@proxy.invalid:1".to_owned(), Kind::UnknownHost, "proxy.invalid:1".to_owned()),
    ] {
        for driver in through(url.as_str(), "https://sts.invalid") {
            let error = driver.send(GetCallerIdentity::new()).unwrap_err();
            assert_eq!(error.as_transport_error().unwrap().kind(), kind, "{driver}");
            let line = error.to_string();
            assert!(line.contains(&format!(": no connection through the proxy {named}: the ")), "{line}");
            let text = format!("{} {error:?}", text(&error));
            assert!(text.contains(&format!("the proxy {named}")) && !text.contains("planted"), "{text}");
        }
    }
}

#[test]
fn a_tunnel_has_to_be_made_in_the_time_to_connect() {
    let proxy = Proxy::start(Does::Silence);
    let timeouts = Timeouts { connect: Duration::from_millis(300), ..Timeouts::default() };
    for endpoint in ["http://sts.invalid", "https://sts.invalid"] {
        let setup =
            Setup::new(settings(endpoint).timeouts(timeouts)).proxy(format!("http://{}", proxy.address()));
        for driver in setup.drivers().unwrap() {
            let begun = Instant::now();
            let error = driver.send(GetCallerIdentity::new()).unwrap_err();
            assert_eq!(error.as_transport_error().unwrap().kind(), Kind::Timeout(Phase::Connect), "{driver}");
            let line = error.to_string();
            let named = format!(
                "no connection through the proxy {}: connecting took too long: the time-out to ",
                proxy.address()
            );
            assert!(line.contains(&named), "{line}");
            assert!(begun.elapsed() < Duration::from_secs(10), "{driver}");
        }
    }
}

#[test]
fn tunnels_carry_tls_and_proxies_may_be_spoken_to_over_tls() {
    let pki = Pki::new();
    let kept = Script::Kept(200, Vec::new(), IDENTITY.into());
    let (plain, secure) = (Scripted::start(kept.clone()), Scripted::start_tls(kept, pki.good()));
    let (proxy, secure_proxy) = (Proxy::start(Does::Tunnel), Proxy::start_tls(Does::Tunnel, pki.good()));
    let open = format!("http://aladdin:planted%40opensesame@localhost:{}", proxy.address().port());
    let hidden = format!("https://aladdin:planted%40opensesame@localhost:{}", secure_proxy.address().port());
    for (proxy, url, endpoint) in [
        (&proxy, &open, format!("https://localhost:{}", secure.port())),
        (&secure_proxy, &hidden, format!("https://localhost:{}", secure.port())),
        (&secure_proxy, &hidden, format!("http://localhost:{}", plain.port())),
    ] {
        let setup = Setup::new(settings(&endpoint)).ca_bundle(pki.ca_pem()).proxy(url);
        for driver in setup.drivers().unwrap() {
            let asked = proxy.heads().len();
            for _ in 0..2 {
                let ended = driver.send(GetCallerIdentity::new());
                assert_eq!(
                    ended.unwrap_or_else(|error| panic!("{driver}: {}", text(&error))).account,
                    "0123"
                );
            }
            let heads = proxy.heads().split_off(asked);
            // The second call goes out on the connection of the first, if hyper's task has put it back by then.
            let max = if matches!(driver, Driver::Blocking(_)) { 1 } else { 2 };
            assert!((1..=max).contains(&heads.len()), "{driver}: {heads:?}");
            let target = endpoint.split_once("://").unwrap().1;
            assert!(heads[0].starts_with(&format!("CONNECT {target} HTTP/1.1\r\n")), "{driver}: {heads:?}");
            assert!(heads[0].contains("Proxy-Authorization: Basic YWxhZGRpbjpwbGFudGVkQG9wZW5zZXNhbWU=\r\n"));
        }
    }
}

#[test]
fn the_certificate_of_a_proxy_is_verified() {
    let pki = Pki::new();
    for (server, trusted) in [(pki.wrong_name(), true), (pki.expired(), true), (pki.good(), false)] {
        let proxy = Proxy::start_tls(Does::Tunnel, server);
        let name = format!("https://localhost:{}", proxy.address().port());
        for endpoint in ["http://sts.invalid", "https://sts.invalid"] {
            let setup = Setup::new(settings(endpoint)).proxy(&name);
            let setup = if trusted { setup.ca_bundle(pki.ca_pem()) } else { setup };
            for driver in setup.drivers().unwrap() {
                let error = driver.send(GetCallerIdentity::new()).unwrap_err();
                assert_eq!(
                    error.as_transport_error().unwrap().kind(),
                    Kind::Tls,
                    "{driver}: {}",
                    text(&error)
                );
                assert!(text(&error).contains(&format!("through the proxy {name}")), "{}", text(&error));
            }
        }
        assert!(proxy.heads().is_empty());
    }
}
