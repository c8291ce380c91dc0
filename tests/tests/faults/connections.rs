//! What becomes of connections, and answers that are not HTTP.

use std::net::TcpListener;
use std::time::Duration;

use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Phase, TransportErrorKind as Kind};
use sts_tests::black_hole::BlackHole;
use sts_tests::driver::Setup;
use sts_tests::scripted::{Script, Scripted};

use crate::row::{End, Expect, IDENTITY, Row, SHORT, call, kept, ok, raw, settings};

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = unreachable();
    rows.extend(broken());
    rows.extend(slow());
    rows.extend(malformed());
    rows.extend(early());
    rows.extend(endless());
    rows
}

/// Answers without end are given up at a bound, long before their time is.
fn endless() -> Vec<Row> {
    let chunk = [&b"10000\r\n"[..], &[b' '; 0x10000], b"\r\n"].concat();
    let interim = b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(2000);
    let line = b"X-Header: value\r\n".repeat(2000);
    let head = |text: &str| format!("HTTP/1.1 200 OK\r\n{text}").into_bytes();
    vec![
        Row::scripted(
            "body without end, in chunks",
            vec![Script::Endless(head("Transfer-Encoding: chunked\r\n\r\n"), chunk)],
            Expect::transport(Kind::TooLarge, 1),
        ),
        Row::scripted(
            "body without end, without a length",
            vec![Script::Endless(head("\r\n"), vec![b' '; 0x10000])],
            Expect::transport(Kind::TooLarge, 1),
        ),
        Row::scripted(
            "interim answers without end",
            vec![Script::Endless(Vec::new(), interim)],
            Expect::transport(Kind::NotHttp, 1),
        ),
        Row::scripted(
            "trailers without end",
            vec![Script::Endless(head("Transfer-Encoding: chunked\r\n\r\n0\r\n"), line.clone())],
            Expect::transport(Kind::NotHttp, 1),
        ),
        Row::scripted(
            "chunk sizes without end",
            vec![Script::Endless(head("Transfer-Encoding: chunked\r\n\r\n"), b"1;".repeat(2000))],
            Expect::transport(Kind::NotHttp, 1),
        ),
        Row::scripted(
            "headers without end",
            vec![Script::Endless(head(""), line)],
            Expect::transport(Kind::NotHttp, 1),
        ),
    ]
}

fn unreachable() -> Vec<Row> {
    vec![
        Row::new("refused", |client| {
            let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
            let driver = client.make(&Setup::new(settings(&format!("http://{}", port.unwrap()))));
            let ended = call(&driver, GetCallerIdentity::new());
            Expect::transport(Kind::Refused, 3).check(&ended)?;
            Ok(ended.to_string())
        }),
        Row::new("name without an address", |client| {
            let driver = client.make(&Setup::new(settings("http://no-such-host.invalid")));
            let ended = call(&driver, GetCallerIdentity::new());
            Expect::transport(Kind::UnknownHost, 3).between(0, 10_000).check(&ended)?;
            Ok(ended.to_string())
        }),
        Row::new("black hole: no server takes the connection", |client| {
            let hole = BlackHole::dig(([127, 0, 0, 1], 0).into())?;
            let driver = client.make(&Setup::new(settings(&hole.url()).timeouts(SHORT)));
            let ended = call(&driver, GetCallerIdentity::new());
            Expect::transport(Kind::Timeout(Phase::Connect), 3).between(1500, 3500).check(&ended)?;
            Ok(ended.to_string())
        }),
    ]
}

fn broken() -> Vec<Row> {
    let closed = |attempts| Expect::transport(Kind::Closed, attempts);
    let cut = |head: &str| Script::Raw(head.as_bytes().to_vec());
    let reset = |head: &str| Script::RawThenReset(head.as_bytes().to_vec());
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
    let half = format!("{head}<GetCaller");
    vec![
        Row::scripted("closed when accepted", vec![Script::Unasked(Vec::new())], closed(3)),
        Row::scripted("closed before the headers", vec![cut("")], closed(3)),
        Row::scripted("closed in the headers", vec![cut("HTTP/1.1 200 OK\r\nContent-Le")], closed(3)),
        Row::scripted("cut body", vec![cut(&half)], closed(3)),
        Row::scripted(
            "cut chunk",
            vec![cut("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n<R>")],
            closed(3),
        ),
        Row::scripted(
            "content-length too long",
            vec![Script::Raw([head.as_bytes(), &[b' '; 99]].concat())],
            closed(3),
        ),
        Row::scripted("reset before the headers", vec![reset("")], closed(3)),
        Row::scripted("reset in the headers", vec![reset("HTTP/1.1 200 OK\r\nContent-Le")], closed(3)),
        Row::scripted("reset after the headers", vec![reset(head)], closed(3)),
        Row::scripted("reset in the body", vec![reset(&half)], closed(3)),
        Row::scripted("reset, then success", vec![reset(""), ok()], Expect::success(2)),
        Row::scripted("cut body twice, then success", vec![cut(&half), cut(&half), ok()], Expect::success(3)),
    ]
}

fn slow() -> Vec<Row> {
    let pause = Duration::from_millis(200);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", IDENTITY.len());
    let whole = raw("");
    let late = |milliseconds| Script::Late(Duration::from_millis(milliseconds), Box::new(ok()));
    let timeout = |phase| Expect::transport(Kind::Timeout(phase), 3).between(2300, 5000);
    vec![
        Row::timed("black hole: taken, and nothing said", vec![Script::Silence], timeout(Phase::Response)),
        Row::timed(
            "stalls in the headers",
            vec![Script::RawThenSilence(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec())],
            timeout(Phase::Response),
        ),
        Row::timed(
            "stalls in the body",
            vec![Script::RawThenSilence([head.as_bytes(), b"<R>"].concat())],
            timeout(Phase::Body),
        ),
        Row::timed("trickle", vec![Script::Trickle(Vec::new(), whole, pause)], timeout(Phase::Response)),
        Row::timed(
            "trickle of the body",
            vec![Script::Trickle(head.into_bytes(), IDENTITY.into(), pause)],
            timeout(Phase::Body),
        ),
        Row::timed(
            "silent, then success",
            vec![Script::Silence, ok()],
            Expect::success(2).between(780, 3000),
        ),
        Row::timed("slow, in time", vec![late(200)], Expect::success(1).between(180, 3500)),
        Row::timed("late, then in time", vec![late(1500), ok()], Expect::success(2).between(780, 3000)),
        Row::new("half-open: the connection of the first call says nothing to the second", |client| {
            let server = Scripted::in_turn(vec![kept(), Script::Silence, ok()]);
            let driver = client.make(&Setup::new(settings(&server.url()).timeouts(SHORT)));
            Expect::success(1).check(&call(&driver, GetCallerIdentity::new()))?;
            // hyper puts a connection back a moment after the answer's end.
            std::thread::sleep(Duration::from_millis(100));
            let ended = call(&driver, GetCallerIdentity::new());
            let expect = Expect::success(2).between(780, 3000).seen(3);
            expect.check(&ended)?;
            expect.check_seen(&server)?;
            Ok(ended.to_string())
        }),
    ]
}

fn malformed() -> Vec<Row> {
    let not_http = || Expect::transport(Kind::NotHttp, 1);
    let raw = |text: &str| vec![Script::Raw(text.as_bytes().to_vec())];
    let header = |size: usize| {
        let length = IDENTITY.len();
        let long = "x".repeat(size);
        let text = format!("HTTP/1.1 200 OK\r\nX-Long: {long}\r\nContent-Length: {length}\r\n\r\n{IDENTITY}");
        vec![Script::Raw(text.into())]
    };
    let lengths = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n<R/>";
    vec![
        Row::scripted("garbage status line", raw("\x16\x03garbage 4711\r\n\r\n"), not_http()),
        Row::scripted("another protocol", raw("SSH-2.0-OpenSSH_9.9\r\n\r\n"), not_http()),
        Row::scripted("status out of range", raw("HTTP/1.1 099 Odd\r\n\r\n"), not_http()),
        Row::scripted("header of 1 MiB", header(1 << 20), not_http()),
        Row::scripted("header of 8 KiB", header(8 << 10), Expect::success(1)),
        Row::scripted("two lengths", raw(lengths), not_http()),
        Row::scripted(
            "length that is no number",
            raw("HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n"),
            not_http(),
        ),
        Row::scripted(
            "chunk that is none",
            raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
            not_http(),
        ),
        Row::scripted(
            "content-length too short",
            vec![Script::Raw(format!("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{IDENTITY}").into())],
            Expect::new(End::Unusable, 1),
        ),
        Row::scripted(
            "body over the bound",
            vec![Script::Answer(200, "text/xml", vec![b' '; (1 << 20) + 1])],
            Expect::transport(Kind::TooLarge, 1),
        ),
    ]
}

/// Interim answers are passed over (RFC 9110 §15.2).
fn early() -> Vec<Row> {
    [
        ("100", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("103", "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"),
        ("three 1xx", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 E\r\n\r\n"),
    ]
    .map(|(name, interim)| {
        let name = format!("{name} before the answer");
        Row::scripted(name, vec![Script::Raw(raw(interim))], Expect::success(1))
    })
    .into()
}
