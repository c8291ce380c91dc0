//! A server that lets callers wait. It answers preflights, so that pages send what they have.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Clone, Copy)]
pub(crate) enum Stall {
    /// No answer.
    Silent,
    /// The head of an answer and some of its body.
    Halting,
    /// A body without end.
    Endless,
}

/// It runs until the test ends.
pub(crate) struct Stalling {
    url: String,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: AtomicUsize,
    given_up: AtomicUsize,
}

impl Stalling {
    pub(crate) fn start(stall: Stall) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let seen = Arc::<Seen>::default();
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let seen = Arc::clone(&shared);
                std::thread::spawn(move || serve(&stream, stall, &seen));
            }
        });
        Self { url, seen }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The requests that have arrived, without preflights, and how many of them the caller has given up.
    pub(crate) fn seen(&self) -> (usize, usize) {
        (self.seen.requests.load(Ordering::SeqCst), self.seen.given_up.load(Ordering::SeqCst))
    }
}

fn serve(mut stream: &TcpStream, stall: Stall, seen: &Seen) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut head, mut length) = (String::new(), 0);
        while reader.read_line(&mut head)? > 2 {}
        for line in head.lines().map(str::to_lowercase) {
            length =
                line.strip_prefix("content-length: ").map_or(length, |length| length.parse().unwrap_or(0));
        }
        if head.is_empty() {
            return Ok(());
        }
        if head.starts_with("OPTIONS") {
            stream.write_all(PREFLIGHT)?;
            continue;
        }
        reader.by_ref().take(length).read_to_end(&mut Vec::new())?;
        seen.requests.fetch_add(1, Ordering::SeqCst);
        let sent = match stall {
            Stall::Silent => Ok(()),
            Stall::Halting => stream.write_all(HEAD).and_then(|()| stream.write_all(b"<Get")),
            Stall::Endless => stream.write_all(HEAD).and_then(|()| {
                loop {
                    stream.write_all(&[b' '; 65536])?
                }
            }),
        };
        let ended = sent.and_then(|()| reader.read(&mut [0]));
        if !matches!(ended, Ok(1..)) {
            seen.given_up.fetch_add(1, Ordering::SeqCst);
        }
        return Ok(());
    }
}

const PREFLIGHT: &[u8] =
    b"HTTP/1.1 204 No Content\r\naccess-control-allow-origin: *\r\naccess-control-allow-headers: \
    amz-sdk-invocation-id, amz-sdk-request, authorization, x-amz-date, x-amz-user-agent\r\n\r\n";
const HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\ncontent-length: 1000000000\r\n\r\n";
