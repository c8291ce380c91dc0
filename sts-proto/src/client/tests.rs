//! A client in virtual time: any number of calls, the jobs beside them, a service and a provider, and no thread.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use super::*;
use crate::error::{Error, ErrorCode};
use crate::flow::{Effect, Event, Flow, Join, Step};
use crate::operations::{GetCallerIdentity, GetCallerIdentityOutput};
use crate::settings::Settings;

type Called = Result<GetCallerIdentityOutput, Error>;

/// What a service or a provider does with what it is asked, and after how long.
type Serve<'a> = Box<dyn FnMut(SystemTime, &Request<Bytes>) -> (Duration, Event) + 'a>;
type Provide<'a> = Box<dyn FnMut(SystemTime, Option<&str>) -> (Duration, Result<Credentials, Error>) + 'a>;

struct World<'a> {
    core: Core,
    now: SystemTime,
    serve: Serve<'a>,
    provide: Provide<'a>,
    tasks: BTreeMap<usize, Task>,
    next: usize,
    /// What calls ended with, by task.
    ended: BTreeMap<usize, (SystemTime, Called)>,
    /// Jobs that were taken.
    jobs: usize,
    /// How many of the next jobs are dropped rather than run.
    lose: usize,
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
    fn new(config: Config, serve: Serve<'a>, provide: Provide<'a>) -> Self {
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
            lose: 0,
        }
    }

    /// Begins a call now; its number.
    fn call(&mut self) -> usize {
        let call = Box::new(self.core.send(GetCallerIdentity::new(), self.next as u128));
        let number = self.next;
        self.next += 1;
        self.step_call(number, call, Event::Start);
        number
    }

    /// Gives a call up.
    fn give_up(&mut self, number: usize) {
        assert!(self.tasks.remove(&number).is_some());
    }

    /// Goes on until nothing is left to do.
    fn run(&mut self) {
        while self.turn() {}
    }

    /// Goes on to `time`.
    fn run_until(&mut self, time: SystemTime) {
        while self.next_wake().is_some_and(|wake| wake <= time) && self.turn() {}
        self.now = self.now.max(time);
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
                let (after, event) = (self.serve)(self.now, &request);
                if after <= timeouts.attempt {
                    return Pending::Event(self.now + after, event);
                }
                let late = crate::transport::TransportErrorKind::Timeout(crate::transport::Phase::Response);
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
    fn end(&self, number: usize) -> (Duration, &Called) {
        let (at, called) = &self.ended[&number];
        (at.duration_since(start()).unwrap(), called)
    }
}

fn built(config: Config) -> Core {
    let mut build = Build::new(config, "test/1").seed(7);
    let mut event = Event::Start;
    loop {
        event = match build.step(start(), event).unwrap() {
            Step::Done(core) => return core,
            Step::Perform(Effect::Read(_)) => Event::Contents(None),
            Step::Perform(effect) => panic!("{effect:?}"),
        };
    }
}

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn keys(id: &str) -> Credentials {
    Credentials::new(id, "planted-secret").with_session_token("planted-token")
}

fn config() -> Config {
    Config::isolated().region("eu-west-1").provided()
}

fn answer(status: u16, body: &str) -> Event {
    let body = Bytes::copy_from_slice(body.as_bytes());
    Event::Response(Response::builder().status(status).body(body).unwrap())
}

fn success() -> Event {
    answer(
        200,
        "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>u</UserId><Account>1</Account><Arn>a</Arn>\
         </GetCallerIdentityResult></GetCallerIdentityResponse>",
    )
}

fn refusal(code: &str) -> Event {
    answer(400, &format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"))
}

/// Answers at once.
fn serves<'a>() -> Serve<'a> {
    Box::new(|_, _| (Duration::ZERO, success()))
}

/// The access key id that a request is signed with.
fn signer(request: &Request<Bytes>) -> &str {
    let header = request.headers()["authorization"].to_str().unwrap();
    header.split_once("Credential=").unwrap().1.split('/').next().unwrap()
}

/// Gives nothing.
fn gives_none<'a>() -> Provide<'a> {
    Box::new(|_, _| panic!("no provider is to be asked"))
}

#[test]
fn many_calls_wait_for_one_fetch() {
    let mut asked = 0;
    let provide: Provide<'_> = Box::new(|_, _| {
        asked += 1;
        (seconds(3), Ok(keys("ASIA1")))
    });
    let mut world = World::new(config(), serves(), provide);
    let calls: Vec<_> = (0..50).map(|_| world.call()).collect();
    world.run();
    for call in calls {
        let (at, called) = world.end(call);
        assert!(called.is_ok() && at == seconds(3), "{at:?} {called:?}");
    }
    assert_eq!(world.jobs, 1);
    drop(world);
    assert_eq!(asked, 1);
}

#[test]
fn a_call_that_is_given_up_takes_nothing_from_the_others() {
    let provide: Provide<'_> = Box::new(|_, _| (seconds(3), Ok(keys("ASIA1"))));
    let mut world = World::new(config(), serves(), provide);
    let (first, second) = (world.call(), world.call());
    world.run_until(start() + seconds(1));
    world.give_up(first);
    let third = world.call();
    world.run();
    for call in [second, third] {
        assert!(world.end(call).1.is_ok());
        assert_eq!(world.end(call).0, seconds(3));
    }
    assert_eq!(world.jobs, 1);
}

#[test]
fn a_job_that_is_not_taken_is_taken_by_the_next_call() {
    let provide: Provide<'_> = Box::new(|_, _| (seconds(3), Ok(keys("ASIA1"))));
    let mut world = World::new(config(), serves(), provide);
    // A flow that asks for a job and is dropped before its driver takes it.
    let mut call = world.core.send(GetCallerIdentity::new(), 99);
    assert!(matches!(call.step(start(), Event::Start), Ok(Step::Perform(Effect::Join(_)))));
    drop(call);
    let next = world.call();
    world.run();
    assert!(world.end(next).1.is_ok());
    assert_eq!(world.jobs, 1);
}

#[test]
fn a_job_that_is_lost_is_begun_again_but_not_for_ever() {
    let provide: Provide<'_> = Box::new(|_, _| (seconds(3), Ok(keys("ASIA1"))));
    let mut world = World::new(config(), serves(), provide);
    world.lose = 1;
    let calls = [world.call(), world.call()];
    world.run();
    for call in calls {
        assert!(world.end(call).1.is_ok());
    }
    assert_eq!(world.jobs, 2);

    let mut world = World::new(config(), serves(), gives_none());
    world.lose = usize::MAX;
    let call = world.call();
    world.run();
    let error = world.end(call).1.as_ref().unwrap_err().to_string();
    assert!(error.contains("the provider") && error.contains("was ended before it had answered"), "{error}");
    assert!(world.jobs < 10, "{}", world.jobs);
}

#[test]
fn a_refresh_runs_beside_the_calls() {
    let mut number = 0;
    let provide: Provide<'_> = Box::new(|now, _| {
        number += 1;
        (seconds(5), Ok(keys(&format!("ASIA{number}")).with_expiration(now + seconds(3600))))
    });
    let signers = std::cell::RefCell::new(Vec::new());
    let serve: Serve<'_> = Box::new(|now, request| {
        let at = now.duration_since(start()).unwrap().as_secs();
        signers.borrow_mut().push((at, signer(request).to_owned()));
        (Duration::ZERO, success())
    });
    let mut world = World::new(config(), serve, provide);
    world.call();
    world.run();
    // By then a refresh is due; by two thirds of the life it is not.
    for at in [2000, 3400, 3403, 3500] {
        world.run_until(start() + seconds(at));
        let call = world.call();
        world.run_until(start() + seconds(at + 1));
        assert_eq!(world.end(call).0, seconds(at), "no call waits for a refresh");
    }
    world.run();
    assert_eq!(world.jobs, 2);
    drop(world);
    let ids: Vec<_> = signers.borrow().iter().map(|(_, id)| id.clone()).collect();
    assert_eq!(ids, ["ASIA1", "ASIA1", "ASIA1", "ASIA1", "ASIA2"]);
}

#[test]
fn what_expires_is_waited_for() {
    let mut number = 0;
    let provide: Provide<'_> = Box::new(|now, _| {
        number += 1;
        (seconds(2), Ok(keys(&format!("ASIA{number}")).with_expiration(now + seconds(900))))
    });
    let mut world = World::new(config(), serves(), provide);
    world.call();
    world.run();
    world.run_until(start() + seconds(1000));
    let calls = [world.call(), world.call()];
    world.run();
    for call in calls {
        assert!(world.end(call).1.is_ok());
        assert_eq!(world.end(call).0, seconds(1002));
    }
    assert_eq!(world.jobs, 2);
}

#[test]
fn refused_credentials_are_fetched_anew_once() {
    let told = std::cell::RefCell::new(Vec::new());
    let provide: Provide<'_> = Box::new(|_, refused| {
        told.borrow_mut().push(refused.map(str::to_owned));
        let id = if told.borrow().len() == 1 { "ASIAOLD" } else { "ASIANEW" };
        (seconds(1), Ok(keys(id)))
    });
    let serve: Serve<'_> = Box::new(|_, request| match signer(request) {
        "ASIAOLD" => (seconds(1), refusal("ExpiredToken")),
        _ => (Duration::ZERO, success()),
    });
    let mut world = World::new(config(), serve, provide);
    let calls: Vec<_> = (0..20).map(|_| world.call()).collect();
    world.run();
    for call in calls {
        let output = world.end(call).1.as_ref().unwrap();
        assert_eq!(output.metadata.attempts(), 2);
        assert_eq!(world.end(call).0, seconds(3));
    }
    assert_eq!(world.jobs, 2);
    drop(world);
    assert_eq!(*told.borrow(), [None, Some("ASIAOLD".to_owned())]);
}

#[test]
fn a_source_that_gives_refused_credentials_again_is_not_asked_without_end() {
    let provide: Provide<'_> = Box::new(|_, _| (Duration::ZERO, Ok(keys("ASIAOLD"))));
    let serve: Serve<'_> = Box::new(|_, _| (Duration::ZERO, refusal("ExpiredToken")));
    let mut world = World::new(config(), serve, provide);
    for _ in 0..10 {
        let call = world.call();
        world.run();
        let error = world.end(call).1.as_ref().unwrap_err();
        assert_eq!(error.code(), Some(&ErrorCode::ExpiredToken));
        assert_eq!(error.attempts(), 1);
    }
    assert_eq!(world.jobs, 2);
}

#[test]
fn the_deadline_counts_everything() {
    // Credentials take 4 s, and no attempt is answered.
    let provide: Provide<'_> = Box::new(|_, _| (seconds(4), Ok(keys("ASIA1"))));
    let serve: Serve<'_> = Box::new(|_, _| (seconds(1000), success()));
    let timeouts = Timeouts { call: seconds(9), ..Timeouts::default() };
    let mut world = World::new(config().timeouts(timeouts), serve, provide);
    let call = world.call();
    world.run();
    assert!(world.end(call).1.as_ref().unwrap_err().as_transport_error().is_some());
    assert_eq!(world.end(call).0, seconds(9));

    // Credentials that take too long, and what is fetched is kept for later calls.
    let provide: Provide<'_> = Box::new(|_, _| (seconds(30), Ok(keys("ASIA1"))));
    let mut world = World::new(config().timeouts(timeouts), serves(), provide);
    let call = world.call();
    world.run();
    let error = world.end(call).1.as_ref().unwrap_err();
    assert_eq!(
        error.to_string(),
        "no credentials from the provider: it has not answered after 9s, the time that the call may take"
    );
    assert_eq!(error.retry_class(), crate::retry::RetryClass::Transient);
    assert_eq!(world.end(call).0, seconds(9));
    let later = world.call();
    world.run();
    assert!(world.end(later).1.is_ok());
    assert_eq!(world.jobs, 1);

    // A second try is within the same deadline, and where no time is left for it the refusal is what is told.
    let mut number = 0;
    let provide: Provide<'_> = Box::new(|_, _| {
        number += 1;
        (seconds(number * 3), Ok(keys(&format!("ASIA{number}"))))
    });
    let serve: Serve<'_> = Box::new(|_, _| (seconds(4), refusal("ExpiredToken")));
    let mut world = World::new(config().timeouts(timeouts), serve, provide);
    let call = world.call();
    world.run();
    assert_eq!(world.end(call).1.as_ref().unwrap_err().code(), Some(&ErrorCode::ExpiredToken));
    assert_eq!(world.end(call).0, seconds(9));
}

#[test]
fn a_failure_is_one_of_all_that_wait_and_the_next_call_tries_again() {
    let mut number = 0;
    let provide: Provide<'_> = Box::new(|_, _| {
        number += 1;
        let fails = Err(CredentialsError::new("the vault", "it is sealed").into());
        (seconds(1), if number == 1 { fails } else { Ok(keys("ASIA1")) })
    });
    let mut world = World::new(config(), serves(), provide);
    let calls = [world.call(), world.call()];
    world.run();
    for call in calls {
        let error = world.end(call).1.as_ref().unwrap_err().to_string();
        assert_eq!(error, "no credentials from the vault: it is sealed");
    }
    world.run_until(start() + seconds(3));
    let call = world.call();
    world.run();
    assert!(world.end(call).1.is_ok());
    assert_eq!(world.jobs, 2);
}

#[test]
fn the_region_is_searched_once_for_all() {
    let env = Env::from_iter([("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "planted")]);
    let hosts = std::cell::RefCell::new(Vec::new());
    let serve: Serve<'_> = Box::new(|_, request| {
        let host = request.uri().host().unwrap().to_owned();
        let event = match (&*host, request.uri().path()) {
            ("169.254.169.254", "/latest/api/token") => answer(200, "token"),
            ("169.254.169.254", _) => answer(200, "eu-north-1"),
            _ => success(),
        };
        hosts.borrow_mut().push(host);
        (Duration::from_millis(10), event)
    });
    let mut world = World::new(Config::new(env), serve, gives_none());
    let calls: Vec<_> = (0..10).map(|_| world.call()).collect();
    world.run();
    for call in calls {
        assert!(world.end(call).1.is_ok(), "{:?}", world.end(call).1);
    }
    assert_eq!(world.jobs, 1);
    let list = explained(&world.core).settings;
    let region = list.iter().find(|setting| setting.name == "region").unwrap();
    assert_eq!((&*region.value, &region.origin), ("eu-north-1", &crate::settings::Origin::InstanceMetadata));
    drop(world);
    let asked = hosts.borrow().iter().filter(|host| *host == "169.254.169.254").count();
    assert_eq!(asked, 2);
    assert!(hosts.borrow().iter().any(|host| host == "sts.eu-north-1.amazonaws.com"));
}

#[test]
fn a_region_that_is_nowhere_is_an_error_of_each_call() {
    let env = Env::from_iter([("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "planted")]);
    let serve: Serve<'_> = Box::new(|_, _| {
        (Duration::ZERO, Event::Failed(crate::transport::TransportErrorKind::Connect.into()))
    });
    let mut world = World::new(Config::new(env), serve, gives_none());
    let calls = [world.call(), world.call()];
    world.run();
    for call in calls {
        let error = world.end(call).1.as_ref().unwrap_err();
        assert!(matches!(error, Error::Endpoint(_)), "{error}");
    }
}

/// What a client says of itself, where no effect is needed for it.
fn explained(core: &Core) -> crate::credentials::Explanation {
    let mut explain = core.explain(1);
    match explain.step(start(), Event::Start) {
        Ok(Step::Done(explanation)) => explanation,
        Ok(Step::Perform(effect)) => panic!("{effect:?}"),
    }
}

fn listed(core: &Core, name: &str) -> Option<String> {
    let settings = explained(core).settings;
    let setting = settings.into_iter().find(|setting| setting.name == name)?;
    Some(format!("{} ({})", setting.value, setting.origin))
}

#[test]
fn credentials_in_code_take_the_place_of_the_sources() {
    let env = || Env::from_iter([("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "half a pair")]);
    let core = built(Config::new(env()).credentials(keys("ASIAINCODE")));
    let mut get = core.credentials(1);
    let Ok(Step::Done(given)) = get.step(start(), Event::Start) else { panic!("no credentials") };
    assert_eq!(given.access_key_id, "ASIAINCODE");
    assert_eq!(explained(&core).credentials.len(), 1);
    let core = built(Config::new(env()).without_credentials());
    assert!(matches!(
        core.credentials(1).step(start(), Event::Start),
        Err(Error::Credentials(CredentialsError::NotConfigured(_)))
    ));
    // Of credentials and a provider the last counts.
    let core = built(Config::new(env()).credentials(keys("ASIAINCODE")).provided());
    assert_eq!(
        listed(&built(Config::new(env()).credentials(keys("ASIAINCODE"))), "credentials").unwrap(),
        "access key …CODE (set in code)"
    );
    assert!(matches!(core.credentials(1).step(start(), Event::Start), Ok(Step::Perform(Effect::Join(_)))));
    let core = built(Config::new(env()).provided().credentials(keys("ASIAINCODE")));
    assert!(matches!(core.credentials(1).step(start(), Event::Start), Ok(Step::Done(_))));
}

#[test]
fn what_code_sets_wins_whatever_is_loaded_later() {
    let env = Env::from_iter([
        ("AWS_REGION", "eu-west-1"),
        ("AWS_MAX_ATTEMPTS", "7"),
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "planted"),
    ]);
    let core = built(Config::isolated().region("eu-central-1").env(env.clone()));
    assert_eq!(listed(&core, "region").unwrap(), "eu-central-1 (set in code)");
    assert_eq!(listed(&core, "max attempts").unwrap(), "7 (AWS_MAX_ATTEMPTS)");
    let core = built(Config::new(env).retry(crate::retry::Retry::off()));
    assert_eq!(listed(&core, "region").unwrap(), "eu-west-1 (AWS_REGION)");
    assert_eq!(listed(&core, "max attempts").unwrap(), "1 (set in code)");
}

#[test]
fn an_isolated_client_says_that_it_looks_in_no_environment() {
    let core = built(Config::isolated().region("eu-west-1"));
    let error = core.credentials(1).step(start(), Event::Start).unwrap_err().to_string();
    assert!(error.contains("isolated and looks in no environment"), "{error}");
    assert!(!error.contains("AWS_ACCESS_KEY_ID"), "{error}");
    let mut call = core.send(GetCallerIdentity::new(), 1);
    let error = call.step(start(), Event::Start).unwrap_err().to_string();
    assert!(error.contains("isolated and looks in no environment"), "{error}");
    let error = Build::new(Config::isolated(), "test/1").step(start(), Event::Start).unwrap_err().to_string();
    assert!(error.contains("isolated and looks in no environment"), "{error}");
    assert!(!error.contains("AWS_REGION"), "{error}");
}

#[test]
fn metadata_that_cannot_be_asked_matters_only_where_it_is_asked() {
    let region = [("AWS_REGION", "a"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv5")];
    let core = built(Config::new(Env::from_iter(region)));
    assert_eq!(core.context().endpoint().unwrap().host(), "sts.a.amazonaws.com");
    let off = Env::from_iter([("AWS_EC2_METADATA_DISABLED", "true")]);
    assert!(Build::new(Config::new(off), "test/1").step(start(), Event::Start).is_err());
    // Where there is a service to ask, the region is no error yet.
    built(Config::new(Env::default()));
}

#[test]
fn what_decides_how_metadata_is_asked_is_listed() {
    let keys =
        [("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "planted")];
    for (variables, endpoint, v1) in [
        (&[][..], "http://169.254.169.254 (default)", Some("allowed (default)")),
        (
            &[("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6")],
            "http://[fd00:ec2::254] (AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE)",
            Some("allowed (default)"),
        ),
        (
            &[("AWS_EC2_METADATA_V1_DISABLED", "true")],
            "http://169.254.169.254 (default)",
            Some("not allowed (AWS_EC2_METADATA_V1_DISABLED)"),
        ),
        (&[("AWS_EC2_METADATA_DISABLED", "true")], "none, switched off (AWS_EC2_METADATA_DISABLED)", None),
        (&[("AWS_EC2_METADATA_V1_DISABLED", "planted")], "none, see instance metadata (default)", None),
    ] {
        let core = built(Config::new(Env::from_iter(keys.iter().chain(variables).copied())));
        assert_eq!(listed(&core, "metadata endpoint").as_deref(), Some(endpoint));
        assert_eq!(listed(&core, "metadata version 1").as_deref(), v1);
    }
}

#[test]
fn settings_given_as_a_whole_are_what_they_are() {
    let env = Env::from_iter([
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "planted"),
    ]);
    let core = built(Config::isolated().settings(Settings::from_env(&env).unwrap()));
    assert_eq!(listed(&core, "region").unwrap(), "eu-west-1 (AWS_REGION)");
    let Ok(Step::Done(keys)) = core.credentials(1).step(start(), Event::Start) else { panic!("no keys") };
    assert_eq!(keys.access_key_id, "AKID");
}

#[test]
fn flows_that_are_over_stay_over() {
    let core = built(Config::isolated().region("eu-west-1").credentials(keys("ASIA")));
    let mut get = core.credentials(1);
    assert!(get.step(start(), Event::Start).is_ok());
    assert!(matches!(get.step(start(), Event::Start), Err(Error::OutOfTurn)));
    let mut call = core.send(GetCallerIdentity::new(), 1);
    assert!(matches!(call.step(start(), Event::Elapsed), Err(Error::OutOfTurn)));
    assert!(matches!(call.step(start(), Event::Start), Err(Error::OutOfTurn)));
}
