//! One thread, many calls, no driver: `mio` says which sockets are ready, and the loop sleeps until then. It runs a client by
//! hand, against a small server in the same process, and needs no network.
//!
//! There are two clients. One has keys and assumes a role; the other makes the calls, with the session of that role. Whenever it
//! needs a newer session it gives the loop a job, and the loop calls AssumeRole beside the other calls. The server's sessions
//! end after a moment, and it refuses the first one even earlier.
//!
//! `event_loop.rs` is a loop that has programs and questions as well, and no library.
//!
//! `cargo run --example mio`

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use mio::{Events, Poll, Token};
use sts_blocking::operations::{AssumeRole, GetCallerIdentity};
use sts_blocking::sts_proto::client::{Build, Config, Core, Job};
use sts_blocking::sts_proto::flow::Join;
use sts_blocking::sts_proto::settings::Env;
use sts_blocking::sts_proto::{Effect, Event, Step};
use sts_blocking::{Flow, TransportErrorKind};

use calls::{EVERY, Tally, random};
use exchange::Exchange;

#[path = "event_loop/calls.rs"]
mod calls;
#[path = "mio/exchange.rs"]
mod exchange;
#[path = "event_loop/http11.rs"]
mod http11;
#[path = "event_loop/server.rs"]
mod server;

fn main() -> Result<(), Box<dyn Error>> {
    let mut event_loop = EventLoop::new(build(server::start()?)?)?;
    let tally = Rc::new(RefCell::new(Tally::default()));
    let give_up = Instant::now() + Duration::from_secs(30);
    while !tally.borrow().is_complete() && Instant::now() < give_up {
        for number in 0..10 {
            let (at, tally) = (Instant::now() + EVERY * number, Rc::clone(&tally));
            let call = event_loop.core.send(GetCallerIdentity::new(), random());
            event_loop.start(at, call, move |called| tally.borrow_mut().count(at, called));
        }
        event_loop.run()?;
    }
    println!("the loop woke up {} times", event_loop.turns);
    tally.take().check()
}

/// The client that has keys. Making it is a flow too, which may ask for files.
fn build(server: SocketAddr) -> Result<Core, sts_blocking::Error> {
    let env = Env::from_iter([
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ENDPOINT_URL_STS", &format!("http://{server}")),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI"),
    ]);
    let mut build = Build::new(Config::new(env), "mio/1.0").seed(random());
    let mut event = Event::Start;
    loop {
        event = match build.step(SystemTime::now(), event)? {
            Step::Done(core) => return Ok(core),
            Step::Perform(_) => Event::Contents(None),
        };
    }
}

struct EventLoop {
    /// Makes the calls.
    core: Core,
    /// Assumes the role.
    base: Core,
    poll: Poll,
    tasks: BTreeMap<Token, Task>,
    /// Tokens that were given out so far.
    started: usize,
    turns: u32,
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
    /// The end of a job, or this time.
    Job(Join, Instant),
}

impl EventLoop {
    fn new(base: Core) -> std::io::Result<Self> {
        let core = base.with_provider(random());
        Ok(Self { core, base, poll: Poll::new()?, tasks: BTreeMap::new(), started: 0, turns: 0 })
    }

    /// Starts a flow at this time. `ended` gets its result.
    fn start<F: Flow + 'static>(
        &mut self,
        at: Instant,
        mut flow: F,
        ended: impl FnOnce(Result<F::Output, F::Error>) + 'static,
    ) {
        let mut ended = Some(ended);
        let step = move |event| {
            let result = match flow.step(SystemTime::now(), event) {
                Ok(Step::Perform(effect)) => return Some(effect),
                Ok(Step::Done(output)) => Ok(output),
                Err(error) => Err(error),
            };
            if let Some(ended) = ended.take() {
                ended(result);
            }
            None
        };
        self.started += 1;
        let pending = Pending::Timer(at, Some(Event::Start));
        self.tasks.insert(Token(self.started), Task { step: Box::new(step), pending });
    }

    /// Goes on until all tasks are over.
    fn run(&mut self) -> std::io::Result<()> {
        let mut events = Events::with_capacity(64);
        while let Some(next) = self.tasks.values().map(|task| task.pending.deadline()).min() {
            self.poll.poll(&mut events, Some(next.saturating_duration_since(Instant::now())))?;
            self.turns += 1;
            for event in &events {
                let Some(Task { pending: Pending::Exchange(exchange), .. }) =
                    self.tasks.get_mut(&event.token())
                else {
                    continue;
                };
                if let Some(answered) = exchange.ready() {
                    self.step(event.token(), answered.map_or_else(Event::Failed, Event::Response));
                }
            }
            // A job that ends wakes the tasks that wait for it, each of which may start another.
            while let Some((token, event)) = self.due() {
                self.step(token, event);
            }
        }
        Ok(())
    }

    /// An event that is there without a socket.
    fn due(&mut self) -> Option<(Token, Event)> {
        let (now, ended) = (Instant::now(), self.core.ended());
        self.tasks.iter_mut().find_map(|(token, task)| Some((*token, task.pending.due(now, ended)?)))
    }

    /// Gives a task its event, and begins its next effect.
    fn step(&mut self, token: Token, event: Event) {
        let Some(mut task) = self.tasks.remove(&token) else { return };
        if let Some(effect) = (task.step)(event) {
            task.pending = self.perform(token, effect);
            self.tasks.insert(token, task);
        }
    }

    /// Begins an effect, without waiting for its end.
    fn perform(&mut self, token: Token, effect: Effect) -> Pending {
        match effect {
            Effect::Send(request, timeouts) => {
                match Exchange::begin(&request, timeouts, self.poll.registry(), token) {
                    Ok(exchange) => Pending::Exchange(exchange),
                    Err(error) => later(Duration::ZERO, Event::Failed(error)),
                }
            }
            Effect::Wait(time) => later(time, Event::Elapsed),
            Effect::Join(join) => {
                self.start_jobs();
                Pending::Job(join, Instant::now() + join.within)
            }
            // Only clients with other sources of credentials ask for files, programs and codes: see `event_loop.rs`.
            _ => later(Duration::ZERO, Event::Failed(TransportErrorKind::Unsupported.into())),
        }
    }

    /// A client that was made with `with_provider` asks for credentials: here, the session of a role.
    fn start_jobs(&mut self) {
        while let Some(job) = self.core.job() {
            match job {
                Job::Flow(job) => self.start(Instant::now(), job, |_| {}),
                Job::Provider(job) => {
                    let role = AssumeRole::new("arn:aws:iam::123456789012:role/loop", "mio");
                    let call = self.base.send(role, random());
                    self.start(Instant::now(), call, |called| {
                        job.finish(SystemTime::now(), called.map(|output| output.credentials));
                    });
                }
            }
        }
    }
}

impl Pending {
    /// When to look at it, whatever happens.
    fn deadline(&self) -> Instant {
        match self {
            Self::Timer(at, _) | Self::Job(_, at) => *at,
            Self::Exchange(exchange) => exchange.deadline(),
        }
    }

    /// The event, if it is there. `ended` is how many jobs have ended: compared with what the flow saw, so that a job that
    /// ends before the first look is not missed.
    fn due(&mut self, now: Instant, ended: u64) -> Option<Event> {
        match self {
            Self::Timer(at, event) => event.take_if(|_| now >= *at),
            Self::Exchange(exchange) => exchange.expired(now).map(Event::Failed),
            Self::Job(join, _) if ended != join.seen => Some(Event::Joined),
            Self::Job(_, until) => (now >= *until).then_some(Event::Elapsed),
        }
    }
}

fn later(after: Duration, event: Event) -> Pending {
    Pending::Timer(Instant::now() + after, Some(event))
}

/// `cargo test` runs the example too.
#[test]
fn the_credentials_are_kept_fresh() -> Result<(), Box<dyn Error>> {
    main()
}
