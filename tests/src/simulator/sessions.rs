use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;
use sts_proto::credentials::{Cache, Lookup, Resolve, Resolved};
use sts_proto::settings::{Env, Load};
use sts_proto::{
    Context, Credentials, CredentialsError, Effect, Error, Event, Flow, Phase, Settings, Step,
    TransportErrorKind,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Chance, Minute, Reply, Weather, Weathered};

/// Clients that use the credentials of a session again and again, and keep them fresh as a driver does: with a cache each,
/// and the flow that assumes the role of their profile.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// How many.
    pub clients: u64,
    /// How long a session lasts.
    pub lifetime: Duration,
    /// How often each uses its credentials, on average.
    pub every: Duration,
    /// Over how long a time they start.
    pub starts: Duration,
    /// How long they go on.
    pub length: Duration,
    /// How the service is, from when on.
    pub spells: Vec<(Duration, Weather)>,
    /// What chance is made of.
    pub seed: u64,
}

/// What became of them.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// Minute by minute: what the service saw.
    pub service: Vec<Minute>,
    /// Minute by minute: how the uses that began in it ended.
    pub uses: Vec<Uses>,
    /// The refreshes that ended well and not.
    pub refreshed: [u32; 2],
    /// The longest that a use waited for credentials, among those that got them.
    pub longest: Duration,
}

/// How uses of credentials ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Uses {
    /// All of them.
    pub all: u32,
    /// With credentials that were there.
    pub at_once: u32,
    /// With credentials that were waited for.
    pub waited: u32,
    /// With credentials that had expired: what must not be.
    pub expired: u32,
    /// With none.
    pub without: u32,
}

struct Client {
    context: Arc<Context>,
    cache: Cache,
    /// The refresh that is under way.
    flow: Option<Resolve>,
    /// When the uses began that wait for it.
    waiting: Vec<SystemTime>,
}

/// What happens next to a client.
enum Next {
    Use,
    Event(Event),
}

impl Sessions {
    /// Lets it all happen.
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
                // Nobody begins anything after the end; what is under way is let to end.
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
    settings: Settings,
    service: Weathered,
    clients: Vec<Client>,
    agenda: BTreeMap<(SystemTime, u64), (usize, Next)>,
    sequence: u64,
    chance: Chance,
    kept: Kept,
}

impl<'a> Run<'a> {
    fn new(sessions: &'a Sessions) -> Self {
        let settings = settings(sessions.lifetime);
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
            settings,
        }
    }

    fn plan(&mut self, at: SystemTime, index: usize, next: Next) {
        self.sequence += 1;
        self.agenda.insert((at, self.sequence), (index, next));
    }

    /// A client wants to sign something.
    fn used(&mut self, now: SystemTime, index: usize) {
        let every = self.sessions.every.as_millis() as u64;
        let pause = self.chance.millis(every / 2, every * 3 / 2);
        self.plan(now + pause, index, Next::Use);
        let client = &mut self.clients[index];
        let look = client.cache.look(now);
        let refresh = match look {
            Lookup::Fresh(credentials) => {
                self.kept.count(now, now, Some(&credentials));
                false
            }
            Lookup::Stale(credentials) => {
                self.kept.count(now, now, Some(&credentials));
                true
            }
            Lookup::Absent => {
                client.waiting.push(now);
                true
            }
            Lookup::Failed(_) => {
                self.kept.count(now, now, None);
                false
            }
        };
        if refresh && client.cache.begin(now) {
            let chain = self.settings.chain().expect("a profile leads to a chain");
            let flow = Resolve::new(Arc::clone(chain), Arc::clone(&client.context), wide(&mut self.chance));
            client.flow = Some(flow);
            self.step(now, index, Event::Start);
        }
    }

    /// Something came of what a refresh asked for.
    fn step(&mut self, now: SystemTime, index: usize, event: Event) {
        let Some(flow) = &mut self.clients[index].flow else { unreachable!("an event for nobody") };
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

    /// Answers in time with a session, where the service is well.
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
    /// What became of both fleets, which ran at the same time.
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
        Self { uses, refreshed, longest: self.longest.max(other.longest), ..self }
    }

    /// A use that began at `began` ends at `now`.
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
                self.longest = self.longest.max(now.duration_since(began).unwrap_or_default());
            }
        }
    }
}

impl Uses {
    /// All of these together.
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

/// What a client has whose profile assumes a role.
fn settings(lifetime: Duration) -> Settings {
    let config = format!(
        "[default]\nregion = eu-west-1\nrole_arn = arn:aws:iam::123456789012:role/fleet\nsource_profile = base\n\
         role_session_name = fleet\nduration_seconds = {}\n\
         [profile base]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = wJalrXUtnFEMI\n",
        lifetime.as_secs()
    );
    let env =
        Env::from_iter([("AWS_CONFIG_FILE", "/config"), ("AWS_SHARED_CREDENTIALS_FILE", "/credentials")]);
    let mut load = Load::new(env);
    let mut event = Event::Start;
    loop {
        event = match load.step(start(), event).expect("the profile is sound") {
            Step::Done(settings) => return settings,
            Step::Perform(Effect::Read(path)) => {
                Event::Contents(path.ends_with("config").then(|| config.clone().into()))
            }
            Step::Perform(effect) => unreachable!("settings ask for {effect:?}"),
        };
    }
}

/// What AssumeRole answers.
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
