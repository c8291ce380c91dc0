//! One request and its answer, over a socket that never blocks.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use sts_blocking::sts_proto::wire::MAX_BODY;
use sts_blocking::{Phase, TransportError, TransportErrorKind as Kind};

use crate::http11::{address, parse, written};

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
            Err(error) => Some(Err(TransportError::of_io(error, Phase::Response))),
        }
    }
}

fn connect(request: &Request<Bytes>) -> Result<TcpStream, TransportError> {
    let connected = TcpStream::connect(address(request)?).and_then(|stream| {
        stream.set_nonblocking(true)?;
        Ok(stream)
    });
    connected.map_err(|error| TransportError::of_io(error, Phase::Connect))
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
