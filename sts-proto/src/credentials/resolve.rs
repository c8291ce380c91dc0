use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::assume_role::AssumeRole;
use super::container::Container;
use super::imds::{InstanceMetadata, longer_life};
use super::process::Process;
use super::sso::Sso;
use super::standing::KEPT_IN_USE;
use super::{Candidate, Chain, Found, Plan, Sessions, Source, WebIdentity, describe};
use crate::retry::Dice;
use crate::{
    Context, Credentials, CredentialsError, Error, Event, Flow, NoCredentials, Outcome, Step, Tried,
};

/// Carries a chain out: asks one source after the other until one has credentials.
///
/// Roles are assumed through `context`: its endpoint, time-outs and retries. `seed` is any number that no other has.
///
/// # Errors
///
/// [`CredentialsError::NotConfigured`] where no source is configured, [`CredentialsError::Failed`] where the first that is
/// fails. Both tell what was tried.
#[derive(Debug)]
pub struct Resolve {
    chain: Arc<Chain>,
    context: Arc<Context>,
    seed: u128,
    begun: bool,
    /// Of the source that is asked.
    index: usize,
    /// How many roles were assumed.
    assumed: usize,
    /// Whether the metadata service gave credentials that had expired.
    extended: bool,
    held: Option<Credentials>,
    sessions: Sessions,
    asking: Option<Asking>,
    tried: Vec<Tried>,
}

/// What came out of a chain.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Resolved {
    /// The credentials; they hold at this moment.
    pub credentials: Credentials,
    /// What was asked, in order.
    pub tried: Vec<Tried>,
}

#[derive(Debug)]
enum Asking {
    Process(Process),
    WebIdentity(Box<WebIdentity>),
    Container(Container),
    InstanceMetadata(InstanceMetadata),
    Sso(Sso),
    AssumeRole(Box<AssumeRole>),
}

impl Resolve {
    /// A resolution that has not begun.
    pub fn new(chain: Arc<Chain>, context: Arc<Context>, seed: u128) -> Self {
        Self {
            chain,
            context,
            seed,
            begun: false,
            index: 0,
            assumed: 0,
            extended: false,
            held: None,
            sessions: Sessions::default(),
            asking: None,
            tried: Vec::new(),
        }
    }

    /// What the same chain ended with before. Credentials of the instance's metadata stay in use where that service has
    /// no new ones in time, since it may be unwell for longer than they last.
    #[must_use]
    pub fn held(mut self, credentials: Option<Credentials>) -> Self {
        self.held = credentials;
        self
    }

    /// What the same chain keeps from one time to the next, so that the code of an MFA device is asked for once a session.
    #[must_use]
    pub fn sessions(mut self, sessions: Sessions) -> Self {
        self.sessions = sessions;
        self
    }

    /// What became of each source: all of them once the flow is over, whatever it ended with.
    pub fn tried(&self) -> &[Tried] {
        &self.tried
    }

    /// Whether what it ended with had expired, and is kept in use since its source has nothing newer.
    pub fn kept_in_use(&self) -> bool {
        self.extended
    }

    /// Goes on from the source at `index` to the first that there is something of.
    fn next(&mut self, now: SystemTime) -> Result<Step<Resolved>, Error> {
        let chain = Arc::clone(&self.chain);
        while let Some(candidate) = chain.candidates.get(self.index) {
            match &candidate.found {
                Found::NotConfigured(why) => self.passed(candidate, why.clone()),
                Found::Broken(error) => return Err(self.over(candidate, error.clone())),
                Found::Plan(plan) => return self.begin(now, candidate, plan),
            }
        }
        let tried = Arc::from(self.tried.as_slice());
        Err(NoCredentials::new("").after(tried).into())
    }

    fn begin(
        &mut self,
        now: SystemTime,
        candidate: &Candidate,
        plan: &Plan,
    ) -> Result<Step<Resolved>, Error> {
        if let Some((assumed, session)) = self.sessions.get(self.index, self.context.service_time(now)) {
            self.assumed = assumed;
            return self.got(now, candidate, plan, session);
        }
        let asking = match plan.source.clone() {
            Source::Static(credentials) => return self.got(now, candidate, plan, credentials),
            Source::Process { command, account_id } => Asking::Process(Process::new(command, account_id)),
            Source::WebIdentity { role, token_file } => Asking::WebIdentity(Box::new(WebIdentity::new(
                role,
                token_file,
                Arc::clone(&self.context),
                self.seed,
            ))),
            Source::Container(config) => Asking::Container(Container::new(config, self.seed)),
            Source::InstanceMetadata(config) => {
                Asking::InstanceMetadata(InstanceMetadata::new(config, self.seed))
            }
            Source::Sso(config) => {
                let sso = Sso::new(config, self.seed);
                Asking::Sso(sso.like(self.context.timeouts(), self.context.retry()))
            }
        };
        self.ask(now, asking, Event::Start)
    }

    fn ask(&mut self, now: SystemTime, mut asking: Asking, event: Event) -> Result<Step<Resolved>, Error> {
        let chain = Arc::clone(&self.chain);
        let Some(candidate) = chain.candidates.get(self.index) else { return Err(Error::OutOfTurn) };
        let Found::Plan(plan) = &candidate.found else { return Err(Error::OutOfTurn) };
        let clock = self.context.service_time(now);
        let stepped = asking.step(now, clock, event);
        self.extended |= asking.extended();
        if matches!(stepped, Ok(Step::Done(None)) | Err(_))
            && let Some(kept) = self.kept(&asking, plan, clock)
        {
            return self.got(now, candidate, plan, kept);
        }
        match stepped {
            Ok(Step::Perform(effect)) => {
                self.asking = Some(asking);
                Ok(Step::Perform(effect))
            }
            Ok(Step::Done(Some(credentials))) => self.got(now, candidate, plan, credentials),
            Ok(Step::Done(None)) if plan.roles.is_empty() => {
                self.passed(candidate, asking.absence(plan).into());
                self.next(now)
            }
            Ok(Step::Done(None)) => {
                let problem = format!(
                    "its credentials are to come from instance metadata, but {}",
                    asking.absence(plan)
                );
                Err(self.over(candidate, CredentialsError::new(&*candidate.name, problem)))
            }
            Err(error) => {
                if error.says_credentials_expired() {
                    self.sessions.forget();
                }
                let error = asking.told(&candidate.name, error);
                Err(self.over(candidate, error))
            }
        }
    }

    /// Those that the metadata service gave before, where they have expired and it has no others.
    fn kept(&mut self, asking: &Asking, plan: &Plan, clock: SystemTime) -> Option<Credentials> {
        if !matches!(asking, Asking::InstanceMetadata(_)) || !plan.roles.is_empty() {
            return None;
        }
        let mut kept = self.held.take_if(|held| held.expiration.is_some_and(|end| end <= clock))?;
        kept.expiration = longer_life(clock, &mut Dice::new(self.seed));
        self.extended = true;
        Some(kept)
    }

    /// Uses credentials, or assumes the next role with them.
    fn got(
        &mut self,
        now: SystemTime,
        candidate: &Candidate,
        plan: &Plan,
        credentials: Credentials,
    ) -> Result<Step<Resolved>, Error> {
        let clock = self.context.service_time(now);
        if let Some(late) = credentials.expiration.and_then(|end| clock.duration_since(end).ok()) {
            return Err(self.over(candidate, expired(&candidate.name, late)));
        }
        if let Some(role) = plan.roles.get(self.assumed) {
            let spent = self.assumed.checked_sub(1).and_then(|last| plan.roles.get(last));
            if spent.is_some_and(|role| role.mfa_serial.is_some()) {
                self.sessions.keep(self.index, self.assumed, &credentials);
            }
            self.assumed += 1;
            // Each role's session has a name of its own.
            let seed = self.seed.wrapping_add(self.assumed as u128);
            let context = Arc::clone(&self.context);
            let asking =
                Asking::AssumeRole(Box::new(AssumeRole::new(role.clone(), credentials, context, seed)));
            return self.ask(now, asking, Event::Start);
        }
        let mut used = format!("{plan}: {}", describe(&credentials, clock));
        if self.extended {
            used.push_str(KEPT_IN_USE);
        }
        self.tried.push(Tried::new(&*candidate.name, Outcome::Used(used.into())));
        self.rest();
        Ok(Step::Done(Resolved { credentials, tried: self.tried.clone() }))
    }

    fn passed(&mut self, candidate: &Candidate, why: Box<str>) {
        self.tried.push(Tried::new(&*candidate.name, Outcome::NotConfigured(why)));
        self.index += 1;
    }

    /// The search ends with this error.
    fn over(&mut self, candidate: &Candidate, error: CredentialsError) -> Error {
        self.tried.push(Tried::new(&*candidate.name, Outcome::Failed(error.problem().into())));
        self.rest();
        error.after(self.tried.as_slice()).into()
    }

    /// Those behind the one that ended the search.
    fn rest(&mut self) {
        let rest = self.chain.candidates.iter().skip(self.index + 1);
        self.tried.extend(rest.map(|candidate| Tried::new(&*candidate.name, Outcome::NotAsked)));
    }
}

impl Flow for Resolve {
    type Output = Resolved;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Resolved>, Error> {
        let first = !std::mem::replace(&mut self.begun, true);
        match (self.asking.take(), event) {
            (None, Event::Start) if first => self.next(now),
            (Some(asking), event) => self.ask(now, asking, event),
            (None, _) => Err(Error::OutOfTurn),
        }
    }
}

impl Asking {
    /// `None` where what is asked turns out not to be there. What compares expirations goes by `clock`, the service's.
    fn step(
        &mut self,
        now: SystemTime,
        clock: SystemTime,
        event: Event,
    ) -> Result<Step<Option<Credentials>>, Error> {
        let step = match self {
            Self::Process(flow) => flow.step(now, event),
            Self::WebIdentity(flow) => flow.step(now, event),
            Self::Container(flow) => flow.step(now, event),
            Self::InstanceMetadata(flow) => return flow.step(clock, event),
            Self::Sso(flow) => flow.step(clock, event),
            Self::AssumeRole(flow) => flow.step(now, event),
        };
        Ok(match step? {
            Step::Perform(effect) => Step::Perform(effect),
            Step::Done(credentials) => Step::Done(Some(credentials)),
        })
    }

    /// Whether credentials that have expired were given a longer life, since there are no others.
    fn extended(&self) -> bool {
        matches!(self, Self::InstanceMetadata(flow) if flow.extended())
    }

    /// Why what is asked has nothing.
    fn absence(&self, plan: &Plan) -> String {
        match (self, &plan.source) {
            (Self::InstanceMetadata(flow), Source::InstanceMetadata(config)) if flow.answered() => {
                format!("the instance has no role, says {}", config.endpoint())
            }
            (_, Source::InstanceMetadata(config)) => format!("nobody answers at {}", config.endpoint()),
            _ => "it is not there".to_owned(),
        }
    }

    /// The error, told of the source that was asked.
    fn told(&self, candidate: &str, error: Error) -> CredentialsError {
        let class = error.retry_class();
        let reason = match &error {
            Error::Credentials(error) => error.problem().into_owned(),
            error => error.to_string(),
        };
        let problem = match self {
            Self::Process(_) => format!("credential_process: {reason}"),
            Self::AssumeRole(flow) => format!("the role {} cannot be assumed: {reason}", flow.role_arn()),
            Self::WebIdentity(flow) => format!("the role {} cannot be assumed: {reason}", flow.role_arn()),
            Self::Container(_) | Self::InstanceMetadata(_) | Self::Sso(_) => reason,
        };
        match error {
            Error::Credentials(error) => error.retold(candidate, problem),
            error => CredentialsError::new(candidate, problem).with_retry_class(class).because(error),
        }
    }
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
