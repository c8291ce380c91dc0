//! Programs, run within bounds of size and of time.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::process::Stdio;
use std::task::Poll;
use std::time::{Duration, Instant};

use sts_proto::flow::{Command, ProcessOutput};
use sts_proto::wire::MAX_BODY;
use sts_proto::{Phase, TransportError, TransportErrorKind as Kind};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStdout};
use tokio::time::{sleep, timeout};

/// Runs a program and takes what it prints. One that does not end in time is ended, with all that it has started, and so
/// is one whose future is dropped; what a program that has ended leaves running is let alone.
///
/// The texts of its errors name nothing of the command line: people put secrets there.
pub(super) async fn run(command: Command) -> Result<ProcessOutput, TransportError> {
    let mut program = Program::start(&command)?;
    let begun = Instant::now();
    let ended = async |child: &mut Option<Child>| {
        let Some(running) = child else { return Ok(UNKNOWN) };
        let left = command.timeout.saturating_sub(begun.elapsed());
        let late = |_| TransportError::new(Kind::Timeout(Phase::Response), "the program did not end in time");
        match timeout(left, running.wait()).await.map_err(late)? {
            Ok(status) => Ok(status.code()),
            // Whoever started this process ignores `SIGCHLD`, and so the system tells nobody how a program ended: what
            // it printed has to say. Its number is not its own any more.
            #[cfg(unix)]
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::CHILD.raw_os_error()) => {
                *child = None;
                Ok(UNKNOWN)
            }
            Err(error) => Err(failed(error)),
        }
    };
    let mut printed = Vec::new();
    let stdout = program.child.as_mut().and_then(|child| child.stdout.take());
    let early = {
        let mut reading = pin!(read(stdout, &mut printed));
        let mut ending = pin!(async {
            let status = ended(&mut program.child).await?;
            sleep(GRACE).await;
            Ok::<Option<i32>, TransportError>(status)
        });
        poll_fn(|context| match reading.as_mut().poll(context) {
            Poll::Ready(read) => Poll::Ready(read.map(|()| None)),
            Poll::Pending => ending.as_mut().poll(context).map_ok(Some),
        })
        .await?
    };
    let status = match early {
        Some(status) => status,
        None => ended(&mut program.child).await?,
    };
    Ok(ProcessOutput { status, stdout: printed.into() })
}

struct Program {
    /// `None` once the system has forgotten it.
    child: Option<Child>,
}

impl Program {
    fn start(command: &Command) -> Result<Self, TransportError> {
        let mut program = tokio::process::Command::new(&command.program);
        program.args(&command.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        // A group of its own, by which all that it starts can be ended.
        #[cfg(unix)]
        program.process_group(0);
        Ok(Self { child: Some(program.kill_on_drop(true).spawn().map_err(failed)?) })
    }
}

/// Nothing stays behind of a program that has not ended. Until then its number belongs to it and to nobody else.
impl Drop for Program {
    fn drop(&mut self) {
        #[cfg(unix)]
        {
            let number =
                self.child.as_ref().and_then(Child::id).and_then(|number| i32::try_from(number).ok());
            if let Some(group) = number.and_then(rustix::process::Pid::from_raw) {
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
        }
    }
}

/// To the end, or to where it is too much. What was read stays if this is dropped before.
async fn read(from: Option<ChildStdout>, printed: &mut Vec<u8>) -> Result<(), TransportError> {
    let Some(mut from) = from else { return Ok(()) };
    while from.read_buf(printed).await.map_err(failed)? > 0 {
        if printed.len() > MAX_BODY {
            return Err(TransportError::new(Kind::TooLarge, "the program printed more than 1 MiB"));
        }
    }
    Ok(())
}

/// The status of a program that the system has forgotten.
const UNKNOWN: Option<i32> = Some(0);

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
