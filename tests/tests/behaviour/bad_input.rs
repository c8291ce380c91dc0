//! Every bad input is a typed error that says what to do, in both clients, within its time bound.

use std::time::{Duration, Instant};

use sts_proto::operations::{AssumeRoleWithWebIdentity, GetCallerIdentity};
use sts_proto::settings::Roots;
use sts_proto::{
    Credentials, Error, Phase, ResponseProblem, Retry, RetryClass, Settings, Timeouts,
    TransportErrorKind as Kind,
};
use sts_tests::driver::{Driver, Setup};
use sts_tests::pki::Pki;
use sts_tests::scripted::{Script, Scripted};

/// What a case has to end with.
enum Expect {
    Transport(Kind),
    /// A refusal without a document: its status.
    Status(u16),
    /// A success that cannot be used: words of the message.
    Unusable(&'static str),
}

fn settings(url: &str) -> Settings {
    let keys = Credentials::new("AKIDEXAMPLE", "planted-secret");
    Settings::new()
        .region("us-east-1")
        .credentials(keys)
        .endpoint_url(url)
        .timeouts(Timeouts {
            connect: Duration::from_millis(700),
            attempt: Duration::from_millis(1500),
            call: Duration::from_secs(5),
        })
        .retry(Retry::off())
}

fn check(name: &str, driver: &Driver, expect: &Expect) {
    let begun = Instant::now();
    let error = driver.send(GetCallerIdentity::new()).expect_err(name);
    let text = error.to_string();
    println!("{name} {driver}: {text}");
    assert!(begun.elapsed() < Duration::from_secs(60), "{name} {driver} took {:?}", begun.elapsed());
    assert!(!text.is_empty() && !text.ends_with('.') && !text.contains('\n'), "{name} {driver}: {text}");
    assert!(!format!("{text} {error:?}").contains("planted"), "{name} {driver}");
    match expect {
        Expect::Transport(kind) => {
            let transport =
                error.as_transport_error().unwrap_or_else(|| panic!("{name} {driver}: {error:?}"));
            assert_eq!(transport.kind(), *kind, "{name} {driver}: {error:?}");
            assert!(text.starts_with("GetCallerIdentity got no answer from "), "{name} {driver}: {text}");
        }
        Expect::Status(status) => {
            let refusal = error.as_service_error().unwrap_or_else(|| panic!("{name} {driver}: {error:?}"));
            assert_eq!(refusal.metadata().status().as_u16(), *status, "{name} {driver}");
            assert_eq!(refusal.code(), None, "{name} {driver}");
            assert_eq!(error.request_id(), Some("scripted-request-id"), "{name} {driver}");
            let transient = matches!(status, 500 | 502 | 503 | 504);
            assert_eq!(error.retry_class() == RetryClass::Transient, transient, "{name} {driver}");
        }
        Expect::Unusable(words) => {
            assert!(matches!(error, Error::Response(_)), "{name} {driver}: {error:?}");
            assert!(text.contains(words), "{name} {driver}: {text}");
            assert_eq!(error.request_id(), Some("scripted-request-id"), "{name} {driver}");
        }
    }
}

fn both(settings: Settings) -> [Driver; 2] {
    Setup::new(settings).drivers().expect("the settings are good")
}

fn xml(body: &str) -> Script {
    Script::Answer(200, "text/xml", body.as_bytes().to_vec())
}

#[test]
fn answers_that_are_none() {
    let deep = format!("<R>{}{}</R>", "<a>".repeat(5000), "</a>".repeat(5000));
    let raw = |text: &str| Script::Raw(text.as_bytes().to_vec());
    let cases = [
        ("html 500", Script::Answer(500, "text/html", b"<html><h1>oops</h1>".to_vec()), Expect::Status(500)),
        (
            "doctype 502",
            Script::Answer(502, "text/html", b"<!DOCTYPE html><html/>".to_vec()),
            Expect::Status(502),
        ),
        ("empty 503", Script::Answer(503, "text/xml", Vec::new()), Expect::Status(503)),
        (
            "json 504",
            Script::Answer(504, "application/json", b"{\"message\":\"no\"}".to_vec()),
            Expect::Status(504),
        ),
        ("empty 500", Script::Answer(500, "text/xml", Vec::new()), Expect::Status(500)),
        ("redirect 302", Script::Answer(302, "text/html", Vec::new()), Expect::Status(302)),
        ("redirect 307", Script::Answer(307, "text/html", b"moved".to_vec()), Expect::Status(307)),
        ("200 empty", xml(""), Expect::Unusable("the document is empty")),
        (
            "200 html",
            xml("<html><body>hello</body></html>"),
            Expect::Unusable("holds no result of this action"),
        ),
        ("200 json", xml("{}"), Expect::Unusable("not well-formed")),
        (
            "200 other action",
            xml("<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>"),
            Expect::Unusable("holds no result of this action"),
        ),
        (
            "200 empty result",
            xml("<R><GetCallerIdentityResult/></R>"),
            Expect::Unusable("GetCallerIdentityOutput has no UserId"),
        ),
        ("doctype", xml("<!DOCTYPE R><R/>"), Expect::Unusable("doctype")),
        (
            "entity expansion",
            xml("<!DOCTYPE R [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><R>&b;</R>"),
            Expect::Unusable("doctype"),
        ),
        (
            "external entity",
            xml("<!DOCTYPE R [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><R>&x;</R>"),
            Expect::Unusable("doctype"),
        ),
        (
            "unknown entity",
            xml("<R><GetCallerIdentityResult><Arn>&nope;</Arn></GetCallerIdentityResult></R>"),
            Expect::Unusable("unknown entity"),
        ),
        ("too deep", xml(&deep), Expect::Unusable("nests deeper than 64")),
        (
            "not utf-8",
            Script::Answer(200, "text/xml", b"<R>\xff\xfe</R>".to_vec()),
            Expect::Unusable("not utf-8"),
        ),
        ("truncated", xml("<R><GetCallerIdentityResult>"), Expect::Unusable("not well-formed")),
        (
            "over the cap",
            Script::Answer(200, "text/xml", vec![b' '; 1024 * 1024 + 1]),
            Expect::Transport(Kind::TooLarge),
        ),
        (
            "cut body",
            raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<R>"),
            Expect::Transport(Kind::Closed),
        ),
        (
            "cut chunk",
            raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n<R>"),
            Expect::Transport(Kind::Closed),
        ),
        ("closed before the headers", raw(""), Expect::Transport(Kind::Closed)),
        ("closed in the headers", raw("HTTP/1.1 200 OK\r\nContent-Le"), Expect::Transport(Kind::Closed)),
        ("not http", raw("SSH-2.0-OpenSSH_9.9\r\n\r\n"), Expect::Transport(Kind::NotHttp)),
        ("hangs before the headers", Script::Silence, Expect::Transport(Kind::Timeout(Phase::Response))),
        (
            "hangs in the headers",
            Script::RawThenSilence(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec()),
            Expect::Transport(Kind::Timeout(Phase::Response)),
        ),
        (
            "hangs in the body",
            Script::RawThenSilence(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<R>".to_vec()),
            Expect::Transport(Kind::Timeout(Phase::Body)),
        ),
    ];
    for (name, script, expect) in cases {
        let server = Scripted::start(script);
        for driver in both(settings(&format!("http://127.0.0.1:{}", server.port()))) {
            check(name, &driver, &expect);
        }
    }
}

#[test]
fn hosts_that_cannot_be_reached() {
    let unused =
        std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).unwrap();
    for driver in both(settings(&format!("http://{unused}"))) {
        check("refused", &driver, &Expect::Transport(Kind::Refused));
    }
    for driver in both(settings("http://no-such-host.invalid")) {
        check("unknown host", &driver, &Expect::Transport(Kind::UnknownHost));
    }
}

#[test]
fn tls_that_cannot_be_trusted() {
    let pki = Pki::new();
    let body = "<R><GetCallerIdentityResult><UserId>u</UserId><Account>1</Account><Arn>a</Arn></GetCallerIdentityResult></R>";
    let cases = [
        ("wrong name", pki.wrong_name(), true, Some(Kind::Tls)),
        ("expired", pki.expired(), true, Some(Kind::Tls)),
        ("unknown authority", pki.good(), false, Some(Kind::Tls)),
        ("good", pki.good(), true, None),
    ];
    for (name, tls, trusted, expect) in cases {
        let server = Scripted::start_tls(xml(body), tls);
        let mut setup = Setup::new(settings(&format!("https://localhost:{}", server.port())));
        if trusted {
            setup = setup.ca_bundle(pki.ca_pem());
        }
        for driver in setup.drivers().unwrap() {
            match expect {
                Some(kind) => check(name, &driver, &Expect::Transport(kind)),
                None => drop(driver.send(GetCallerIdentity::new()).unwrap()),
            }
        }
        assert_eq!(server.requests(), if expect.is_none() { 2 } else { 0 }, "{name}");
    }
    // The handshake is part of connecting.
    let server = Scripted::start(Script::Silence);
    for driver in both(settings(&format!("https://localhost:{}", server.port()))) {
        check("stalled handshake", &driver, &Expect::Transport(Kind::Timeout(Phase::Connect)));
    }
    // And plain HTTP behind an https URL.
    let server = Scripted::start(Script::Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()));
    for driver in both(settings(&format!("https://localhost:{}", server.port()))) {
        let error = driver.send(GetCallerIdentity::new()).unwrap_err();
        assert!(error.as_transport_error().is_some(), "{driver}: {error:?}");
    }
}

#[test]
fn settings_that_cannot_be_used() {
    let keys = || Credentials::new("AKIDEXAMPLE", "planted-secret");
    let build = |settings: Settings| {
        let setup = Setup::new(settings);
        [setup.blocking().map(drop), setup.asynchronous().map(drop)]
    };
    for (settings, words) in [
        (Settings::new().credentials(keys()), "the builder is isolated"),
        (Settings::new().region("not a region"), "region"),
        (settings("localhost:4566"), "http://"),
        (settings("ftp://localhost"), "http"),
        (settings("http://"), "host"),
        (settings("http://host:99999"), "port"),
        (settings("https://user:planted@sts.example.com"), "user"),
        (settings("https://sts.example.com/?x=planted"), "query"),
        (settings("https://sts.example.com/#planted"), "fragment"),
        (settings("http://localhost:1").use_fips_endpoint(true), "fips"),
        (settings("http://localhost:1").use_dualstack_endpoint(true), "dual"),
    ] {
        for result in build(settings) {
            let error = result.expect_err(words);
            assert!(matches!(error, Error::Endpoint(_)), "{error:?}");
            assert!(error.to_string().to_lowercase().contains(&words.to_lowercase()), "{words}: {error}");
            assert!(!format!("{error} {error:?}").contains("planted"), "{error:?}");
        }
    }
}

/// Both clients name the part, its file and what named it, in the same words.
#[test]
fn certificates_that_cannot_be_used() {
    let folder = std::env::temp_dir().join(format!("sts-bundles-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, contents: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, contents).unwrap();
        path
    };
    let pki = Pki::new();
    let damaged = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let half = [pki.ca_pem().as_bytes(), &damaged[..]].concat();
    let (garbage, large) = (file("garbage", b"garbage"), file("large", &vec![b'x'; 1024 * 1024 + 1]));
    let (half, key) =
        (file("half", &half), file("key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
    let config = file("config", format!("[profile p]\nca_bundle = {}\n", garbage.display()).as_bytes());
    let named = |path: &std::path::Path| {
        let path = path.to_str().unwrap();
        Setup::of_environment([("AWS_REGION", "eu-west-1"), ("AWS_CA_BUNDLE", path)])
    };
    let config = config.to_str().unwrap();
    let of_profile = [("AWS_REGION", "eu-west-1"), ("AWS_PROFILE", "p"), ("AWS_CONFIG_FILE", config)];
    let set = || settings("https://localhost");
    let unusable = "holds no certificate, or a damaged one; it has to be pem";
    let at = |path: &std::path::Path| format!("the ca bundle {} (AWS_CA_BUNDLE) ", path.display());
    let absent = folder.join("absent");
    for (setup, expected) in [
        (Setup::new(set()).ca_bundle("no pem"), format!("the ca bundle (set in code) {unusable}")),
        (Setup::new(set()).ca_bundle(damaged), format!("the ca bundle (set in code) {unusable}")),
        (named(&garbage), format!("{}{unusable}", at(&garbage))),
        (named(&half), format!("{}{unusable}", at(&half))),
        (named(&key), format!("{}{unusable}", at(&key))),
        (named(&large), format!("{}cannot be read (it is larger than 1 MiB)", at(&large))),
        (named(&absent), format!("{}cannot be read (no such file)", at(&absent))),
        (named(&folder), format!("{}cannot be read (", at(&folder))),
        (
            Setup::of_environment(of_profile),
            format!(
                "the ca bundle {} (profile p, ca_bundle ({config} line 2)) {unusable}",
                garbage.display()
            ),
        ),
        (
            Setup::new(set()).extra_roots("no pem"),
            "the extra roots (set in code) hold no certificate, or a damaged one".to_owned(),
        ),
        (Setup::new(set().roots(Roots::Platform)), "enable the feature platform-roots".to_owned()),
    ] {
        let [blocking, asynchronous] = [setup.blocking().map(drop), setup.asynchronous().map(drop)]
            .map(|built| built.expect_err(&expected).to_string());
        assert!(blocking.contains(&expected), "{expected}: {blocking}");
        assert_eq!(blocking, asynchronous);
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn credentials_that_are_missing_or_cannot_be_sent() {
    let server = Scripted::start(Script::Answer(500, "text/xml", Vec::new()));
    let url = format!("http://127.0.0.1:{}", server.port());
    for driver in both(settings(&url).without_credentials()) {
        let error = driver.send(GetCallerIdentity::new()).unwrap_err();
        assert!(
            matches!(error, Error::Credentials(sts_proto::CredentialsError::NotConfigured(_))),
            "{error:?}"
        );
        assert!(error.to_string().contains("without_credentials was set"), "{error}");
        // An operation that is not signed asks for none.
        let error = driver.send(AssumeRoleWithWebIdentity::new("arn", "me", "jwt")).unwrap_err();
        assert!(error.as_service_error().is_some(), "{error:?}");
    }
    assert_eq!(server.requests(), 2);
    for keys in [
        Credentials::new("AKID\r\nX-Evil: 1", "s"),
        Credentials::new("", "s"),
        Credentials::new("AKID", "s").with_session_token("planted\ntoken"),
    ] {
        for driver in both(settings(&url).credentials(keys)) {
            let error = driver.send(GetCallerIdentity::new()).unwrap_err();
            assert!(matches!(error, Error::Sign(_)), "{error:?}");
            assert!(!format!("{error} {error:?}").contains("planted"), "{error:?}");
        }
    }
    // A custom endpoint needs no region until something has to be signed for one.
    let settings = Settings::new().endpoint_url(&url).credentials(Credentials::new("AKID", "s"));
    for driver in both(settings) {
        assert!(
            driver
                .send(AssumeRoleWithWebIdentity::new("a", "m", "j"))
                .unwrap_err()
                .as_service_error()
                .is_some()
        );
        let error = driver.send(GetCallerIdentity::new()).unwrap_err();
        assert!(matches!(error, Error::Endpoint(_)) && error.to_string().contains("region"), "{error}");
    }
}

#[test]
fn a_success_over_the_bound_is_refused_by_the_core_too() {
    use sts_proto::Operation;
    let response = http::Response::new(vec![b' '; sts_proto::wire::MAX_BODY + 1]);
    match GetCallerIdentity::parse(&response).unwrap_err() {
        Error::Response(error) => assert_eq!(error.problem, ResponseProblem::TooLarge),
        error => panic!("{error:?}"),
    }
}
