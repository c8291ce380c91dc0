use std::error::Error as _;
use std::process::Command;
use std::time::Duration;

use bytes::Bytes;
use sts_proto::{SendTimeouts, TransportError, TransportErrorKind as Kind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;
use crate::transport::{HyperTransport, TlsSettings, Transport};

/// What a proxy does with a request.
#[derive(Clone, Copy)]
#[cfg_attr(not(any(feature = "ring", feature = "aws-lc", feature = "native-tls")), expect(dead_code))]
enum Does {
    /// Says this.
    Answer(&'static str),
    /// Makes the tunnel that it is asked for.
    Tunnel,
    Nothing,
}

/// A proxy on this port, and the heads of the requests that it gets.
async fn proxy(does: Does) -> (u16, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (heads, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let heads = heads.clone();
            tokio::spawn(async move {
                let mut read = Vec::new();
                while !read.windows(4).any(|four| four == b"\r\n\r\n") {
                    if !matches!(stream.read_buf(&mut read).await, Ok(1..)) {
                        return;
                    }
                }
                let head = String::from_utf8(read).unwrap();
                let target = head.split(' ').nth(1).unwrap().to_owned();
                heads.send(head).unwrap();
                match does {
                    Does::Answer(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
                    Does::Tunnel => {
                        let mut server = TcpStream::connect(target).await.unwrap();
                        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
                        let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
                    }
                    Does::Nothing => drop(stream.read_to_end(&mut Vec::new()).await),
                }
            });
        }
    });
    (port, told)
}

/// Through the proxy on this port, with a password.
async fn send(port: u16, uri: &str, tls: &TlsSettings) -> Result<http::Response<Bytes>, TransportError> {
    let url = format!("http://aladdin:planted%40{PASSWORD}@localhost:{port}");
    let transport = HyperTransport::configured(tls, &Proxy::Url(url.into())).unwrap();
    let request = http::Request::post(uri).body(Bytes::from_static(b"Action=Test")).unwrap();
    let long = Duration::from_secs(20);
    let timeouts = SendTimeouts { connect: Duration::from_millis(700), attempt: long };
    transport.send(request, timeouts).await
}

const PASSWORD: &str = "opensesame";
/// `aladdin:planted@opensesame` in base64.
const AUTHORIZATION: &str = "Basic YWxhZGRpbjpwbGFudGVkQG9wZW5zZXNhbWU=";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

/// The error and all below it, where no password may be.
fn whole(error: &TransportError) -> String {
    let mut text = format!("{error} {error:?}");
    let mut below = error.source();
    while let Some(cause) = below {
        text = format!("{text}: {cause}");
        below = cause.source();
    }
    assert!(!text.contains(PASSWORD) && !text.contains("YWxh") && !text.contains("planted"), "{text}");
    text
}

#[tokio::test]
async fn plain_requests_are_forwarded() {
    let (port, mut heads) = proxy(Does::Answer(OK)).await;
    let answer = send(port, "http://sts.invalid:8080/path", &TlsSettings::default()).await.unwrap();
    assert_eq!(answer.body(), "hello");
    let head = heads.recv().await.unwrap();
    assert!(head.starts_with("POST http://sts.invalid:8080/path HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("proxy-authorization: {AUTHORIZATION}\r\n")), "{head}");
    assert!(head.contains("host: sts.invalid:8080\r\n"), "{head}");
}

#[tokio::test]
async fn what_is_for_the_machine_itself_goes_through_no_proxy() {
    let (port, mut proxied) = proxy(Does::Answer(OK)).await;
    let (server, mut heads) = proxy(Does::Answer(OK)).await;
    let chosen = Proxy::Url(format!("http://aladdin:planted@localhost:{port}").into());
    let transport = HyperTransport::configured(&TlsSettings::default(), &chosen).unwrap();
    let uri: Uri = format!("http://localhost:{server}/").parse().unwrap();
    let mut request = http::Request::post(&uri).body(Bytes::new()).unwrap();
    request.extensions_mut().insert(sts_proto::flow::Direct);
    assert_eq!(transport.send(request, SendTimeouts::default()).await.unwrap().body(), "hello");
    let head = heads.recv().await.unwrap();
    assert!(head.starts_with("POST / HTTP/1.1\r\n") && !head.contains("proxy-authorization"), "{head}");
    assert!(proxied.try_recv().is_err());
    let setting = transport.proxy(&chosen, Some(&uri));
    assert_eq!((&*setting.value, setting.origin), (&*format!("localhost:{port}"), Origin::Code));
}

#[tokio::test]
async fn a_proxy_that_wants_another_password_says_so() {
    let (port, _heads) = proxy(Does::Answer("HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n")).await;
    let error = send(port, "http://sts.invalid/", &TlsSettings::default()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Connect);
    assert!(whole(&error).contains("a password"));
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_refused() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let error = send(free, "http://sts.invalid/", &TlsSettings::default()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert!(whole(&error).contains(&format!("the proxy localhost:{free}")));
}

#[cfg(any(feature = "ring", feature = "aws-lc", feature = "native-tls"))]
mod tunnels {
    use std::time::Instant;

    use sts_proto::Phase;

    use super::*;
    use crate::transport::testing::Pki;

    fn tls(pki: &Pki) -> TlsSettings {
        TlsSettings { ca_bundle: Some(pki.ca_pem().into_bytes()), ..TlsSettings::default() }
    }

    #[tokio::test]
    async fn carry_tls() {
        let pki = Pki::new();
        let server = pki.serve(&rustls::version::TLS13, false).await;
        let (port, mut heads) = proxy(Does::Tunnel).await;
        let answer = send(port, &format!("https://localhost:{server}/"), &tls(&pki)).await.unwrap();
        assert_eq!(answer.body(), "hello");
        let head = heads.recv().await.unwrap();
        assert!(head.starts_with(&format!("CONNECT localhost:{server} HTTP/1.1\r\n")), "{head}");
        assert!(head.contains(&format!("Proxy-Authorization: {AUTHORIZATION}\r\n")), "{head}");
    }

    #[tokio::test]
    async fn may_be_refused() {
        let pki = Pki::new();
        for (answer, why) in [
            ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "authorization required"),
            ("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n", "unsuccessful"),
            ("HTTP/1.1 200", "end of file"),
            ("SSH-2.0-OpenSSH_9.6\r\n\r\n", "unsuccessful"),
        ] {
            let (port, _heads) = proxy(Does::Answer(answer)).await;
            let error = send(port, "https://sts.invalid/", &tls(&pki)).await.unwrap_err();
            let text = whole(&error);
            assert_eq!(error.kind(), Kind::Connect, "{text}");
            assert!(text.contains(why) && text.contains(&format!("the proxy localhost:{port}")), "{text}");
        }
    }

    #[tokio::test]
    async fn have_to_be_made_in_the_time_to_connect() {
        let (port, _heads) = proxy(Does::Nothing).await;
        let begun = Instant::now();
        let error = send(port, "https://sts.invalid/", &tls(&Pki::new())).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Timeout(Phase::Connect), "{}", whole(&error));
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn urls_have_to_name_a_host() {
    let build = |url: &str| crate::Builder::isolated().region("eu-west-1").proxy(url).build();
    for url in ["http://proxy.test", "http://proxy.test:3128/", "proxy.test:3128", "http://u:p@[::1]:3128"] {
        build(url).unwrap();
    }
    for url in [
        "",
        "http://",
        "http://planted@",
        "http://user:planted@ss@proxy.test",
        "http://user:planted word@proxy.test",
        "socks5://planted:planted@proxy.test",
        "https://planted@proxy.test",
        "ftp://planted",
    ] {
        let error = build(url).unwrap_err();
        assert!(matches!(error, Error::Settings(SettingsError::Proxy)), "{url}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("planted"));
    }
    crate::Builder::isolated().region("eu-west-1").proxy("").no_proxy().build().unwrap();
}

/// A process with this environment, in which `in_the_environment` runs.
fn with_environment(variables: &[(&str, &str)]) -> bool {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "--ignored", "transport::proxy::tests::in_the_environment"]);
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.env_remove("REQUEST_METHOD").envs(variables.iter().copied()).output().unwrap().status.success()
}

#[test]
fn the_environment_is_heeded() {
    for (variable, expected) in
        [("HTTPS_PROXY", "https"), ("https_proxy", "https"), ("HTTP_PROXY", "http"), ("http_proxy", "http")]
    {
        let url = (variable, "http://u:p@proxy.test:3128");
        assert!(with_environment(&[url, ("EXPECTED", expected)]), "{variable}");
        assert!(with_environment(&[url, ("NO_PROXY", "amazonaws.com"), ("EXPECTED", "")]), "{variable}");
        assert!(with_environment(&[url, ("no_proxy", "*"), ("EXPECTED", "")]), "{variable}");
        assert!(with_environment(&[(variable, "http://u:p@q@r"), ("EXPECTED", "error")]), "{variable}");
        let unused = &[(variable, "http://u:p@q@r"), ("no_proxy", "*"), ("EXPECTED", "error")];
        assert!(with_environment(unused), "{variable}");
        assert!(with_environment(&[(variable, ""), ("EXPECTED", "")]), "{variable}");
    }
}

#[test]
#[ignore = "runs in a process of its own"]
fn in_the_environment() {
    let expected = env::var("EXPECTED").unwrap();
    let Ok(proxies) = Proxies::new(&Proxy::Environment) else {
        assert_eq!(expected, "error");
        return;
    };
    for scheme in ["http", "https"] {
        let uri = format!("{scheme}://sts.eu-west-1.amazonaws.com/").parse().unwrap();
        let proxy = proxies.of(&uri).map(|proxy| name(&proxy));
        assert_eq!(proxy.as_deref(), (expected == scheme).then_some("proxy.test:3128"), "{scheme}");
    }
    if env::var("no_proxy").is_ok_and(|hosts| hosts == "*") {
        for address in ["https://192.0.2.1/", "http://[2001:db8::1]/"] {
            assert!(proxies.of(&Uri::from_static(address)).is_none(), "addresses too: {address}");
        }
    }
    let build = || crate::Client::builder().region("eu-west-1");
    build().build().unwrap();
    build().no_proxy().build().unwrap();
}

#[tokio::test]
async fn other_kinds_of_proxies_are_told_of() {
    let matcher = Matcher::builder().all("socks5://user:planted@proxy.test").build();
    let mut http = Http::new_with_resolver(crate::transport::hyper::Resolver::system());
    http.enforce_http(false);
    let mut route = Route { http, proxies: Proxies(Some(Arc::new(matcher))) };
    let error = route.call(Uri::from_static("https://sts.invalid/")).await.err().unwrap();
    let error = crate::transport::error::of(error);
    assert_eq!(error.kind(), Kind::Unsupported, "{}", whole(&error));
}
