//! The credentials of a client: kept fresh, and fetched once at a time however many calls need them.

mod take;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::fetch::{Fetch, Fetched};
use super::job::{FlowJob, Job, PROVIDER, ProviderJob};
use super::sources::{Chained, Inputs};
use super::tokens::{TokenSource, no_token};
use crate::clocks::Clocks;
use crate::context::Context;
use crate::credentials::{Cache, Cached, CliCache, MfaSession, Renewals, Standing, describe, expired, imds};
use crate::error::{CredentialsError, Error, Outcome, Tried};
use crate::flow::{Effect, Event, Step};
use crate::keys::Credentials;
use crate::retry::RetryClass;
use crate::trace::{self, Span};

pub(super) use take::{Take, TakeError};

/// Where a client has its credentials from, and those that it keeps.
pub(super) struct Keys {
    source: Source,
    context: Arc<Context>,
    /// Where the region may be asked for, if roles are assumed and the client has none.
    metadata: Option<imds::Config>,
    /// What a code of an MFA device was spent on.
    mfa_session: MfaSession,
    renewals: Renewals,
    cli_cache: Option<CliCache>,
    /// How many fetches have ended, of the client's credentials and of the tokens that are asked for with them. A flow reads it
    /// before it looks at a state, so that it does not wait for a fetch that ends in between.
    ended: Arc<AtomicU64>,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(super) enum Source {
    /// What the settings hold, used as it is.
    Settings,
    /// The sources that environment and files name.
    Chain(Arc<dyn Chained>),
    /// A provider of the program's own.
    Provider,
    /// Tokens are kept here, in place of credentials.
    Token(Box<TokenSource>),
}

struct State {
    cache: Cache,
    fetch: Fetching,
    /// When the last fetch began.
    begun: SystemTime,
    /// Whether keys were refused since.
    refused: bool,
    last: Last,
}

enum Fetching {
    Idle,
    /// A job is to be taken.
    Waiting {
        background: bool,
        span: Span,
        work: Work,
    },
    Running {
        background: bool,
    },
}

enum Work {
    /// And what it has asked for already.
    Flow(Fetch, Option<Box<Effect>>),
    Provider,
}

/// What the chain ended with when it last gave credentials; empty before.
#[derive(Default)]
struct Last {
    tried: Arc<[Tried]>,
    /// Whether the credentials had expired.
    kept_in_use: bool,
    held: Option<Box<Credentials>>,
    /// What a provider is to be told of before it is asked.
    refused: Option<Box<Credentials>>,
}

/// What a flow that needs credentials finds.
enum Found {
    Here(Arc<Credentials>),
    /// They are here, and it is time for newer ones: a job is to be taken.
    HereWhileFetching(Arc<Credentials>),
    Failed(CredentialsError),
    /// A fetch is under way. `begun` where the flow that looked has begun it.
    Fetching {
        begun: bool,
    },
}

impl Keys {
    pub(super) fn new(
        source: Source,
        context: &Arc<Context>,
        metadata: Option<imds::Config>,
        seed: u128,
    ) -> Self {
        let state = State {
            cache: Cache::new(seed),
            fetch: Fetching::Idle,
            begun: SystemTime::UNIX_EPOCH,
            refused: false,
            last: Last::default(),
        };
        Self {
            source,
            context: Arc::clone(context),
            metadata,
            mfa_session: MfaSession::default(),
            renewals: Renewals::default(),
            cli_cache: None,
            ended: Arc::default(),
            state: Mutex::new(state),
        }
    }

    /// Keeps tokens. What waits for one of them waits for fetches of the client beneath as well, so both count together.
    pub(super) fn of_token(source: TokenSource, seed: u128) -> Self {
        let beneath = source.core.clone();
        let ended = Arc::clone(&beneath.keys.ended);
        let keys = Self::new(Source::Token(Box::new(source)), beneath.context(), None, seed);
        Self { ended, ..keys }
    }

    /// Sessions are shared with the AWS CLI.
    pub(super) fn cli_cache(self, cli_cache: Option<CliCache>) -> Self {
        Self { cli_cache, ..self }
    }

    /// How many fetches have ended, or were dropped.
    pub(super) fn ended(&self) -> u64 {
        self.ended.load(Ordering::SeqCst)
    }

    /// The fetch that is to be run, if one is.
    pub(super) fn job(self: &Arc<Self>) -> Option<Job> {
        self.own_job().or_else(|| match &self.source {
            Source::Token(token) => token.core.keys.job(),
            _ => None,
        })
    }

    fn own_job(self: &Arc<Self>) -> Option<Job> {
        let mut state = self.state();
        match std::mem::replace(&mut state.fetch, Fetching::Idle) {
            Fetching::Waiting { background, span, work } => {
                state.fetch = Fetching::Running { background };
                let keys = Arc::clone(self);
                Some(match work {
                    Work::Flow(fetch, first) => Job::Flow(FlowJob::of_keys(keys, span, fetch, first)),
                    Work::Provider => Job::Provider(ProviderJob::new(
                        keys,
                        span,
                        state.last.refused.take().map(|refused| *refused),
                    )),
                })
            }
            other => {
                state.fetch = other;
                None
            }
        }
    }

    /// A fetch has ended.
    pub(super) fn finish(&self, now: SystemTime, fetched: Result<Fetched, Error>) {
        let mut told = Told::default();
        self.end(&mut self.state(), &mut told, now, fetched);
        told.tell();
    }

    /// A fetch was dropped: the next flow that looks begins another. `refused` is what a provider was not told yet.
    pub(super) fn abandon(&self, refused: Option<Credentials>) {
        let mut state = self.state();
        state.fetch = Fetching::Idle;
        self.ended.fetch_add(1, Ordering::SeqCst);
        state.cache.abandon();
        if state.last.refused.is_none() {
            state.last.refused = refused.map(Box::new);
        }
    }

    /// The service has refused these as expired. Returns whether to fetch others.
    pub(super) fn refuse(&self, now: SystemTime, refused: &Credentials) -> bool {
        if matches!(self.source, Source::Settings) {
            return false;
        }
        let clocks = self.context.clocks(now);
        let mut state = self.state();
        if self.are_provided() {
            state.last.refused = Some(Box::new(refused.clone()));
        }
        let drops = state.cache.refuse(clocks, refused);
        if let Some(cache) = self.cli_cache.as_ref().filter(|_| drops) {
            cache.refuse(refused);
        }
        state.refused |= drops;
        drops
    }

    /// The credentials that were fetched and have not expired.
    pub(super) fn kept(&self, now: SystemTime) -> Option<Arc<Credentials>> {
        self.state().cache.held(self.context.clocks(now))
    }

    /// Whether an error of a call says that these are of no more use, and others may be found where they come from: they have
    /// expired, or are in a shared file and not known to the service.
    pub(super) fn are_refused(&self, now: SystemTime, error: &Error, credentials: &Credentials) -> bool {
        error.says_expired(credentials, self.context.clocks(now).either())
            || error.says_unknown()
                && (matches!(&self.source, Source::Chain(sources) if sources.are_keys_in_a_file())
                    || self.cli_cache.as_ref().is_some_and(|cache| cache.gave(credentials)))
    }

    /// Every source in order, with what became of it, once credentials were asked for.
    pub(super) fn explain(
        &self,
        now: SystemTime,
        got: Result<Arc<Credentials>, CredentialsError>,
    ) -> Vec<Tried> {
        let now = self.context.clocks(now);
        let state = self.state();
        let failure = state.cache.failure();
        match (&self.source, got) {
            (Source::Chain(sources), Ok(credentials)) => {
                let kept_in_use = state.last.kept_in_use;
                let notes = [self.renewals.note(), self.cli_cache.as_ref().and_then(CliCache::note)];
                let notes: Vec<&str> = notes.iter().flatten().map(|note| &**note).collect();
                let standing =
                    Standing { credentials: &credentials, kept_in_use, failure, notes: &notes, now };
                sources.in_use(&state.last.tried, standing)
            }
            (Source::Chain(sources), Err(error)) => sources.failed(error),
            (Source::Provider, Ok(credentials)) => {
                let standing =
                    Standing { credentials: &credentials, kept_in_use: false, failure, notes: &[], now };
                vec![Tried::new("the provider set in code", Outcome::Used(standing.to_string().into()))]
            }
            (Source::Provider, Err(error)) => {
                vec![Tried::new("the provider set in code", Outcome::Failed(error.problem().into()))]
            }
            (Source::Token(token), got) => {
                let outcome = got.map_or_else(
                    |error| Outcome::Failed(error.problem().into()),
                    |kept| Outcome::Used(token.describe(&kept, now).into()),
                );
                vec![Tried::new("GetWebIdentityToken", outcome)]
            }
            (Source::Settings, _) => {
                let outcome = match self.context.credentials() {
                    Some(keys) => Outcome::Used(describe(keys, now).into()),
                    None => {
                        Outcome::NotConfigured("they hold no credentials, and no sources to look in".into())
                    }
                };
                vec![Tried::new("the settings", outcome)]
            }
        }
    }

    /// Whether a provider of the program's own is asked.
    pub(super) fn are_provided(&self) -> bool {
        matches!(self.source, Source::Provider)
    }

    /// Whether a chain of sources is asked.
    pub(super) fn are_looked_for(&self) -> bool {
        matches!(self.source, Source::Chain(_))
    }

    /// What there is, and begins a fetch where one is due.
    fn look(&self, now: SystemTime, seed: u128) -> Found {
        let mut told = Told::default();
        let found = self.look_and_begin(&mut self.state(), &mut told, now, seed);
        told.tell();
        found
    }

    fn look_and_begin(&self, state: &mut State, told: &mut Told, now: SystemTime, seed: u128) -> Found {
        let clocks = self.context.clocks(now);
        match state.cache.look(clocks) {
            Cached::Fresh(credentials) => Found::Here(credentials),
            Cached::Stale(credentials) => {
                if state.cache.begin(clocks) {
                    self.begin(state, told, true, now, seed);
                }
                // A job that was not taken waits for the next flow.
                match state.fetch {
                    Fetching::Waiting { .. } => Found::HereWhileFetching(credentials),
                    _ => Found::Here(credentials),
                }
            }
            Cached::Failed(error) => Found::Failed(error),
            Cached::Absent => {
                let begun = state.cache.begin(clocks);
                if begun {
                    self.begin(state, told, false, now, seed);
                }
                // What needs no effect, such as keys of the environment, is there at once.
                match state.cache.look(clocks) {
                    Cached::Fresh(credentials) | Cached::Stale(credentials) => Found::Here(credentials),
                    Cached::Failed(error) => Found::Failed(error),
                    Cached::Absent => Found::Fetching { begun },
                }
            }
        }
    }

    /// Fetches as far as that goes without an effect.
    fn begin(&self, state: &mut State, told: &mut Told, background: bool, now: SystemTime, seed: u128) {
        told.fetching = Some(background);
        state.begun = now;
        let span = Span::of_job(background);
        let work = match &self.source {
            Source::Settings | Source::Provider => Work::Provider,
            // Its first step looks for credentials, and tells of that.
            Source::Token(token) => Work::Flow(token.fetch(seed), None),
            Source::Chain(sources) => {
                let mut fetch = Arc::clone(sources).fetch(Inputs {
                    context: &self.context,
                    seed,
                    refused: std::mem::take(&mut state.refused),
                    held: state.last.held.as_deref().cloned(),
                    mfa_session: &self.mfa_session,
                    renewals: &self.renewals,
                    cli_cache: self.cli_cache.as_ref(),
                    metadata: self.metadata.as_ref(),
                });
                state.fetch = Fetching::Running { background };
                match fetch.step(now, Event::Start) {
                    Ok(Step::Perform(effect)) => Work::Flow(fetch, Some(Box::new(effect))),
                    Ok(Step::Done(fetched)) => return self.end(state, told, now, Ok(fetched)),
                    Err(error) => return self.end(state, told, now, Err(error)),
                }
            }
        };
        state.fetch = Fetching::Waiting { background, span, work };
    }

    fn end(&self, state: &mut State, told: &mut Told, now: SystemTime, fetched: Result<Fetched, Error>) {
        // Fetching may have taken a while, and shown what the service's clock says.
        let clocks = self.context.clocks(now);
        let background = match std::mem::replace(&mut state.fetch, Fetching::Idle) {
            Fetching::Running { background } | Fetching::Waiting { background, .. } => background,
            Fetching::Idle => false,
        };
        self.ended.fetch_add(1, Ordering::SeqCst);
        let fetched = fetched.map(|Fetched { credentials, chain }| {
            if let Some((tried, kept_in_use)) = chain {
                if trace::ENABLED && kept_in_use {
                    told.kept_in_use = Some(describe(&credentials, clocks));
                }
                let held = Some(Box::new(credentials.clone()));
                let refused = state.last.refused.take();
                state.last = Last { tried, kept_in_use, held, refused };
            }
            credentials
        });
        let fetched = fetched.map_err(CredentialsError::from);
        let kept = match fetched {
            Err(error) if self.has_stood_still(state, now, &error) => {
                state.cache.abandon();
                Err(error)
            }
            fetched => state.cache.finish_or(clocks, fetched, |late| self.expired(late)),
        };
        if trace::ENABLED {
            told.fetched = Some((background, kept.map(|credentials| self.describe(&credentials, clocks))));
        }
    }

    /// Whether a fetch failed in a way that may pass after more time than a call may take: then the program stood still, or
    /// the callers that waited have gone. Either way it says nothing to the next caller, which has nothing else.
    fn has_stood_still(&self, state: &State, now: SystemTime, error: &CredentialsError) -> bool {
        let took = now.duration_since(state.begun).unwrap_or_default();
        matches!(error.retry_class(), RetryClass::Transient | RetryClass::ClockSkew)
            && took > self.context.timeouts().call
            && state.cache.held(self.context.clocks(now)).is_none()
    }

    /// What is asked has not answered.
    fn unanswered(&self, problem: String) -> CredentialsError {
        let error = match &self.source {
            Source::Chain(sources) => sources.unanswered(problem),
            Source::Provider | Source::Settings => CredentialsError::new(PROVIDER, problem),
            Source::Token(token) => no_token(&token.audience, problem),
        };
        error.with_retry_class(RetryClass::Transient)
    }

    /// What was fetched had expired by then.
    fn expired(&self, late: Duration) -> CredentialsError {
        match &self.source {
            Source::Token(token) => token.expired(late),
            _ => expired(late),
        }
    }

    fn describe(&self, kept: &Credentials, now: Clocks) -> String {
        match &self.source {
            Source::Token(token) => token.describe(kept, now),
            _ => describe(kept, now),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is to be told of a fetch once the state is no longer locked: a subscriber may use the same client.
#[derive(Default)]
struct Told {
    /// One has begun, in the background or not.
    fetching: Option<bool>,
    kept_in_use: Option<String>,
    fetched: Option<(bool, Result<String, CredentialsError>)>,
}

impl Told {
    fn tell(self) {
        if let Some(background) = self.fetching {
            trace::fetching(background);
        }
        if let Some(credentials) = &self.kept_in_use {
            trace::kept_in_use(credentials);
        }
        match &self.fetched {
            None => {}
            Some((background, Ok(credentials))) => trace::fetched(*background, Ok(credentials)),
            Some((background, Err(error))) => {
                trace::fetched(*background, Err((error, error.retry_class().as_str())));
            }
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("source", &self.source).finish_non_exhaustive()
    }
}
