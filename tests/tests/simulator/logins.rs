//! Clients that share logins, in virtual time: ten machines, each with one `aws login` and one SSO session that ten clients use
//! each, of services that take a refresh token once and are away for an hour.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use sts_proto::client::{Build, Config, Core, FlowJob, GetCredentials, Job};
use sts_proto::flow::Join;
use sts_proto::settings::Env;
use sts_proto::{Credentials, CredentialsError, Effect, Event, Flow, Step, TransportErrorKind};
use sts_tests::simulator::Chance;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

#[test]
fn a_week_of_logins_uses_no_expired_credential() {
    let mut week = Week::new();
    for client in 0..week.clients.len() {
        let first = start() + week.chance.millis(0, 600_000);
        week.plan(first, Next::Use(client));
    }
    while let Some(((now, _), next)) = week.agenda.pop_first() {
        match next {
            Next::Use(_) if now > start() + WEEK => {}
            Next::Use(client) => week.begin(now, client),
            Next::Step(task, event) => week.step(now, task, event),
            Next::TooLong(task, wait) => {
                if week.joining.get(&task).is_some_and(|(_, number)| *number == wait) {
                    week.joining.remove(&task);
                    week.step(now, task, Event::Elapsed);
                }
            }
        }
    }
    assert!(week.tasks.is_empty(), "a flow waits for ever");
    let Counts { good, failed, failed_in_outage, renewals, refused } = week.counts;
    println!("{good} uses, {failed_in_outage} failed in the outage; {renewals} renewals, {refused} refused");
    assert_eq!(failed, 0, "{:?}", week.failures);
    // Keys of `aws login` last a quarter of an hour.
    assert!(failed_in_outage > 0 && good > 300_000);
    for machine in &week.machines {
        for (kind, file) in FILES.iter().enumerate() {
            let left: Value =
                serde_json::from_slice(&machine.files[&PathBuf::from(file)]).expect("it is whole");
            let last = format!("planted-{}", machine.renewals[kind]);
            assert_eq!(left["refreshToken"], last, "a token is lost");
            assert_eq!(left["other"], json!([1, {"a": "b"}]));
        }
    }
    // Each login is renewed by one client at a time: ten minutes after the last time, or a little later.
    assert!(refused * 20 < renewals, "{refused} of {renewals} renewals were in vain");
}

struct Week {
    machines: Vec<Machine>,
    clients: Vec<Client>,
    tasks: BTreeMap<u64, (usize, Task)>,
    joining: BTreeMap<u64, (Join, u64)>,
    agenda: BTreeMap<(SystemTime, u64), Next>,
    number: u64,
    chance: Chance,
    counts: Counts,
    failures: Vec<String>,
}

struct Machine {
    files: BTreeMap<PathBuf, Bytes>,
    /// Of the login and of the session.
    renewals: [u64; 2],
}

struct Client {
    core: Core,
    machine: usize,
}

enum Task {
    Use(Box<GetCredentials>),
    Job(Box<FlowJob>),
}

enum Next {
    Use(usize),
    Step(u64, Event),
    TooLong(u64, u64),
}

#[derive(Default)]
struct Counts {
    good: u64,
    failed: u64,
    failed_in_outage: u64,
    renewals: u64,
    refused: u64,
}

impl Week {
    fn new() -> Self {
        let mut chance = Chance::new(7);
        let machine = |_| Machine { files: files(), renewals: [0, 0] };
        let clients = (0..200).map(|number| Client {
            core: built(if number % 2 == 0 { "console" } else { "sso" }, chance.wide()),
            machine: number / 20,
        });
        let clients = clients.collect();
        Self {
            machines: (0..10).map(machine).collect(),
            clients,
            tasks: BTreeMap::new(),
            joining: BTreeMap::new(),
            agenda: BTreeMap::new(),
            number: 0,
            chance,
            counts: Counts::default(),
            failures: Vec::new(),
        }
    }

    fn plan(&mut self, at: SystemTime, next: Next) {
        self.number += 1;
        self.agenda.insert((at, self.number), next);
    }

    fn begin(&mut self, now: SystemTime, client: usize) {
        let pause = self.chance.millis(150_000, 450_000);
        self.plan(now + pause, Next::Use(client));
        let flow = self.clients[client].core.credentials(self.chance.wide());
        self.start(now, client, Task::Use(Box::new(flow)));
    }

    fn start(&mut self, now: SystemTime, client: usize, task: Task) {
        self.number += 1;
        let number = self.number;
        self.tasks.insert(number, (client, task));
        self.step(now, number, Event::Start);
    }

    fn step(&mut self, now: SystemTime, number: u64, event: Event) {
        let Some((client, mut task)) = self.tasks.remove(&number) else { return };
        let effect = match &mut task {
            Task::Use(flow) => match flow.step(now, event) {
                Ok(Step::Perform(effect)) => Some(effect),
                Ok(Step::Done(credentials)) => {
                    self.used(now, Ok(&credentials));
                    None
                }
                Err(error) => {
                    self.used(now, Err(error.into()));
                    None
                }
            },
            Task::Job(flow) => match flow.step(now, event) {
                Ok(Step::Perform(effect)) => Some(effect),
                Ok(Step::Done(())) => None,
                Err(never) => match never {},
            },
        };
        if let Some(effect) = effect {
            self.tasks.insert(number, (client, task));
            self.perform(now, client, number, effect);
        }
        // A job may have ended.
        let ended =
            |week: &Self, task: u64, join: &Join| week.clients[week.tasks[&task].0].core.ended() != join.seen;
        let woken: Vec<u64> = self
            .joining
            .iter()
            .filter(|(task, (join, _))| ended(self, **task, join))
            .map(|(task, _)| *task)
            .collect();
        for task in woken {
            self.joining.remove(&task);
            self.plan(now, Next::Step(task, Event::Joined));
        }
    }

    fn perform(&mut self, now: SystemTime, client: usize, number: u64, effect: Effect) {
        let machine = self.clients[client].machine;
        let (after, event) = match effect {
            Effect::Wait(wait) => (wait, Event::Elapsed),
            Effect::Read(path) => {
                (Duration::from_millis(1), Event::Contents(self.machines[machine].files.get(&path).cloned()))
            }
            Effect::Replace(path, contents) => {
                let contents = Bytes::copy_from_slice(contents.expose().as_bytes());
                self.machines[machine].files.insert(path, contents);
                (Duration::from_millis(5), Event::Replaced)
            }
            Effect::Send(request, _) => {
                let late = self.chance.millis(20, 400);
                (late, self.answer(now, machine, &request))
            }
            Effect::Join(join) => {
                let wait = self.number + 1;
                self.plan(now + join.within, Next::TooLong(number, wait));
                self.joining.insert(number, (join, wait));
                while let Some(job) = self.clients[client].core.job() {
                    let Job::Flow(job) = job else { panic!("a chain is no provider") };
                    self.start(now, client, Task::Job(Box::new(job)));
                }
                return;
            }
            effect => panic!("{effect:?}"),
        };
        self.plan(now + after, Next::Step(number, event));
    }

    fn used(&mut self, now: SystemTime, found: Result<&Credentials, CredentialsError>) {
        match found {
            Ok(credentials) => {
                assert!(credentials.expiration.is_some_and(|end| end > now), "an expired credential is used");
                self.counts.good += 1;
            }
            Err(_) if (OUTAGE..OUTAGE + 2 * HOUR).contains(&since(now)) => self.counts.failed_in_outage += 1,
            Err(error) => {
                self.counts.failed += 1;
                self.failures.push(format!("after {:?}: {error}", since(now)));
                self.failures.truncate(5);
            }
        }
    }

    fn answer(&mut self, now: SystemTime, machine: usize, request: &Request<Bytes>) -> Event {
        if (OUTAGE..OUTAGE + HOUR).contains(&since(now)) {
            return Event::Failed(TransportErrorKind::Refused.into());
        }
        if request.uri().path() == "/federation/credentials" {
            let end =
                (now + HOUR).duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis() as u64;
            let mut keys = keys(now);
            keys["expiration"] = end.into();
            return answered(200, &json!({ "roleCredentials": keys }));
        }
        let kind = usize::from(request.uri().path() == "/token");
        let asked: Value = serde_json::from_slice(request.body()).expect("it is JSON");
        let renewals = &mut self.machines[machine].renewals[kind];
        if asked["refreshToken"] != format!("planted-{renewals}") {
            self.counts.refused += 1;
            return answered(400, &json!({"error": "TOKEN_EXPIRED"}));
        }
        *renewals += 1;
        self.counts.renewals += 1;
        let (token, life) = if kind == 0 { (keys(now), 900) } else { (json!("planted-token"), 28_800) };
        let refresh_token = format!("planted-{renewals}");
        answered(200, &json!({"accessToken": token, "refreshToken": refresh_token, "expiresIn": life}))
    }
}

fn answered(status: u16, body: &Value) -> Event {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status.try_into().expect("it is a status");
    Event::Response(response)
}

fn built(profile: &str, seed: u128) -> Core {
    let region = ("AWS_REGION", "us-east-1");
    let env = Env::from_iter([("HOME", "/h"), ("AWS_PROFILE", profile), region]);
    let mut build = Build::new(Config::new(env), "logins/1").seed(seed);
    let mut event = Event::Start;
    loop {
        event = match build.step(start(), event).expect("the profile is sound") {
            Step::Done(core) => return core,
            Step::Perform(Effect::Read(path)) => {
                Event::Contents(path.ends_with("config").then(|| Bytes::from_static(CONFIG.as_bytes())))
            }
            Step::Perform(effect) => unreachable!("settings ask for {effect:?}"),
        };
    }
}

fn files() -> BTreeMap<PathBuf, Bytes> {
    let other = json!([1, {"a": "b"}]);
    let login = json!({
        "accessToken": keys(start()), "refreshToken": "planted-0", "clientId": "c", "dpopKey": KEY, "other": other,
    });
    let session = json!({
        "accessToken": "planted-token", "expiresAt": text(start()), "refreshToken": "planted-0", "clientId": "c",
        "clientSecret": "planted", "registrationExpiresAt": "2100-01-01T00:00:00Z", "other": other,
    });
    let file = |(name, contents): (&str, Value)| (PathBuf::from(name), Bytes::from(contents.to_string()));
    FILES.into_iter().zip([login, session]).map(file).collect()
}

fn keys(now: SystemTime) -> Value {
    json!({
        "accessKeyId": "ASIALOGIN", "secretAccessKey": "planted", "sessionToken": "planted", "expiresAt": text(now),
    })
}

fn text(at: SystemTime) -> String {
    OffsetDateTime::from(at).format(&Rfc3339).expect("it can be written")
}

fn since(now: SystemTime) -> Duration {
    now.duration_since(start()).unwrap_or_default()
}

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000)
}

const HOUR: Duration = Duration::from_secs(3600);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
/// When the services go away, for an hour.
const OUTAGE: Duration = Duration::from_secs(60 * 3600);
const CONFIG: &str = "[profile console]\nlogin_session = arn:aws:iam::111122223333:user/ann\n\
                      [profile sso]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Reader\n\
                      [sso-session corp]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\n";
const FILES: [&str; 2] = [
    "/h/.aws/login/cache/617a42bf0cc7e52ae16d10443f260d451c255a489505091810c95d5c7ec927d1.json",
    "/h/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json",
];
/// Made for tests.
const KEY: &str = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEINgJsfoMn5NmrX2lSBFyPwPHx2wjdpaTb7/DnmJk0WYIoAoGCCqGSM49\n\
                   AwEHoUQDQgAEwGZ4738OtPyA4oY0iHSM7oLyA5ykNMzuQFaWWBG4L0NwRaw9KBfR\n4V4WDfsapNz4mVzvHBix5v5RqRbGfq6wpw==\n\
                   -----END EC PRIVATE KEY-----\n";
