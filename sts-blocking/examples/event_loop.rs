//! One thread, many calls, no driver: a loop that runs a client by hand and never blocks, against a small server in the
//! same process. Needs no network, and Unix for the program that prints keys.
//!
//! The client has its settings from a config file: it signs with the session of a role, which it assumes with the keys
//! that a program prints and a code that a user types. The server's sessions end after a moment, and it refuses the
//! first one even earlier.
//!
//! The loop asks every socket, program and timer in turn, where a real one would sleep until `mio` or `epoll` names those
//! that are ready, as `mio.rs` does. The rest is the same. A real one would also look up names, speak TLS and keep connections.
//!
//! `cargo run --example event_loop`

use std::cell::RefCell;
use std::error::Error;
use std::io::ErrorKind;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use sts_blocking::operations::GetCallerIdentity;
use sts_blocking::sts_proto::client::{Build, Config, Core, Job};
use sts_blocking::sts_proto::flow::Join;
use sts_blocking::sts_proto::settings::Env;
use sts_blocking::sts_proto::wire::MAX_BODY;
use sts_blocking::sts_proto::{Effect, Event, Step};
use sts_blocking::{Credentials, Flow, TransportError, TransportErrorKind};

use calls::{EVERY, Tally, random};
use config_file::ConfigFile;
use exchange::Exchange;
use program::Program;

#[path = "event_loop/calls.rs"]
mod calls;
#[path = "event_loop/config_file.rs"]
mod config_file;
#[path = "event_loop/exchange.rs"]
mod exchange;
#[path = "event_loop/http11.rs"]
mod http11;
#[path = "event_loop/program.rs"]
mod program;
#[path = "event_loop/server.rs"]
mod server;

fn main() -> Result<(), Box<dyn Error>> {
    let config = ConfigFile::write(server::start()?)?;
    let mut event_loop = EventLoop::new(build(config.path())?);
    let tally = Rc::new(RefCell::new(Tally::default()));
    let give_up = Instant::now() + Duration::from_secs(30);
    while !tally.borrow().is_complete() && Instant::now() < give_up {
        for number in 0..10 {
            let (at, tally) = (Instant::now() + EVERY * number, Rc::clone(&tally));
            let call = event_loop.core.send(GetCallerIdentity::new(), random());
            event_loop.start(at, call, move |called| tally.borrow_mut().count(at, called));
        }
        event_loop.run();
    }
    println!("the longest turn of the loop took {:?}", event_loop.longest_turn);
    tally.take().check()
}

/// Making a client is a flow too, which only reads the shared files.
fn build(config: &Path) -> Result<Core, sts_blocking::Error> {
    let path = config.to_string_lossy();
    let env = Env::from_iter([("AWS_CONFIG_FILE", &*path), ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")]);
    let mut build = Build::new(Config::new(env), "event-loop/1.0").seed(random());
    let mut event = Event::Start;
    loop {
        event = match build.step(SystemTime::now(), event)? {
            Step::Done(core) => return Ok(core),
            Step::Perform(Effect::Read(path)) => read(&path),
            Step::Perform(_) => Event::Failed(TransportErrorKind::Unsupported.into()),
        };
    }
}

struct EventLoop {
    core: Core,
    tasks: Vec<Task>,
    longest_turn: Duration,
}

/// A flow, and the effect that it waits for.
struct Task {
    /// Takes an event, and returns the next effect until the flow is over. A closure, since flows have many types.
    step: Box<dyn FnMut(Event) -> Option<Effect>>,
    pending: Pending,
}

enum Pending {
    /// This event, at this time.
    Timer(Instant, Option<Event>),
    Exchange(Exchange),
    Program(Program),
    /// The end of a job, or this time.
    Job(Join, Instant),
}

impl EventLoop {
    fn new(core: Core) -> Self {
        Self { core, tasks: Vec::new(), longest_turn: Duration::ZERO }
    }

    /// Starts a flow at this time. `ended` gets its result.
    fn start<F: Flow + 'static>(
        &mut self,
        at: Instant,
        mut flow: F,
        mut ended: impl FnMut(Result<F::Output, F::Error>) + 'static,
    ) {
        let step = move |event| {
            let result = match flow.step(SystemTime::now(), event) {
                Ok(Step::Perform(effect)) => return Some(effect),
                Ok(Step::Done(output)) => Ok(output),
                Err(error) => Err(error),
            };
            ended(result);
            None
        };
        self.tasks.push(Task { step: Box::new(step), pending: Pending::Timer(at, Some(Event::Start)) });
    }

    /// Goes on until all tasks are over.
    fn run(&mut self) {
        while !self.tasks.is_empty() {
            let begun = Instant::now();
            self.turn();
            self.longest_turn = self.longest_turn.max(begun.elapsed());
            std::thread::sleep(Duration::from_millis(1)); // poll.poll(&mut events, next_deadline)
        }
    }

    /// Steps every task whose event is there.
    fn turn(&mut self) {
        for mut task in std::mem::take(&mut self.tasks) {
            if let Some(event) = task.pending.poll(&self.core) {
                let Some(effect) = (task.step)(event) else { continue };
                task.pending = self.perform(effect);
            }
            self.tasks.push(task);
        }
    }

    /// Begins an effect, without waiting for its end.
    fn perform(&mut self, effect: Effect) -> Pending {
        match effect {
            Effect::Send(request, timeouts) => Pending::Exchange(Exchange::begin(&request, timeouts.attempt)),
            Effect::Run(command) => match Program::begin(&command) {
                Ok(program) => Pending::Program(program),
                Err(error) => later(Duration::ZERO, Event::Failed(error)),
            },
            // A small file of this machine. A loop that must not even wait for that reads it in a thread.
            Effect::Read(path) => later(Duration::ZERO, read(&path)),
            // Logins that are renewed are written back. A client goes on where that is not possible, as here.
            Effect::Replace(..) => {
                later(Duration::ZERO, Event::Failed(TransportErrorKind::Unsupported.into()))
            }
            // A real one shows a dialogue, and the event is the user's answer.
            Effect::AskMfaCode(_) => later(TYPING, Event::MfaCode("123456".into())),
            Effect::Wait(time) => later(time, Event::Elapsed),
            Effect::Join(join) => {
                self.start_jobs();
                Pending::Job(join, Instant::now() + join.within)
            }
        }
    }

    /// Jobs fetch credentials for all calls of the client. Each is a task of its own, so that a call can be given up
    /// while others wait for the same credentials.
    fn start_jobs(&mut self) {
        while let Some(job) = self.core.job() {
            match job {
                Job::Flow(job) => self.start(Instant::now(), job, |_| {}),
                // Only a client that is made with `Config::provided` asks for this.
                Job::Provider(job) => {
                    job.finish(SystemTime::now(), Ok(Credentials::new("AKIDEXAMPLE", "secret")))
                }
            }
        }
    }
}

impl Pending {
    /// The event, once it is there.
    fn poll(&mut self, core: &Core) -> Option<Event> {
        match self {
            Self::Timer(at, event) if Instant::now() >= *at => event.take(),
            Self::Timer(..) => None,
            Self::Exchange(exchange) => exchange.turn().map(|ended| match ended {
                Ok(response) => Event::Response(response),
                Err(error) => Event::Failed(error),
            }),
            Self::Program(program) => program.turn().map(|ended| match ended {
                Ok(output) => Event::Exited(output),
                Err(error) => Event::Failed(error),
            }),
            // Compared with what the flow saw, so that a job that ends before the first look is not missed.
            Self::Job(join, _) if core.ended() != join.seen => Some(Event::Joined),
            Self::Job(_, until) => (Instant::now() >= *until).then_some(Event::Elapsed),
        }
    }
}

fn later(after: Duration, event: Event) -> Pending {
    Pending::Timer(Instant::now() + after, Some(event))
}

fn read(path: &Path) -> Event {
    match std::fs::read(path) {
        Ok(contents) if contents.len() > MAX_BODY => Event::Failed(TransportErrorKind::TooLarge.into()),
        Ok(contents) => Event::Contents(Some(contents.into())),
        Err(error) if error.kind() == ErrorKind::NotFound => Event::Contents(None),
        Err(error) => Event::Failed(TransportError::new(TransportErrorKind::Other, error)),
    }
}

/// How long the user needs for a code.
const TYPING: Duration = Duration::from_millis(100);

/// `cargo test` runs the example too.
#[test]
fn the_credentials_are_kept_fresh() -> Result<(), Box<dyn Error>> {
    main()
}
