//! A client without its driver: any number of calls, the jobs beside them, callers that give up, jobs that are lost,
//! and any event, in virtual time. Nothing panics; a flow that is over stays over; no flow waits for ever; a call
//! ends by its deadline; no two jobs do the same thing at a time, and one that is dropped is begun again.
//!
//! The driver behaves correctly unless the input says otherwise: it can deliver an event late or out of turn, forget
//! to take a job, set the clock, and return any response. When the input is used up, every effect fails, and all
//! flows must end.

#![no_main]

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use sts_fuzz::answers::{self, DOCUMENTS, FILES, check_no_secret};
use sts_fuzz::times::{jump, moved, timeouts};
use sts_proto::client::{Build, Config, Core, Job, ProviderJob};
use sts_proto::flow::{Join, ProcessOutput};
use sts_proto::operations::{AssumeRoleWithWebIdentity, GetCallerIdentity};
use sts_proto::settings::Env;
use sts_proto::{
    Credentials, CredentialsError, Effect, Event, Flow, Retry, Secret, Step, Timeouts, TransportErrorKind,
};

fuzz_target!(|data: &[u8]| {
    let mut input = Unstructured::new(data);
    let Ok(Some(mut world)) = World::new(&mut input) else { return };
    // An error means that the input is used up.
    while !input.is_empty() && world.act(&mut input).is_ok() {
        world.check();
    }
    world.end();
});

struct World {
    core: Core,
    now: SystemTime,
    /// How much time has passed, however the clock was set.
    passed: Duration,
    /// How much later than they should have been the events of the driver were altogether.
    late: Duration,
    /// How often the clock was set. Deadlines move with it, so that nothing is promised of what was under way.
    jumps: u32,
    /// Whether all secrets are planted ones.
    planted: bool,
    seed: u128,
    tasks: Vec<Task>,
    /// The last credentials that a provider gave.
    given: Credentials,
}

struct Task {
    kind: Kind,
    work: Work,
    pending: Pending,
    due: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Begun when this much had passed and was late, and the clock was set so often; how long it may take.
    Call {
        begun: Duration,
        late: Duration,
        jumps: u32,
        within: Duration,
    },
    KeysJob,
    RegionJob,
}

enum Work {
    /// Takes an event, and returns the next effect until the flow is over.
    Flow(Box<dyn FnMut(SystemTime, Event) -> Option<Effect>>),
    Provider(Option<ProviderJob>),
}

enum Pending {
    Event(Event),
    Join(Join),
}

impl World {
    /// `None` where the settings cannot be used.
    fn new(input: &mut Unstructured<'_>) -> Result<Option<Self>> {
        let (config, planted) = config(input)?;
        let mut build = Build::new(config, "fuzz/0").seed(input.arbitrary()?);
        let now = moved(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000), jump(input)?);
        let mut event = Event::Start;
        let core = loop {
            event = match build.step(now, event) {
                Ok(Step::Done(core)) => break core,
                Ok(Step::Perform(Effect::Read(path))) => {
                    let contents = path.ends_with("config").then_some(Bytes::from_static(CONFIG.as_bytes()));
                    Event::Contents(contents)
                }
                Ok(Step::Perform(effect)) => panic!("building must only read files, not {effect:?}"),
                Err(_) => return Ok(None),
            };
        };
        let (passed, late) = (Duration::ZERO, Duration::ZERO);
        let given = keys();
        Ok(Some(Self { core, now, passed, late, jumps: 0, planted, seed: 0, tasks: Vec::new(), given }))
    }

    /// Does one thing, as the input chooses.
    fn act(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        match input.arbitrary::<u8>()? {
            0..=0x3f if self.tasks.len() < MAX_TASKS => self.call(input)?,
            0x40..=0x43 => {
                let seconds = jump(input)?;
                self.now = moved(self.now, seconds);
                self.jumps += 1;
            }
            0x44..=0x47 => {
                let given = self.given.clone();
                let refused = if input.arbitrary()? { given } else { Credentials::new("a", "s") };
                self.core.refuse(self.now, &refused);
            }
            0x48..=0x57 if !self.tasks.is_empty() => {
                // A caller gives up, or a job is lost.
                let index = input.choose_index(self.tasks.len())?;
                drop(self.tasks.remove(index));
            }
            0x58..=0x5f if !self.tasks.is_empty() => {
                let (index, event) = (input.choose_index(self.tasks.len())?, answers::out_of_turn(input)?);
                let task = self.tasks.remove(index);
                self.step(task, event, input)?;
            }
            0x60..=0x67 => {
                let late = Duration::from_millis(input.arbitrary::<u16>()?.into());
                self.late = self.late.saturating_add(late);
                self.pass(late);
            }
            _ => self.turn(input)?,
        }
        Ok(())
    }

    fn call(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        self.seed += 1;
        let core = match input.ratio(1, 4)? {
            true => self.core.with_timeouts(timeouts(input)?),
            false => self.core.clone(),
        };
        let seed = self.seed;
        // Beyond what the clock can say, there is no deadline.
        let within = core.timeouts().call;
        let within = self.now.checked_add(within).map_or(Duration::MAX, |_| within);
        let kind = Kind::Call { begun: self.passed, late: self.late, jumps: self.jumps, within };
        let planted = self.planted;
        let (operation, web) =
            (GetCallerIdentity::new(), AssumeRoleWithWebIdentity::new("arn", "me", "PLANTED/KEY"));
        let work = match input.int_in_range(0..=5)? {
            0..=2 => flow(core.send(operation, seed), core.timeouts(), planted),
            3 => flow(core.send(web, seed), core.timeouts(), planted),
            4 => flow(core.credentials(seed), core.timeouts(), planted),
            _ => flow(core.explain(seed), core.timeouts(), planted),
        };
        let task = Task { kind, work, pending: Pending::Event(Event::Start), due: self.passed };
        self.step(task, Event::Start, input)
    }

    /// Delivers the event that is due next.
    fn turn(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let due = |(_, task): &(usize, &Task)| self.due(task);
        let Some((index, due)) =
            self.tasks.iter().enumerate().min_by_key(due).map(|(index, task)| (index, self.due(task)))
        else {
            return Ok(());
        };
        assert!(due < Duration::MAX, "a flow waits for ever");
        self.pass(due.saturating_sub(self.passed));
        let task = self.tasks.remove(index);
        let ended = self.core.ended();
        let (task, event) = match task.pending {
            Pending::Event(event) => (Task { pending: Pending::Event(Event::Start), ..task }, event),
            Pending::Join(join) if join.seen != ended => (task, Event::Joined),
            Pending::Join(_) => (task, Event::Elapsed),
        };
        self.step(task, event, input)
    }

    fn due(&self, task: &Task) -> Duration {
        match task.pending {
            Pending::Join(join) if join.seen != self.core.ended() => self.passed,
            _ => task.due,
        }
    }

    /// Feeds an event to a task, and begins what it then asks for.
    fn step(&mut self, mut task: Task, event: Event, input: &mut Unstructured<'_>) -> Result<()> {
        let effect = match &mut task.work {
            Work::Flow(step) => step(self.now, event),
            Work::Provider(job) => {
                if let Some(job) = job.take() {
                    self.answer(job, input)?;
                }
                None
            }
        };
        let Some(effect) = effect else {
            self.ended(task.kind);
            return Ok(());
        };
        let (after, pending) = match effect {
            Effect::Join(join) => {
                // A driver that forgets to take the jobs takes them when another flow asks.
                if input.is_empty() || !input.ratio(1, 16)? {
                    while let Some(job) = self.core.job() {
                        self.start(job, input)?;
                    }
                }
                (join.within, Pending::Join(join))
            }
            effect => {
                let (after, event) =
                    self.perform(&effect, input).unwrap_or((Duration::ZERO, failed(&effect)));
                (after, Pending::Event(event))
            }
        };
        let due = self.passed.saturating_add(after);
        self.tasks.push(Task { pending, due, ..task });
        Ok(())
    }

    /// What comes of an effect, and after how long.
    fn perform(&mut self, effect: &Effect, input: &mut Unstructured<'_>) -> Result<(Duration, Event)> {
        let after = Duration::from_millis(u64::from(input.arbitrary::<u16>()?) / 4);
        Ok(match effect {
            Effect::Wait(wait) => (*wait, Event::Elapsed),
            Effect::Send(_, timeouts) if after > timeouts.attempt => {
                (timeouts.attempt, answers::failure(input)?)
            }
            Effect::Send(..) => (
                after,
                match input.int_in_range(0..=7)? {
                    0 => answers::failure(input)?,
                    1..=3 => answers::response(self.now, input)?,
                    _ => Event::Response(http::Response::new(answers::text(input, DOCUMENTS)?)),
                },
            ),
            Effect::Read(_) => (after, Event::Contents(Some(answers::text(input, FILES)?))),
            Effect::Replace(..) => (after, Event::Replaced),
            Effect::Run(command) => {
                let stdout = answers::text(input, DOCUMENTS)?;
                let output = ProcessOutput { status: Some(0), stdout, stderr: Bytes::new() };
                (after.min(command.timeout), Event::Exited(output))
            }
            Effect::AskMfaCode(_) => (after, Event::MfaCode(Secret::from("123456"))),
            Effect::Join(_) => unreachable!("it is not performed here"),
        })
    }

    fn start(&mut self, job: Job, input: &mut Unstructured<'_>) -> Result<()> {
        let kind = match &job {
            Job::Flow(job) if format!("{job:?}").contains("Region(") => Kind::RegionJob,
            _ => Kind::KeysJob,
        };
        assert!(self.tasks.iter().all(|task| task.kind != kind), "two of {kind:?} at a time");
        match job {
            Job::Flow(job) => {
                // Jobs have bounds of their own.
                let work = flow(job, FOR_EVER, false);
                let task = Task { kind, work, pending: Pending::Event(Event::Start), due: self.passed };
                self.step(task, Event::Start, input)
            }
            Job::Provider(job) => {
                let after = Duration::from_millis(input.arbitrary::<u16>().unwrap_or_default().into());
                let (work, due) = (Work::Provider(Some(job)), self.passed + after);
                self.tasks.push(Task { kind, work, pending: Pending::Event(Event::Start), due });
                Ok(())
            }
        }
    }

    /// What a provider gives.
    fn answer(&mut self, job: ProviderJob, input: &mut Unstructured<'_>) -> Result<()> {
        match input.int_in_range(0..=7).unwrap_or_default() {
            0 => job.finish(self.now, Err(CredentialsError::new("fuzz", "no").into())),
            1 => job.panicked(self.now),
            2 => drop(job),
            3 => job.finish(self.now, Ok(keys())),
            _ => {
                self.given = keys();
                self.given.access_key_id = format!("ASIA{}", self.passed.as_nanos());
                let life = Duration::from_millis(input.arbitrary::<u32>()?.into());
                self.given.expiration = self.now.checked_add(life);
                job.finish(self.now, Ok(self.given.clone()));
            }
        }
        Ok(())
    }

    fn ended(&self, kind: Kind) {
        let Kind::Call { begun, late, jumps, within } = kind else { return };
        let took = self.passed.saturating_sub(begun);
        // The core leaves a few milliseconds for what is tried at the very end.
        let bound = within.saturating_add(SLACK).saturating_add(self.late.saturating_sub(late));
        assert!(took <= bound || self.jumps != jumps, "a call took {took:?}, of {within:?}");
    }

    /// No flow waits for a job that is neither under way nor to be had.
    fn check(&mut self) {
        let ended = self.core.ended();
        let waits = |task: &Task| matches!(task.pending, Pending::Join(join) if join.seen == ended);
        let runs = |task: &Task| !matches!(task.kind, Kind::Call { .. });
        if self.tasks.iter().any(waits) && !self.tasks.iter().any(runs) {
            let job = self.core.job().expect("a flow waits for a job that does not exist");
            let _ = self.start(job, &mut Unstructured::new(&[]));
        }
    }

    /// Lets every effect fail, until all flows have ended.
    fn end(mut self) {
        let mut nothing = Unstructured::new(&[]);
        let mut turns = 0;
        while !self.tasks.is_empty() {
            let _ = self.turn(&mut nothing);
            self.check();
            turns += 1;
            assert!(turns < 20_000, "the flows do not end");
        }
    }

    /// Lets time pass. At its maximum, the clock is set back first.
    fn pass(&mut self, time: Duration) {
        self.passed = self.passed.saturating_add(time);
        match self.now.checked_add(time) {
            Some(now) => self.now = now,
            None => {
                self.now = SystemTime::UNIX_EPOCH;
                self.jumps += 1;
            }
        }
    }
}

/// A flow whose effects are checked, and of which a step after its end does nothing.
fn flow<F: Flow + 'static>(mut flow: F, bounds: Timeouts, planted: bool) -> Work
where
    F::Output: std::fmt::Debug,
    F::Error: std::fmt::Debug,
{
    Work::Flow(Box::new(move |now, event| {
        let result = flow.step(now, event);
        // An output shows what the service has sent.
        if planted && !matches!(result, Ok(Step::Done(_))) {
            check_no_secret(&format!("{result:?}"));
        }
        match result {
            Ok(Step::Perform(effect)) => {
                check_effect(&effect, bounds);
                return Some(effect);
            }
            result => drop(result),
        }
        for event in [Event::Start, Event::Elapsed, Event::Joined, Event::Contents(None)] {
            let again = flow.step(now, event);
            assert!(!matches!(again, Ok(Step::Perform(_))), "a flow that is over asks for an effect");
        }
        None
    }))
}

fn check_effect(effect: &Effect, bounds: Timeouts) {
    match effect {
        Effect::Send(_, timeouts) => {
            assert!(timeouts.connect <= timeouts.attempt && timeouts.attempt <= bounds.attempt);
            assert!(timeouts.attempt <= bounds.call);
        }
        Effect::Wait(wait) => assert!(*wait < bounds.call, "{wait:?} of {bounds:?}"),
        Effect::Join(join) => assert!(join.within <= bounds.call, "{join:?} of {bounds:?}"),
        _ => {}
    }
}

fn failed(effect: &Effect) -> Event {
    match effect {
        Effect::Wait(_) => Event::Elapsed,
        _ => Event::Failed(TransportErrorKind::Closed.into()),
    }
}

/// What a client is made with, and whether all its secrets are planted ones.
fn config(input: &mut Unstructured<'_>) -> Result<(Config, bool)> {
    let files = [("AWS_CONFIG_FILE", "/config"), ("AWS_SHARED_CREDENTIALS_FILE", "/credentials")];
    let env =
        |more: &[(&'static str, &'static str)]| Env::from_iter(files.into_iter().chain(more.iter().copied()));
    let (config, planted) = match input.int_in_range(0..=7)? {
        0 | 1 => (Config::isolated().region("eu-west-1").provided(), true),
        2 => (Config::isolated().region("eu-west-1").credentials(keys()), true),
        // Region and provider, region and keys, and keys alone from the instance.
        3 => (Config::new(env(&[])).provided(), false),
        4 => (Config::new(env(&[])), false),
        5 => (Config::new(env(&[("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "s")])), false),
        6 => (Config::new(env(&[("AWS_PROFILE", "role")])), false),
        _ => (Config::new(env(&[("AWS_PROFILE", "role"), ("AWS_REGION", "eu-west-1")])), false),
    };
    let config = if input.ratio(1, 4)? { config.timeouts(timeouts(input)?) } else { config };
    let retry = match input.int_in_range(0..=3)? {
        0 => Retry::adaptive(),
        1 => Retry::off(),
        _ => Retry::standard(),
    };
    Ok((config.retry(retry.correct_clock(input.ratio(3, 4)?)), planted))
}

fn keys() -> Credentials {
    Credentials::new("AKIDEXAMPLE", "PLANTED/KEY").with_session_token("PLANTED/KEY")
}

const CONFIG: &str = "
[profile role]
role_arn = arn:aws:iam::123456789012:role/fuzz
mfa_serial = arn:aws:iam::123456789012:mfa/fuzz
source_profile = base
[profile base]
credential_process = /opt/vault keys
";

const MAX_TASKS: usize = 12;
const SLACK: Duration = Duration::from_millis(50);
const FOR_EVER: Timeouts = Timeouts { connect: Duration::MAX, attempt: Duration::MAX, call: Duration::MAX };
