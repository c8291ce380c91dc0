use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use sts_proto::perform::{AnswerBound, ReadFirst};
use tokio::net::TcpStream;

/// A connection of which reads are bounded: a server that sends interim answers or chunk headers without end can neither
/// block the runtime's thread nor keep the client reading. What it said before it closed is read.
pub(super) struct Bounded {
    stream: TokioIo<TcpStream>,
    answer: AnswerBound,
    first: ReadFirst,
    /// Bytes read since other tasks could run.
    at_once: usize,
}

impl Bounded {
    pub(super) fn new(stream: TokioIo<TcpStream>) -> Self {
        Self { stream, answer: AnswerBound::default(), first: ReadFirst::default(), at_once: 0 }
    }

    /// Writes `all` bytes, or passes over them where the server is gone.
    fn write(
        &mut self,
        all: usize,
        write: impl FnOnce(Pin<&mut TokioIo<TcpStream>>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if self.first.failure().is_some() {
            return Poll::Ready(Ok(all));
        }
        self.answer.begin();
        match write(Pin::new(&mut self.stream)) {
            Poll::Ready(Err(error)) if self.first.holds(&error) => Poll::Ready(Ok(all)),
            written => written,
        }
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
            failed => return self.first.failure().map_or(failed, |error| Poll::Ready(Err(error))),
        }
        let piece = piece.filled();
        if let Some(error) = self.first.failure().filter(|_| piece.is_empty() && room > 0) {
            return Poll::Ready(Err(error));
        }
        self.at_once += piece.len();
        self.answer.receive(piece.len()).map_err(io::Error::other)?;
        to.put_slice(piece);
        Poll::Ready(Ok(()))
    }
}

impl Write for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.write(bytes.len(), |stream| stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let all = slices.iter().map(|slice| slice.len()).sum();
        self.write(all, |stream| stream.poll_write_vectored(cx, slices))
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

/// Bytes read in one step; most answers need one.
const PIECE: usize = 8 * 1024;
/// After this many bytes other tasks may run.
const MAX_AT_ONCE: usize = 64 * 1024;
