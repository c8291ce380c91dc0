//! A program whose end is never waited for.

use sts_blocking::sts_proto::flow::{Command, ProcessOutput};
use sts_blocking::{TransportError, TransportErrorKind as Kind};

#[cfg(unix)]
pub(crate) use unix::Program;

#[cfg(unix)]
mod unix {
    use std::io::{self, ErrorKind, Read};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Stdio};
    use std::time::Instant;

    use rustix::process::{Pid, Signal, kill_process_group};
    use sts_blocking::Phase;
    use sts_blocking::bytes::Bytes;
    use sts_blocking::sts_proto::wire::MAX_BODY;

    use super::*;

    /// A program that runs.
    pub(crate) struct Program {
        child: Child,
        output: UnixStream,
        printed: Vec<u8>,
        deadline: Instant,
    }

    impl Program {
        pub(crate) fn begin(command: &Command) -> Result<Self, TransportError> {
            Self::spawn(command).map_err(|error| TransportError::new(Kind::Other, error))
        }

        /// Its output is a socket, since reading from one need not block. `mio` does the same for a pipe.
        fn spawn(command: &Command) -> io::Result<Self> {
            let (output, theirs) = UnixStream::pair()?;
            output.set_nonblocking(true)?;
            let child = std::process::Command::new(&command.program)
                .args(&command.arguments)
                .stdin(Stdio::null())
                .stdout(OwnedFd::from(theirs))
                .stderr(Stdio::null())
                .process_group(0)
                .spawn()?;
            Ok(Self { child, output, printed: Vec::new(), deadline: Instant::now() + command.timeout })
        }

        /// `None` until it has ended.
        pub(crate) fn turn(&mut self) -> Option<Result<ProcessOutput, TransportError>> {
            // Looked at first: what a program prints is there when it has ended.
            let ended = match self.child.try_wait() {
                Ok(ended) => ended,
                Err(error) => return Some(Err(TransportError::new(Kind::Other, error))),
            };
            match self.read() {
                Err(error) => return Some(Err(TransportError::new(Kind::Other, error))),
                Ok(()) if self.printed.len() > MAX_BODY => return Some(Err(Kind::TooLarge.into())),
                Ok(()) => {}
            }
            match ended {
                Some(status) => {
                    let stdout = std::mem::take(&mut self.printed).into();
                    // A client that reads the standard error as well has more to say when the program fails.
                    Some(Ok(ProcessOutput { status: status.code(), stdout, stderr: Bytes::new() }))
                }
                None => (Instant::now() >= self.deadline).then(|| Err(Kind::Timeout(Phase::Response).into())),
            }
        }

        fn read(&mut self) -> io::Result<()> {
            match (&self.output).take(MAX_BODY as u64 + 1).read_to_end(&mut self.printed) {
                Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
                _ => Ok(()),
            }
        }
    }

    /// Ends the program where nothing waits for it any more, with all that it has started.
    impl Drop for Program {
        fn drop(&mut self) {
            if let Ok(None) = self.child.try_wait() {
                let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
                let _ = self.child.wait();
            }
        }
    }
}

/// Elsewhere, the standard library cannot read from a program without blocking.
#[cfg(not(unix))]
pub(crate) enum Program {}

#[cfg(not(unix))]
impl Program {
    pub(crate) fn begin(_: &Command) -> Result<Self, TransportError> {
        Err(Kind::Unsupported.into())
    }

    pub(crate) fn turn(&mut self) -> Option<Result<ProcessOutput, TransportError>> {
        match *self {}
    }
}
