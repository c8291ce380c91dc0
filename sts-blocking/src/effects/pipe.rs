//! A program's output, read with a time-out.

use std::io;
use std::process::ChildStdout;
use std::time::Duration;

#[cfg(not(unix))]
pub(super) use piecewise::Pipe;

/// The end that is read. The system says when there is something to read, so no thread has to wait.
#[cfg(unix)]
pub(super) struct Pipe(ChildStdout);

#[cfg(unix)]
impl Pipe {
    pub(super) fn new(from: ChildStdout) -> Self {
        Self(from)
    }

    /// Reads what there is. `None` if there is nothing yet after this time, 0 at the end.
    pub(super) fn read(&mut self, room: &mut [u8], wait: Duration) -> io::Result<Option<usize>> {
        use std::io::Read;

        use rustix::event::{PollFd, PollFlags, Timespec, poll};

        // A time that is too long for the system is as good as no limit.
        let wait = Timespec::try_from(wait).ok();
        match poll(&mut [PollFd::new(&self.0, PollFlags::IN)], wait.as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        match self.0.read(room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
            count => count.map(Some),
        }
    }
}

/// Where reading has no time-out, another thread reads. It ends with the output, or with the first bytes that are not
/// wanted any more.
#[cfg(not(unix))]
mod piecewise {
    use std::io::Read;
    use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};

    use sts_proto::perform::Buffer;

    use super::{ChildStdout, Duration, io};

    pub(in super::super) struct Pipe {
        pieces: Receiver<io::Result<Buffer>>,
        piece: Buffer,
        /// How much of the piece was taken.
        taken: usize,
    }

    impl Pipe {
        pub(in super::super) fn new(from: ChildStdout) -> Self {
            let (sender, pieces) = sync_channel(1);
            let unread = sender.clone();
            if let Err(error) = std::thread::Builder::new().spawn(move || send(from, &sender)) {
                let _ = unread.try_send(Err(error));
            }
            Self { pieces, piece: Buffer::new(0), taken: 0 }
        }

        pub(in super::super) fn read(
            &mut self,
            room: &mut [u8],
            wait: Duration,
        ) -> io::Result<Option<usize>> {
            if self.taken == self.piece.filled().len() {
                match self.pieces.recv_timeout(wait) {
                    Ok(piece) => (self.piece, self.taken) = (piece?, 0),
                    Err(RecvTimeoutError::Timeout) => return Ok(None),
                    Err(RecvTimeoutError::Disconnected) => return Ok(Some(0)),
                }
            }
            let mut rest = self.piece.filled().get(self.taken..).unwrap_or_default();
            let count = rest.read(room)?;
            self.taken += count;
            Ok(Some(count))
        }
    }

    fn send(mut from: ChildStdout, to: &SyncSender<io::Result<Buffer>>) {
        loop {
            let mut piece = Buffer::new(0);
            let piece = match from.read(piece.room()) {
                Ok(0) => return,
                Ok(count) => {
                    piece.fill(count);
                    Ok(piece)
                }
                Err(error) => Err(error),
            };
            let over = piece.is_err();
            if to.send(piece).is_err() || over {
                return;
            }
        }
    }
}
