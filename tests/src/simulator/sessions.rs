use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;
use sts_proto::client::Load;
use sts_proto::credentials::{Cache, Cached, Chain, Resolve, Resolved};
use sts_proto::settings::Env;
use sts_proto::{
    Context, Credentials, CredentialsError, Effect, Error, Event, Flow, Phase, Settings, Step,
    TransportErrorKind,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Chance, Minute, Reply, Weather, Weathered};

/// Clients that use the credentials of a session at random intervals and keep them fresh as a driver does:
/// each has a cache and the flow that assumes the role of its profile.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// The number of clients.
    pub clients: u64,
    /// The lifetime of a session.
    pub lifetime: Duration,
    /// The average interval between two uses of a client's credentials.
    pub every: Duration,
    /// The time over which the clients start.
    pub starts: Duration,
    /// How long the clients use credentials.
    pub length: Duration,
    /// The condition of the service, and since when.
    pub spells: Vec<(Duration, Weather)>,
    /// The seed of all randomness.
    pub seed: u64,
}

/// The outcome of a run.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// For each minute: the requests that the service received.
    pub service: Vec<Minute>,
    /// For each minute: the results of the uses that started in it.
    pub uses: Vec<Uses>,
    /// The refreshes that succeeded and that failed.
    pub refreshed: [u32; 2],
    /// The max_wait time that a successful use waited for credentials.
    pub max_wait: Duration,
}

/// The results of uses of credentials.
#[derive(Clone, Copy, Debug, Default)]
pub struct Uses {
    /// All uses.
    pub all: u32,
    /// Uses of credentials that were in the cache.
    pub at_once: u32,
    /// Uses that waited for credentials.
    pub waited: u32,
    /// Uses of expired credentials: must be none.
    pub expired: u32,
    /// Uses that got no credentials.
    pub without: u32,
}

struct Client {
    context: Arc<Context>,
    cache: Cache,
    /// The refresh in progress.
    flow: Option<Resolve>,
    /// The start times of the uses that wait for it.
    waiting: Vec<SystemTime>,
}

/// The next event of a client.
enum Next {
    Use,
    Event(Event),
}

impl Sessions {
    /// Runs the simulation.
    pub fn run(&self) -> Kept {
        let mut run = Run::new(self);
        let mut starts = Chance::new(self.seed ^ 1);
        for index in 0..self.clients as usize {
            let at = start() + starts.millis(0, self.starts.as_millis() as u64);
            run.plan(at, index, Next::Use);
        }
        let end = start() + self.length;
        while let Some(((now, _), (index, next))) = run.agenda.pop_first() {
            match next {
                // No use starts after the end, but refreshes in progress may finish.
                Next::Use if now >= end => {}
                Next::Use => run.used(now, index),
                Next::Event(event) => run.step(now, index, event),
            }
        }
        run.kept.service = run.service.minutes().to_vec();
        run.kept
    }
}

struct Run<'a> {
    sessions: &'a Sessions,
    chain: Arc<Chain>,
    service: Weathered,
    clients: Vec<Client>,
    agenda: BTreeMap<(SystemTime, u64), (usize, Next)>,
    sequence: u64,
    chance: Chance,
    kept: Kept,
}

impl<'a> Run<'a> {
    fn new(sessions: &'a Sessions) -> Self {
        let (settings, chain) = settings(sessions.lifetime);
        let mut seeds = Chance::new(sessions.seed);
        let client = |_| Client {
            context: Arc::new(Context::new(&settings, "fleet/1").expect("the settings are sound")),
            cache: Cache::new(wide(&mut seeds)),
            flow: None,
            waiting: Vec::new(),
        };
        let clients = (0..sessions.clients).map(client).collect();
        let minutes = sessions.length.as_secs().div_ceil(60) as usize;
        Self {
            sessions,
            service: Weathered::new(start(), &sessions.spells, sessions.seed),
            clients,
            agenda: BTreeMap::new(),
            sequence: 0,
            chance: Chance::new(sessions.seed ^ 2),
            kept: Kept { uses: vec![Uses::default(); minutes], ..Kept::default() },
            chain: Arc::new(chain),
        }
    }

    fn plan(&mut self, at: SystemTime, index: usize, next: Next) {
        self.sequence += 1;
        self.agenda.insert((at, self.sequence), (index, next));
    }

    /// A client needs credentials to sign a request.
    fn used(&mut self, now: SystemTime, index: usize) {
        let every = self.sessions.every.as_millis() as u64;
        let pause = self.chance.millis(every / 2, every * 3 / 2);
        self.plan(now + pause, index, Next::Use);
        let client = &mut self.clients[index];
        let look = client.cache.look(now);
        let refresh = match look {
            Cached::Fresh(credentials) => {
                self.kept.count(now, now, Some(&credentials));
                false
            }
            Cached::Stale(credentials) => {
                self.kept.count(now, now, Some(&credentials));
                true
            }
            Cached::Absent => {
                client.waiting.push(now);
                true
            }
            Cached::Failed(_) => {
                self.kept.count(now, now, None);
                false
            }
        };
        if refresh && client.cache.begin(now) {
            let flow =
                Resolve::new(Arc::clone(&self.chain), Arc::clone(&client.context), wide(&mut self.chance));
            client.flow = Some(flow);
            self.step(now, index, Event::Start);
        }
    }

    /// Feeds `event` to the refresh of a client.
    fn step(&mut self, now: SystemTime, index: usize, event: Event) {
        let Some(flow) = &mut self.clients[index].flow else { unreachable!("no refresh is in progress") };
        match flow.step(now, event) {
            Ok(Step::Done(resolved)) => self.ended(now, index, Ok(resolved)),
            Err(error) => self.ended(now, index, Err(error)),
            Ok(Step::Perform(Effect::Wait(wait))) => {
                self.plan(now + wait, index, Next::Event(Event::Elapsed))
            }
            Ok(Step::Perform(Effect::Send(request, timeouts))) => {
                let Reply { after, event } = self.serve(now, &request);
                if after <= timeouts.attempt {
                    self.plan(now + after, index, Next::Event(event));
                } else {
                    let late = Event::Failed(TransportErrorKind::Timeout(Phase::Response).into());
                    self.plan(now + timeouts.attempt, index, Next::Event(late));
                }
            }
            Ok(Step::Perform(effect)) => unreachable!("no role asks for {effect:?}"),
        }
    }

    fn ended(&mut self, now: SystemTime, index: usize, result: Result<Resolved, Error>) {
        let client = &mut self.clients[index];
        client.flow = None;
        self.kept.refreshed[usize::from(result.is_err())] += 1;
        let fetched = result.map(|resolved| resolved.credentials).map_err(CredentialsError::from);
        let held = client.cache.finish(now, fetched).ok();
        for began in std::mem::take(&mut client.waiting) {
            self.kept.count(began, now, held.as_deref());
        }
    }

    /// Responds with a session, if the service works.
    fn serve(&mut self, now: SystemTime, request: &Request<Bytes>) -> Reply {
        let Reply { after, event } = self.service.serve(now, request);
        let Event::Response(mut response) = event else { return Reply { after, event } };
        if response.status().is_success() {
            let end = now + after.min(Duration::from_secs(1)) + self.sessions.lifetime;
            self.sequence += 1;
            *response.body_mut() = session(self.sequence, end);
        }
        Reply { after, event: Event::Response(response) }
    }
}

impl Kept {
    /// The outcome of both runs, which cover the same time.
    pub fn and(mut self, other: Self) -> Self {
        self.service.resize(self.service.len().max(other.service.len()), Minute::default());
        for (minute, more) in self.service.iter_mut().zip(&other.service) {
            minute.requests += more.requests;
            minute.throttled += more.throttled;
            minute.misdated += more.misdated;
            minute.served += more.served;
        }
        let uses = self.uses.iter().zip(&other.uses).map(|(one, more)| Uses::sum(&[*one, *more])).collect();
        let refreshed = [self.refreshed[0] + other.refreshed[0], self.refreshed[1] + other.refreshed[1]];
        Self { uses, refreshed, max_wait: self.max_wait.max(other.max_wait), ..self }
    }

    /// Counts a use that started at `began` and ends at `now`.
    fn count(&mut self, began: SystemTime, now: SystemTime, credentials: Option<&Credentials>) {
        let minute = began.duration_since(start()).unwrap_or_default().as_secs() / 60;
        let uses = &mut self.uses[minute as usize];
        uses.all += 1;
        match credentials {
            None => uses.without += 1,
            Some(credentials) if credentials.expiration.is_none_or(|end| end <= now) => uses.expired += 1,
            Some(_) if began == now => uses.at_once += 1,
            Some(_) => {
                uses.waited += 1;
                self.max_wait = self.max_wait.max(now.duration_since(began).unwrap_or_default());
            }
        }
    }
}

impl Uses {
    /// The sum of all.
    pub fn sum(uses: &[Self]) -> Self {
        uses.iter().fold(Self::default(), |sum, uses| Self {
            all: sum.all + uses.all,
            at_once: sum.at_once + uses.at_once,
            waited: sum.waited + uses.waited,
            expired: sum.expired + uses.expired,
            without: sum.without + uses.without,
        })
    }
}

/// Settings of a client whose profile assumes a role.
fn settings(lifetime: Duration) -> (Settings, Chain) {
    let config = format!(
        "[default]\nregion = eu-west-1\nrole_arn = arn:aws:iam::123456789012:role/fleet\nsource_profile = base\n\
         role_session_name = fleet\nduration_seconds = {}\n\
         [profile base]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = wJalrXUtnFEMI\n",
        lifetime.as_secs()
    );
    let env =
        Env::from_iter([("AWS_CONFIG_FILE", "/config"), ("AWS_SHARED_CREDENTIALS_FILE", "/credentials")]);
    let mut load = Load::new(env.clone());
    let mut event = Event::Start;
    loop {
        event = match load.step(start(), event).expect("the profile is sound") {
            Step::Done(loaded) => return (loaded.settings, Chain::new(&env, &loaded.profiles, None)),
            Step::Perform(Effect::Read(path)) => {
                Event::Contents(path.ends_with("config").then(|| config.clone().into()))
            }
            Step::Perform(effect) => unreachable!("settings ask for {effect:?}"),
        };
    }
}

/// The response to AssumeRole.
fn session(number: u64, end: SystemTime) -> Bytes {
    let end = OffsetDateTime::from(end).format(&Rfc3339).expect("a date of our time");
    Bytes::from(format!(
        "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>AROA:fleet</AssumedRoleId>\
         <Arn>arn:aws:sts::123456789012:assumed-role/fleet/fleet</Arn></AssumedRoleUser><Credentials>\
         <AccessKeyId>ASIA{number:012}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
         <SessionToken>t</SessionToken><Expiration>{end}</Expiration></Credentials></AssumeRoleResult>\
         </AssumeRoleResponse>"
    ))
}

fn wide(chance: &mut Chance) -> u128 {
    u128::from(chance.bits()) << 64 | u128::from(chance.bits())
}

/// 2023-11-14T22:13:20Z.
fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}
