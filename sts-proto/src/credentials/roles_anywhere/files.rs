//! Reads the files of an identity.

use std::path::Path;
use std::time::{Duration, SystemTime};

use zeroize::Zeroizing;

use super::config::PemFiles;
use super::wrong;
use crate::error::{CredentialsError, Error};
use crate::flow::{Effect, Event, Flow, Step};
use crate::secret::Given;
use crate::sigv4::x509::{Identity, IdentityError};
use crate::transport::TransportError;

/// Reads certificate, chain and key, and once more after a short wait if they cannot be used: a program that renews the
/// certificate replaces one file after the other.
#[derive(Debug)]
pub(super) struct ReadFiles {
    files: PemFiles,
    /// Of certificate and chain. The key may be in the same file.
    texts: Vec<Given>,
    state: State,
    has_waited: bool,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Ready,
    Reading(Part),
    Waiting,
    Over,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Certificate,
    Chain,
    Key,
}

impl ReadFiles {
    pub(super) fn new(files: PemFiles) -> Self {
        Self { files, texts: Vec::new(), state: State::Ready, has_waited: false }
    }

    fn read(&mut self, part: Part) -> Step<Identity> {
        self.state = State::Reading(part);
        Step::Perform(Effect::Read(self.path(part).to_owned()))
    }

    fn take(&mut self, part: Part, contents: Option<Given>) -> Result<Step<Identity>, CredentialsError> {
        let Some(contents) = contents else {
            let path = self.path(part).display();
            return self.again(wrong(format!("{path} does not exist: check the path")));
        };
        if let Part::Key = part {
            return match Identity::from_pem(&self.certificates(), &contents) {
                Ok(identity) => Ok(Step::Done(identity)),
                Err(error) => self.again(self.unusable(error)),
            };
        }
        self.texts.push(contents);
        Ok(self.read(match (part, &self.files.chain) {
            (Part::Certificate, Some(_)) => Part::Chain,
            _ => Part::Key,
        }))
    }

    /// The buffer does not grow, so that no part of a key is left behind.
    fn certificates(&self) -> Zeroizing<Vec<u8>> {
        let size = self.texts.iter().map(|text| text.len() + 1).sum();
        let mut joined = Zeroizing::new(Vec::with_capacity(size));
        for text in &self.texts {
            joined.extend_from_slice(text);
            joined.push(b'\n');
        }
        joined
    }

    fn again(&mut self, error: CredentialsError) -> Result<Step<Identity>, CredentialsError> {
        if std::mem::replace(&mut self.has_waited, true) {
            return Err(error);
        }
        self.texts.clear();
        self.state = State::Waiting;
        Ok(Step::Perform(Effect::Wait(PAUSE)))
    }

    fn unusable(&self, error: IdentityError) -> CredentialsError {
        let part = if error.is_of_certificates() { Part::Certificate } else { Part::Key };
        let path = self.path(part).display();
        let chain = match (part, &self.files.chain) {
            (Part::Certificate, Some(chain)) => format!(" with {}", chain.display()),
            _ => String::new(),
        };
        wrong(format!("{path}{chain} cannot be used, {error}")).because(error)
    }

    fn cannot_be_read(&self, part: Part, error: TransportError) -> CredentialsError {
        let path = self.path(part).display();
        wrong(format!("{path} cannot be read: check that it is a file that this program may read"))
            .because(error)
    }

    fn path(&self, part: Part) -> &Path {
        let PemFiles { certificate, chain, key } = &self.files;
        match part {
            Part::Certificate => certificate,
            Part::Chain => chain.as_ref().unwrap_or(certificate),
            Part::Key => key,
        }
    }
}

impl Flow for ReadFiles {
    type Output = Identity;
    type Error = Error;

    fn step(&mut self, _: SystemTime, event: Event) -> Result<Step<Identity>, Error> {
        match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Ready, Event::Start) | (State::Waiting, Event::Elapsed) => {
                Ok(self.read(Part::Certificate))
            }
            (State::Reading(part), Event::Contents(contents)) => {
                Ok(self.take(part, contents.map(Given::from))?)
            }
            (State::Reading(part), Event::Failed(error)) => Err(self.cannot_be_read(part, error).into()),
            _ => Err(Error::OutOfTurn),
        }
    }
}

const PAUSE: Duration = Duration::from_millis(200);
