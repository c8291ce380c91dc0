use std::fmt::Display;
use std::time::Duration;

use super::buffer::Buffer;
use super::{failed, in_our_style};
use crate::flow::{Event, ProcessOutput};
use crate::transport::{Phase, TransportErrorKind};

/// Waits for a program and takes what it prints, within bounds of size and of time.
///
/// A driver starts the program and asks [`wait`](Self::wait) what to wait for, until it is over. Times count from the
/// start. If the program has not [ended](Self::has_ended) by then, the driver ends it, with all that it has started.
/// What a program that has ended leaves running is let alone.
///
/// The texts of errors contain nothing of the command line: people put secrets there.
#[derive(Debug)]
pub struct RunProgram {
    timeout: Duration,
    printed: Buffer,
    output_ended: bool,
    /// Its exit status, if it ended by itself, and when it ended.
    ended: Option<(Option<i32>, Duration)>,
}

/// What to wait for. Exhaustive on purpose.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums)] // a driver has to do each
pub enum Wait {
    /// Wait for the program's output or end, whichever comes first, at most for so long.
    Most(Duration),
    /// It is over, and this is what to tell the flow.
    Over(Event),
}

impl RunProgram {
    /// A program that may run for so long.
    pub fn new(timeout: Duration) -> Self {
        Self { timeout, printed: Buffer::new(0), output_ended: false, ended: None }
    }

    /// What to do next, this long after the start.
    pub fn wait(&mut self, elapsed: Duration) -> Wait {
        if self.printed.is_too_large() {
            return Wait::Over(failed(TransportErrorKind::TooLarge, "the program printed more than 1 MiB"));
        }
        match self.ended {
            Some((status, at)) => {
                // What a program has printed is there when it ends. What it leaves running may keep the output open.
                let left = at.saturating_add(GRACE).saturating_sub(elapsed);
                if !self.output_ended && !left.is_zero() {
                    return Wait::Most(left);
                }
                let printed = std::mem::replace(&mut self.printed, Buffer::new(0));
                Wait::Over(Event::Exited(ProcessOutput { status, stdout: printed.into_bytes() }))
            }
            None => match self.timeout.saturating_sub(elapsed) {
                Duration::ZERO => {
                    let late = TransportErrorKind::Timeout(Phase::Response);
                    Wait::Over(failed(late, "the program did not end in time"))
                }
                left => Wait::Most(left),
            },
        }
    }

    /// Where what it prints goes.
    pub fn room(&mut self) -> &mut [u8] {
        self.printed.room()
    }

    /// This many bytes were read into the room; 0 at the end of the output.
    pub fn printed(&mut self, count: usize) {
        self.printed.fill(count);
        self.output_ended |= count == 0;
    }

    /// Whether its output has ended, so that there is nothing more to read.
    pub fn output_ended(&self) -> bool {
        self.output_ended
    }

    /// The program has ended, this long after the start, with this status if it ended by itself.
    pub fn ended(&mut self, status: Option<i32>, elapsed: Duration) {
        self.ended = Some((status, elapsed));
    }

    /// The system does not say how the program ended, with this number of an error. Returns whether the program has ended
    /// all the same: if the parent process ignores `SIGCHLD`, the system keeps no status for it, and what the program
    /// printed has to tell whether it succeeded.
    pub fn unknown_end(&mut self, os_error: Option<i32>, elapsed: Duration) -> bool {
        let ended = cfg!(unix) && os_error == Some(ECHILD);
        if ended {
            self.ended = Some((Some(0), elapsed));
        }
        ended
    }

    /// Whether the program has ended. Until then its process id belongs to it, and it may be ended by that.
    pub fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// What to tell the flow if the system refuses to start the program, to wait for it or to read what it prints.
    pub fn failed(error: &dyn Display) -> Event {
        failed(TransportErrorKind::Other, in_our_style(error))
    }
}

/// How long the output of a program that has ended may stay open and is still read.
const GRACE: Duration = Duration::from_millis(500);

/// "No child processes": the same number on every Unix.
const ECHILD: i32 = 10;

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;
    use crate::wire::MAX_BODY;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn print(program: &mut RunProgram, text: &[u8]) {
        program.room()[..text.len()].copy_from_slice(text);
        program.printed(text.len());
    }

    fn left(program: &mut RunProgram, millis: u64) -> Duration {
        match program.wait(at(millis)) {
            Wait::Most(left) => left,
            over => panic!("{over:?}"),
        }
    }

    fn output(program: &mut RunProgram, millis: u64) -> (Option<i32>, String) {
        match program.wait(at(millis)) {
            Wait::Over(Event::Exited(output)) => {
                (output.status, String::from_utf8(output.stdout.into()).unwrap())
            }
            other => panic!("{other:?}"),
        }
    }

    fn problem(event: Event) -> (TransportErrorKind, String) {
        let Event::Failed(error) = event else { panic!("{event:?}") };
        (error.kind(), error.source().unwrap().to_string())
    }

    #[test]
    fn output_and_status_come_in_any_order() {
        let mut program = RunProgram::new(at(1000));
        assert_eq!(left(&mut program, 0), at(1000));
        print(&mut program, b"abc");
        program.printed(0);
        assert!(program.output_ended() && !program.has_ended());
        assert_eq!(left(&mut program, 400), at(600));
        program.ended(Some(3), at(900));
        assert!(program.has_ended());
        assert_eq!(output(&mut program, 900), (Some(3), "abc".to_owned()));

        let mut program = RunProgram::new(at(1000));
        program.ended(None, at(10));
        assert_eq!(left(&mut program, 10), at(500));
        print(&mut program, b"abc");
        program.printed(0);
        assert_eq!(output(&mut program, 20), (None, "abc".to_owned()));
    }

    #[test]
    fn output_that_stays_open_is_read_for_a_moment() {
        let mut program = RunProgram::new(Duration::MAX);
        assert_eq!(left(&mut program, 0), Duration::MAX);
        print(&mut program, b"abc");
        program.ended(Some(0), at(100));
        assert_eq!(left(&mut program, 300), at(300));
        print(&mut program, b"def");
        assert_eq!(left(&mut program, 599), at(1));
        assert_eq!(output(&mut program, 600), (Some(0), "abcdef".to_owned()));
    }

    #[test]
    fn time_and_size_are_bounded() {
        let mut program = RunProgram::new(at(1000));
        program.printed(0);
        assert_eq!(left(&mut program, 999), at(1));
        let Wait::Over(event) = program.wait(at(1000)) else { panic!("it waits") };
        let late = TransportErrorKind::Timeout(Phase::Response);
        assert_eq!(problem(event), (late, "the program did not end in time".to_owned()));

        let mut program = RunProgram::new(at(1000));
        for _ in 0..2 * MAX_BODY {
            let count = program.room().len();
            program.printed(count);
            if let Wait::Over(event) = program.wait(at(1)) {
                let expected = "the program printed more than 1 MiB".to_owned();
                assert_eq!(problem(event), (TransportErrorKind::TooLarge, expected));
                return;
            }
        }
        panic!("it prints without end");
    }

    #[cfg(unix)]
    #[test]
    fn an_end_that_the_system_forgot_counts_as_success() {
        let mut program = RunProgram::new(at(1000));
        assert!(!program.unknown_end(None, at(1)) && !program.unknown_end(Some(1), at(1)));
        assert!(!program.has_ended());
        assert!(program.unknown_end(Some(ECHILD), at(1)) && program.has_ended());
        program.printed(0);
        assert_eq!(output(&mut program, 1), (Some(0), String::new()));
    }

    #[test]
    fn what_the_system_says_is_told() {
        let event = RunProgram::failed(&"No such file or directory (os error 2)");
        assert_eq!(problem(event), (TransportErrorKind::Other, "no such file or directory".to_owned()));
    }
}
