//! The system calls that run a program.

use std::io;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use sts_proto::flow::{Command, Event};
use sts_proto::perform::{RunProgram, Wait};

use super::pipe::Pipe;

/// Performs [`Effect::Run`](sts_proto::Effect::Run).
pub(crate) fn run(command: &Command) -> Event {
    Program::start(command)
        .and_then(|mut program| program.finish())
        .unwrap_or_else(|error| RunProgram::failed(&error))
}

struct Program {
    child: Child,
    output: Option<Pipe>,
    begun: Instant,
    run: RunProgram,
}

impl Program {
    fn start(command: &Command) -> io::Result<Self> {
        let begun = Instant::now();
        let mut program = std::process::Command::new(&command.program);
        program.args(&command.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        // All that it starts can be ended by its process group.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut program, 0);
        let mut child = program.spawn()?;
        let output = child.stdout.take().map(Pipe::new);
        Ok(Self { child, output, begun, run: RunProgram::new(command.timeout) })
    }

    fn finish(&mut self) -> io::Result<Event> {
        loop {
            if !self.run.has_ended() {
                self.look()?;
            }
            let left = match self.run.wait(self.begun.elapsed()) {
                Wait::Over(event) => return Ok(event),
                Wait::Most(left) => left,
            };
            match &mut self.output {
                Some(output) if !self.run.output_ended() => {
                    if let Some(count) = output.read(self.run.room(), left.min(LOOK_WHILE_READING))? {
                        self.run.printed(count);
                    }
                }
                _ => std::thread::sleep(left.min(LOOK)),
            }
        }
    }

    /// Sees whether it has ended.
    fn look(&mut self) -> io::Result<()> {
        match self.child.try_wait() {
            Ok(Some(status)) => self.run.ended(status.code(), self.begun.elapsed()),
            Err(error) if !self.run.unknown_end(error.raw_os_error(), self.begun.elapsed()) => {
                return Err(error);
            }
            Ok(None) | Err(_) => {}
        }
        Ok(())
    }
}

/// Nothing of a program that has not ended stays behind. Once it has ended, its process id may belong to another process.
impl Drop for Program {
    fn drop(&mut self) {
        if !self.run.has_ended() {
            #[cfg(unix)]
            let _ = rustix::process::kill_process_group(
                rustix::process::Pid::from_child(&self.child),
                rustix::process::Signal::KILL,
            );
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// How often to see whether the program has ended, while its output is open and after.
const LOOK_WHILE_READING: Duration = Duration::from_millis(50);
const LOOK: Duration = Duration::from_millis(2);
