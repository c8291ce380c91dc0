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
/// [`Error::NoCredentials`] where no source is configured, [`Error::Credentials`] where the first that is fails. Both tell
/// what was tried.
#[derive(Debug)]
pub struct Resolve {
    chain: Arc<Chain>,
    context: Arc<Context>,
    seed: u128,
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
                Found::Nothing(why) => self.passed(candidate, why.clone()),
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

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Resolved>, Error> {
        match (self.asking.take(), event) {
            (None, Event::Start) if self.tried.is_empty() => self.next(now),
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
            Error::Credentials(error) => error.problem().to_owned(),
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
mod tests {
    use super::super::testing::{NOW, context, done, effect, error, refused, sent, session, step};
    use super::super::{Plan, Role};
    use super::*;
    use crate::{Effect, TransportErrorKind};

    fn candidate(name: &str, found: Found) -> Candidate {
        Candidate { name: name.into(), found }
    }

    fn keys(id: &str) -> Source {
        Source::Static(Credentials::new(id, "planted"))
    }

    fn roles(source: Source, roles: Vec<Role>) -> Vec<Candidate> {
        vec![
            candidate("environment", Found::Nothing("AWS_ACCESS_KEY_ID is not set".into())),
            candidate("profile dev", Found::Plan(Plan { source, roles })),
            candidate("container", Found::Nothing("nothing is set".into())),
        ]
    }

    fn resolve(candidates: Vec<Candidate>) -> Resolve {
        Resolve::new(Arc::new(Chain { candidates }), context(), 1)
    }

    fn told(resolve: &Resolve) -> Vec<String> {
        resolve.tried().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn roles_are_assumed_one_after_the_other_each_with_the_keys_of_the_one_before() {
        let links =
            vec![Role::new("arn:one"), Role { external_id: Some("x".into()), ..Role::new("arn:two") }];
        let mut flow = resolve(roles(keys("AKIDSTATIC00"), links));
        for (id, role, next) in
            [("AKIDSTATIC00", "one", "ASIAFIRST000"), ("ASIAFIRST000", "two", "ASIASECOND99")]
        {
            let event = if role == "one" { Event::Start } else { session("AssumeRole", id, 900) };
            let request = sent(step(&mut flow, event));
            let body = String::from_utf8(request.body().to_vec()).unwrap();
            assert!(body.contains(&format!("RoleArn=arn%3A{role}")), "{body}");
            assert_eq!(body.contains("ExternalId=x"), role == "two");
            let authorization = request.headers()["authorization"].to_str().unwrap();
            assert!(authorization.contains(&format!("Credential={id}/")), "{authorization}, then {next}");
        }
        let resolved = done(step(&mut flow, session("AssumeRole", "ASIASECOND99", 900)));
        assert_eq!(resolved.credentials.access_key_id, "ASIASECOND99");
        assert_eq!(
            told(&flow),
            [
                "environment: not configured, AWS_ACCESS_KEY_ID is not set",
                "profile dev: used, keys, then the role arn:one, then the role arn:two: access key …ND99, \
                 account 123456789012, valid for 900 s",
                "container: not asked",
            ]
        );
        assert!(matches!(refused(step(&mut flow, Event::Start)), Error::OutOfTurn));
    }

    #[test]
    fn the_code_of_an_mfa_device_is_asked_for_and_sent_once() {
        let role = Role { mfa_serial: Some("arn:mfa".into()), ..Role::new("arn:one") };
        let mut flow = resolve(roles(keys("AKIDSTATIC00"), vec![role.clone()]));
        let Effect::AskMfaCode(serial) = effect(step(&mut flow, Event::Start)) else { panic!("asks nobody") };
        assert_eq!(serial, "arn:mfa");
        let request = sent(step(&mut flow, Event::MfaCode(" 123456\r\n".into())));
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        assert!(body.ends_with("SerialNumber=arn%3Amfa&TokenCode=123456"), "{body}");
        // An error that any other call would be repeated for.
        let error = refused(step(&mut flow, error(500, "InternalFailure")));
        assert!(error.to_string().contains("the role arn:one cannot be assumed"), "{error}");

        let mut flow = resolve(roles(keys("AKIDSTATIC00"), vec![role]));
        step(&mut flow, Event::Start).unwrap();
        let error = refused(step(&mut flow, Event::Failed(TransportErrorKind::Unsupported.into())));
        assert!(error.to_string().contains("the code of the mfa device arn:mfa"), "{error}");
    }

    #[test]
    fn a_source_that_fails_ends_the_search_and_is_named() {
        let mut flow = resolve(roles(keys("AKIDSTATIC00"), vec![Role::new("arn:one")]));
        step(&mut flow, Event::Start).unwrap();
        let error = refused(step(&mut flow, error(403, "AccessDenied")));
        let text = error.to_string();
        assert!(
            text.starts_with("no credentials from profile dev: the role arn:one cannot be assumed: "),
            "{text}"
        );
        assert!(text.contains("AccessDenied"), "{text}");
        let Error::Credentials(error) = error else { panic!("{error:?}") };
        assert_eq!(error.tried().len(), 3);
        assert!(matches!(error.tried()[1].outcome, Outcome::Failed(_)));
        assert!(std::error::Error::source(&error).is_some());

        let broken = CredentialsError::new("profile dev", "in profile dev: it is half a thing");
        let mut flow = resolve(vec![candidate("profile dev", Found::Broken(broken))]);
        let error = refused(step(&mut flow, Event::Start)).to_string();
        assert_eq!(error, "no credentials from profile dev: in profile dev: it is half a thing");
    }

    #[test]
    fn nothing_anywhere_tells_where_it_was_looked_for() {
        let mut flow = resolve(vec![
            candidate("environment", Found::Nothing("AWS_ACCESS_KEY_ID is not set".into())),
            candidate("container", Found::Nothing("no variable is set".into())),
        ]);
        assert_eq!(
            refused(step(&mut flow, Event::Start)).to_string(),
            "no credentials (looked for in: environment: not configured, AWS_ACCESS_KEY_ID is not set; \
             container: not configured, no variable is set)"
        );
    }

    #[test]
    fn what_has_expired_is_refused_at_each_link() {
        let old = Credentials::new("AKIDSTATIC00", "planted").with_expiration(NOW);
        let mut flow = resolve(roles(Source::Static(old), Vec::new()));
        let error = refused(step(&mut flow, Event::Start)).to_string();
        assert!(error.contains("expired 0 s ago") && error.contains("clock"), "{error}");
        let mut flow = resolve(roles(keys("AKIDSTATIC00"), vec![Role::new("arn:one"), Role::new("arn:two")]));
        step(&mut flow, Event::Start).unwrap();
        let error = refused(step(&mut flow, session("AssumeRole", "ASIA", 0))).to_string();
        assert!(error.contains("expired"), "{error}");
    }

    #[test]
    fn keys_of_the_instance_outlive_trouble_of_its_metadata_and_others_do_not() {
        let env = crate::settings::Env::default();
        let metadata =
            || Source::InstanceMetadata(super::super::imds::Config::new(&env, None).unwrap().unwrap());
        let held = |end| Some(Credentials::new("ASIAHELD0000", "planted").with_expiration(end));
        let later = NOW + Duration::from_secs(60);
        for (source, links, held, kept) in [
            (metadata(), Vec::new(), held(NOW), true),
            // These still hold: nothing is lost if the next try is a better one.
            (metadata(), Vec::new(), held(later), false),
            (metadata(), Vec::new(), None, false),
            (metadata(), vec![Role::new("arn:one")], held(NOW), false),
            (Source::Process { command: "tool".into(), account_id: None }, Vec::new(), held(NOW), false),
        ] {
            let candidates = vec![candidate("profile dev", Found::Plan(Plan { source, roles: links }))];
            let mut flow = resolve(candidates).held(held);
            step(&mut flow, Event::Start).unwrap();
            let next = step(&mut flow, Event::Failed(TransportErrorKind::Refused.into()));
            if !kept {
                refused(next);
                continue;
            }
            let resolved = done(next);
            assert_eq!(resolved.credentials.access_key_id, "ASIAHELD0000");
            let life = resolved.credentials.expiration.unwrap().duration_since(NOW).unwrap();
            assert!((600..=900).contains(&life.as_secs()), "{life:?}");
            assert!(told(&flow)[0].contains("warning: ") && flow.kept_in_use(), "{:?}", told(&flow));
        }
    }

    #[test]
    fn a_code_is_asked_for_once_for_all_that_stands_on_its_session() {
        let mfa = || Role { mfa_serial: Some("arn:mfa".into()), ..Role::new("arn:one") };
        let sessions = Sessions::default();
        let again = || {
            let links = vec![mfa(), Role::new("arn:two")];
            resolve(roles(keys("AKIDSTATIC00"), links)).sessions(sessions.clone())
        };
        let mut flow = again();
        assert!(matches!(effect(step(&mut flow, Event::Start)), Effect::AskMfaCode(_)));
        sent(step(&mut flow, Event::MfaCode("123456".into())));
        sent(step(&mut flow, session("AssumeRole", "ASIAMFA00000", 900)));
        done(step(&mut flow, session("AssumeRole", "ASIALEAF0000", 60)));
        // The leaf alone is assumed anew.
        let mut flow = again();
        let request = sent(step(&mut flow, Event::Start));
        assert!(request.headers()["authorization"].to_str().unwrap().contains("Credential=ASIAMFA00000/"));
        assert!(String::from_utf8(request.body().to_vec()).unwrap().contains("arn%3Atwo"));
        done(step(&mut flow, session("AssumeRole", "ASIALEAF0001", 60)));
        // Once it is near its end, or called expired, the person is asked again.
        let mut flow = again();
        let late = NOW + Duration::from_secs(841);
        assert!(matches!(effect(flow.step(late, Event::Start)), Effect::AskMfaCode(_)));
        let mut flow = again();
        sent(step(&mut flow, Event::Start));
        refused(step(&mut flow, error(403, "ExpiredToken")));
        assert!(matches!(effect(step(&mut again(), Event::Start)), Effect::AskMfaCode(_)));
    }
}
