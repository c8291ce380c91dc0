//! Clients in virtual time: calls, the jobs beside them, and what each waits for. No thread, and no driver.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use sts_proto::client::{Build, Config, Core, FlowJob, GetCredentials, Job, Send};
use sts_proto::flow::Join;
use sts_proto::operations::GetCallerIdentity;
use sts_proto::settings::Env;
use sts_proto::{Effect, Event, Flow, Phase, Step, TransportErrorKind};

use super::issuer::{Issued, Issuer};
use super::sessions::{Kept, Sessions, start};
use super::weather::clock;
use super::{Chance, Reply};

/// A run of [`Sessions`].
pub(super) struct Run<'a> {
    sessions: &'a Sessions,
    issuer: Issuer,
    clients: Vec<Client>,
    agenda: BTreeMap<(SystemTime, u64), Next>,
    /// The last number that was given to a task or to an entry of the agenda.
    number: u64,
    chance: Chance,
    kept: Kept,
}

struct Client {
    core: Core,
    /// How many seconds its clock is ahead.
    ahead: i64,
    tasks: BTreeMap<u64, Task>,
    /// What each task that waits for a job has seen, and the number of that wait.
    joining: BTreeMap<u64, (Join, u64)>,
    jobs: usize,
    /// How many jobs in a row were lost.
    lost: u32,
    /// The last session that it was given.
    session: Option<u64>,
}

enum Task {
    Use(Box<GetCredentials>, SystemTime),
    Call(Box<Send<GetCallerIdentity>>, SystemTime),
    /// With the session that it was given.
    Job(Box<FlowJob>, Option<u64>),
}

/// An entry of the agenda. Clients are given by their index, tasks by their number. A task may be gone by then.
enum Next {
    Use(usize),
    Step(usize, u64, Event, Option<u64>),
    /// The time of this wait for a job is over.
    TooLong(usize, u64, u64),
    /// A caller gives up, or a job is lost.
    Drop(usize, u64),
    /// The clocks are set by this many seconds.
    Jump(i64),
}

impl<'a> Run<'a> {
    pub(super) fn new(sessions: &'a Sessions) -> Self {
        let mut seeds = Chance::new(sessions.seed);
        let clients = (0..sessions.clients).map(|_| Client::new(sessions.lifetime, seeds.wide())).collect();
        let mut run = Self {
            sessions,
            issuer: Issuer::new(sessions),
            clients,
            agenda: BTreeMap::new(),
            number: 0,
            chance: Chance::new(sessions.seed ^ 2),
            kept: Kept::new(sessions.length),
        };
        let mut starts = Chance::new(sessions.seed ^ 1);
        for caller in 0..sessions.clients * sessions.callers {
            let at = start() + starts.millis(0, sessions.starts.as_millis() as u64);
            run.plan(at, Next::Use((caller % sessions.clients) as usize));
        }
        for (after, seconds) in &sessions.mishaps.jumps {
            run.plan(start() + *after, Next::Jump(*seconds));
        }
        run
    }

    pub(super) fn run(mut self) -> Kept {
        let end = start() + self.sessions.length;
        while let Some(((now, number), next)) = self.agenda.pop_first() {
            let since = now.duration_since(start()).expect("time goes on");
            if let Some(freeze) = self.sessions.mishaps.freezes.iter().find(|freeze| freeze.contains(&since))
            {
                self.agenda.insert((start() + freeze.end, number), next);
                continue;
            }
            match next {
                // No use starts after the end, but what is under way goes on to its own.
                Next::Use(_) if now >= end => {}
                Next::Use(client) => self.begin(now, client),
                Next::Step(client, task, event, session) => self.step(now, client, task, event, session),
                Next::TooLong(client, task, wait) => {
                    if self.clients[client].joining.get(&task).is_some_and(|(_, number)| *number == wait) {
                        self.clients[client].joining.remove(&task);
                        self.step(now, client, task, Event::Elapsed, None);
                    }
                }
                Next::Drop(client, task) => self.drop(now, client, task),
                Next::Jump(seconds) => self.clients.iter_mut().for_each(|client| client.ahead += seconds),
            }
        }
        assert!(self.clients.iter().all(|client| client.tasks.is_empty()), "a flow waits for ever");
        self.kept.service = self.issuer.minutes().to_vec();
        self.kept
    }

    fn plan(&mut self, at: SystemTime, next: Next) {
        self.number += 1;
        self.agenda.insert((at, self.number), next);
    }

    /// A caller of a client needs credentials, or makes a call.
    fn begin(&mut self, now: SystemTime, client: usize) {
        let (every, mishaps) = (self.sessions.every.as_millis() as u64, &self.sessions.mishaps);
        let pause = self.chance.millis(every / 2, every * 3 / 2);
        self.plan(now + pause, Next::Use(client));
        let (core, seed) = (&self.clients[client].core, self.chance.wide());
        let task = match mishaps.calls > 0 && self.chance.percent(mishaps.calls) {
            true => Task::Call(Box::new(core.send(GetCallerIdentity::new(), seed)), now),
            false => Task::Use(Box::new(core.credentials(seed)), now),
        };
        let number = self.start(now, client, task);
        let waits = self.clients[client].tasks.contains_key(&number);
        if waits && mishaps.given_up > 0 && self.chance.percent(mishaps.given_up) {
            let patience = self.chance.millis(0, 200);
            self.plan(now + patience, Next::Drop(client, number));
        }
    }

    fn start(&mut self, now: SystemTime, client: usize, task: Task) -> u64 {
        self.number += 1;
        let number = self.number;
        self.clients[client].tasks.insert(number, task);
        self.step(now, client, number, Event::Start, None);
        number
    }

    /// Feeds `event` to a task.
    fn step(&mut self, now: SystemTime, index: usize, number: u64, event: Event, session: Option<u64>) {
        let client = &mut self.clients[index];
        let Some(mut task) = client.tasks.remove(&number) else { return };
        let local = clock(now, client.ahead);
        let next = match &mut task {
            Task::Use(flow, began) => next(flow.step(local, event)).map_err(|got| {
                let time = client.core.context().clocks(local).service();
                self.kept.used(*began, now, time, got.as_ref());
            }),
            Task::Call(flow, began) => {
                next(flow.step(local, event)).map_err(|called| self.kept.called(*began, now, &called))
            }
            Task::Job(flow, given) => {
                *given = session.or(*given);
                client.session = given.or(client.session);
                next(flow.step(local, event)).map_err(|_| {
                    self.kept.refreshed[usize::from(given.is_none())] += 1;
                    (client.jobs, client.lost) = (client.jobs - 1, 0);
                })
            }
        };
        if let Ok(effect) = next {
            client.tasks.insert(number, task);
            self.perform(now, index, number, effect);
        }
        self.wake(now, index);
    }

    fn perform(&mut self, now: SystemTime, index: usize, number: u64, effect: Effect) {
        let client = &mut self.clients[index];
        match effect {
            Effect::Wait(wait) => {
                self.plan(now + wait, Next::Step(index, number, Event::Elapsed, None));
            }
            Effect::Send(request, timeouts) => {
                let (Reply { after, event }, issued) = self.issuer.serve(now, &request);
                let session = match issued {
                    Issued::Session(session) => Some(session),
                    Issued::Nothing => None,
                    Issued::Refusal => {
                        self.kept.refused(now);
                        None
                    }
                };
                self.kept.outdated += u32::from(self.issuer.is_outdated(now, &request, client.session));
                let (after, event) = match after <= timeouts.attempt {
                    true => (after, Next::Step(index, number, event, session)),
                    false => {
                        let late = Event::Failed(TransportErrorKind::Timeout(Phase::Response).into());
                        (timeouts.attempt, Next::Step(index, number, late, None))
                    }
                };
                self.plan(now + after, event);
            }
            Effect::Join(join) => {
                // The number of the entry is that of the wait.
                let wait = self.number + 1;
                self.plan(now + join.within, Next::TooLong(index, number, wait));
                self.clients[index].joining.insert(number, (join, wait));
                while let Some(job) = self.clients[index].core.job() {
                    self.start_job(now, index, job);
                }
            }
            effect => unreachable!("no role asks for {effect:?}"),
        }
    }

    fn start_job(&mut self, now: SystemTime, index: usize, job: Job) {
        let Job::Flow(job) = job else { unreachable!("no provider is set") };
        let client = &mut self.clients[index];
        client.jobs += 1;
        self.kept.max_jobs = self.kept.max_jobs.max(client.jobs);
        let number = self.start(now, index, Task::Job(Box::new(job), None));
        let (lost, client) = (self.sessions.mishaps.lost, &mut self.clients[index]);
        if lost > 0 && client.lost < 2 && self.chance.percent(lost) {
            let after = self.chance.millis(0, 20);
            self.plan(now + after, Next::Drop(index, number));
        }
    }

    /// A caller gives up, or a job is lost.
    fn drop(&mut self, now: SystemTime, index: usize, number: u64) {
        let client = &mut self.clients[index];
        client.joining.remove(&number);
        match client.tasks.remove(&number) {
            None => {}
            Some(Task::Job(..)) => {
                (client.jobs, client.lost) = (client.jobs - 1, client.lost + 1);
                self.kept.lost += 1;
            }
            Some(_) => self.kept.given_up += 1,
        }
        self.wake(now, index);
    }

    /// Wakes the tasks that have waited for a job, if one has ended.
    fn wake(&mut self, now: SystemTime, index: usize) {
        let client = &mut self.clients[index];
        if client.joining.is_empty() {
            return;
        }
        let ended = client.core.ended();
        let over = |(join, _): &(Join, _)| join.seen != ended;
        let woken: Vec<u64> =
            client.joining.iter().filter(|(_, waiting)| over(waiting)).map(|(task, _)| *task).collect();
        client.joining.retain(|_, waiting| !over(waiting));
        for task in woken {
            self.plan(now, Next::Step(index, task, Event::Joined, None));
        }
    }
}

impl Client {
    fn new(lifetime: Duration, seed: u128) -> Self {
        Self {
            core: core(lifetime, seed),
            ahead: 0,
            tasks: BTreeMap::new(),
            joining: BTreeMap::new(),
            jobs: 0,
            lost: 0,
            session: None,
        }
    }
}

/// The next effect, or what a flow has ended with.
fn next<T, E>(step: Result<Step<T>, E>) -> Result<Effect, Result<T, E>> {
    match step {
        Ok(Step::Perform(effect)) => Ok(effect),
        Ok(Step::Done(output)) => Err(Ok(output)),
        Err(error) => Err(Err(error)),
    }
}

/// A client whose profile assumes a role.
fn core(lifetime: Duration, seed: u128) -> Core {
    let config = format!(
        "[default]\nregion = eu-west-1\nrole_arn = arn:aws:iam::123456789012:role/fleet\nsource_profile = base\n\
         role_session_name = fleet\nduration_seconds = {}\n\
         [profile base]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = wJalrXUtnFEMI\n",
        lifetime.as_secs()
    );
    let env =
        Env::from_iter([("AWS_CONFIG_FILE", "/config"), ("AWS_SHARED_CREDENTIALS_FILE", "/credentials")]);
    let mut build = Build::new(Config::new(env), "fleet/1").seed(seed);
    let mut event = Event::Start;
    loop {
        event = match build.step(start(), event).expect("the profile is sound") {
            Step::Done(core) => return core,
            Step::Perform(Effect::Read(path)) => {
                Event::Contents(path.ends_with("config").then(|| config.clone().into()))
            }
            Step::Perform(effect) => unreachable!("settings ask for {effect:?}"),
        };
    }
}
