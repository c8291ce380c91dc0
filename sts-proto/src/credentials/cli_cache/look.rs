//! A look into the cache.

use std::collections::VecDeque;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::entry::{self, Unusable};
use super::{CliCache, reason, remember};
use crate::credentials::Role;
use crate::error::Error;
use crate::flow::{Effect, Event, Flow, Step};
use crate::keys::Credentials;
use crate::secret::Given;

/// Looks for a session. Ends with the number of roles that the session has behind it and its credentials, or with `None` if
/// the cache has no such session.
pub(crate) struct Look(Box<dyn Flow<Output = Session, Error = Error> + Send + Sync>);

type Session = Option<(usize, Credentials)>;

impl Look {
    pub(super) fn new(cache: CliCache, wanted: VecDeque<(usize, Wanted)>) -> Self {
        Self(Box::new(Looking { cache, wanted, state: State::Ready }))
    }
}

impl Flow for Look {
    type Output = Session;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Session>, Error> {
        self.0.step(now, event)
    }
}

impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Look { .. }")
    }
}

struct Looking {
    cache: CliCache,
    /// What to look for, and how many roles it has behind it.
    wanted: VecDeque<(usize, Wanted)>,
    state: State,
}

pub(super) enum Wanted {
    File(PathBuf),
    /// The name of the file depends on the token in this one.
    WithToken(Role, PathBuf),
}

enum State {
    Ready,
    ReadingToken(usize, Role),
    Reading(usize, PathBuf),
    Over,
}

impl Looking {
    fn next(&mut self) -> Step<Session> {
        match self.wanted.pop_front() {
            Some((assumed, Wanted::File(file))) => self.read(assumed, file),
            Some((assumed, Wanted::WithToken(role, token_file))) => {
                self.state = State::ReadingToken(assumed, role);
                Step::Perform(Effect::Read(token_file))
            }
            None => Step::Done(None),
        }
    }

    fn read(&mut self, assumed: usize, file: PathBuf) -> Step<Session> {
        self.state = State::Reading(assumed, file.clone());
        Step::Perform(Effect::Read(file))
    }

    fn found(&mut self, now: SystemTime, assumed: usize, file: &Path, contents: &Given) -> Step<Session> {
        let file = file.display();
        match entry::read(contents, now) {
            Ok(credentials) if self.cache.known().refused.contains(&credentials.access_key_id) => {
                self.cache.tell(format!("warning: a service has refused the session in {file}"));
            }
            Ok(credentials) => {
                let until = credentials.expiration_rfc3339().unwrap_or_default();
                self.cache.tell(format!("from the aws cli's cache, {file}, until {until}"));
                remember(&mut self.cache.known().found, &credentials);
                return Step::Done(Some((assumed, credentials)));
            }
            Err(Unusable::Short) => {}
            Err(Unusable::Foreign(why)) => {
                self.cache
                    .tell(format!("warning: the entry {file} of the aws cli's cache cannot be used, {why}"));
            }
        }
        self.next()
    }
}

impl Flow for Looking {
    type Output = Session;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Session>, Error> {
        Ok(match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Ready, Event::Start) => {
                if self.cache.directory.is_some() {
                    self.cache.known().note = None;
                }
                self.next()
            }
            (State::ReadingToken(assumed, role), Event::Contents(contents)) => {
                let contents = contents.map(Given::from);
                let token = contents.as_deref().and_then(|contents| std::str::from_utf8(contents).ok());
                let token = token.map(str::trim).filter(|token| !token.is_empty());
                match token.and_then(|token| self.cache.file_with(&role, token.into())) {
                    Some(file) => self.read(assumed, file),
                    None => self.next(),
                }
            }
            (State::Reading(assumed, file), Event::Contents(Some(contents))) => {
                self.found(now, assumed, &file, &contents.into())
            }
            (State::Reading(..), Event::Contents(None)) | (State::ReadingToken(..), Event::Failed(_)) => {
                self.next()
            }
            (State::Reading(_, file), Event::Failed(error)) => {
                let (file, why) = (file.display(), reason(&error));
                self.cache
                    .tell(format!("warning: the entry {file} of the aws cli's cache cannot be read: {why}"));
                self.next()
            }
            _ => return Err(Error::OutOfTurn),
        })
    }
}
