//! What a program writes, read with a time-out.

#[cfg(not(unix))]
pub(super) use piecewise::Pipes;
#[cfg(unix)]
pub(super) use polled::Pipes;

/// The system says when there is something to read, so no thread has to wait.
#[cfg(unix)]
mod polled {
    use std::io::{self, ErrorKind, Read};
    use std::os::fd::AsFd;
    use std::process::{Child, ChildStderr, ChildStdout};
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;
    use sts_proto::perform::{RunProgram, Stream};

    pub(in super::super) struct Pipes {
        stdout: Option<ChildStdout>,
        stderr: Option<ChildStderr>,
    }

    impl Pipes {
        pub(in super::super) fn new(child: &mut Child) -> io::Result<Self> {
            Ok(Self { stdout: child.stdout.take(), stderr: child.stderr.take() })
        }

        pub(in super::super) fn are_open(&self) -> bool {
            self.stdout.is_some() || self.stderr.is_some()
        }

        /// Reads what there is, or comes within this time.
        pub(in super::super) fn read(&mut self, into: &mut RunProgram, within: Duration) -> io::Result<()> {
            let (stdout, stderr) = (self.stdout.as_ref().map(readable), self.stderr.as_ref().map(readable));
            wait(&mut stdout.into_iter().chain(stderr).collect::<Vec<_>>(), within)?;
            read(&mut self.stdout, Stream::Output, into)?;
            read(&mut self.stderr, Stream::Errors, into)
        }
    }

    fn read(from: &mut Option<impl AsFd + Read>, stream: Stream, into: &mut RunProgram) -> io::Result<()> {
        let Some(pipe) = from else { return Ok(()) };
        if !wait(&mut [readable(pipe)], Duration::ZERO)? {
            return Ok(());
        }
        match pipe.read(into.room(stream)) {
            Ok(count) => {
                into.wrote(stream, count);
                if count == 0 {
                    *from = None;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn readable(from: &impl AsFd) -> PollFd<'_> {
        PollFd::new(from, PollFlags::IN)
    }

    /// Whether something can be read.
    fn wait(from: &mut [PollFd<'_>], within: Duration) -> io::Result<bool> {
        // A time that is too long for the system is as good as no limit.
        match poll(from, Timespec::try_from(within).ok().as_ref()) {
            Ok(count) => Ok(count > 0),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Where reading has no time-out, a thread reads from each stream. It ends with the stream, or with the first bytes that are
/// not wanted any more.
#[cfg(not(unix))]
mod piecewise {
    use std::io::{self, Read};
    use std::process::Child;
    use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
    use std::time::Duration;

    use sts_proto::perform::{Buffer, RunProgram, Stream};

    pub(in super::super) struct Pipes {
        pieces: Receiver<(Stream, io::Result<Buffer>)>,
        is_open: bool,
    }

    impl Pipes {
        pub(in super::super) fn new(child: &mut Child) -> io::Result<Self> {
            let (sender, pieces) = sync_channel(1);
            if let Some(stdout) = child.stdout.take() {
                send(Stream::Output, stdout, sender.clone())?;
            }
            if let Some(stderr) = child.stderr.take() {
                send(Stream::Errors, stderr, sender)?;
            }
            Ok(Self { pieces, is_open: true })
        }

        pub(in super::super) fn are_open(&self) -> bool {
            self.is_open
        }

        /// Reads what there is, or comes within this time.
        pub(in super::super) fn read(&mut self, into: &mut RunProgram, within: Duration) -> io::Result<()> {
            let (stream, piece) = match self.pieces.recv_timeout(within) {
                Ok((stream, piece)) => (stream, piece?),
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => {
                    self.is_open = false;
                    return Ok(());
                }
            };
            let mut rest = piece.filled();
            if rest.is_empty() {
                into.wrote(stream, 0);
            }
            while !rest.is_empty() {
                let count = rest.read(into.room(stream))?;
                if count == 0 {
                    break;
                }
                into.wrote(stream, count);
            }
            Ok(())
        }
    }

    /// Sends piece after piece, and an empty one at the end.
    fn send(
        stream: Stream,
        mut from: impl Read + Send + 'static,
        to: SyncSender<(Stream, io::Result<Buffer>)>,
    ) -> io::Result<()> {
        let read = move || {
            loop {
                let mut piece = Buffer::new(0);
                let count = from.read(piece.room());
                let is_over = !matches!(count, Ok(1..));
                let piece = count.map(|count| {
                    piece.fill(count);
                    piece
                });
                if to.send((stream, piece)).is_err() || is_over {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("sts-program".to_owned()).spawn(read).map(drop)
    }
}
