use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use sts_proto::perform::AnswerBound;
use tokio::net::TcpStream;

/// A connection of which reads are bounded: a server that sends interim answers or chunk headers without end can neither
/// block the runtime's thread nor keep the client reading.
pub(super) struct Bounded {
    stream: TokioIo<TcpStream>,
    answer: AnswerBound,
    /// Bytes read since other tasks could run.
    at_once: usize,
}

impl Bounded {
    pub(super) fn new(stream: TokioIo<TcpStream>) -> Self {
        Self { stream, answer: AnswerBound::default(), at_once: 0 }
    }
}

impl Read for Bounded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut to: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.at_once >= MAX_AT_ONCE {
            self.at_once = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        // Zeroing the buffer would cost more than the read.
        let mut bytes = [const { MaybeUninit::uninit() }; PIECE];
        let room = to.remaining().min(PIECE);
        let Some(bytes) = bytes.get_mut(..room) else { return Poll::Ready(Ok(())) };
        let mut piece = ReadBuf::uninit(bytes);
        match Pin::new(&mut self.stream).poll_read(cx, piece.unfilled()) {
            Poll::Ready(Ok(())) => {}
            Poll::Pending => {
                self.at_once = 0;
                return Poll::Pending;
            }
            failed => return failed,
        }
        let piece = piece.filled();
        self.at_once += piece.len();
        self.answer.receive(piece.len()).map_err(io::Error::other)?;
        to.put_slice(piece);
        Poll::Ready(Ok(()))
    }
}

impl Write for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.answer.begin();
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.answer.begin();
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Connection for Bounded {
    fn connected(&self) -> Connected {
        self.stream.connected()
    }
}

/// Bytes read in one step; most answers need one.
const PIECE: usize = 8 * 1024;
/// After this many bytes other tasks may run.
const MAX_AT_ONCE: usize = 64 * 1024;
