use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use http_body_util::Full;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::*;
use crate::{Roots, SendTimeouts, TlsSettings};

mod layers;

type Sent = Result<http::Response<Bytes>, TransportError>;

const QUICK: SendTimeouts = timeouts(Duration::from_secs(20), Duration::from_secs(20));

const fn timeouts(connect: Duration, attempt: Duration) -> SendTimeouts {
    SendTimeouts { connect, attempt }
}

/// Trusts what is compiled in.
fn transport() -> HyperTransport {
    let mozilla = !cfg!(feature = "platform-roots") || cfg!(feature = "webpki-roots");
    let tls = TlsSettings::new();
    HyperTransport::new(&if mozilla { tls } else { tls.with_roots(Roots::Platform) }).unwrap()
}

async fn send(uri: &str, timeouts: SendTimeouts) -> Sent {
    transport().send(request(uri), timeouts).await
}

fn request(uri: &str) -> http::Request<Bytes> {
    http::Request::post(uri).body(Bytes::from_static(b"Action=Test")).unwrap()
}

fn kind(sent: Sent) -> TransportErrorKind {
    sent.unwrap_err().kind()
}

/// The URI of a server, and what it tells: `connected` and `closed` for each connection, `request` for each request.
/// It answers the requests of a connection with `answers` in turn, then closes or `stays`.
async fn server(
    answers: &'static [&'static str],
    stays: bool,
) -> (String, mpsc::UnboundedReceiver<&'static str>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let sender = sender.clone();
            tokio::spawn(async move {
                let _ = sender.send("connected");
                serve(stream, answers, stays, &sender).await;
                let _ = sender.send("closed");
            });
        }
    });
    (uri, receiver)
}

async fn serve(
    mut stream: TcpStream,
    answers: &[&str],
    stays: bool,
    told: &mpsc::UnboundedSender<&'static str>,
) {
    let mut answers = answers.iter();
    let mut read = Vec::new();
    loop {
        let mut bytes = [0; 4096];
        match stream.read(&mut bytes).await {
            Ok(0) | Err(_) => return,
            Ok(count) => read.extend_from_slice(&bytes[..count]),
        }
        if !read.ends_with(b"Action=Test") {
            continue;
        }
        read.clear();
        let _ = told.send("request");
        match answers.next() {
            Some(answer) if stream.write_all(answer.as_bytes()).await.is_ok() => {}
            _ if stays => {}
            _ => return,
        }
        if answers.len() == 0 && !stays {
            return;
        }
    }
}

#[tokio::test]
async fn an_answer_arrives_whole_and_nothing_of_it_is_followed() {
    const MOVED: &str =
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 5\r\n\r\nmoved";
    let (uri, mut told) = server(&[MOVED], false).await;
    let response = send(&uri, QUICK).await.unwrap();
    assert_eq!((response.status().as_u16(), &response.body()[..]), (302, &b"moved"[..]));
    assert_eq!((told.recv().await, told.recv().await), (Some("connected"), Some("request")));
    assert_eq!(told.recv().await, Some("closed"));
}

#[tokio::test]
async fn connections_are_kept() {
    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    let (uri, mut told) = server(&[OK, OK], true).await;
    let transport = transport();
    for _ in 0..2 {
        assert_eq!(transport.send(request(&uri), QUICK).await.unwrap().body(), "ok");
    }
    let heard = [told.recv().await, told.recv().await, told.recv().await];
    assert_eq!(heard, [Some("connected"), Some("request"), Some("request")]);
}

#[tokio::test]
async fn a_kept_connection_that_the_server_closed_is_replaced() {
    let (uri, mut told) = server(&["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"], false).await;
    let transport = transport();
    for _ in 0..2 {
        assert_eq!(transport.send(request(&uri), QUICK).await.unwrap().body(), "ok");
        while told.recv().await != Some("closed") {}
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn nobody_there() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(kind(send(&format!("http://{free}/"), QUICK).await), TransportErrorKind::Refused);
    assert_eq!(kind(send("http://nohost.invalid/", QUICK).await), TransportErrorKind::UnknownHost);
}

#[tokio::test]
async fn answers_that_are_none() {
    use TransportErrorKind::{Closed, NotHttp, TooLarge};
    for (answers, expected) in [
        (&["SSH-2.0-OpenSSH_9.6\r\n\r\n"] as &'static [&'static str], NotHttp),
        (&["HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n"], NotHttp),
        (&["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"], NotHttp),
        (&[], Closed),
        (&["HTTP/1.1 200 OK\r\ncontent-le"], Closed),
        (&["HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n<Get"], Closed),
        (&["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n<Get"], Closed),
        (&["HTTP/1.1 200 OK\r\ncontent-length: 1048577\r\n\r\n<Get"], TooLarge),
    ] {
        let error = send(&server(answers, false).await.0, QUICK).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{answers:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_body_without_a_length_is_bounded_too() {
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
    for (size, fits) in [(MAX_BODY, true), (MAX_BODY + 1, false)] {
        let answer: &'static str = String::leak(format!("{head}{}", "x".repeat(size)));
        let sent = send(&server(Box::leak(Box::new([answer])), false).await.0, QUICK).await;
        match sent {
            Ok(response) => assert!(fits && response.body().len() == size),
            Err(error) => assert!(!fits && error.kind() == TransportErrorKind::TooLarge, "{error:?}"),
        }
    }
}

#[tokio::test]
async fn time_runs_out_in_each_phase() {
    let short = timeouts(Duration::from_secs(20), Duration::from_millis(200));
    let (silent, _told) = server(&[], true).await;
    assert_eq!(kind(send(&silent, short).await), TransportErrorKind::Timeout(Phase::Response));
    let (halting, _told) = server(&["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n<Get"], true).await;
    assert_eq!(kind(send(&halting, short).await), TransportErrorKind::Timeout(Phase::Body));
}

#[cfg(all(
    any(feature = "ring", feature = "aws-lc"),
    any(feature = "webpki-roots", feature = "platform-roots")
))]
#[tokio::test]
async fn a_handshake_that_stalls_is_a_connection_that_was_not_made() {
    // Never accepted: the system completes TCP, and no server says hello.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("https://{}/", listener.local_addr().unwrap());
    let transport = transport();
    let long = Duration::from_secs(20);
    for given in [timeouts(Duration::from_millis(200), long), timeouts(long, Duration::from_millis(200))] {
        let begun = Instant::now();
        assert_eq!(
            kind(transport.send(request(&uri), given).await),
            TransportErrorKind::Timeout(Phase::Connect)
        );
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}

#[cfg(all(
    any(feature = "ring", feature = "aws-lc"),
    any(feature = "webpki-roots", feature = "platform-roots")
))]
#[tokio::test]
async fn what_does_not_speak_tls_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    assert_eq!(kind(send(&uri, QUICK).await), TransportErrorKind::Tls);
}

#[cfg(not(any(feature = "ring", feature = "aws-lc", feature = "native-tls")))]
#[tokio::test]
async fn https_without_tls_is_refused_with_a_reason() {
    use std::error::Error;
    let error = send("https://127.0.0.1:1/", QUICK).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Unsupported);
    assert!(format!("{:?}", error.source()).contains("enable the feature"), "{error:?}");
}

#[tokio::test]
async fn dropping_the_future_closes_the_connection() {
    for answers in [&[] as &[&str], &["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n<Get"]] {
        let (uri, mut told) = server(answers, true).await;
        let exchange = tokio::spawn(async move { send(&uri, QUICK).await });
        assert_eq!((told.recv().await, told.recv().await), (Some("connected"), Some("request")));
        tokio::time::sleep(Duration::from_millis(50)).await;
        exchange.abort();
        let closed = tokio::time::timeout(Duration::from_secs(10), told.recv()).await;
        assert_eq!(closed, Ok(Some("closed")));
    }
}

#[derive(Clone)]
struct Canned(usize);

impl tower_service::Service<http::Request<Full<Bytes>>> for Canned {
    type Response = http::Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Full<Bytes>>) -> Self::Future {
        assert_eq!(request.body().size_hint().exact(), Some(11));
        ready(Ok(http::Response::new(vec![b'x'; self.0].into())))
    }
}

#[tokio::test]
async fn a_tower_service_carries_requests_within_the_same_bounds() {
    for (size, expected) in
        [(3, Ok(3)), (MAX_BODY, Ok(MAX_BODY)), (MAX_BODY + 1, Err(TransportErrorKind::TooLarge))]
    {
        let sent = TowerTransport::new(Canned(size)).send(request("https://sts.test/"), QUICK).await;
        assert_eq!(sent.map(|response| response.body().len()).map_err(|error| error.kind()), expected);
    }
}

/// An error of a layer, with a type that is not known here.
#[derive(Clone, Debug)]
struct Layer(&'static str);

impl std::fmt::Display for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Layer {}

#[tokio::test]
async fn what_the_layers_of_a_tower_service_report_has_its_cause() {
    use TransportErrorKind::{Closed, Other, Overloaded, RateLimited, Timeout};
    let elapsed = tokio::time::timeout(Duration::ZERO, std::future::pending::<()>()).await.unwrap_err();
    let late = Timeout(Phase::Response);
    let cases: [(BoxError, TransportErrorKind); 11] = [
        (Layer("request timed out").into(), late),
        (elapsed.into(), late),
        (std::io::Error::new(std::io::ErrorKind::TimedOut, "x").into(), late),
        (std::io::Error::other(Layer("data was not received within the designated timeout")).into(), late),
        (std::io::Error::new(std::io::ErrorKind::ConnectionReset, "x").into(), Closed),
        (TransportError::from(RateLimited).into(), RateLimited),
        (Layer("operation timed out").into(), late),
        (Layer("service overloaded").into(), Overloaded),
        // These may mean anything.
        (Layer("no quota").into(), Other),
        (Layer("the timeout of a pool is not set").into(), Other),
        (Layer("an overloaded method").into(), Other),
    ];
    for (error, expected) in cases {
        let text = error.to_string();
        assert_eq!(error::of(error).kind(), expected, "{text}");
    }
}

/// The runtime on which a connection was made may end before it is used again.
#[test]
fn a_connection_that_ended_with_its_runtime_is_replaced_or_closed() {
    let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    let (uri, _told) = server.block_on(self::server(&[OK, OK], true));
    let transport = transport();
    for _ in 0..10 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let sent = runtime.block_on(transport.send(request(&uri), QUICK));
        assert!(sent.is_ok() || kind(sent) == TransportErrorKind::Closed);
    }
}
