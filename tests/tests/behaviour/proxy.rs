//! Which way requests go, and how a proxy is spoken to: the same through both clients.

mod tunnels;

use std::error::Error as _;
use std::process::Command;

use bytes::Bytes;
use http::Request;
use sts_proto::operations::GetCallerIdentity;
use sts_proto::settings::{Origin, Setting, SettingsErrorKind};
use sts_proto::{Credentials, Error, Retry, Settings, TransportErrorKind as Kind};
use sts_tests::driver::{Driver, Setup};
use sts_tests::exchange::send;
use sts_tests::proxy::{Does, Proxy};

/// How the request of a row goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Direct,
    Proxied,
    /// No client is made, because of this variable.
    Refused(&'static str),
}
use Way::{Direct, Proxied, Refused};

type Row = (&'static [(&'static str, &'static str)], &'static str, Way);

/// Variables (`PROXY` in a value is the address of the proxy), the endpoint, and the way. A name below `localhost` or an
/// address of the loopback network need not have a server: no request gets further than to the proxy.
const ROWS: &[Row] = &[
    // Which variable.
    (&[], "http://a.localhost:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY")], "http://a.localhost:1", Proxied),
    (&[("http_proxy", "http://PROXY")], "http://a.localhost:1", Proxied),
    (&[("HTTPS_PROXY", "http://PROXY")], "https://a.localhost:1", Proxied),
    (&[("https_proxy", "http://PROXY")], "https://a.localhost:1", Proxied),
    (&[("ALL_PROXY", "http://PROXY")], "http://a.localhost:1", Proxied),
    (&[("all_proxy", "http://PROXY")], "https://a.localhost:1", Proxied),
    (&[("HTTPS_PROXY", "http://PROXY")], "http://a.localhost:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY")], "https://a.localhost:1", Direct),
    (
        &[("HTTP_PROXY", "http://PROXY"), ("http_proxy", "http://127.0.0.1:1")],
        "http://a.localhost:1",
        Proxied,
    ),
    (&[("HTTP_PROXY", " "), ("http_proxy", "http://PROXY")], "http://a.localhost:1", Proxied),
    (&[("HTTP_PROXY", "http://PROXY"), ("ALL_PROXY", "http://127.0.0.1:1")], "http://a.localhost:1", Proxied),
    (
        &[("HTTP_PROXY", "http://127.0.0.1:1"), ("ALL_PROXY", "http://PROXY")],
        "https://a.localhost:1",
        Proxied,
    ),
    (&[("HTTP_PROXY", "http://PROXY"), ("REQUEST_METHOD", "GET")], "http://a.localhost:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY"), ("REQUEST_METHOD", "")], "http://a.localhost:1", Direct),
    (&[("http_proxy", "socks5://PROXY"), ("REQUEST_METHOD", "GET")], "http://a.localhost:1", Direct),
    // Which URL of a proxy.
    (&[("HTTP_PROXY", "PROXY")], "http://a.localhost:1", Proxied),
    (&[("HTTP_PROXY", "HTTP://me:planted@PROXY/")], "http://a.localhost:1", Proxied),
    (&[("HTTP_PROXY", " http://me:pl%40nted@PROXY ")], "http://a.localhost:1", Proxied),
    (&[("HTTP_PROXY", "http://127.0.0.1:99999")], "http://a.localhost:1", Refused("HTTP_PROXY")),
    (&[("HTTPS_PROXY", "http://127.0.0.1:0")], "https://a.localhost:1", Refused("HTTPS_PROXY")),
    (&[("http_proxy", "http://127.0.0.1:")], "http://a.localhost:1", Refused("http_proxy")),
    (&[("HTTP_PROXY", "socks5://127.0.0.1:1")], "http://a.localhost:1", Refused("HTTP_PROXY")),
    (&[("HTTPS_PROXY", "socks5://127.0.0.1:1")], "http://a.localhost:1", Refused("HTTPS_PROXY")),
    (&[("ALL_PROXY", "socks5h://127.0.0.1:1")], "http://a.localhost:1", Refused("ALL_PROXY")),
    (&[("all_proxy", "ftp://127.0.0.1:1")], "http://a.localhost:1", Refused("all_proxy")),
    (
        &[("HTTPS_PROXY", "http://PROXY"), ("ALL_PROXY", "socks5://127.0.0.1:1")],
        "https://a.localhost:1",
        Refused("ALL_PROXY"),
    ),
    (
        &[
            ("HTTPS_PROXY", "http://PROXY"),
            ("HTTP_PROXY", "http://PROXY"),
            ("ALL_PROXY", "socks5://127.0.0.1:1"),
        ],
        "https://a.localhost:1",
        Proxied,
    ),
    (&[("https_proxy", "http://me:planted@ss@127.0.0.1:1")], "http://a.localhost:1", Refused("https_proxy")),
    (&[("HTTP_PROXY", "http://me:planted%zz@127.0.0.1:1")], "http://a.localhost:1", Refused("HTTP_PROXY")),
    (&[("HTTP_PROXY", "http://me:1/planted@127.0.0.1:1")], "http://a.localhost:1", Refused("HTTP_PROXY")),
    (&[("HTTP_PROXY", "http://PROXY/planted.pac")], "http://a.localhost:1", Refused("HTTP_PROXY")),
    (&[("HTTP_PROXY", "http://pl anted")], "http://a.localhost:1", Refused("HTTP_PROXY")),
    (
        &[("HTTP_PROXY", "http://me:planted@q@r"), ("NO_PROXY", "*")],
        "http://a.localhost:1",
        Refused("HTTP_PROXY"),
    ),
    // Which host: names.
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "a.localhost")], "http://a.localhost:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY"), ("no_proxy", "a.localhost")], "http://a.localhost:1", Direct),
    (
        &[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "b"), ("no_proxy", "a.localhost")],
        "http://a.localhost:1",
        Proxied,
    ),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "A.LocalHost")], "http://a.localhost:1", Direct),
    (&[("HTTPS_PROXY", "http://PROXY"), ("NO_PROXY", "localhost")], "https://a.localhost:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", ".localhost")], "http://a.localhost:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", ".a.localhost")], "http://a.localhost:1", Direct),
    (
        &[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "*.corp.localhost")],
        "http://sts.corp.localhost:1",
        Direct,
    ),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "*.corp.localhost")], "http://corp.localhost:1", Proxied),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "*corp.localhost")], "http://acorp.localhost:1", Proxied),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "corp.localhost")], "http://acorp.localhost:1", Proxied),
    (
        &[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "b.localhost , a.localhost")],
        "http://a.localhost:1",
        Direct,
    ),
    (
        &[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "b.localhost a.localhost")],
        "http://a.localhost:1",
        Direct,
    ),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "a.localhost.")], "http://a.localhost:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "a.localhost")], "http://a.localhost.:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "10.*")], "http://10.evil.localhost:1", Proxied),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "10.")], "http://10.evil.localhost:1", Proxied),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "a.localhost:1")], "http://a.localhost:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "a.localhost:2")], "http://a.localhost:1", Proxied),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "*")], "http://a.localhost:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "b, *")], "http://[::1]:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", " ")], "http://a.localhost:1", Proxied),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", ".,,*.")], "http://a.localhost:1", Proxied),
    // Addresses and networks.
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "127.0.0.1")], "http://127.0.0.1:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "127.0.0.1")], "http://127.0.0.11:1", Proxied),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "127.0.0.1:1")], "http://127.0.0.1:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "127.0.0.1:2")], "http://127.0.0.1:1", Proxied),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "127.*")], "http://127.0.0.1:1", Proxied),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "127.")], "http://127.0.0.1:1", Proxied),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "127.0.0.0/8")], "http://127.9.9.9:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "127.0.0.0/16")], "http://127.9.9.9:1", Proxied),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "127.0.0.0/8:1")], "http://127.9.9.9:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "127.0.0.0/33")], "http://127.0.0.0:1", Proxied),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "0.0.0.0/0")], "http://127.9.9.9:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "::1")], "http://[::1]:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "[::1]")], "http://[::1]:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "[::1]:1")], "http://[::1]:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "[::1]:2")], "http://[::1]:1", Proxied),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "0:0:0::0:1")], "http://[::1]:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "::/127")], "http://[::1]:1", Direct),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "127.0.0.1")], "http://[::ffff:127.0.0.1]:1", Proxied),
    (&[("HTTP_PROXY", "http://PROXY"), ("NO_PROXY", "::ffff:7f00:1")], "http://[::ffff:127.0.0.1]:1", Direct),
];

#[test]
fn every_row_goes_the_same_way_through_both_clients() {
    let mut failures = Vec::new();
    for (variables, endpoint, expected) in ROWS {
        let [blocking, asynchronous] =
            [Setup::blocking, Setup::asynchronous].map(|make| go(variables, endpoint, make));
        let row = format!("{variables:?} {endpoint}");
        if blocking.way != *expected || asynchronous.way != *expected {
            failures.push(format!(
                "{row}: blocking {:?}, async {:?}, not {expected:?}",
                blocking.way, asynchronous.way
            ));
        }
        if blocking.told != asynchronous.told {
            failures.push(format!("{row}: blocking says\n{}\nasync\n{}", blocking.told, asynchronous.told));
        }
        if blocking.told.contains("nted") {
            failures.push(format!("{row}: says\n{}", blocking.told));
        }
    }
    println!("proxies: {} rows, 2 clients, {} failures", ROWS.len(), failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What came of a row: the way, and all that a person is told.
struct Went {
    way: Way,
    told: String,
}

fn go(variables: &[(&str, &str)], endpoint: &str, make: fn(&Setup) -> Result<Driver, Error>) -> Went {
    let proxy = Proxy::start(Does::Answer("HTTP/1.1 502 Bad\r\n\r\n".to_owned()));
    let address = proxy.address().to_string();
    let plain = |told: String| told.replace(&address, "PROXY");
    let mut all = vec![
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("AWS_MAX_ATTEMPTS", "1".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ];
    all.extend(variables.iter().map(|(name, value)| (*name, value.replace("PROXY", &address))));
    let driver = match make(&Setup::of_environment(all)) {
        Ok(driver) => driver,
        Err(error) => {
            let told = plain(format!("{error} {error:?}"));
            let culprit = variables
                .iter()
                .map(|(name, _)| *name)
                .find(|name| told.contains(&format!("the proxy url of {name} ")));
            let Error::Settings(error) = error else { panic!("{variables:?} {endpoint}: {told}") };
            let SettingsErrorKind::Proxy { origin: Origin::Environment(variable), .. } = error.kind() else {
                panic!("{variables:?} {endpoint}: {told}");
            };
            assert_eq!(culprit, Some(*variable), "{told}");
            return Went { way: Refused(variable), told };
        }
    };
    let error = driver.send(GetCallerIdentity::new()).expect_err("there is no server");
    let heads = proxy.heads();
    let mut told = driver.explain().to_string();
    let way = match &heads[..] {
        [] => Direct,
        [head] => {
            let authority = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
            let expected = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
            assert!(head.starts_with(&expected), "{head}");
            // The whole chain: what the proxy answered is told in the same words.
            told = format!("{told}\n{}", text(&error));
            Proxied
        }
        _ => panic!("{heads:?}"),
    };
    let listed = explained(&driver);
    assert_eq!(*listed.value == *address, way == Proxied, "{listed:?}");
    Went { way, told: plain(told) }
}

fn explained(driver: &Driver) -> Setting {
    let mut settings = driver.explain().settings.into_iter();
    settings.find(|setting| setting.name == "proxy").expect("it is always told")
}

/// An error with all that lies below it.
fn text(error: &Error) -> String {
    let mut causes = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    causes.join("; ")
}

/// Both clients of an endpoint that is reached through this proxy.
fn through(proxy: impl Into<String>, endpoint: &str) -> [Driver; 2] {
    Setup::new(settings(endpoint)).proxy(proxy).drivers().unwrap()
}

fn settings(endpoint: &str) -> Settings {
    let keys = Credentials::new("AKIDEXAMPLE", "secret");
    Settings::new().region("us-east-1").credentials(keys).endpoint_url(endpoint).retry(Retry::off())
}

/// An STS of the barest kind, which says what it was sent.
fn server() -> Proxy {
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{IDENTITY}",
        IDENTITY.len()
    );
    Proxy::start(Does::Answer(answer))
}

const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>u</UserId>\
    <Account>0123</Account><Arn>a</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>";

#[test]
fn without_a_proxy_none_is_asked() {
    let (server, proxy) = (server(), Proxy::start(Does::Tunnel));
    let variables = [
        ("AWS_ENDPOINT_URL", format!("http://{}", server.address())),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("HTTP_PROXY", format!("http://{}", proxy.address())),
    ];
    for setup in [
        Setup::of_environment(variables.clone()).no_proxy(),
        Setup::new(settings(&variables[0].1)).proxy(&variables[5].1).no_proxy(),
        Setup::new(settings(&variables[0].1)),
    ] {
        for driver in setup.drivers().unwrap() {
            driver.send(GetCallerIdentity::new()).unwrap();
            assert_eq!(&*explained(&driver).value, "none");
        }
    }
    assert_eq!((proxy.heads().len(), server.heads().len()), (0, 6));
    // What is not used may be wrong.
    for wrong in ["", "socks5://a"] {
        assert!(Setup::new(settings("http://a")).proxy(wrong).no_proxy().drivers().is_ok());
    }
}

#[test]
fn what_is_for_the_machine_itself_goes_through_no_proxy() {
    let (server, proxy) = (server(), Proxy::start(Does::Tunnel));
    let url = format!("http://{}/", server.address());
    for driver in through(format!("http://aladdin:planted@{}", proxy.address()), &url) {
        let counts = || (server.heads().len(), proxy.heads().len());
        let (sent, asked) = counts();
        let mut request = Request::post(&url).body(Bytes::from_static(b"x")).unwrap();
        request.extensions_mut().insert(sts_proto::flow::Direct);
        assert_eq!(send(&driver, request.clone()).unwrap().status(), 200);
        assert_eq!(counts(), (sent + 1, asked), "{driver}");
        let head = server.heads()[sent].to_ascii_lowercase();
        assert!(head.starts_with("post / http/1.1\r\n") && !head.contains("proxy-authorization"), "{head}");
        request.extensions_mut().clear();
        assert_eq!(send(&driver, request.clone()).unwrap().status(), 200);
        assert_eq!(counts(), (sent + 2, asked + 1), "{driver}");
        // Connections of the one kind are not used for the other.
        request.extensions_mut().insert(sts_proto::flow::Direct);
        assert_eq!(send(&driver, request).unwrap().status(), 200);
        assert_eq!(counts(), (sent + 3, asked + 1), "{driver}");
        let told = explained(&driver);
        assert_eq!((told.value.to_string(), told.origin), (proxy.address().to_string(), Origin::Code));
    }
}

/// Wherever the service itself is.
#[test]
fn each_request_goes_through_the_proxy_of_its_own_scheme() {
    let (server, proxy) = (server(), Proxy::start(Does::Answer("HTTP/1.1 502 Bad\r\n\r\n".to_owned())));
    let direct = format!("http://{}", server.address());
    for (variable, endpoint) in [("HTTPS_PROXY", "https://sts.invalid"), ("HTTP_PROXY", "http://sts.invalid")]
    {
        let variables = [
            ("AWS_ENDPOINT_URL", endpoint.to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            (variable, format!("http://{}", proxy.address())),
        ];
        for driver in Setup::of_environment(variables).drivers().unwrap() {
            let post = |url: &str| send(&driver, Request::post(url).body(Bytes::from_static(b"x")).unwrap());
            let kind = |result: Result<_, Error>| result.unwrap_err().as_transport_error().unwrap().kind();
            let (sent, asked) = (server.heads().len(), proxy.heads().len());
            if variable == "HTTPS_PROXY" {
                assert_eq!(post(&direct).unwrap().status(), 200);
                assert_eq!(kind(post("https://sts.invalid/")), Kind::Connect);
            } else {
                assert_eq!(kind(post(&direct)), Kind::Connect);
            }
            let sent = server.heads().len() - sent;
            let asked = proxy.heads().split_off(asked);
            let target = if variable == "HTTPS_PROXY" {
                "sts.invalid:443".to_owned()
            } else {
                server.address().to_string()
            };
            assert_eq!((sent, asked.len()), (usize::from(variable == "HTTPS_PROXY"), 1), "{driver}");
            assert!(asked[0].starts_with(&format!("CONNECT {target} ")), "{driver}: {asked:?}");
        }
    }
}

#[test]
fn urls_that_cannot_be_used_are_refused_and_not_shown() {
    let builds = |url: &str| Setup::new(settings("http://sts.invalid")).proxy(url).drivers();
    for url in [
        "http://proxy.test",
        "http://proxy.test:3128/",
        "proxy.test:3128",
        "me:pw@proxy.example.com:3128",
        "http://u:p@[::1]:3128",
        "https://proxy.example.com",
        "https://planted@proxy.test",
    ] {
        assert!(builds(url).is_ok(), "{url}");
    }
    for url in [
        "",
        " ",
        "http://",
        "http://planted@",
        "http://user:planted@ss@proxy.test",
        "http://user:planted word@proxy.test",
        "http://me:planted@:1",
        "http://pl anted",
        "socks5://planted:planted@proxy.test",
        "socks5://host:1",
        "ftp://me:planted@host:1",
        "ftp://planted",
        "/p",
        "http://127.0.0.1:99999",
    ] {
        let setup = Setup::new(settings("http://sts.invalid")).proxy(url);
        let texts = [setup.blocking(), setup.asynchronous()].map(|built| {
            let Err(error) = built else { panic!("{url} is taken") };
            assert!(
                matches!(&error, Error::Settings(error)
                    if matches!(error.kind(), SettingsErrorKind::Proxy { origin: Origin::Code, .. })),
                "{url}"
            );
            format!("{error} {error:?}")
        });
        assert_eq!(texts[0], texts[1]);
        assert!(texts[0].contains("the program") && !texts[0].contains("anted"), "{}", texts[0]);
    }
}

/// The clients' own look at the environment, in a process of its own.
#[test]
fn the_environment_of_the_process_is_heeded() {
    let run = |variables: &[(&str, &str)], expected: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "--ignored", &format!("{}in_this_environment", module())]);
        for name in ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY"] {
            command.env_remove(name).env_remove(name.to_lowercase());
        }
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
            command.env_remove(name);
        }
        command.env_remove("REQUEST_METHOD").env_remove("HOME").env("AWS_EC2_METADATA_DISABLED", "true");
        let output = command.envs(variables.iter().copied()).env("EXPECTED", expected).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{variables:?}\n{said}");
    };
    // On Windows the two are one variable.
    let named = |name: &str| if cfg!(windows) { name.to_uppercase() } else { name.to_owned() };
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let url = (variable, "http://u:planted@proxy.test:3128");
        run(&[url], &format!("proxy.test:3128 {}", named(variable)));
        let excepted = "none for this host, else proxy.test:3128";
        run(&[url, ("NO_PROXY", "amazonaws.com")], &format!("{excepted} NO_PROXY"));
        run(&[url, ("no_proxy", "*")], &format!("{excepted} {}", named("no_proxy")));
        run(&[url, ("REQUEST_METHOD", "GET")], "none REQUEST_METHOD");
        run(&[(variable, "")], "none default");
    }
    for variable in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        run(&[(variable, "http://u:planted@q@r")], &format!("error {}", named(variable)));
        run(&[(variable, "http://u:planted@q@r"), ("no_proxy", "*")], &format!("error {}", named(variable)));
    }
    run(&[("HTTP_PROXY", "http://proxy.test:3128")], "none default");
}

#[test]
#[ignore = "runs in a process of its own"]
fn in_this_environment() {
    let Ok(expected) = std::env::var("EXPECTED") else { return };
    let blocking = || sts_blocking::Client::builder().region("eu-west-1");
    let asynchronous = || sts_async::Client::builder().region("eu-west-1");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let told = [
        blocking().build().map(|client| client.explain()),
        asynchronous().build().map(|client| runtime.block_on(client.explain())),
    ];
    for told in told {
        match told {
            Ok(told) => {
                let mut settings = told.settings.iter();
                let proxy = settings.find(|setting| setting.name == "proxy").unwrap();
                assert_eq!(format!("{} {}", proxy.value, proxy.origin), expected);
            }
            Err(error) => {
                let variable = expected.strip_prefix("error ").unwrap();
                assert!(error.to_string().contains(&format!("of {variable} ")), "{error}");
                assert!(!format!("{error} {error:?}").contains("planted"));
            }
        }
    }
    blocking().no_proxy().build().unwrap();
    asynchronous().no_proxy().build().unwrap();
}

/// Where this file stands in its binary, as the names of tests begin.
fn module() -> String {
    module_path!().split_once("::").map_or(String::new(), |(_, module)| format!("{module}::"))
}
