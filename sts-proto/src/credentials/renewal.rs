//! A login in a file that several programs share: read, renewed when it ends soon, and written back.
//!
//! No program locks the file. So it is read again before it is renewed and before it is written, and a renewal that is refused
//! is a reason to look whether another program was faster. What was renewed is used only once it is written, or kept for the
//! next renewal if it cannot be: the service may take each refresh token once.

mod memory;

use std::fmt;
use std::path::Path;
use std::time::{Duration, SystemTime};

pub(crate) use self::memory::Renewals;
use super::fetch::{Fetch, Reply};
use crate::error::{CredentialsError, Error};
use crate::flow::{Effect, Event, Flow, Step, Timeouts};
use crate::retry::Retry;
use crate::secret::{Given, Secret};
use crate::wire::json::{JsonError, Rewritten};

/// What one kind of login does in its own way.
pub(super) trait Login: fmt::Debug {
    /// The source, as errors name it.
    const SOURCE: &'static str;
    /// What a login is good for.
    type Good: Clone + fmt::Debug;
    /// What it takes to renew one, besides the refresh token.
    type Means: fmt::Debug;

    fn file(&self) -> &Path;

    /// The command that logs in.
    fn command(&self) -> &str;

    fn read(&self, contents: &[u8]) -> Result<Held<Self>, JsonError>;

    /// The request that renews a login.
    fn request(&self, now: SystemTime, login: &Renewable<Self>, with: &With) -> Result<Fetch, Box<str>>;

    /// What a successful answer gives.
    fn renewed(
        &self,
        now: SystemTime,
        held: &Held<Self>,
        reply: &Reply,
    ) -> Result<Renewed<Self::Good>, CredentialsError>;

    /// What to do about any other answer, and whether the login is of no use any more, even where it has not ended.
    fn advice(&self, reply: &Reply) -> (String, bool);
}

/// A login, as a file has it.
#[derive(Debug)]
pub(super) struct Held<L: Login + ?Sized> {
    pub(super) good: L::Good,
    pub(super) expires_at: SystemTime,
    /// Or why it cannot be renewed; empty where this kind never can.
    pub(super) renewal: Result<Renewable<L>, Box<str>>,
}

#[derive(Debug)]
pub(super) struct Renewable<L: Login + ?Sized> {
    pub(super) refresh_token: Secret,
    pub(super) means: L::Means,
}

/// A login that was renewed.
pub(super) struct Renewed<G> {
    pub(super) good: G,
    /// The members of the file that change.
    pub(super) change: Box<Change>,
}

/// Changes members of a file.
pub(super) type Change = dyn Fn(&mut Rewritten<'_>) -> Result<(), JsonError> + Send + Sync;

/// How requests are made.
#[derive(Clone, Copy, Debug)]
pub(super) struct With {
    pub(super) timeouts: Timeouts,
    pub(super) retry: Retry,
    pub(super) seed: u128,
}

/// Gives what the login is good for, and renews it before where that is due.
#[derive(Debug)]
pub(super) struct Renewal<L: Login> {
    login: L,
    with: With,
    memory: Renewals,
    /// How many requests were made.
    asked: u32,
    state: State<L>,
}

#[derive(Debug)]
enum State<L: Login> {
    Ready,
    Reading,
    /// It is due. Another program may have renewed it meanwhile.
    ReadingAgain,
    Asking(Box<Fetch>, Due<L>),
    /// The renewal was refused, so that another program may have been faster.
    ReadingForOther(Due<L>, Refused),
    Waiting(Due<L>, Refused),
    /// The file may have changed meanwhile.
    ReadingToWrite(Due<L>, New<L>),
    Writing(Written<L>),
    Over,
}

/// A login that is due.
struct Due<L: Login> {
    held: Held<L>,
    contents: Given,
    /// The refresh token that the file has, where a newer login could not be written to it.
    in_file: Option<Secret>,
}

impl<L: Login> Due<L> {
    /// The refresh token that the service was sent.
    fn sent(&self) -> Secret {
        self.held.renewal.as_ref().map(|renewal| renewal.refresh_token.clone()).unwrap_or_default()
    }
}

#[derive(Debug)]
struct Refused {
    error: CredentialsError,
    is_final: bool,
    looks: u32,
}

struct New<L: Login>(Renewed<L::Good>);

struct Written<L: Login> {
    good: L::Good,
    /// The refresh token that the file had, which is spent.
    spent: Secret,
    contents: Secret,
}

impl<L: Login> Renewal<L> {
    pub(super) fn new(login: L, seed: u128) -> Self {
        let with = With { timeouts: Timeouts::default(), retry: Retry::standard(), seed };
        Self { login, with, memory: Renewals::default(), asked: 0, state: State::Ready }
    }

    pub(super) fn like(mut self, timeouts: Timeouts, retry: Retry) -> Self {
        (self.with.timeouts, self.with.retry) = (timeouts, retry);
        self
    }

    pub(super) fn renewals(mut self, memory: Renewals) -> Self {
        self.memory = memory;
        self
    }

    fn read(&mut self, state: State<L>) -> Step<L::Good> {
        self.state = state;
        Step::Perform(Effect::Read(self.login.file().to_owned()))
    }

    /// The login in a file, or the newer one that could not be written to it.
    fn held(&self, contents: Given) -> Result<Due<L>, CredentialsError> {
        let held = self.login.read(&contents).map_err(|error| self.damaged(&error))?;
        let newer = held.renewal.as_ref().ok().and_then(|renewal| {
            let contents = self.memory.instead(self.login.file(), &renewal.refresh_token)?;
            let held = self.login.read(contents.expose().as_bytes()).ok()?;
            let contents = bytes::Bytes::copy_from_slice(contents.expose().as_bytes()).into();
            Some(Due { held, contents, in_file: Some(renewal.refresh_token.clone()) })
        });
        Ok(newer.unwrap_or(Due { held, contents, in_file: None }))
    }

    fn decide(
        &mut self,
        now: SystemTime,
        contents: Option<Given>,
        again: bool,
    ) -> Result<Step<L::Good>, CredentialsError> {
        let (path, command) = (self.login.file().display(), self.login.command());
        let Some(contents) = contents else {
            return Err(wrong::<L>(format!("there is no login, {path} does not exist; run `{command}`")));
        };
        let due = self.held(contents)?;
        let left = due.held.expires_at.duration_since(now).unwrap_or_default();
        if left >= BUFFER || !left.is_zero() && self.memory.has_just_failed(self.login.file(), now) {
            return Ok(Step::Done(due.held.good));
        }
        let fetch = match &due.held.renewal {
            Err(why) => Err(why.clone()),
            Ok(_) if !again => return Ok(self.read(State::ReadingAgain)),
            Ok(renewable) => {
                let seed = self.with.seed.wrapping_add(self.asked.into());
                self.asked += 1;
                self.login.request(now, renewable, &With { seed, ..self.with })
            }
        };
        match fetch {
            Ok(fetch) => self.ask(now, Box::new(fetch), due, Event::Start),
            Err(why) if left.is_zero() => {
                let why =
                    if why.is_empty() { String::new() } else { format!(" and cannot be renewed, {why}") };
                Err(wrong::<L>(format!("the login in {path} has expired{why}; run `{command}`")))
            }
            Err(why) => {
                if !why.is_empty() {
                    self.memory.failed(self.login.file(), now, &format!("{why}; run `{command}`"));
                }
                Ok(Step::Done(due.held.good))
            }
        }
    }

    fn ask(
        &mut self,
        now: SystemTime,
        mut fetch: Box<Fetch>,
        due: Due<L>,
        event: Event,
    ) -> Result<Step<L::Good>, CredentialsError> {
        let reply = match fetch.step(now, event) {
            Ok(Step::Perform(effect)) => {
                self.state = State::Asking(fetch, due);
                return Ok(Step::Perform(effect));
            }
            Ok(Step::Done(reply)) => reply,
            Err(error) => return Err(CredentialsError::met_by(L::SOURCE, error)),
        };
        if let Some(200..=299) = reply.status() {
            return match self.login.renewed(now, &due.held, &reply) {
                Ok(new) => Ok(self.read(State::ReadingToWrite(due, New(new)))),
                Err(error) => self.failed(now, due, error),
            };
        }
        let is_refused = matches!(reply.status(), Some(400..=428 | 430..=499));
        let (advice, is_final) = self.login.advice(&reply);
        let refused = Refused { error: reply.refused(&advice), is_final, looks: 0 };
        match is_refused && self.asked < MAX_ASKED {
            true => Ok(self.read(State::ReadingForOther(due, refused))),
            false => self.refused(now, due, refused),
        }
    }

    /// Looks whether the file holds another login than the one whose renewal was refused.
    fn look_for_other(
        &mut self,
        now: SystemTime,
        due: Due<L>,
        mut refused: Refused,
        contents: Option<Given>,
    ) -> Result<Step<L::Good>, CredentialsError> {
        let token = |held: &Held<L>| held.renewal.as_ref().ok().map(|renewal| renewal.refresh_token.clone());
        let other = contents.and_then(|contents| Some((self.held(contents.share().into()).ok()?, contents)));
        if let Some((other, contents)) = other.filter(|(other, _)| token(&other.held) != token(&due.held)) {
            // It was renewed just now, even if it ends soon.
            return match other.held.expires_at > now {
                true => Ok(Step::Done(other.held.good)),
                false => self.decide(now, Some(contents), true),
            };
        }
        if refused.looks >= MAX_LOOKS {
            return self.refused(now, due, refused);
        }
        let wait = LOOK.saturating_mul(1 << refused.looks);
        refused.looks += 1;
        self.state = State::Waiting(due, refused);
        Ok(Step::Perform(Effect::Wait(wait)))
    }

    fn refused(
        &self,
        now: SystemTime,
        due: Due<L>,
        refused: Refused,
    ) -> Result<Step<L::Good>, CredentialsError> {
        match refused.is_final {
            true => Err(refused.error),
            false => self.failed(now, due, refused.error),
        }
    }

    /// A login that has not ended is used although it could not be renewed.
    fn failed(
        &self,
        now: SystemTime,
        due: Due<L>,
        error: CredentialsError,
    ) -> Result<Step<L::Good>, CredentialsError> {
        if due.held.expires_at <= now {
            return Err(error);
        }
        self.memory.failed(self.login.file(), now, &error.problem());
        Ok(Step::Done(due.held.good))
    }

    fn write(
        &mut self,
        now: SystemTime,
        due: Due<L>,
        New(new): New<L>,
        contents: Option<Given>,
    ) -> Step<L::Good> {
        let sent = due.sent();
        let path = self.login.file();
        let Some(contents) = contents else {
            // Another program has logged out: a login must not come back.
            self.memory.renewed(path, now, "not written, since the file is gone");
            return Step::Done(new.good);
        };
        let token = |contents: &[u8]| Some(self.login.read(contents).ok()?.renewal.ok()?.refresh_token);
        let (base, spent) = match token(&contents) {
            Some(token) if token == sent || self.memory.instead(path, &token).is_some() => (contents, token),
            Some(_) => {
                self.memory.renewed(path, now, "not written, since another program wrote a newer login");
                return Step::Done(new.good);
            }
            // What is there is of no use to any program.
            None => (due.contents, due.in_file.unwrap_or(sent)),
        };
        self.replace(now, new, &base, spent)
    }

    /// Writes the new login in place of one with a refresh token that is spent.
    fn replace(
        &mut self,
        now: SystemTime,
        new: Renewed<L::Good>,
        base: &[u8],
        spent: Secret,
    ) -> Step<L::Good> {
        let path = self.login.file();
        let changed = Rewritten::new(base).and_then(|mut file| (new.change)(&mut file).map(|()| file.text()));
        match changed {
            Ok(contents) => {
                let effect = Effect::Replace(path.to_owned(), contents.clone());
                self.state = State::Writing(Written { good: new.good, spent, contents });
                Step::Perform(effect)
            }
            Err(error) => {
                self.memory.renewed(path, now, &format!("not written, {error}"));
                Step::Done(new.good)
            }
        }
    }

    fn damaged(&self, error: &JsonError) -> CredentialsError {
        let (path, command) = (self.login.file().display(), self.login.command());
        wrong::<L>(format!("the login in {path} cannot be used, {error}; run `{command}`"))
    }
}

impl<L: Login> Flow for Renewal<L> {
    type Output = L::Good;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<L::Good>, Error> {
        let step = match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Ready, Event::Start) => Ok(self.read(State::Reading)),
            (State::Reading, Event::Contents(contents)) => self.decide(now, contents.map(Given::from), false),
            (State::ReadingAgain, Event::Contents(contents)) => {
                self.decide(now, contents.map(Given::from), true)
            }
            (State::Reading | State::ReadingAgain, Event::Failed(error)) => {
                let path = self.login.file().display();
                Err(wrong::<L>(format!("the login in {path} cannot be read")).because(error))
            }
            (State::Asking(fetch, due), event) => self.ask(now, fetch, due, event),
            (State::ReadingForOther(due, refused), Event::Contents(contents)) => {
                self.look_for_other(now, due, refused, contents.map(Given::from))
            }
            (State::ReadingForOther(due, refused), Event::Failed(_)) => self.refused(now, due, refused),
            (State::Waiting(due, refused), Event::Elapsed) => {
                Ok(self.read(State::ReadingForOther(due, refused)))
            }
            (State::ReadingToWrite(due, new), Event::Contents(contents)) => {
                Ok(self.write(now, due, new, contents.map(Given::from)))
            }
            // Writing it may succeed all the same.
            (State::ReadingToWrite(due, New(new)), Event::Failed(_)) => {
                let spent = due.in_file.clone().unwrap_or_else(|| due.sent());
                Ok(self.replace(now, new, &due.contents, spent))
            }
            (State::Writing(written), Event::Replaced) => {
                self.memory.written(self.login.file(), now);
                Ok(Step::Done(written.good))
            }
            (State::Writing(written), Event::Failed(error)) => {
                self.memory.unwritten(self.login.file(), now, written.spent, written.contents, &error);
                Ok(Step::Done(written.good))
            }
            _ => return Err(Error::OutOfTurn),
        };
        step.map_err(Error::from)
    }
}

/// Nothing of it is printed: it is secrets.
impl<L: Login> fmt::Debug for Due<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Due").field("expires_at", &self.held.expires_at).finish_non_exhaustive()
    }
}

impl<L: Login> fmt::Debug for New<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("New")
    }
}

impl<L: Login> fmt::Debug for Written<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Written")
    }
}

fn wrong<L: Login>(problem: String) -> CredentialsError {
    CredentialsError::new(L::SOURCE, problem)
}

/// A login that lasts longer is used as it is.
const BUFFER: Duration = Duration::from_secs(300);
/// How often a login is renewed in one go, if others renew it at the same time.
const MAX_ASKED: u32 = 3;
/// How often to look for what another program renewed: it may have its answer and not have written it yet.
const MAX_LOOKS: u32 = 3;
const LOOK: Duration = Duration::from_millis(100);
