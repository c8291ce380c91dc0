//! One request and its answer, over a socket that never blocks.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use sts_blocking::sts_proto::wire::MAX_BODY;
use sts_blocking::{Phase, TransportError, TransportErrorKind as Kind};

/// An exchange on a connection of its own.
pub(crate) struct Exchange {
    /// Or why there is no connection.
    stream: Result<TcpStream, Option<TransportError>>,
    to_write: Vec<u8>,
    read: Vec<u8>,
    deadline: Instant,
}

impl Exchange {
    /// Connects. Sockets of the standard library block meanwhile; mio's do not.
    pub(crate) fn begin(request: &Request<Bytes>, timeout: Duration) -> Self {
        Self {
            stream: connect(request).map_err(Some),
            to_write: written(request),
            read: Vec::new(),
            deadline: Instant::now() + timeout,
        }
    }

    /// Goes on as far as that is possible without waiting. `None` until it is over.
    pub(crate) fn turn(&mut self) -> Option<Result<Response<Bytes>, TransportError>> {
        if Instant::now() >= self.deadline {
            return Some(Err(Kind::Timeout(Phase::Response).into()));
        }
        let stream = match &mut self.stream {
            Ok(stream) => stream,
            Err(error) => return Some(Err(error.take().unwrap_or(Kind::Connect.into()))),
        };
        match pump(stream, &mut self.to_write, &mut self.read) {
            Ok(()) => Some(parse(&self.read)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => Some(Err(TransportError::new(Kind::Closed, error))),
        }
    }
}

fn connect(request: &Request<Bytes>) -> Result<TcpStream, TransportError> {
    let authority = request.uri().authority().map_or("", |authority| authority.as_str());
    let address: SocketAddr =
        authority.parse().map_err(|error| TransportError::new(Kind::UnknownHost, error))?;
    let connected = TcpStream::connect(address).and_then(|stream| {
        stream.set_nonblocking(true)?;
        Ok(stream)
    });
    connected.map_err(|error| match error.kind() {
        ErrorKind::ConnectionRefused => TransportError::new(Kind::Refused, error),
        _ => TransportError::new(Kind::Connect, error),
    })
}

/// The request as HTTP/1.1.
fn written(request: &Request<Bytes>) -> Vec<u8> {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let mut head = format!("{} {target} HTTP/1.1\r\n", request.method()).into_bytes();
    for (name, value) in request.headers() {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    let length = request.body().len();
    head.extend(format!("content-length: {length}\r\nconnection: close\r\n\r\n").bytes());
    [&head, &request.body()[..]].concat()
}

/// Writes, then reads to the end of what the server sends, unless the socket would block.
fn pump(stream: &mut TcpStream, to_write: &mut Vec<u8>, read: &mut Vec<u8>) -> io::Result<()> {
    while !to_write.is_empty() {
        let count = stream.write(to_write)?;
        to_write.drain(..count);
    }
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer)?;
        read.extend_from_slice(&buffer[..count]);
        if count == 0 || read.len() > 2 * MAX_BODY {
            return Ok(());
        }
    }
}

/// Status line, headers, and a body of the length that they say. A real one would also read chunked bodies.
fn parse(read: &[u8]) -> Result<Response<Bytes>, TransportError> {
    let end = read.windows(4).position(|window| window == b"\r\n\r\n").ok_or(Kind::Closed)?;
    let (head, body) = (std::str::from_utf8(&read[..end]).map_err(|_| Kind::NotHttp)?, &read[end + 4..]);
    let mut lines = head.split("\r\n");
    let status =
        lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)).ok_or(Kind::NotHttp)?;
    let mut response = Response::builder().status(status);
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
