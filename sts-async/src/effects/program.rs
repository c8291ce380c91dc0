//! Programs, run by tokio.

use std::future::{pending, poll_fn};
use std::io;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::task::Poll;
use std::time::Instant;

use sts_proto::Event;
use sts_proto::flow::Command;
use sts_proto::perform::{RunProgram, Wait};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStdout};
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
    state: RunProgram,
}

enum Progress {
    Printed(io::Result<usize>),
    Ended(io::Result<ExitStatus>),
}

impl Program {
    fn start(command: &Command) -> io::Result<Self> {
        let mut program = tokio::process::Command::new(&command.program);
        program.args(&command.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        // A group of its own, by which all that it starts can be ended.
        #[cfg(unix)]
        program.process_group(0);
        let mut child = program.spawn()?;
        Ok(Self { stdout: child.stdout.take(), child, state: RunProgram::new(command.timeout) })
    }

    async fn finish(mut self) -> io::Result<Event> {
        let started = Instant::now();
        loop {
            let most = match self.state.wait(started.elapsed()) {
                Wait::Most(most) => most,
                Wait::Over(event) => return Ok(event),
            };
            match timeout(most, self.progress()).await {
                Ok(Progress::Printed(count)) => self.state.printed(count?),
                Ok(Progress::Ended(Ok(status))) => self.state.ended(status.code(), started.elapsed()),
                Ok(Progress::Ended(Err(error))) => {
                    if !self.state.unknown_end(error.raw_os_error(), started.elapsed()) {
                        return Err(error);
                    }
                }
                Err(_elapsed) => {}
            }
        }
    }

    async fn progress(&mut self) -> Progress {
        let (read, wait) = (!self.state.output_ended(), !self.state.has_ended());
        let mut reading = pin!(async {
            match &mut self.stdout {
                Some(stdout) if read => stdout.read(self.state.room()).await,
                _ => pending().await,
            }
        });
        let mut ending = pin!(async { if wait { self.child.wait().await } else { pending().await } });
        poll_fn(|context| match reading.as_mut().poll(context) {
            Poll::Ready(count) => Poll::Ready(Progress::Printed(count)),
            Poll::Pending => ending.as_mut().poll(context).map(Progress::Ended),
        })
        .await
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
        if let Some(group) = self.child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.child.start_kill();
    }
}
