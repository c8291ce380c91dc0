//! One request and its answer, over a socket that `mio` watches.

use std::io::{self, ErrorKind, Read, Write};
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response};
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use sts_blocking::sts_proto::wire::MAX_BODY;
use sts_blocking::{Phase, SendTimeouts, TransportError, TransportErrorKind as Kind};

use crate::http11::{address, parse, written};

/// An exchange on a connection of its own.
pub(crate) struct Exchange {
    stream: TcpStream,
    connected: bool,
    to_write: Vec<u8>,
    read: Vec<u8>,
    connect_by: Instant,
    end_by: Instant,
}

impl Exchange {
    /// Begins to connect, which nothing waits for.
    pub(crate) fn begin(
        request: &Request<Bytes>,
        timeouts: SendTimeouts,
        registry: &Registry,
        token: Token,
    ) -> Result<Self, TransportError> {
        let mut stream = TcpStream::connect(address(request)?).map_err(refused)?;
        let both = Interest::READABLE | Interest::WRITABLE;
        registry.register(&mut stream, token, both).map_err(refused)?;
        let now = Instant::now();
        Ok(Self {
            stream,
            connected: false,
            to_write: written(request),
            read: Vec::new(),
            connect_by: now + timeouts.connect,
            end_by: now + timeouts.attempt,
        })
    }

    /// When to look again, whatever the socket does.
    pub(crate) fn deadline(&self) -> Instant {
        if self.connected { self.end_by } else { self.connect_by.min(self.end_by) }
    }

    /// What came of it, if its time is over.
    pub(crate) fn expired(&self, now: Instant) -> Option<TransportError> {
        let phase = if self.connected { Phase::Response } else { Phase::Connect };
        (now >= self.deadline()).then(|| Kind::Timeout(phase).into())
    }

    /// The socket is ready: goes on until it would block, since `mio` tells of each change once. `None` until it is over.
    pub(crate) fn ready(&mut self) -> Option<Result<Response<Bytes>, TransportError>> {
        if !self.connected {
            match self.stream.take_error().and_then(|error| error.map_or(Ok(()), Err)) {
                Ok(()) if self.stream.peer_addr().is_ok() => self.connected = true,
                // Not yet.
                Ok(()) => return None,
                Err(error) => return Some(Err(refused(error))),
            }
        }
        match self.pump() {
            Ok(()) => Some(parse(&self.read)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => Some(Err(TransportError::of_io(error, Phase::Response))),
        }
    }

    /// Writes, then reads to the end of what the server sends, unless the socket would block.
    fn pump(&mut self) -> io::Result<()> {
        while !self.to_write.is_empty() {
            let count = self.stream.write(&self.to_write)?;
            self.to_write.drain(..count);
        }
        let mut buffer = [0; 4096];
        loop {
            let count = self.stream.read(&mut buffer)?;
            self.read.extend_from_slice(&buffer[..count]);
            if count == 0 || self.read.len() > 2 * MAX_BODY {
                return Ok(());
            }
        }
    }
}

fn refused(error: io::Error) -> TransportError {
    TransportError::of_io(error, Phase::Connect)
}
