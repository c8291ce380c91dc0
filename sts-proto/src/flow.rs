//! How the core asks for effects and learns of events; nothing of AWS.
//!
//! A [`Flow`] is a state machine. Begin with [`Event::Start`]; perform each [`Effect`] that it asks for and give
//! it the event that comes of it, until it is done or fails. One effect is outstanding at a time. `now` is an
//! argument and a wait is an effect, so a test can jump through time.
//!
//! ```
//! use std::time::SystemTime;
//! use sts_proto::flow::{Effect, Event, Flow, Step};
//!
//! fn drive<F: Flow>(
//!     mut flow: F,
//!     mut perform: impl FnMut(Effect) -> Event,
//! ) -> Result<F::Output, F::Error> {
//!     let mut event = Event::Start;
//!     loop {
//!         event = match flow.step(SystemTime::now(), event)? {
//!             Step::Done(output) => return Ok(output),
//!             Step::Perform(effect) => perform(effect),
//!         };
//!     }
//! }
//! ```

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::secret::Secret;
use crate::transport::TransportError;

/// A state machine that needs effects.
pub trait Flow {
    /// What it ends with.
    type Output;
    /// Why it may fail.
    type Error;

    /// Takes the event that came of the last effect and says what to do next. After `Done` or an error the flow
    /// is over, and any further step is an error.
    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Self::Output>, Self::Error>;
}

/// What to do next. Exhaustive on purpose.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // passed on once an effect; a box would cost more
#[allow(clippy::exhaustive_enums)] // on purpose
pub enum Step<T> {
    /// Perform this and come back with its event.
    Perform(Effect),
    /// The end.
    Done(T),
}

/// Something that only the world outside can do. Exhaustive on purpose: a driver has to know each.
#[allow(clippy::large_enum_variant)] // passed on once; a box would cost more
#[allow(clippy::exhaustive_enums)] // on purpose
pub enum Effect {
    /// Send a request and read the whole answer, at most [`MAX_BODY`](crate::wire::MAX_BODY) bytes of it. No redirect is followed,
    /// whatever the status. An `https` request goes through TLS with a verified certificate and never in the clear, so a driver
    /// without TLS fails it as [`Unsupported`](crate::TransportErrorKind::Unsupported). A request that carries [`Direct`] among
    /// its extensions goes through no proxy. Its headers are sent as they are, `host` among them; for a body, the driver adds
    /// `content-length`. Comes back as [`Event::Response`] or [`Event::Failed`], which is a
    /// [`Timeout`](crate::TransportErrorKind::Timeout) where one of the time-outs has passed.
    Send(http::Request<Bytes>, SendTimeouts),
    /// Read a file of at most [`MAX_BODY`](crate::wire::MAX_BODY) bytes. Comes back as [`Event::Contents`], with
    /// `None` where there is no such file, or [`Event::Failed`]. A driver refuses what it could wait for without end, such
    /// as a named pipe, and reads a file again that was written to meanwhile: files of tokens are replaced at any time.
    /// [`perform::ReadFile`](crate::perform::ReadFile) decides all of that.
    Read(PathBuf),
    /// Replace a file with one that holds this, which only its owner may read. Folders that are missing are made. Whatever
    /// happens meanwhile, the path leads to the old file or to the new one, and never to a part. Where the path is a symbolic
    /// link, the new file takes the place of the link, as with the AWS CLI, and what it leads to stays as it is; links among the
    /// folders above it are followed. Comes back as
    /// [`Event::Replaced`] or [`Event::Failed`]; the old file is untouched then.
    /// [`perform::ReplaceFile`](crate::perform::ReplaceFile) decides what to do in which order.
    Replace(PathBuf, Secret),
    /// Run a program, with no standard input and no shell. When its time is over, or the flow is dropped meanwhile, it is
    /// ended; what it leaves running when it ends by itself is let alone. Comes back as [`Event::Exited`] or
    /// [`Event::Failed`], which names nothing of the command line.
    ///
    /// On Unix, a program that is run by the foreground of a terminal stays in it, and can ask at `/dev/tty`. Any other gets
    /// a process group of its own, and is given up where a signal stops it, as happens if it asks at a terminal. With a
    /// program, its group is ended; on Linux also what it and its descendants have started elsewhere, as long as
    /// the process that started it still runs. A program may so leave daemons; in the foreground of other systems than
    /// Linux, it may leave all that it has started.
    ///
    /// [`perform::RunProgram`](crate::perform::RunProgram) decides how long to wait, and for what.
    Run(Command),
    /// Ask the user for the current code of the MFA device with this serial number. Comes back as
    /// [`Event::MfaCode`] or [`Event::Failed`]; see [`perform::mfa_code`](crate::perform::mfa_code).
    AskMfaCode(String),
    /// Let this much time pass. Comes back as [`Event::Elapsed`].
    Wait(Duration),
    /// Run the jobs that the client has to give beside the caller, and wait until one has ended. Comes back as
    /// [`Event::Joined`], or as [`Event::Elapsed`] where the time is over before. Only the flows of a
    /// client (the module `client`, with the feature `credentials`) ask for it; its documentation says how it is performed.
    Join(Join),
}

/// What to wait for. Exhaustive on purpose.
#[allow(clippy::exhaustive_structs)] // on purpose
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Join {
    /// How many jobs had ended when the flow looked: the wait is over once that number is another one. Waiting for a
    /// number rather than for a wake-up means that a job that ends meanwhile is not missed.
    pub seen: u64,
    /// For how long to wait; zero where the jobs are to run and the flow goes on without them.
    pub within: Duration,
}

/// An extension of a request that must not go through a proxy, since it is for a service of the machine or container
/// itself: no proxy would find it, and none should see it.
#[allow(clippy::exhaustive_structs)] // on purpose
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Direct;

/// Prints what is to be done, and of a request neither body nor path nor query: the path alone may lead to credentials.
impl fmt::Debug for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(request, timeouts) => {
                let (uri, size) = (request.uri(), request.body().len());
                let authority = uri.authority().map_or("", |authority| authority.as_str());
                write!(f, "Send({} {authority}, {size} bytes, {timeouts:?})", request.method())
            }
            Self::Read(path) => f.debug_tuple("Read").field(path).finish(),
            Self::Replace(path, contents) => {
                write!(f, "Replace({path:?}, {} bytes)", contents.expose().len())
            }
            Self::Run(command) => f.debug_tuple("Run").field(command).finish(),
            Self::AskMfaCode(serial) => f.debug_tuple("AskMfaCode").field(serial).finish(),
            Self::Wait(duration) => f.debug_tuple("Wait").field(duration).finish(),
            Self::Join(join) => join.fmt(f),
        }
    }
}

impl From<Join> for Effect {
    fn from(join: Join) -> Self {
        Self::Join(join)
    }
}

/// What came of an effect. Exhaustive on purpose.
#[allow(clippy::exhaustive_enums)] // on purpose
pub enum Event {
    /// Nothing yet: the first step.
    Start,
    /// An answer, whatever its status.
    Response(http::Response<Bytes>),
    /// What is in a file; `None` if the file does not exist.
    Contents(Option<Bytes>),
    /// A file was replaced.
    Replaced,
    /// A program has ended.
    Exited(ProcessOutput),
    /// The user's answer.
    MfaCode(Secret),
    /// The time has passed.
    Elapsed,
    /// A job has ended.
    Joined,
    /// The effect could not be performed.
    Failed(TransportError),
}

/// Prints what kind of event it is, never a body.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("Start"),
            Self::Response(response) => {
                write!(f, "Response({}, {} bytes)", response.status().as_u16(), response.body().len())
            }
            Self::Contents(Some(contents)) => write!(f, "Contents({} bytes)", contents.len()),
            Self::Contents(None) => f.write_str("Contents(no file)"),
            Self::Replaced => f.write_str("Replaced"),
            Self::Exited(output) => f.debug_tuple("Exited").field(output).finish(),
            Self::MfaCode(code) => f.debug_tuple("MfaCode").field(code).finish(),
            Self::Elapsed => f.write_str("Elapsed"),
            Self::Joined => f.write_str("Joined"),
            Self::Failed(error) => f.debug_tuple("Failed").field(error).finish(),
        }
    }
}

/// How long things may take. Exhaustive on purpose: a program writes what it changes and takes the rest from `default()`, or
/// from those of a client. An operation with a time-out of zero ends at once: nothing of it is sent.
#[allow(clippy::exhaustive_structs)] // on purpose
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To look up the name, connect and agree on TLS. 3.1 s by default: one lost packet on the way is survived.
    pub connect: Duration,
    /// One attempt, from its first byte to the last of the answer, connecting included. 10 s by default.
    pub attempt: Duration,
    /// The whole call: credentials, region, all attempts and the waits between them, and a second try with other
    /// credentials. 60 s by default.
    pub call: Duration,
}

impl Timeouts {
    /// The time-outs of an attempt of which the call has this much time left.
    pub(crate) fn of_attempt(self, left: Duration) -> SendTimeouts {
        let attempt = self.attempt.min(left);
        SendTimeouts { connect: self.connect.min(attempt), attempt }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_millis(3100),
            attempt: Duration::from_secs(10),
            call: Duration::from_secs(60),
        }
    }
}

/// The time-outs that [`Effect::Send`] has to obey. Exhaustive on purpose: a transport that obeys both has done its part.
/// The time-out of the whole call, [`Timeouts::call`], is the core's affair.
#[allow(clippy::exhaustive_structs)] // on purpose
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendTimeouts {
    /// To look up the name, connect and agree on TLS: [`Timeouts::connect`], at most `attempt`.
    pub connect: Duration,
    /// From the first byte to the last of the answer, connecting included: [`Timeouts::attempt`], at most what is left of
    /// the call.
    pub attempt: Duration,
}

impl From<Timeouts> for SendTimeouts {
    fn from(timeouts: Timeouts) -> Self {
        timeouts.of_attempt(timeouts.call)
    }
}

impl Default for SendTimeouts {
    fn default() -> Self {
        Timeouts::default().into()
    }
}

/// A program to run. Exhaustive on purpose: a driver has to obey each of these.
#[allow(clippy::exhaustive_structs)] // on purpose
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    /// Its name or path.
    pub program: String,
    /// Its arguments, each as it is. On Windows, where a program splits its command line itself, these are the pieces of the
    /// line, to be joined by blanks without further quotation (`raw_arg` of the standard library).
    pub arguments: Vec<String>,
    /// How long it may run; then it is ended.
    pub timeout: Duration,
}

/// Prints how many arguments there are and not what they are: people put secrets there.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} arguments", self.program, self.arguments.len())
    }
}

/// What a program left behind. Exhaustive on purpose: a driver has to fill in each of these.
#[allow(clippy::exhaustive_structs)] // on purpose
#[derive(Clone, PartialEq, Eq)]
pub struct ProcessOutput {
    /// Its exit status; `None` where a signal ended it.
    pub status: Option<i32>,
    /// What it wrote to standard output, at most [`MAX_BODY`](crate::wire::MAX_BODY) bytes.
    pub stdout: Bytes,
    /// The end of what it wrote to standard error: its last line is part of the error if the program fails.
    pub stderr: Bytes,
}

/// Prints how much there is and not what it is.
impl fmt::Debug for ProcessOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (stdout, stderr) = (self.stdout.len(), self.stderr.len());
        write!(f, "status {:?}, {stdout} bytes and {stderr} bytes of errors", self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_printed_without_what_may_be_secret() {
        let request = http::Request::get("http://169.254.170.2:80/planted?planted").header("x", "planted");
        let effect = Effect::Send(request.body(Bytes::from("planted")).unwrap(), SendTimeouts::default());
        let printed = format!("{effect:?}");
        assert!(printed.starts_with("Send(GET 169.254.170.2:80, 7 bytes, SendTimeouts"), "{printed}");
        assert!(!printed.contains("planted"), "{printed}");
    }
}
