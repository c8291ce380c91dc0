//! One thread, many calls, no driver: a loop that pumps `Call`s by hand over sockets that never block, against a
//! small server in the same process. Needs no network.
//!
//! The loop asks every socket in turn, where a real one would sleep until `mio` or `epoll` names those that are ready;
//! the rest is the same. A real one would also look up names, speak TLS, keep connections, and read chunked bodies.
//!
//! `cargo run --example event_loop`

use std::error::Error;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use sts_blocking::operations::GetCallerIdentity;
use sts_blocking::sts_proto::wire::MAX_BODY;
use sts_blocking::sts_proto::{Call, Context, Effect, Event, Step};
use sts_blocking::{Credentials, Flow, Phase, Settings, TransportError, TransportErrorKind as Kind};

fn main() -> Result<(), Box<dyn Error>> {
    let server = serve()?;
    let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
    let settings =
        Settings::new().region("eu-west-1").endpoint_url(format!("http://{server}")).credentials(keys);
    let context = Arc::new(Context::new(&settings, "event-loop/1.0")?);

    let mut running: Vec<_> = (0..8)
        // The number should be random; each call has its own.
        .map(|number| Task::new(Call::new(GetCallerIdentity::new(), Arc::clone(&context), number), server))
        .collect();
    while !running.is_empty() {
        let mut waiting = Vec::new();
        for mut task in running {
            match task.turn() {
                Some(Ok(me)) => println!("{} after {} attempts", me.arn, me.metadata.attempts()),
                Some(Err(error)) => return Err(error.into()),
                None => waiting.push(task),
            }
        }
        running = waiting;
        std::thread::sleep(Duration::from_millis(1)); // poll.poll(&mut events, next_deadline)
    }
    Ok(())
}

/// A flow, and the effect that it waits for.
struct Task<F> {
    flow: F,
    server: SocketAddr,
    pending: Pending,
}

enum Pending {
    Begin,
    Timer(Instant),
    Exchange(Exchange),
    Refused,
}

impl<F: Flow<Error = sts_blocking::Error>> Task<F> {
    fn new(flow: F, server: SocketAddr) -> Self {
        Self { flow, server, pending: Pending::Begin }
    }

    /// Goes on as far as it can without waiting. `None` until it is over.
    fn turn(&mut self) -> Option<Result<F::Output, sts_blocking::Error>> {
        loop {
            let event = match &mut self.pending {
                Pending::Begin => Event::Start,
                Pending::Timer(end) if Instant::now() < *end => return None,
                Pending::Timer(_) => Event::Elapsed,
                Pending::Refused => Event::Failed(Kind::Unsupported.into()),
                Pending::Exchange(exchange) => match exchange.turn()? {
                    Ok(response) => Event::Response(response),
                    Err(error) => Event::Failed(error),
                },
            };
            let effect = match self.flow.step(SystemTime::now(), event) {
                Ok(Step::Perform(effect)) => effect,
                Ok(Step::Done(output)) => return Some(Ok(output)),
                Err(error) => return Some(Err(error)),
            };
            self.pending = match effect {
                Effect::Wait(duration) => Pending::Timer(Instant::now() + duration),
                Effect::Send(request, timeouts) => {
                    Pending::Exchange(Exchange::begin(self.server, &request, timeouts.attempt))
                }
                // A call asks for nothing else; flows that find credentials do.
                Effect::Read(_) | Effect::Run(_) | Effect::AskMfaCode(_) | Effect::Join(_) => {
                    Pending::Refused
                }
            };
        }
    }
}

/// One request and its answer, over a connection of its own.
struct Exchange {
    /// Why there is none, where there is none.
    stream: Result<TcpStream, Option<io::Error>>,
    to_write: Vec<u8>,
    read: Vec<u8>,
    deadline: Instant,
}

impl Exchange {
    fn begin(server: SocketAddr, request: &http::Request<Bytes>, timeout: Duration) -> Self {
        // Standard library sockets connect blockingly; mio's do not.
        let stream = TcpStream::connect(server).and_then(|stream| {
            stream.set_nonblocking(true)?;
            Ok(stream)
        });
        let body = request.body();
        let mut to_write = format!("{} {} HTTP/1.1\r\n", request.method(), request.uri().path()).into_bytes();
        for (name, value) in request.headers() {
            to_write.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        to_write.extend(format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len()).bytes());
        to_write.extend(body);
        Self { stream: stream.map_err(Some), to_write, read: Vec::new(), deadline: Instant::now() + timeout }
    }

    fn turn(&mut self) -> Option<Result<http::Response<Bytes>, TransportError>> {
        if Instant::now() >= self.deadline {
            return Some(Err(Kind::Timeout(Phase::Response).into()));
        }
        let ended = match &mut self.stream {
            Ok(stream) => pump(stream, &mut self.to_write, &mut self.read),
            Err(error) => Err(error.take().unwrap_or(ErrorKind::NotConnected.into())),
        };
        match ended {
            Ok(true) => Some(parse(&self.read)),
            Ok(false) => None,
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                Some(Err(TransportError::new(Kind::Refused, error)))
            }
            Err(error) => Some(Err(TransportError::new(Kind::Closed, error))),
        }
    }
}

/// Writes and reads what goes at once; true at the end of what the server sends.
fn pump(stream: &mut TcpStream, to_write: &mut Vec<u8>, read: &mut Vec<u8>) -> io::Result<bool> {
    while !to_write.is_empty() {
        let written = stream.write(to_write)?;
        to_write.drain(..written);
    }
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer)?;
        read.extend_from_slice(&buffer[..count]);
        if count == 0 || read.len() > 2 * MAX_BODY {
            return Ok(true);
        }
    }
}

/// Status line, headers, and a body of the length that they say.
fn parse(read: &[u8]) -> Result<http::Response<Bytes>, TransportError> {
    let end = read.windows(4).position(|window| window == b"\r\n\r\n").ok_or(Kind::Closed)?;
    let (head, body) = (std::str::from_utf8(&read[..end]).map_err(|_| Kind::NotHttp)?, &read[end + 4..]);
    let mut lines = head.split("\r\n");
    let status =
        lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)).ok_or(Kind::NotHttp)?;
    let mut response = http::Response::builder().status(status);
    let mut length: Option<usize> = None;
    for line in lines {
        let (name, value) = line.split_once(':').ok_or(Kind::NotHttp)?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok();
        }
        response = response.header(name, value.trim());
    }
    match length {
        Some(length) if length > MAX_BODY => return Err(Kind::TooLarge.into()),
        Some(length) if length != body.len() => return Err(Kind::Closed.into()),
        Some(_) => {}
        None => return Err(Kind::NotHttp.into()),
    }
    response.body(Bytes::copy_from_slice(body)).map_err(|error| TransportError::new(Kind::NotHttp, error))
}

/// A server that is busy at every third of the first requests.
fn serve() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            let _ = answer(stream, number < 8 && number % 3 == 2);
        }
    });
    Ok(address)
}

fn answer(stream: TcpStream, busy: bool) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while stream.read_line(&mut line)? > 2 {
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap_or(0);
        }
        line.clear();
    }
    io::copy(&mut stream.by_ref().take(length), &mut io::sink())?;
    let (status, body) = if busy { ("503 Busy", "") } else { ("200 OK", IDENTITY) };
    write!(stream.get_mut(), "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>AIDA</UserId>\
    <Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/loop</Arn></GetCallerIdentityResult>\
    </GetCallerIdentityResponse>";
