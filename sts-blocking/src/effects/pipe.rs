//! A program's output, which is read without waiting for longer than one wants.

use std::io;
use std::process::ChildStdout;
#[cfg(not(unix))]
use std::sync::mpsc;
use std::time::Duration;

/// What came of a wait.
pub(super) enum Piece<'a> {
    Bytes(&'a [u8]),
    /// Nobody has it open for writing any more.
    End,
    NotYet,
}

/// The end of it that is read. The system tells when there is something, so no thread has to wait.
#[cfg(unix)]
pub(super) struct Pipe {
    from: ChildStdout,
    buffer: Vec<u8>,
}

#[cfg(unix)]
impl Pipe {
    pub(super) fn new(from: ChildStdout) -> Self {
        Self { from, buffer: vec![0; PIECE] }
    }

    /// Waits for as long as this.
    pub(super) fn next(&mut self, wait: Duration) -> io::Result<Piece<'_>> {
        use std::io::Read;

        use rustix::event::{PollFd, PollFlags, Timespec, poll};

        // Waits are short: what is too long for the system is as good as for ever.
        let wait = Timespec::try_from(wait).ok();
        match poll(&mut [PollFd::new(&self.from, PollFlags::IN)], wait.as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(Piece::NotYet),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        match self.from.read(&mut self.buffer) {
            Ok(0) => Ok(Piece::End),
            Ok(size) => Ok(Piece::Bytes(self.buffer.get(..size).unwrap_or_default())),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(Piece::NotYet),
            Err(error) => Err(error),
        }
    }
}

/// Reading has no time-out here, so another thread reads. It ends when the output does, or with the first bytes that
/// nobody wants any more.
#[cfg(not(unix))]
pub(super) struct Pipe {
    pieces: mpsc::Receiver<io::Result<Vec<u8>>>,
    last: Vec<u8>,
}

#[cfg(not(unix))]
impl Pipe {
    pub(super) fn new(mut from: ChildStdout) -> Self {
        use std::io::Read;

        let (sender, pieces) = mpsc::sync_channel(1);
        std::thread::spawn(move || {
            let mut buffer = vec![0; PIECE];
            loop {
                let piece = match from.read(&mut buffer) {
                    Ok(0) => return,
                    Ok(size) => Ok(buffer.get(..size).unwrap_or_default().to_vec()),
                    Err(error) => Err(error),
                };
                let over = piece.is_err();
                if sender.send(piece).is_err() || over {
                    return;
                }
            }
        });
        Self { pieces, last: Vec::new() }
    }

    /// Waits for as long as this.
    pub(super) fn next(&mut self, wait: Duration) -> io::Result<Piece<'_>> {
        match self.pieces.recv_timeout(wait) {
            Ok(piece) => {
                self.last = piece?;
                Ok(Piece::Bytes(&self.last))
            }
            Err(mpsc::RecvTimeoutError::Timeout) => Ok(Piece::NotYet),
            Err(mpsc::RecvTimeoutError::Disconnected) => Ok(Piece::End),
        }
    }
}

/// In bytes.
const PIECE: usize = 8 * 1024;
