//! The sources that environment and shared files name, asked for credentials. Keys in a shared file that the service refuses
//! may have been replaced there by another program, so the files are read again.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::fetch::Fetched;
use super::load::{Load, Loaded};
use crate::context::Context;
use crate::credentials::{
    Chain, CliCache, Found, MfaSession, Plan, Renewals, Resolve, Resolved, Source, Standing, imds,
};
use crate::error::{CredentialsError, Error, ErrorCode, Tried};
use crate::flow::{Event, Flow, Step};
use crate::keys::Credentials;
use crate::settings::{Env, Settings, Sourced};

/// The sources of a client, as its keys know them. A trait, so that a program whose clients look nowhere does not hold the code
/// of all sources.
pub(super) trait Chained: Send + Sync {
    /// Whether the keys that calls are signed with are in a shared file.
    fn are_keys_in_a_file(&self) -> bool;

    /// Asks them.
    fn fetch(self: Arc<Self>, inputs: Inputs<'_>) -> super::fetch::Fetch;

    /// What became of each, where one has given the credentials that are used.
    fn in_use(&self, tried: &[Tried], standing: Standing<'_>) -> Vec<Tried>;

    /// What became of each, where none has given credentials.
    fn failed(&self, error: CredentialsError) -> Vec<Tried>;

    /// The one that is asked has not answered.
    fn unanswered(&self, problem: String) -> CredentialsError;
}

/// What the sources are asked with.
pub(super) struct Inputs<'a> {
    pub(super) context: &'a Arc<Context>,
    pub(super) seed: u128,
    /// Whether the service has refused the keys that they gave last.
    pub(super) refused: bool,
    pub(super) held: Option<Credentials>,
    pub(super) mfa_session: &'a MfaSession,
    pub(super) renewals: &'a Renewals,
    pub(super) cli_cache: Option<&'a CliCache>,
    pub(super) metadata: Option<&'a imds::Config>,
}

impl fmt::Debug for dyn Chained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").finish_non_exhaustive()
    }
}

/// Those that environment and shared files name.
pub(super) struct Sources {
    chain: Mutex<Arc<Chain>>,
    /// How the files are read again, where they hold the keys that are asked for first.
    files: Option<Box<Files>>,
}

/// What the shared files were read with.
struct Files {
    env: Env,
    /// The profile that code names.
    profile: Option<Sourced<String>>,
}

impl Sources {
    pub(super) fn new(chain: Chain, env: Env, profile: Option<Sourced<String>>) -> Self {
        let files = in_a_file(&chain).map(|_| Box::new(Files { env, profile }));
        Self { chain: Mutex::new(Arc::new(chain)), files }
    }

    fn chain(&self) -> Arc<Chain> {
        Arc::clone(&self.chain.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files again, if the keys that are asked for first are still in one. Only the keys are wanted: no setting that is
    /// known is looked for again.
    fn load(&self, settings: &Settings) -> Option<Box<Load>> {
        let Files { env, profile } = self.files.as_deref()?;
        in_a_file(&self.chain())?;
        Some(Box::new(Load::new(env.clone()).under(settings.clone()).named(profile.clone())))
    }

    /// Takes what the files hold now, if that leads to other keys of the same profile. Where it leads to another profile or
    /// role, or nowhere, or cannot be understood, a program may be about to write it: everything stays as it is.
    fn take(&self, loaded: &Loaded) -> bool {
        let Some(Files { env, profile }) = self.files.as_deref() else { return false };
        let newer = Chain::new(env, &loaded.profiles, profile.as_ref().map(|profile| &*profile.value));
        let mut chain = self.chain.lock().unwrap_or_else(PoisonError::into_inner);
        let is_newer = match (asked(&chain), asked(&newer)) {
            (Some((old_index, old)), Some((index, plan))) => {
                old_index == index && old.roles == plan.roles && old.source != plan.source
            }
            _ => false,
        };
        if is_newer {
            *chain = Arc::new(newer);
        }
        is_newer
    }
}

impl Chained for Sources {
    fn are_keys_in_a_file(&self) -> bool {
        in_a_file(&self.chain()).is_some_and(|plan| plan.roles.is_empty())
    }

    fn fetch(self: Arc<Self>, inputs: Inputs<'_>) -> super::fetch::Fetch {
        let Inputs { context, seed, refused, held, mfa_session, renewals, cli_cache, metadata } = inputs;
        let resolve = Resolve::new(self.chain(), Arc::clone(context), seed)
            .held(held)
            .mfa_session(mfa_session.clone())
            .renewals(renewals.clone())
            .cli_cache(cli_cache.cloned())
            .metadata(metadata.cloned());
        let reads = refused && self.are_keys_in_a_file();
        let fetch = Fetch::new(self, context, resolve);
        Box::new(if reads { fetch.reading() } else { fetch })
    }

    fn in_use(&self, tried: &[Tried], standing: Standing<'_>) -> Vec<Tried> {
        self.chain().in_use(tried, standing)
    }

    fn failed(&self, error: CredentialsError) -> Vec<Tried> {
        self.chain().failed(error)
    }

    fn unanswered(&self, problem: String) -> CredentialsError {
        CredentialsError::new(self.chain().asked(), problem)
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").field("chain", &self.chain()).finish_non_exhaustive()
    }
}

/// Asks the sources. Reads the shared files first if keys in them were refused, or then if they are refused when a role is
/// assumed with them.
#[derive(Debug)]
struct Fetch {
    sources: Arc<Sources>,
    context: Arc<Context>,
    resolve: Resolve,
    state: State,
    has_read: bool,
}

#[derive(Debug)]
enum State {
    /// The files may hold other keys than those that were refused, perhaps with this error.
    Reading(Box<Load>, Option<Error>),
    Asking,
}

impl Fetch {
    /// `resolve` is of the chain of these sources.
    fn new(sources: Arc<Sources>, context: &Arc<Context>, resolve: Resolve) -> Self {
        let context = Arc::clone(context);
        Self { sources, context, resolve, state: State::Asking, has_read: false }
    }

    /// Reads the files first.
    fn reading(self) -> Self {
        match self.sources.load(self.context.settings()) {
            Some(load) => Self { state: State::Reading(load, None), has_read: true, ..self },
            None => self,
        }
    }

    fn ask(&mut self, now: SystemTime, event: Event) -> Result<Step<Resolved>, Error> {
        let error = match self.resolve.step(now, event) {
            // Some role could not be assumed with them.
            Err(error) if !self.has_read && are_refused(&error) => error,
            step => return step,
        };
        let Some(load) = self.sources.load(self.context.settings()) else { return Err(error) };
        self.has_read = true;
        self.read(now, load, Some(error), Event::Start)
    }

    fn read(
        &mut self,
        now: SystemTime,
        mut load: Box<Load>,
        refused: Option<Error>,
        event: Event,
    ) -> Result<Step<Resolved>, Error> {
        let newer = match load.step(now, event) {
            Ok(Step::Perform(effect)) => {
                self.state = State::Reading(load, refused);
                return Ok(Step::Perform(effect));
            }
            Ok(Step::Done(loaded)) => self.sources.take(&loaded),
            Err(_) => false,
        };
        self.state = State::Asking;
        match refused {
            Some(error) if !newer => return Err(error),
            _ if newer => self.resolve = self.resolve.anew(self.sources.chain()),
            _ => {}
        }
        self.ask(now, Event::Start)
    }
}

impl Flow for Fetch {
    type Output = Fetched;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Fetched>, Error> {
        let step = match std::mem::replace(&mut self.state, State::Asking) {
            State::Asking => self.ask(now, event),
            State::Reading(load, refused) => self.read(now, load, refused, event),
        }?;
        Ok(match step {
            Step::Perform(effect) => Step::Perform(effect),
            Step::Done(resolved) => Step::Done(Fetched::by_chain(resolved, self.resolve.kept_in_use())),
        })
    }
}

/// The plan of the first configured source, which is the one that is asked, and its index.
fn asked(chain: &Chain) -> Option<(usize, &Plan)> {
    let configured = |found: &Found| !matches!(found, Found::NotConfigured(_));
    let mut candidates = chain.candidates.iter().enumerate();
    let (index, candidate) = candidates.find(|(_, candidate)| configured(&candidate.found))?;
    match &candidate.found {
        Found::Plan(plan) => Some((index, &**plan)),
        _ => None,
    }
}

/// The plan that is asked first, if it begins with keys in a shared file. The first candidate is the environment, which is a
/// snapshot.
fn in_a_file(chain: &Chain) -> Option<&Plan> {
    asked(chain)
        .filter(|(index, plan)| *index > 0 && matches!(plan.source, Source::Static(_)))
        .map(|(_, plan)| plan)
}

/// Whether a role could not be assumed since the keys have expired or are not known.
fn are_refused(error: &Error) -> bool {
    use ErrorCode as Code;
    matches!(
        error.code(),
        Some(
            Code::ExpiredToken
                | Code::ExpiredTokenException
                | Code::InvalidToken
                | Code::InvalidClientTokenId
                | Code::InvalidAccessKeyId
        )
    )
}
