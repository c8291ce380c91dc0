//! Programs, run by tokio.

use std::future::{pending, poll_fn};
use std::io;
use std::pin::pin;
use std::process::ExitStatus;
use std::task::Poll;
use std::time::{Duration, Instant};

use sts_proto::Event;
use sts_proto::flow::Command;
use sts_proto::perform::{RunProgram, Stream, Wait};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, ChildStderr, ChildStdout};
use tokio::time::timeout;

/// Performs [`Effect::Run`](sts_proto::Effect::Run). The program is also ended if the future is dropped.
pub(crate) async fn run(command: Command) -> Event {
    match Program::start(&command) {
        Ok(program) => program.finish().await.unwrap_or_else(|error| RunProgram::failed(&error)),
        Err(error) => RunProgram::failed(&error),
    }
}

struct Program {
    child: Child,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    state: RunProgram,
}

enum Progress {
    Wrote(Stream, io::Result<usize>),
    Ended(io::Result<ExitStatus>),
}

impl Program {
    fn start(command: &Command) -> io::Result<Self> {
        let mut child = tokio::process::Command::from(prepared(command)).spawn()?;
        Ok(Self {
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
            child,
            state: RunProgram::new(command.timeout),
        })
    }

    async fn finish(mut self) -> io::Result<Event> {
        let started = Instant::now();
        loop {
            let left = match self.state.wait(started.elapsed()) {
                Wait::AtMost(left) => left,
                Wait::Over(event) => return Ok(event),
            };
            match timeout(left.min(RunProgram::LOOK), self.progress()).await {
                Ok(Progress::Wrote(stream, count)) => self.wrote(stream, count?),
                Ok(Progress::Ended(Ok(status))) => self.state.ended(status.code(), started.elapsed()),
                Ok(Progress::Ended(Err(error))) => {
                    if !self.state.unknown_end(error.raw_os_error(), started.elapsed()) {
                        return Err(error);
                    }
                }
                #[cfg(unix)]
                Err(_elapsed) => {
                    if let Some(id) = self.child.id() {
                        self.state.looked(is_stopped(id), started.elapsed());
                    }
                }
                #[cfg(not(unix))]
                Err(_elapsed) => {}
            }
        }
    }

    async fn progress(&mut self) -> Progress {
        let wait = !self.state.has_ended();
        let (stdout, stderr) = self.state.rooms();
        let mut stdout = pin!(read(&mut self.stdout, stdout));
        let mut stderr = pin!(read(&mut self.stderr, stderr));
        let mut ending = pin!(async { if wait { self.child.wait().await } else { pending().await } });
        poll_fn(|context| {
            if let Poll::Ready(count) = stdout.as_mut().poll(context) {
                return Poll::Ready(Progress::Wrote(Stream::Output, count));
            }
            if let Poll::Ready(count) = stderr.as_mut().poll(context) {
                return Poll::Ready(Progress::Wrote(Stream::Errors, count));
            }
            ending.as_mut().poll(context).map(Progress::Ended)
        })
        .await
    }

    fn wrote(&mut self, stream: Stream, count: usize) {
        self.state.wrote(stream, count);
        match stream {
            Stream::Output if count == 0 => self.stdout = None,
            Stream::Errors if count == 0 => self.stderr = None,
            _ => {}
        }
    }
}

/// Reads from a stream; for ever where it has ended.
async fn read(from: &mut Option<impl AsyncRead + Unpin>, room: &mut [u8]) -> io::Result<usize> {
    match from {
        Some(from) => from.read(room).await,
        None => pending().await,
    }
}

/// Ends what runs when its time is over, when it printed too much, and when it is no longer waited for.
impl Drop for Program {
    fn drop(&mut self) {
        // After its end its number may be another process's.
        if self.state.has_ended() {
            return;
        }
        #[cfg(unix)]
        if let Some(id) = self.child.id() {
            end(id);
        }
        let _ = self.child.start_kill();
        // No other task reaps the process if the runtime ends too. A process that is killed ends within milliseconds, as a rule.
        for _ in 0..MAX_LOOKS {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(BETWEEN_LOOKS),
                Ok(Some(_)) | Err(_) => return,
            }
        }
    }
}

sts_proto::common_program_calls!(std::fs, std::process);

const MAX_LOOKS: u32 = 100;
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);
