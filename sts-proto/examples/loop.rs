//! A loop of one's own: a client without a driver. All effects are performed by a small world in memory, and time is
//! virtual: a morning takes no time.
//!
//! Two callers call every ten minutes. The client signs with the session of a role, which lasts for an hour. It assumes
//! the role with the keys that a program prints and a code of an MFA device, and renews the session in time. After two
//! hours, the service refuses a session that has not expired.
//!
//! `cargo run -p sts-proto --features credentials --example loop`

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use sts_proto::client::{Build, Config, Core, Job};
use sts_proto::flow::{Join, ProcessOutput};
use sts_proto::operations::GetCallerIdentity;
use sts_proto::settings::Env;
use sts_proto::{Credentials, Effect, Error, Event, Flow, Step};

fn main() -> Result<(), Error> {
    let mut world = World::new(build()?);
    for call in 0..36 {
        let (caller, minute) = (["Ada", "Bea"][call % 2], 10 * (call as u32 / 2));
        // In a program the seed is random. No two flows of a client may have the same one.
        let flow = world.core.send(GetCallerIdentity::new(), call as u128);
        world.start(START + MINUTE * minute, flow, move |now, called| {
            let me = called.expect("the service is well");
            println!("{caller}, who calls in minute {minute}, is {} by second {}", me.arn, seconds(now));
        });
    }
    world.run();
    Ok(())
}

/// Making a client is a flow too: it asks for the shared files and for nothing else.
fn build() -> Result<Core, Error> {
    let env = Env::from_iter([("AWS_CONFIG_FILE", "/config"), ("AWS_SHARED_CREDENTIALS_FILE", "/none")]);
    let mut build = Build::new(Config::new(env), "my-loop/1.0");
    let mut event = Event::Start;
    loop {
        event = match build.step(START, event)? {
            Step::Done(core) => return Ok(core),
            Step::Perform(Effect::Read(path)) => {
                Event::Contents(path.ends_with("config").then(|| Bytes::from_static(CONFIG.as_bytes())))
            }
            Step::Perform(effect) => unreachable!("building a client asks for {effect:?}"),
        };
    }
}

struct World {
    core: Core,
    now: SystemTime,
    tasks: Vec<(Task, Pending)>,
}

/// A flow, whatever its type: takes an event, and returns the next effect until it is over.
type Task = Box<dyn FnMut(SystemTime, Event) -> Option<Effect>>;

/// What a task waits for.
enum Pending {
    /// This event, which arrives at this time.
    Event(SystemTime, Event),
    /// The end of a job, or this time.
    Job(Join, SystemTime),
}

impl World {
    fn new(core: Core) -> Self {
        Self { core, now: START, tasks: Vec::new() }
    }

    /// Starts a flow at this time. `ended` gets its result.
    fn start<F: Flow + 'static>(
        &mut self,
        at: SystemTime,
        mut flow: F,
        mut ended: impl FnMut(SystemTime, Result<F::Output, F::Error>) + 'static,
    ) {
        let task = move |now, event| {
            let result = match flow.step(now, event) {
                Ok(Step::Perform(effect)) => return Some(effect),
                Ok(Step::Done(output)) => Ok(output),
                Err(error) => Err(error),
            };
            ended(now, result);
            None
        };
        self.tasks.push((Box::new(task), Pending::Event(at, Event::Start)));
    }

    /// Goes on until all tasks are over. Where a real loop sleeps until the next event, this one sets its clock.
    fn run(&mut self) {
        let due = |world: &Self, index: &usize| world.due(&world.tasks[*index].1);
        while let Some(next) = (0..self.tasks.len()).min_by_key(|index| due(self, index)) {
            self.now = due(self, &next);
            let (mut task, pending) = self.tasks.remove(next);
            let event = match pending {
                Pending::Event(_, event) => event,
                Pending::Job(join, _) if self.core.ended() != join.seen => Event::Joined,
                Pending::Job(..) => Event::Elapsed,
            };
            if let Some(effect) = task(self.now, event) {
                let pending = self.perform(effect);
                self.tasks.push((task, pending));
            }
        }
    }

    fn due(&self, pending: &Pending) -> SystemTime {
        match pending {
            Pending::Event(at, _) => *at,
            Pending::Job(join, _) if self.core.ended() != join.seen => self.now,
            Pending::Job(_, until) => *until,
        }
    }

    fn perform(&mut self, effect: Effect) -> Pending {
        let (after, event) = match effect {
            Effect::Join(join) => {
                self.start_jobs();
                return Pending::Job(join, self.now + join.within);
            }
            Effect::Wait(time) => (time, Event::Elapsed),
            Effect::Send(request, _) => (SECOND, sts(self.now, &request)),
            Effect::Run(_) => {
                let stderr = Bytes::new();
                (SECOND, Event::Exited(ProcessOutput { status: Some(0), stdout: PRINTED.into(), stderr }))
            }
            Effect::AskMfaCode(_) => (SECOND * 9, Event::MfaCode("123456".into())),
            Effect::Read(_) => (Duration::ZERO, Event::Contents(None)),
            Effect::Replace(..) => (Duration::ZERO, Event::Replaced),
        };
        Pending::Event(self.now + after, event)
    }

    /// Jobs fetch credentials for all calls of the client. Each is a task of its own, so that no call has to stay for
    /// the others' sake.
    fn start_jobs(&mut self) {
        while let Some(job) = self.core.job() {
            match job {
                Job::Flow(job) => self.start(self.now, job, |_, _| {}),
                // Only a client that is made with `Config::provided` asks for this.
                Job::Provider(job) => job.finish(self.now, Ok(Credentials::new("AKIDEXAMPLE", "secret"))),
            }
        }
    }
}

/// STS, as far as this example needs it. A session's access key says in which minute it began. From the second hour on,
/// no earlier session is accepted.
fn sts(now: SystemTime, request: &Request<Bytes>) -> Event {
    let minute = now.duration_since(START).unwrap_or_default().as_secs() / 60;
    let signer = access_key(request).unwrap_or_default();
    let (status, body) = if request.body().starts_with(b"Action=AssumeRole&") {
        let (key, end) = (format!("ASIA{minute:04}"), seconds(now + MINUTE * 60));
        (200, ROLE.replace("{key}", &key).replace("{end}", &end))
    } else if minute >= 120 && signer < "ASIA0120" {
        (403, EXPIRED.to_owned())
    } else {
        (200, IDENTITY.replace("{key}", signer))
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    Event::Response(response)
}

/// The access key that a request is signed with.
fn access_key(request: &Request<Bytes>) -> Option<&str> {
    let authorization = request.headers().get("authorization")?.to_str().ok()?;
    authorization.split_once("Credential=")?.1.split('/').next()
}

/// Seconds since 1970: one of the forms that times may have.
fn seconds(time: SystemTime) -> String {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs().to_string()
}

const CONFIG: &str = "
[default]
region = eu-west-1
role_arn = arn:aws:iam::123456789012:role/demo
mfa_serial = arn:aws:iam::123456789012:mfa/ada
source_profile = base
[profile base]
credential_process = /opt/vault keys
";
const PRINTED: &str = r#"{"Version": 1, "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "wJalrXUtnFEMI"}"#;
const ROLE: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>{key}</AccessKeyId>\
    <SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>{end}</Expiration>\
    </Credentials></AssumeRoleResult></AssumeRoleResponse>";
const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>AROA:demo</UserId>\
    <Account>123456789012</Account><Arn>arn:aws:sts::123456789012:assumed-role/demo/{key}</Arn>\
    </GetCallerIdentityResult></GetCallerIdentityResponse>";
const EXPIRED: &str = "<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>";

const START: SystemTime = SystemTime::UNIX_EPOCH;
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// `cargo test` runs the example too.
#[test]
fn every_call_succeeds() -> Result<(), Error> {
    main()
}
