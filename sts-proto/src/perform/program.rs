use std::error::Error;
use std::fmt::{self, Display};
use std::mem::replace;
use std::time::Duration;

use super::buffer::Buffer;
use super::tail::Tail;
use super::{failed, in_our_style};
use crate::flow::{Event, ProcessOutput};
use crate::transport::{Phase, TransportError, TransportErrorKind};

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
    output: Buffer,
    output_ended: bool,
    errors: Tail,
    errors_ended: bool,
    /// Its exit status, if it ended by itself, and when it ended.
    ended: Option<(Option<i32>, Duration)>,
    /// When the program was first seen stopped, and how often it was since.
    stopped: Option<(Duration, u32)>,
}

/// What a program writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)] // a driver has to read both
pub enum Stream {
    /// Its standard output.
    Output,
    /// Its standard error, of which the end is kept.
    Errors,
}

/// What to wait for. Exhaustive on purpose.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums)] // a driver has to do each
pub enum Wait {
    /// Wait for the program's output or end, whichever comes first, at most for so long.
    AtMost(Duration),
    /// It is over, and this is what to tell the flow.
    Over(Event),
}

impl RunProgram {
    /// How often to look whether the program is [stopped](Self::looked).
    pub const LOOK: Duration = Duration::from_millis(50);

    /// A program that may run for so long.
    pub fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            output: Buffer::new(0),
            output_ended: false,
            errors: Tail::new(),
            errors_ended: false,
            ended: None,
            stopped: None,
        }
    }

    /// What to do next, this long after the start.
    pub fn wait(&mut self, elapsed: Duration) -> Wait {
        if self.output.is_too_large() {
            return self.unfinished(Why::TooLarge);
        }
        match self.ended {
            Some((status, at)) => {
                // What a program has written is there when it ends. What it leaves running may keep its streams open.
                let left = at.saturating_add(GRACE).saturating_sub(elapsed);
                if !self.is_read(status) && !left.is_zero() {
                    return Wait::AtMost(left);
                }
                let stdout = replace(&mut self.output, Buffer::new(0)).into_bytes();
                let stderr = self.take_errors().into_bytes();
                Wait::Over(Event::Exited(ProcessOutput { status, stdout, stderr }))
            }
            None if self.is_stopped(elapsed) => self.unfinished(Why::Stopped),
            None => match self.timeout.saturating_sub(elapsed) {
                Duration::ZERO => self.unfinished(Why::Late),
                left => Wait::AtMost(left),
            },
        }
    }

    /// Where what it writes to this stream goes.
    pub fn room(&mut self, stream: Stream) -> &mut [u8] {
        match stream {
            Stream::Output => self.output.room(),
            Stream::Errors => self.errors.room(),
        }
    }

    /// The rooms of both streams: of the output and of the errors.
    pub fn rooms(&mut self) -> (&mut [u8], &mut [u8]) {
        (self.output.room(), self.errors.room())
    }

    /// This many bytes were read into the room of this stream; 0 at its end.
    pub fn wrote(&mut self, stream: Stream, count: usize) {
        match stream {
            Stream::Output => {
                self.output.fill(count);
                self.output_ended |= count == 0;
            }
            Stream::Errors => {
                self.errors.fill(count);
                self.errors_ended |= count == 0;
            }
        }
    }

    /// The driver has looked whether a signal has stopped the program (`SIGTTIN` because it reads from a terminal whose
    /// foreground it does not have). It is given up if it stays so for a moment.
    pub fn looked(&mut self, is_stopped: bool, elapsed: Duration) {
        self.stopped = is_stopped.then(|| match self.stopped {
            Some((since, looks)) => (since, looks.saturating_add(1)),
            None => (elapsed, 1),
        });
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

    /// Whether nothing more needs to be read of a program that has ended. What it says matters only if it fails.
    fn is_read(&self, status: Option<i32>) -> bool {
        let succeeds = status == Some(0) && !self.output.filled().is_empty();
        self.output_ended && (self.errors_ended || succeeds)
    }

    /// A shell stops and continues programs together with the process that waits for them. The looks show that this process
    /// was not stopped itself for the whole time.
    fn is_stopped(&self, elapsed: Duration) -> bool {
        self.stopped
            .is_some_and(|(since, looks)| looks >= 3 && elapsed >= since.saturating_add(Self::LOOK * 2))
    }

    fn unfinished(&mut self, why: Why) -> Wait {
        let kind = match why {
            Why::Late => TransportErrorKind::Timeout(Phase::Response),
            Why::TooLarge => TransportErrorKind::TooLarge,
            Why::Stopped => TransportErrorKind::Other,
        };
        let unfinished = Unfinished {
            why,
            #[cfg(any(feature = "credentials", test))]
            output: replace(&mut self.output, Buffer::new(0)),
            #[cfg(any(feature = "credentials", test))]
            errors: self.take_errors(),
        };
        Wait::Over(Event::Failed(TransportError::new(kind, unfinished)))
    }

    fn take_errors(&mut self) -> Tail {
        replace(&mut self.errors, Tail::new())
    }
}

/// A program that did not end by itself, as the source of a [`TransportError`].
#[derive(Debug)]
pub(crate) struct Unfinished {
    pub(crate) why: Why,
    #[cfg(any(feature = "credentials", test))]
    output: Buffer,
    #[cfg(any(feature = "credentials", test))]
    errors: Tail,
}

#[cfg(any(feature = "credentials", test))]
impl Unfinished {
    /// What it printed until then.
    pub(crate) fn stdout(&self) -> &[u8] {
        self.output.filled()
    }

    /// The end of what it wrote to standard error.
    pub(crate) fn stderr(&self) -> &[u8] {
        self.errors.filled()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Late,
    Stopped,
    TooLarge,
}

impl Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.why {
            Why::Late => "the program did not end in time",
            Why::Stopped => "the program was stopped, as one is that asks at a terminal from the background",
            Why::TooLarge => "the program printed more than 1 MiB",
        })
    }
}

impl Error for Unfinished {}

/// How long the streams of a program that has ended may stay open and are still read.
const GRACE: Duration = Duration::from_millis(500);

/// "No child processes": the same number on every Unix.
const ECHILD: i32 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::MAX_BODY;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn print(program: &mut RunProgram, text: &[u8]) {
        write(program, Stream::Output, text);
    }

    fn write(program: &mut RunProgram, to: Stream, text: &[u8]) {
        program.room(to)[..text.len()].copy_from_slice(text);
        program.wrote(to, text.len());
    }

    fn left(program: &mut RunProgram, millis: u64) -> Duration {
        match program.wait(at(millis)) {
            Wait::AtMost(left) => left,
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
        program.wrote(Stream::Output, 0);
        assert!(!program.has_ended());
        assert_eq!(left(&mut program, 400), at(600));
        program.ended(Some(3), at(900));
        assert!(program.has_ended());
        assert_eq!(left(&mut program, 900), at(500));
        program.wrote(Stream::Errors, 0);
        assert_eq!(output(&mut program, 900), (Some(3), "abc".to_owned()));

        let mut program = RunProgram::new(at(1000));
        program.ended(None, at(10));
        assert_eq!(left(&mut program, 10), at(500));
        print(&mut program, b"abc");
        program.wrote(Stream::Output, 0);
        program.wrote(Stream::Errors, 0);
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
        program.wrote(Stream::Output, 0);
        assert_eq!(left(&mut program, 999), at(1));
        let Wait::Over(event) = program.wait(at(1000)) else { panic!("it waits") };
        let late = TransportErrorKind::Timeout(Phase::Response);
        assert_eq!(problem(event), (late, "the program did not end in time".to_owned()));

        let mut program = RunProgram::new(at(1000));
        for _ in 0..2 * MAX_BODY {
            let count = program.room(Stream::Output).len();
            program.wrote(Stream::Output, count);
            if let Wait::Over(event) = program.wait(at(1)) {
                let expected = "the program printed more than 1 MiB".to_owned();
                assert_eq!(problem(event), (TransportErrorKind::TooLarge, expected));
                return;
            }
        }
        panic!("it prints without end");
    }

    #[test]
    fn what_it_says_is_waited_for_only_if_it_fails() {
        let mut program = RunProgram::new(at(1000));
        print(&mut program, b"abc");
        write(&mut program, Stream::Errors, b"warning");
        program.wrote(Stream::Output, 0);
        program.ended(Some(0), at(100));
        assert_eq!(output(&mut program, 100), (Some(0), "abc".to_owned()));

        let mut program = RunProgram::new(at(1000));
        program.wrote(Stream::Output, 0);
        program.ended(Some(0), at(100));
        assert_eq!(left(&mut program, 100), at(500));
        write(&mut program, Stream::Errors, b"no keys");
        match program.wait(at(600)) {
            Wait::Over(Event::Exited(output)) => assert_eq!(output.stderr, "no keys"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_program_that_stays_stopped_is_given_up() {
        let mut program = RunProgram::new(at(1000));
        write(&mut program, Stream::Errors, b"code: ");
        program.looked(true, at(10));
        // This process was stopped too.
        program.looked(true, at(800));
        assert_eq!(left(&mut program, 800), at(200));
        program.looked(false, at(810));
        for look in [820, 830, 840] {
            program.looked(true, at(look));
            assert_eq!(left(&mut program, look), at(1000 - look));
        }
        program.looked(true, at(920));
        let Wait::Over(Event::Failed(error)) = program.wait(at(920)) else { panic!("it waits") };
        let unfinished = error.source().and_then(|source| source.downcast_ref::<Unfinished>()).unwrap();
        assert_eq!((unfinished.why, unfinished.stderr()), (Why::Stopped, &b"code: "[..]));
        assert!(unfinished.stdout().is_empty());
        assert!(!format!("{error:?}").contains("code"));
    }

    #[cfg(unix)]
    #[test]
    fn an_end_that_the_system_forgot_counts_as_success() {
        let mut program = RunProgram::new(at(1000));
        assert!(!program.unknown_end(None, at(1)) && !program.unknown_end(Some(1), at(1)));
        assert!(!program.has_ended());
        assert!(program.unknown_end(Some(ECHILD), at(1)) && program.has_ended());
        program.wrote(Stream::Output, 0);
        program.wrote(Stream::Errors, 0);
        assert_eq!(output(&mut program, 1), (Some(0), String::new()));
    }

    #[test]
    fn what_the_system_says_is_told() {
        let event = RunProgram::failed(&"No such file or directory (os error 2)");
        assert_eq!(problem(event), (TransportErrorKind::Other, "no such file or directory".to_owned()));
    }
}
