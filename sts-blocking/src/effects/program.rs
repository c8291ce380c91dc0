//! Programs, run within bounds of size and of time.

use std::io;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use sts_proto::flow::{Command, Event, ProcessOutput};
use sts_proto::wire::MAX_BODY;
use sts_proto::{Phase, TransportError, TransportErrorKind as Kind};

use super::pipe::{Piece, Pipe};

/// Runs a program and takes what it prints. One that does not end in time is ended, with all that it has started; what a
/// program that has ended leaves running is let alone.
///
/// The texts of its errors name nothing of the command line: people put secrets there.
pub(crate) fn run(command: &Command) -> Event {
    match Program::start(command).and_then(Program::finish) {
        Ok(output) => Event::Exited(output),
        Err(error) => Event::Failed(error),
    }
}

struct Program {
    child: Child,
    /// Once it has ended. Until then its number belongs to it and to nobody else, and it may be ended by that.
    ended: Option<Ended>,
    /// `None` from its end on.
    output: Option<Pipe>,
    /// `None` where the clock cannot say it.
    deadline: Option<Instant>,
}

impl Program {
    fn start(command: &Command) -> Result<Self, TransportError> {
        let deadline = Instant::now().checked_add(command.timeout);
        let mut program = std::process::Command::new(&command.program);
        program.args(&command.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        // A group of its own, by which all that it starts can be ended.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut program, 0);
        let mut child = program.spawn().map_err(failed)?;
        let output = child.stdout.take().map(Pipe::new);
        Ok(Self { child, ended: None, output, deadline })
    }

    fn finish(mut self) -> Result<ProcessOutput, TransportError> {
        let mut printed = Vec::new();
        loop {
            if self.ended.is_none() {
                self.ended = ended(self.child.try_wait()).map_err(failed)?;
                if self.ended.is_some() {
                    self.deadline = Instant::now().checked_add(GRACE);
                }
            }
            let left = self.left();
            match (self.ended, &mut self.output) {
                (Some(Ended(status)), output) if output.is_none() || left.is_zero() => {
                    return Ok(ProcessOutput { status, stdout: printed.into() });
                }
                (None, _) if left.is_zero() => {
                    let why = "the program did not end in time";
                    return Err(TransportError::new(Kind::Timeout(Phase::Response), why));
                }
                (_, Some(output)) => match output.next(left.min(LOOK_AT_A_READER)).map_err(failed)? {
                    Piece::Bytes(bytes) => printed.extend_from_slice(bytes),
                    Piece::End => self.output = None,
                    Piece::NotYet => {}
                },
                (_, None) => std::thread::sleep(left.min(LOOK)),
            }
            if printed.len() > MAX_BODY {
                return Err(TransportError::new(Kind::TooLarge, "the program printed more than 1 MiB"));
            }
        }
    }

    fn left(&self) -> Duration {
        self.deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()))
    }
}

/// With which status, if it ended by itself.
#[derive(Clone, Copy)]
struct Ended(Option<i32>);

fn ended(looked: io::Result<Option<ExitStatus>>) -> io::Result<Option<Ended>> {
    match looked {
        Ok(status) => Ok(status.map(|status| Ended(status.code()))),
        // Whoever started this process ignores `SIGCHLD`, and so the system tells nobody how a program ended: what it
        // printed has to say.
        #[cfg(unix)]
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::CHILD.raw_os_error()) => {
            Ok(Some(Ended(Some(0))))
        }
        Err(error) => Err(error),
    }
}

/// Nothing stays behind of a program that has not ended.
impl Drop for Program {
    fn drop(&mut self) {
        if self.ended.is_some() {
            return;
        }
        #[cfg(unix)]
        {
            let group = rustix::process::Pid::from_child(&self.child);
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn failed(error: io::Error) -> TransportError {
    TransportError::new(Kind::Other, said(&error))
}

/// What the system says of it, as errors are written.
fn said(error: &io::Error) -> String {
    let system = error.raw_os_error().map(io::Error::from_raw_os_error);
    let text = system.map_or_else(|| io::Error::from(error.kind()).to_string(), |error| error.to_string());
    let text = text.split(" (os error").next().unwrap_or_default();
    text.to_lowercase()
}

/// What a program has printed is there when it ends. What it leaves running may print for as long as this, and may keep
/// the output open for longer.
const GRACE: Duration = Duration::from_millis(500);

/// How often to see whether the program has ended, while its output is open and after.
const LOOK_AT_A_READER: Duration = Duration::from_millis(50);
const LOOK: Duration = Duration::from_millis(2);
