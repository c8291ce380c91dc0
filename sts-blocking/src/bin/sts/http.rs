//! A small HTTP server on loopback: one request a connection, everything bounded.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use sts_blocking::Secret;
use zeroize::Zeroizing;

/// A request that has arrived. Its body, if it has one, is passed over.
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query as they were sent.
    pub(crate) target: String,
    headers: Vec<(String, Secret)>,
}

impl Request {
    /// The value of a header that is there once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let (_, value) = values.next()?;
        Some(value.expose()).filter(|_| values.next().is_none())
    }
}

/// What a request is answered with.
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, Secret)>,
    body: Secret,
    sent: Option<mpsc::Sender<()>>,
}

impl Answer {
    pub(crate) fn new(status: u16, body: Secret) -> Self {
        Self { status, headers: Vec::new(), body, sent: None }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<Secret>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Tells when it is sent.
    pub(crate) fn tell(mut self, sent: mpsc::Sender<()>) -> Self {
        self.sent = Some(sent);
        self
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
    }
}

/// A port of 127.0.0.1, one that is free if `port` is 0.
pub(crate) fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

/// Answers requests for ever, each on a thread of its own.
pub(crate) fn serve(
    listener: &TcpListener,
    answer: impl Fn(Received) -> Answer + Send + Sync + 'static,
) -> ! {
    let (answer, slots) = (Arc::new(answer), Arc::new(Slots::default()));
    loop {
        // Connections that have no slot wait in the system's queue.
        let slot = Slots::take(&slots);
        match listener.accept() {
            Ok((stream, _)) => {
                let answer = Arc::clone(&answer);
                let begun = thread::Builder::new().spawn(move || {
                    let _slot = slot;
                    // A caller that is gone wants no answer.
                    let _ = exchange(&stream, &*answer);
                });
                if begun.is_err() {
                    thread::sleep(PAUSE);
                }
            }
            // Such as too many open files.
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

/// A request, or the reason why it cannot be one.
pub(crate) type Received = Result<Request, Malformed>;

/// Why what was sent is no request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Malformed {
    Syntax,
    TooLarge,
    TooSlow,
}

fn exchange(mut stream: &TcpStream, answer: &impl Fn(Received) -> Answer) -> io::Result<()> {
    let answer = answer(receive(stream)?);
    let body = answer.body.expose();
    let size = body.len()
        + answer.headers.iter().map(|(name, value)| name.len() + value.expose().len() + 4).sum::<usize>();
    // Allocated once: what a growing text leaves behind is not wiped.
    let mut head = String::with_capacity(size + MAX_START);
    head.push_str(&format!("HTTP/1.1 {} \r\nContent-Length: {}\r\n", answer.status, body.len()));
    head.push_str("Connection: close\r\nCache-Control: no-store\r\n");
    for (name, value) in &answer.headers {
        [*name, ": ", value.expose(), "\r\n"].iter().for_each(|part| head.push_str(part));
    }
    head.push_str("\r\n");
    let whole = Secret::new(head + body);
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(whole.expose().as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    if let Some(sent) = answer.sent {
        // The thread that waits may have given up.
        let _ = sent.send(());
    }
    drain(stream)
}

/// Reads what is still on its way, up to a bound: closing before would reset the connection, and the caller would lose the
/// answer.
fn drain(mut stream: &TcpStream) -> io::Result<()> {
    let end = Instant::now() + PATIENCE;
    let mut rest = [0; 4096];
    for _ in 0..MAX_DRAINED / rest.len() {
        let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        stream.set_read_timeout(Some(left))?;
        if stream.read(&mut rest)? == 0 || left.as_millis() <= 1 {
            break;
        }
    }
    Ok(())
}

/// Reads the head of a request, all of it within [`PATIENCE`].
fn receive(mut stream: &TcpStream) -> io::Result<Received> {
    stream.set_nodelay(true)?;
    let end = Instant::now() + PATIENCE;
    let mut buffer = Zeroizing::new(vec![0; MAX_HEAD]);
    let mut length = 0;
    loop {
        let Some(free) = buffer.get_mut(length..).filter(|free| !free.is_empty()) else {
            return Ok(Err(Malformed::TooLarge));
        };
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Err(Malformed::TooSlow));
        }
        stream.set_read_timeout(Some(left))?;
        let read = match stream.read(free) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => read,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                return Ok(Err(Malformed::TooSlow));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        length += read;
        match parse(buffer.get(..length).unwrap_or_default()) {
            Some(received) => return Ok(received),
            None => continue,
        }
    }
}

/// The request, once its head is there.
fn parse(head: &[u8]) -> Option<Received> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(httparse::Status::Partial) => None,
        Ok(httparse::Status::Complete(_)) => Some(Request::of(&request).ok_or(Malformed::Syntax)),
        Err(httparse::Error::TooManyHeaders) => Some(Err(Malformed::TooLarge)),
        Err(_) => Some(Err(Malformed::Syntax)),
    }
}

impl Request {
    fn of(parsed: &httparse::Request<'_, '_>) -> Option<Self> {
        let header = |header: &httparse::Header<'_>| {
            Some((header.name.to_owned(), Secret::from(std::str::from_utf8(header.value).ok()?)))
        };
        Some(Self {
            method: parsed.method?.to_owned(),
            target: parsed.path?.to_owned(),
            headers: parsed.headers.iter().map(header).collect::<Option<_>>()?,
        })
    }
}

/// Counts the connections that are served.
#[derive(Default)]
struct Slots {
    taken: Mutex<usize>,
    freed: Condvar,
}

/// One of them; dropping it frees it.
struct Slot(Arc<Slots>);

impl Slots {
    fn take(slots: &Arc<Self>) -> Slot {
        let taken = slots.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |taken: &mut usize| *taken >= MAX_CONNECTIONS;
        let mut taken = slots.freed.wait_while(taken, is_full).unwrap_or_else(PoisonError::into_inner);
        *taken += 1;
        Slot(Arc::clone(slots))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        *self.0.taken.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.freed.notify_one();
    }
}

/// How long a caller may take to send its request, and to read the answer.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);
const MAX_HEAD: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;
/// Of the lines that each answer has.
const MAX_START: usize = 128;
const MAX_DRAINED: usize = 1024 * 1024;
/// Enough for callers that wait for one fetch of credentials; below the usual limit of open files.
const MAX_CONNECTIONS: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let of = |head: &str| parse(head.as_bytes());
        for partial in ["", "GET", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n"] {
            assert!(of(partial).is_none(), "{partial:?}");
        }
        let request = of("GET /a?b HTTP/1.1\r\nHost: a\r\nX: 1\r\nx: 2\r\n\r\nbody").unwrap().ok().unwrap();
        assert_eq!((&*request.method, &*request.target), ("GET", "/a?b"));
        assert_eq!(request.header("host"), Some("a"));
        // A header that is there twice could mean either.
        assert_eq!(request.header("X"), None);
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(MAX_HEADERS + 1));
        for (head, expected) in [
            ("\0\r\n\r\n", Malformed::Syntax),
            ("GET / HTTP/1.1\r\nHost: \u{7f}\r\n\r\n", Malformed::Syntax),
            (&*many, Malformed::TooLarge),
        ] {
            assert_eq!(of(head).unwrap().err(), Some(expected), "{head:?}");
        }
    }
}
