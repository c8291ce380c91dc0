//! A client in virtual time: any number of calls, the jobs beside them, a service and a provider, and no thread.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};

use crate::client::{Build, Config, Core, FlowJob, Job, ProviderJob, Send};
use crate::credentials::Explanation;
use crate::error::Error;
use crate::flow::{Effect, Event, Flow, Join, Step};
use crate::keys::Credentials;
use crate::operations::{GetCallerIdentity, GetCallerIdentityOutput};

type Called = Result<GetCallerIdentityOutput, Error>;

/// What a service or a provider does with what it is asked, and after how long.
pub(super) type Serve<'a> = Box<dyn FnMut(SystemTime, &Request<Bytes>) -> (Duration, Event) + 'a>;
pub(super) type Provide<'a> =
    Box<dyn FnMut(SystemTime, Option<&str>) -> (Duration, Result<Credentials, Error>) + 'a>;

pub(super) struct World<'a> {
    pub(super) core: Core,
    now: SystemTime,
    serve: Serve<'a>,
    provide: Provide<'a>,
    tasks: BTreeMap<usize, Task>,
    next: usize,
    /// What calls ended with, by task.
    ended: BTreeMap<usize, (SystemTime, Called)>,
    /// Jobs that were taken.
    pub(super) jobs: usize,
    /// How long each request may take.
    pub(super) allowed: Vec<Duration>,
    /// How many of the next jobs are dropped rather than run.
    pub(super) lose: usize,
}

enum Task {
    Call(Box<Send<GetCallerIdentity>>, Pending),
    Flow(FlowJob, Pending),
    Provider(ProviderJob, SystemTime, Result<Credentials, Error>),
}

enum Pending {
    Event(SystemTime, Event),
    Join(Join, SystemTime),
}

impl<'a> World<'a> {
    pub(super) fn new(config: Config, serve: Serve<'a>, provide: Provide<'a>) -> Self {
        let core = built(config);
        Self {
            core,
            now: start(),
            serve,
            provide,
            tasks: BTreeMap::new(),
            next: 0,
            ended: BTreeMap::new(),
            jobs: 0,
            allowed: Vec::new(),
            lose: 0,
        }
    }

    /// Begins a call now; its number.
    pub(super) fn call(&mut self) -> usize {
        let call = Box::new(self.core.send(GetCallerIdentity::new(), self.next as u128));
        let number = self.next;
        self.next += 1;
        self.step_call(number, call, Event::Start);
        number
    }

    /// Gives a call up.
    pub(super) fn give_up(&mut self, number: usize) {
        assert!(self.tasks.remove(&number).is_some());
    }

    /// Goes on until nothing is left to do.
    pub(super) fn run(&mut self) {
        while self.turn() {}
    }

    /// Goes on to `time`.
    pub(super) fn run_until(&mut self, time: SystemTime) {
        while self.next_wake().is_some_and(|wake| wake <= time) && self.turn() {}
        self.now = self.now.max(time);
    }

    /// Nothing runs for a while: what comes meanwhile is there afterwards.
    pub(super) fn stand_still(&mut self, time: Duration) {
        self.now += time;
    }

    fn wake(&self, task: &Task) -> SystemTime {
        match task {
            Task::Call(_, Pending::Event(at, _)) | Task::Flow(_, Pending::Event(at, _)) => *at,
            Task::Call(_, Pending::Join(join, _)) | Task::Flow(_, Pending::Join(join, _))
                if self.core.ended() != join.seen =>
            {
                self.now
            }
            Task::Call(_, Pending::Join(_, until)) | Task::Flow(_, Pending::Join(_, until)) => *until,
            Task::Provider(_, at, _) => *at,
        }
    }

    fn next_wake(&self) -> Option<SystemTime> {
        self.tasks.values().map(|task| self.wake(task)).min()
    }

    fn turn(&mut self) -> bool {
        let Some((number, wake)) =
            self.tasks.iter().map(|(number, task)| (*number, self.wake(task))).min_by_key(|(_, wake)| *wake)
        else {
            return false;
        };
        self.now = self.now.max(wake);
        let event = |pending, core: &Core| match pending {
            Pending::Event(_, event) => event,
            Pending::Join(join, _) if core.ended() != join.seen => Event::Joined,
            Pending::Join(..) => Event::Elapsed,
        };
        match self.tasks.remove(&number).unwrap() {
            Task::Call(call, pending) => {
                let event = event(pending, &self.core);
                self.step_call(number, call, event);
            }
            Task::Flow(job, pending) => {
                let event = event(pending, &self.core);
                self.step_job(number, job, event);
            }
            Task::Provider(job, _, given) => job.finish(self.now, given),
        }
        true
    }

    fn step_call(&mut self, number: usize, mut call: Box<Send<GetCallerIdentity>>, event: Event) {
        match call.step(self.now, event) {
            Ok(Step::Perform(effect)) => {
                let pending = self.perform(effect);
                self.tasks.insert(number, Task::Call(call, pending));
            }
            Ok(Step::Done(output)) => drop(self.ended.insert(number, (self.now, Ok(output)))),
            Err(error) => drop(self.ended.insert(number, (self.now, Err(error)))),
        }
    }

    fn step_job(&mut self, number: usize, mut job: FlowJob, event: Event) {
        let Ok(step) = job.step(self.now, event);
        if let Step::Perform(effect) = step {
            let pending = self.perform(effect);
            self.tasks.insert(number, Task::Flow(job, pending));
        }
    }

    fn perform(&mut self, effect: Effect) -> Pending {
        match effect {
            Effect::Send(request, timeouts) => {
                self.allowed.push(timeouts.attempt);
                let (after, event) = (self.serve)(self.now, &request);
                if after <= timeouts.attempt {
                    return Pending::Event(self.now + after, event);
                }
                let late = crate::TransportErrorKind::Timeout(crate::Phase::Response);
                Pending::Event(self.now + timeouts.attempt, Event::Failed(late.into()))
            }
            Effect::Wait(wait) => Pending::Event(self.now + wait, Event::Elapsed),
            Effect::Join(join) => {
                while let Some(job) = self.core.job() {
                    self.begin(job);
                }
                Pending::Join(join, self.now + join.within)
            }
            Effect::Read(_) => Pending::Event(self.now, Event::Contents(None)),
            effect => panic!("{effect:?}"),
        }
    }

    fn begin(&mut self, job: Job) {
        self.jobs += 1;
        if self.lose > 0 {
            self.lose -= 1;
            return;
        }
        let number = self.next;
        self.next += 1;
        match job {
            Job::Flow(job) => self.step_job(number, job, Event::Start),
            Job::Provider(job) => {
                let (after, given) =
                    (self.provide)(self.now, job.refused().map(|keys| keys.access_key_id.as_str()));
                self.tasks.insert(number, Task::Provider(job, self.now + after, given));
            }
        }
    }

    /// When a call ended, counted from the beginning, and how.
    pub(super) fn end(&self, number: usize) -> (Duration, &Called) {
        let (at, called) = &self.ended[&number];
        (at.duration_since(start()).unwrap(), called)
    }
}

pub(super) fn built(config: Config) -> Core {
    built_with(config, None)
}

/// A client whose shared files hold this.
pub(super) fn built_with(config: Config, files: Option<&'static str>) -> Core {
    let mut build = Build::new(config, "test/1").seed(7);
    let mut event = Event::Start;
    loop {
        event = match build.step(start(), event).unwrap() {
            Step::Done(core) => return core,
            Step::Perform(Effect::Read(_)) => Event::Contents(files.map(Bytes::from)),
            Step::Perform(effect) => panic!("{effect:?}"),
        };
    }
}

/// Drives a flow and its jobs in place; all of it happens at `now`.
pub(super) fn drive<F: Flow>(
    core: &Core,
    now: SystemTime,
    mut flow: F,
    perform: &dyn Fn(Effect) -> Event,
) -> Result<F::Output, F::Error> {
    let mut event = Event::Start;
    loop {
        event = match flow.step(now, event)? {
            Step::Done(output) => return Ok(output),
            Step::Perform(Effect::Join(_)) => {
                while let Some(job) = core.job() {
                    let Job::Flow(job) = job else { panic!("{job:?}") };
                    drive(core, now, job, perform).unwrap_or_else(|never| match never {});
                }
                Event::Joined
            }
            Step::Perform(effect) => perform(effect),
        };
    }
}

pub(super) fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

pub(super) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn keys(id: &str) -> Credentials {
    Credentials::new(id, "planted-secret").with_session_token("planted-token")
}

pub(super) fn config() -> Config {
    Config::isolated().region("eu-west-1").provided()
}

pub(super) fn answer(status: u16, body: &str) -> Event {
    let body = Bytes::copy_from_slice(body.as_bytes());
    Event::Response(Response::builder().status(status).body(body).unwrap())
}

pub(super) fn success() -> Event {
    answer(
        200,
        "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>u</UserId><Account>1</Account><Arn>a</Arn>\
         </GetCallerIdentityResult></GetCallerIdentityResponse>",
    )
}

/// The event, dated by a clock that is this many seconds ahead.
pub(super) fn dated(now: SystemTime, ahead: i64, event: Event) -> Event {
    let Event::Response(mut response) = event else { panic!("{event:?}") };
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64 + ahead;
    response.headers_mut().insert("date", since.into());
    Event::Response(response)
}

/// The answer of a service whose clock is this many seconds ahead and which knows no more of the keys.
pub(super) fn judged(now: SystemTime, ahead: i64, request: &Request<Bytes>) -> Event {
    let date = request.headers()["x-amz-date"].to_str().unwrap();
    let seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64;
    let off = seconds(crate::wire::time::parse(date).unwrap()) - seconds(now) - ahead;
    dated(now, ahead, if off.abs() <= 300 { success() } else { refusal("RequestTimeTooSkewed") })
}

pub(super) fn refusal(code: &str) -> Event {
    answer(400, &format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"))
}

/// Answers at once.
pub(super) fn serves<'a>() -> Serve<'a> {
    Box::new(|_, _| (Duration::ZERO, success()))
}

/// The access key id that a request is signed with.
pub(super) fn signer(request: &Request<Bytes>) -> &str {
    let header = request.headers()["authorization"].to_str().unwrap();
    header.split_once("Credential=").unwrap().1.split('/').next().unwrap()
}

/// Gives nothing.
pub(super) fn gives_none<'a>() -> Provide<'a> {
    Box::new(|_, _| panic!("no provider is to be asked"))
}

/// What a client says of itself, where no effect is needed for it.
pub(super) fn explained(core: &Core) -> Explanation {
    let mut explain = core.explain(1);
    match explain.step(start(), Event::Start) {
        Ok(Step::Done(explanation)) => explanation,
        Ok(Step::Perform(effect)) => panic!("{effect:?}"),
    }
}

pub(super) fn listed(core: &Core, name: &str) -> Option<String> {
    let settings = explained(core).settings;
    let setting = settings.into_iter().find(|setting| setting.name == name)?;
    Some(format!("{} ({})", setting.value, setting.origin))
}
