//! The system calls that run a program.

use std::io;
use std::process::Child;
use std::time::{Duration, Instant};

use sts_proto::flow::{Command, Event};
use sts_proto::perform::{RunProgram, Wait};

use super::pipe::Pipes;

/// Performs [`Effect::Run`](sts_proto::Effect::Run).
pub(crate) fn run(command: &Command) -> Event {
    Program::start(command)
        .and_then(|mut program| program.finish())
        .unwrap_or_else(|error| RunProgram::failed(&error))
}

struct Program {
    child: Child,
    begun: Instant,
    run: RunProgram,
    #[cfg(all(unix, feature = "cli"))]
    watch: Option<super::watch::Watch>,
}

impl Program {
    fn start(command: &Command) -> io::Result<Self> {
        let begun = Instant::now();
        #[cfg_attr(not(feature = "cli"), allow(unused_mut))]
        let mut program = prepared(command);
        #[cfg(feature = "cli")]
        super::watch::prepare(&mut program);
        Ok(Self {
            #[cfg(all(unix, feature = "cli"))]
            watch: super::watch::begin(),
            child: program.spawn()?,
            begun,
            run: RunProgram::new(command.timeout),
        })
    }

    fn finish(&mut self) -> io::Result<Event> {
        let mut pipes = Pipes::new(&mut self.child)?;
        loop {
            if !self.run.has_ended() {
                self.look()?;
            }
            let left = match self.run.wait(self.begun.elapsed()) {
                Wait::Over(event) => return Ok(event),
                Wait::AtMost(left) => left,
            };
            match pipes.are_open() {
                true => pipes.read(&mut self.run, left.min(RunProgram::LOOK))?,
                false => std::thread::sleep(left.min(LOOK)),
            }
        }
    }

    /// Sees whether it has ended, or is stopped.
    fn look(&mut self) -> io::Result<()> {
        match self.child.try_wait() {
            Ok(Some(status)) => self.run.ended(status.code(), self.begun.elapsed()),
            Err(error) if !self.run.unknown_end(error.raw_os_error(), self.begun.elapsed()) => {
                return Err(error);
            }
            #[cfg(unix)]
            Ok(None) => {
                #[cfg(feature = "cli")]
                if let Some(asked) = self.watch.as_mut().and_then(|watch| watch()) {
                    signal(self.child.id(), asked);
                }
                self.run.looked(is_stopped(self.child.id()), self.begun.elapsed());
            }
            #[cfg(not(unix))]
            Ok(None) => {}
            Err(_) => {}
        }
        Ok(())
    }
}

/// Nothing of a program that has not ended stays behind. Once it has ended, its process id may belong to another process.
impl Drop for Program {
    fn drop(&mut self) {
        if !self.run.has_ended() {
            #[cfg(unix)]
            end(self.child.id());
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// For the program `sts`, which runs programs of its own: sends a signal to one that has not ended, and to what that
/// has started.
#[cfg(all(unix, feature = "cli"))]
#[doc(hidden)]
pub fn signal_program(id: u32, asked: rustix::process::Signal) {
    signal(id, asked);
}

sts_proto::common_program_calls!(std::fs, std::process);

/// How often to see whether the program has ended, after all that it writes to is closed.
const LOOK: Duration = Duration::from_millis(2);
