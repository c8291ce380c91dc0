use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::asking::Asking;
use super::assume_role::AssumeRole;
use super::cli_cache::{CliCache, Look};
use super::container::Container;
use super::imds::{self, InstanceMetadata, extended_expiration};
#[cfg(feature = "login")]
use super::login::Login;
use super::process::Process;
use super::report::KEPT_IN_USE;
#[cfg(feature = "roles-anywhere")]
use super::roles_anywhere::RolesAnywhere;
use super::sso::Sso;
use super::{Candidate, Chain, Found, MfaSession, Plan, Renewals, Source, WebIdentity, describe};
use crate::context::Context;
use crate::error::{CredentialsError, Error, NoCredentials, Outcome, Tried};
use crate::flow::{Effect, Event, Flow, Step};
use crate::keys::Credentials;
use crate::retry::Dice;
use crate::secret::Secret;

/// Carries out a chain: asks one source after the other until one is configured, then assumes the roles of its plan.
///
/// `context` gives the endpoint, time-outs and retries of the calls that assume roles. Each resolution needs a `seed` of its
/// own.
///
/// # Errors
///
/// [`CredentialsError::NotConfigured`] if no source is configured; [`CredentialsError::Failed`] if the first configured
/// source fails. Both list what was tried.
#[derive(Debug)]
pub struct Resolve {
    chain: Arc<Chain>,
    context: Arc<Context>,
    seed: u128,
    /// Credentials that the same chain gave before.
    held: Option<Credentials>,
    mfa_session: MfaSession,
    renewals: Renewals,
    cli_cache: Option<CliCache>,
    metadata: Option<imds::Config>,
    kept_in_use: bool,
    /// When the current candidate was last begun, and how often it was begun anew since what it gave had expired meanwhile.
    begun: Option<SystemTime>,
    lapses: u32,
    /// The outcome of each candidate so far. The length is the index of the current candidate.
    tried: Vec<Tried>,
    state: State,
}

#[derive(Debug)]
enum State {
    Ready,
    /// The AWS CLI's cache may hold a session of a role behind those that were assumed.
    Looking(Turn, Option<(usize, Credentials)>, Box<Look>),
    /// The source of the plan is asked.
    Asking(Turn, Box<dyn Asking>),
    /// This role of the plan is assumed; those before it have been.
    Assuming(Turn, usize, Box<AssumeRole>),
    /// These credentials, which have so many roles behind them, are written to this file.
    Keeping(Turn, usize, Box<Credentials>, PathBuf),
    Over,
}

/// The current candidate.
#[derive(Debug)]
struct Turn {
    name: Box<str>,
    plan: Plan,
}

/// The credentials that a chain gives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Resolved {
    /// The credentials, which have not expired.
    pub credentials: Credentials,
    /// All sources, in order, and what became of each.
    pub tried: Vec<Tried>,
}

impl Resolve {
    /// A resolution that has not begun.
    pub fn new(chain: Arc<Chain>, context: Arc<Context>, seed: u128) -> Self {
        Self {
            chain,
            context,
            seed,
            held: None,
            mfa_session: MfaSession::default(),
            renewals: Renewals::default(),
            cli_cache: None,
            metadata: None,
            kept_in_use: false,
            begun: None,
            lapses: 0,
            tried: Vec::new(),
            state: State::Ready,
        }
    }

    /// Takes the credentials that the same chain gave before. If they have expired and the instance's metadata service has
    /// no new ones, they stay in use: the service may be down for longer than credentials last, and AWS accepts them
    /// meanwhile.
    #[must_use]
    pub fn held(mut self, credentials: Option<Credentials>) -> Self {
        self.held = credentials;
        self
    }

    /// Shares the MFA session of earlier resolutions of the same chain, so that the user is asked for one code a session.
    #[must_use]
    pub(crate) fn mfa_session(mut self, mfa_session: MfaSession) -> Self {
        self.mfa_session = mfa_session;
        self
    }

    /// Shares what earlier resolutions of the same chain know of the logins that they renewed.
    #[must_use]
    pub(crate) fn renewals(mut self, renewals: Renewals) -> Self {
        self.renewals = renewals;
        self
    }

    /// Shares the sessions of roles and of IAM Identity Center with the AWS CLI.
    #[must_use]
    pub fn cli_cache(mut self, cli_cache: Option<CliCache>) -> Self {
        self.cli_cache = cli_cache;
        self
    }

    /// The metadata service that may be asked for the region, where roles are assumed and the client has no region.
    #[must_use]
    pub fn metadata(mut self, metadata: Option<imds::Config>) -> Self {
        self.metadata = metadata;
        self
    }

    /// The same of another chain, from the beginning.
    pub(crate) fn anew(&self, chain: Arc<Chain>) -> Self {
        // Its roles may be others.
        self.mfa_session.forget();
        Self::new(chain, Arc::clone(&self.context), self.seed.wrapping_add(1))
            .held(self.held.clone())
            .mfa_session(self.mfa_session.clone())
            .renewals(self.renewals.clone())
            .cli_cache(self.cli_cache.clone())
            .metadata(self.metadata.clone())
    }

    /// What became of each source so far; of all sources once the flow is over.
    pub fn tried(&self) -> &[Tried] {
        &self.tried
    }

    /// Whether the credentials have expired and are kept in use because their source has no newer ones.
    pub fn kept_in_use(&self) -> bool {
        self.kept_in_use
    }

    /// Goes on to the next candidate that is configured.
    fn next(&mut self, now: SystemTime) -> Result<Step<Resolved>, Error> {
        let chain = Arc::clone(&self.chain);
        for Candidate { name, found } in chain.candidates.iter().skip(self.tried.len()) {
            match found {
                Found::NotConfigured(why) => self.not_configured(name, why.clone()),
                Found::Broken(error) => return Err(self.failed(name, error.clone())),
                Found::Plan(plan) => {
                    return self.begin(now, Turn { name: name.clone(), plan: Plan::clone(plan) });
                }
            }
        }
        Err(NoCredentials::new("").after(self.tried.as_slice()).into())
    }

    fn begin(&mut self, now: SystemTime, turn: Turn) -> Result<Step<Resolved>, Error> {
        let clock = self.context.clocks(now).both();
        self.begun = Some(clock);
        let kept = self.mfa_session.get(self.tried.len(), clock);
        match &self.cli_cache {
            Some(cache) => {
                let assumed = kept.as_ref().map_or(0, |(assumed, _)| *assumed);
                let look = cache.look_for_plan(&turn.plan, assumed);
                self.look(now, turn, kept, Box::new(look), Event::Start)
            }
            None => self.go_on(now, turn, kept),
        }
    }

    fn look(
        &mut self,
        now: SystemTime,
        turn: Turn,
        kept: Option<(usize, Credentials)>,
        mut look: Box<Look>,
        event: Event,
    ) -> Result<Step<Resolved>, Error> {
        match look.step(self.context.clocks(now).both(), event)? {
            Step::Perform(effect) => {
                self.state = State::Looking(turn, kept, look);
                Ok(Step::Perform(effect))
            }
            Step::Done(found) => self.go_on(now, turn, found.or(kept)),
        }
    }

    /// Goes on with a session that is known already, if there is one.
    fn go_on(
        &mut self,
        now: SystemTime,
        turn: Turn,
        session: Option<(usize, Credentials)>,
    ) -> Result<Step<Resolved>, Error> {
        if let Some((assumed, session)) = session {
            return self.got(now, turn, assumed, session);
        }
        let cache = self.cli_cache.as_ref().filter(|_| turn.plan.roles.is_empty());
        let asking: Box<dyn Asking> = match turn.plan.source.clone() {
            Source::Static(credentials) => return self.got(now, turn, 0, credentials),
            Source::Process { command, account_id } => {
                Box::new(Process::new(command, account_id).like(self.context.timeouts()))
            }
            Source::WebIdentity { role, token_file } => {
                let flow = WebIdentity::new(role, token_file, Arc::clone(&self.context), self.seed);
                Box::new(flow.metadata(self.metadata.clone()).shared(cache))
            }
            Source::Container(config) => Box::new(Container::new(config, self.seed)),
            Source::InstanceMetadata(config) => Box::new(InstanceMetadata::new(config, self.seed)),
            Source::Sso(config) => {
                let sso = Sso::new(config, self.seed).renewals(self.renewals.clone());
                Box::new(sso.like(self.context.timeouts(), self.context.retry()))
            }
            #[cfg(feature = "login")]
            Source::Login(config) => {
                let config = config.or_region(self.context.settings().named_region());
                let login = Login::new(config, self.seed).renewals(self.renewals.clone());
                Box::new(login.like(self.context.timeouts(), self.context.retry()))
            }
            #[cfg(feature = "roles-anywhere")]
            Source::RolesAnywhere(config) => {
                let flow = RolesAnywhere::new(config, self.seed);
                Box::new(flow.like(self.context.timeouts(), self.context.retry()))
            }
        };
        self.ask(now, turn, asking, Event::Start)
    }

    fn ask(
        &mut self,
        now: SystemTime,
        turn: Turn,
        mut asking: Box<dyn Asking>,
        event: Event,
    ) -> Result<Step<Resolved>, Error> {
        let clock = self.context.clocks(now).both();
        let error = match asking.step(now, clock, event) {
            Ok(Step::Perform(effect)) => {
                self.state = State::Asking(turn, asking);
                return Ok(Step::Perform(effect));
            }
            Ok(Step::Done(Some(credentials))) => {
                self.kept_in_use = asking.extended();
                let entry = self.cli_cache.as_ref().filter(|_| turn.plan.roles.is_empty());
                let entry = entry.and_then(|cache| asking.entry(cache, &turn.plan, &credentials));
                return self.keep(now, turn, 0, credentials, entry);
            }
            Ok(Step::Done(None)) => None,
            Err(error) => Some(error),
        };
        if let Some(credentials) = self.keep_in_use(&turn.plan, clock) {
            return self.got(now, turn, 0, credentials);
        }
        match error {
            None if turn.plan.roles.is_empty() => {
                self.not_configured(&turn.name, asking.absence(&turn.plan).into());
                self.next(now)
            }
            None => {
                let absence = asking.absence(&turn.plan);
                let problem = format!("it needs credentials from instance metadata, but {absence}");
                Err(self.failed(&turn.name, CredentialsError::new(&*turn.name, problem)))
            }
            Some(error) => Err(self.failed(&turn.name, told(&turn.name, &asking.doing(), error))),
        }
    }

    /// The expired credentials that the metadata service gave before, with a new expiration.
    fn keep_in_use(&mut self, plan: &Plan, clock: SystemTime) -> Option<Credentials> {
        if !matches!(plan.source, Source::InstanceMetadata(_)) || !plan.roles.is_empty() {
            return None;
        }
        let mut kept = self.held.take_if(|held| held.expiration.is_some_and(|end| end <= clock))?;
        kept.expiration = extended_expiration(clock, &mut Dice::new(self.seed));
        self.kept_in_use = true;
        Some(kept)
    }

    /// Continues with the credentials of the source, or of the last of the `assumed` roles: assumes the next role, or ends.
    fn got(
        &mut self,
        now: SystemTime,
        turn: Turn,
        assumed: usize,
        credentials: Credentials,
    ) -> Result<Step<Resolved>, Error> {
        let clocks = self.context.clocks(now);
        let end = credentials.expiration;
        if let Some(late) = end.and_then(|end| clocks.both().duration_since(end).ok()) {
            return match self.has_lapsed(end) {
                true => self.begin(now, turn),
                false => Err(self.failed(&turn.name, expired(&turn.name, late))),
            };
        }
        let Some(role) = turn.plan.roles.get(assumed) else {
            // A session that they have assumed is a new one.
            self.kept_in_use &= turn.plan.roles.is_empty();
            let kept = if self.kept_in_use { KEPT_IN_USE } else { "" };
            let notes = [self.renewals.note(), self.cli_cache.as_ref().and_then(CliCache::note)];
            let note: String = notes.iter().flatten().map(|note| format!("; {note}")).collect();
            let used = format!("{}: {}{kept}{note}", turn.plan, describe(&credentials, clocks));
            self.end(&turn.name, Outcome::Used(used.into()));
            return Ok(Step::Done(Resolved { credentials, tried: self.tried.clone() }));
        };
        let last = assumed.checked_sub(1).and_then(|last| turn.plan.roles.get(last));
        if last.is_some_and(|role| role.mfa_serial.is_some()) {
            self.mfa_session.keep(self.tried.len(), assumed, &credentials);
        }
        // The seed makes the session's name, which differs from role to role.
        let seed = self.seed.wrapping_add(assumed as u128 + 1);
        let role = AssumeRole::new(role.clone(), credentials, Arc::clone(&self.context), seed)
            .metadata(self.metadata.clone())
            .shared(self.cli_cache.as_ref());
        self.assume(now, turn, assumed, Box::new(role), Event::Start)
    }

    /// Writes an entry of the AWS CLI's cache, if there is one, and goes on.
    fn keep(
        &mut self,
        now: SystemTime,
        turn: Turn,
        assumed: usize,
        credentials: Credentials,
        entry: Option<(PathBuf, Secret)>,
    ) -> Result<Step<Resolved>, Error> {
        let Some((file, entry)) = entry else { return self.got(now, turn, assumed, credentials) };
        self.state = State::Keeping(turn, assumed, Box::new(credentials), file.clone());
        Ok(Step::Perform(Effect::Replace(file, entry)))
    }

    /// Whether what ends at `end` and has ended was still good when it was asked for, so that the source is to be asked again:
    /// the program stood still meanwhile.
    fn has_lapsed(&mut self, end: Option<SystemTime>) -> bool {
        let lapsed = self.begun.zip(end).is_some_and(|(begun, end)| begun < end);
        self.lapses += u32::from(lapsed);
        lapsed && self.lapses <= MAX_LAPSES
    }

    /// Whether these credentials were found in the AWS CLI's cache and are refused as expired or unknown, so that others are
    /// to be looked for.
    fn has_found_refused(&mut self, credentials: &Credentials, error: &Error) -> bool {
        let Some(cache) = self.cli_cache.as_ref().filter(|cache| cache.gave(credentials)) else {
            return false;
        };
        if !error.says_credentials_expired() && !error.says_unknown() {
            return false;
        }
        cache.refuse(credentials);
        self.lapses += 1;
        self.lapses <= MAX_LAPSES
    }

    fn assume(
        &mut self,
        now: SystemTime,
        turn: Turn,
        index: usize,
        mut role: Box<AssumeRole>,
        event: Event,
    ) -> Result<Step<Resolved>, Error> {
        match role.step(now, event) {
            Ok(Step::Perform(effect)) => {
                self.state = State::Assuming(turn, index, role);
                Ok(Step::Perform(effect))
            }
            Ok(Step::Done(session)) => {
                let (role, entry) = role.entry();
                let entry = self.cli_cache.as_ref().and_then(|cache| cache.entry_of_role(role, entry));
                self.keep(now, turn, index + 1, session, entry)
            }
            Err(error) => {
                if error.says_credentials_expired() {
                    self.mfa_session.forget();
                }
                if self.has_found_refused(role.credentials(), &error) {
                    return self.begin(now, turn);
                }
                let clocks = self.context.clocks(now);
                let end = role.credentials().expiration.filter(|end| *end <= clocks.either());
                if error.says_expired(role.credentials(), clocks.either()) && self.has_lapsed(end) {
                    return self.begin(now, turn);
                }
                let error = told(&turn.name, &cannot_assume(role.role_arn()), error);
                Err(self.failed(&turn.name, error))
            }
        }
    }

    fn not_configured(&mut self, name: &str, why: Box<str>) {
        self.tried.push(Tried::new(name, Outcome::NotConfigured(why)));
    }

    /// The search ends with this error.
    fn failed(&mut self, name: &str, error: CredentialsError) -> Error {
        self.end(name, Outcome::Failed(error.problem().into()));
        error.after(self.tried.as_slice()).into()
    }

    /// The search ends with this candidate.
    fn end(&mut self, name: &str, outcome: Outcome) {
        self.tried.push(Tried::new(name, outcome));
        let rest = self.chain.candidates.iter().skip(self.tried.len());
        self.tried.extend(rest.map(|candidate| Tried::new(&*candidate.name, Outcome::NotAsked)));
    }
}

impl Flow for Resolve {
    type Output = Resolved;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Resolved>, Error> {
        match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Ready, Event::Start) => self.next(now),
            (State::Looking(turn, kept, look), event) => self.look(now, turn, kept, look, event),
            (State::Keeping(turn, assumed, credentials, file), event) => {
                if let Some(cache) = &self.cli_cache {
                    cache.written(&file, &event)?;
                }
                self.got(now, turn, assumed, *credentials)
            }
            (State::Asking(turn, asking), event) => self.ask(now, turn, asking, event),
            (State::Assuming(turn, index, role), event) => self.assume(now, turn, index, role, event),
            _ => Err(Error::OutOfTurn),
        }
    }
}

/// The error of a flow as the error of the candidate.
fn told(candidate: &str, doing: &str, error: Error) -> CredentialsError {
    let class = error.retry_class();
    match error {
        Error::Credentials(error) => {
            let problem = format!("{doing}{}", error.problem());
            error.retold(candidate, problem)
        }
        error => {
            let problem = format!("{doing}{error}");
            CredentialsError::new(candidate, problem).with_retry_class(class).because(error)
        }
    }
}

/// How often in a row credentials may expire on their way.
const MAX_LAPSES: u32 = 2;

pub(super) fn cannot_assume(role_arn: &str) -> String {
    format!("the role {role_arn} cannot be assumed: ")
}

fn expired(candidate: &str, late: Duration) -> CredentialsError {
    let problem = format!(
        "its credentials expired {} s ago; get new ones, or set this machine's clock right",
        late.as_secs()
    );
    CredentialsError::new(candidate, problem)
}

#[cfg(test)]
mod tests;
