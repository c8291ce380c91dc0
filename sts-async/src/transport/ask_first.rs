use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};

use super::hop::Hop;

/// A connection on which an answer is read no sooner than a request was begun. A server that has no time for a client may
/// answer at once, and hyper takes that for an error. The end of a connection is told at once.
pub(super) struct AskFirst {
    hop: Hop,
    asked: bool,
    /// What came before.
    early: Bytes,
    reader: Option<Waker>,
}

impl AskFirst {
    pub(super) fn new(hop: Hop) -> Self {
        Self { hop, asked: false, early: Bytes::new(), reader: None }
    }

    fn ask(&mut self) {
        self.asked = true;
        self.reader.take().into_iter().for_each(Waker::wake);
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.early.is_empty() {
            let mut bytes = [const { MaybeUninit::uninit() }; PIECE];
            let mut piece = ReadBuf::uninit(&mut bytes);
            let read = Pin::new(&mut self.hop).poll_read(cx, piece.unfilled());
            if read.is_pending() || piece.filled().is_empty() {
                return read;
            }
            self.early = Bytes::copy_from_slice(piece.filled());
        }
        self.reader = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Read for AskFirst {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut to: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.asked {
            return self.wait(cx);
        }
        if self.early.is_empty() {
            return Pin::new(&mut self.hop).poll_read(cx, to);
        }
        let count = self.early.remaining().min(to.remaining());
        to.put_slice(&self.early.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl Write for AskFirst {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.ask();
        Pin::new(&mut self.hop).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.ask();
        Pin::new(&mut self.hop).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.hop.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.hop).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.hop).poll_shutdown(cx)
    }
}

impl Connection for AskFirst {
    fn connected(&self) -> Connected {
        self.hop.connected()
    }
}

/// Of an answer that comes early, this much is taken from the connection.
const PIECE: usize = 1024;
