//! The instance metadata service of Amazon EC2: version 2, or version 1 on servers that have no other.
//!
//! Source: Amazon EC2 User Guide, "Use the Instance Metadata Service to access instance metadata", and AWS SDKs and Tools
//! Reference Guide, "IMDS credential provider".

mod config;
mod session;

use std::time::{Duration, SystemTime};

pub use config::{Config, Mode};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use self::session::{Answer, Session};
use super::fetch::Reply;
use super::keys_json;
use crate::endpoint::is_label;
use crate::error::{CredentialsError, Error};
use crate::flow::{Event, Flow, Step};
use crate::keys::Credentials;
use crate::retry::Dice;

/// Asks for the credentials of the instance's role. Ends with `None` if there is no metadata service, or the instance has no
/// role.
///
/// Each of the requests (token, role, credentials) is sent at most four times, with a time-out of a second. If the first
/// request reaches no server, it is not sent again. A token is used for one flow only. If the service refuses it, it is
/// replaced once.
///
/// Expired credentials are accepted: the service returns old ones when it cannot make new ones, and AWS accepts them
/// meanwhile ("static stability"). Their expiration is set to 10 to 15 minutes from now, and [`extended`](Self::extended)
/// returns `true`.
#[derive(Debug)]
pub struct InstanceMetadata {
    session: Session,
    stage: Stage,
    dice: Dice,
    extended: bool,
    answered: bool,
}

#[derive(Debug)]
enum Stage {
    Ready,
    /// Asking for the name of the role.
    Roles,
    /// Asking for the role's credentials.
    Keys,
    Over,
}

impl InstanceMetadata {
    /// Asks the service of this configuration. `seed` determines the waits between tries, and by how much expired credentials
    /// are extended.
    pub fn new(config: Config, seed: u128) -> Self {
        let session = Session::new(config, seed);
        Self { session, stage: Stage::Ready, dice: Dice::new(!seed), extended: false, answered: false }
    }

    /// Whether the service answered that the instance has no role.
    pub fn answered(&self) -> bool {
        self.answered
    }

    /// Whether the credentials have expired and their expiration was extended.
    pub fn extended(&self) -> bool {
        self.extended
    }

    fn roles(&mut self, now: SystemTime, event: Event) -> Result<Step<Option<Credentials>>, Error> {
        match self.session.step(now, event)? {
            Step::Perform(effect) => {
                self.stage = Stage::Roles;
                Ok(Step::Perform(effect))
            }
            Step::Done(Answer::Unreachable) => Ok(Step::Done(None)),
            Step::Done(Answer::Absent(_)) => {
                self.answered = true;
                Ok(Step::Done(None))
            }
            Step::Done(Answer::Document(reply)) => match role(&reply)? {
                None => {
                    self.answered = true;
                    Ok(Step::Done(None))
                }
                Some(role) => {
                    let role = utf8_percent_encode(role, IN_PATH);
                    self.session.ask(&format!("{ROLES}{role}"));
                    self.keys(now, Event::Start)
                }
            },
        }
    }

    fn keys(&mut self, now: SystemTime, event: Event) -> Result<Step<Option<Credentials>>, Error> {
        match self.session.step(now, event)? {
            Step::Perform(effect) => {
                self.stage = Stage::Keys;
                Ok(Step::Perform(effect))
            }
            Step::Done(Answer::Unreachable) => Ok(Step::Done(None)),
            Step::Done(Answer::Absent(reply)) => {
                Err(reply.refused("the role no longer exists; check the instance profile").into())
            }
            Step::Done(Answer::Document(reply)) => {
                let credentials = keys_json::read(&reply)?;
                Ok(Step::Done(Some(self.kept_alive(credentials, now))))
            }
        }
    }

    fn kept_alive(&mut self, mut credentials: Credentials, now: SystemTime) -> Credentials {
        if credentials.expiration.is_some_and(|expiration| expiration <= now) {
            self.extended = true;
            credentials.expiration = extended_expiration(now, &mut self.dice);
        }
        credentials
    }
}

impl Flow for InstanceMetadata {
    type Output = Option<Credentials>;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Option<Credentials>>, Error> {
        match (std::mem::replace(&mut self.stage, Stage::Over), event) {
            (Stage::Ready, Event::Start) => {
                self.session.ask(ROLES);
                self.roles(now, Event::Start)
            }
            (Stage::Roles, event) => self.roles(now, event),
            (Stage::Keys, event) => self.keys(now, event),
            _ => Err(Error::OutOfTurn),
        }
    }
}

/// Asks for the region. Ends with `None` if there is no metadata service, or it knows of no region.
#[derive(Debug)]
pub struct Region {
    session: Session,
    over: bool,
}

impl Region {
    /// Asks the service of this configuration.
    pub fn new(config: Config) -> Self {
        let mut session = Session::new(config, 0);
        session.ask(REGION);
        Self { session, over: false }
    }
}

impl Flow for Region {
    type Output = Option<String>;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Option<String>>, Error> {
        if std::mem::replace(&mut self.over, true) {
            return Err(Error::OutOfTurn);
        }
        match self.session.step(now, event) {
            Ok(Step::Perform(effect)) => {
                self.over = false;
                Ok(Step::Perform(effect))
            }
            Ok(Step::Done(Answer::Document(reply))) => Ok(Step::Done(Some(region(&reply)?))),
            Ok(Step::Done(_)) => Ok(Step::Done(None)),
            Err(error) => Err(error),
        }
    }
}

/// The new expiration of expired credentials that stay in use while the service has no new ones ("static stability"): in ten
/// to fifteen minutes, when the service is asked again.
pub(super) fn extended_expiration(now: SystemTime, dice: &mut Dice) -> Option<SystemTime> {
    now.checked_add(EXTENSION.mul_f64(1.0 + dice.fraction() / 2.0))
}

/// The name of the role: the first line. AWS never returns a second.
fn role(reply: &Reply) -> Result<Option<&str>, CredentialsError> {
    let none = || reply.unusable("it is not the name of a role", session::ADVICE);
    let text = std::str::from_utf8(reply.body()).map_err(|_| none())?;
    let Some(role) = text.trim().lines().next().map(str::trim) else { return Ok(None) };
    let plain = |c: char| !c.is_control() && !matches!(c, '<' | '>' | '{' | '}' | '"' | '/' | '\\');
    // The name becomes part of a URL, where these two would change the path (RFC 3986 §5.2.4). Errors show the URL.
    let dots = matches!(role, "." | "..");
    if role.len() > MAX_ROLE || dots || !role.chars().all(plain) || reply.quotes(role) {
        return Err(none());
    }
    Ok(Some(role))
}

fn region(reply: &Reply) -> Result<String, CredentialsError> {
    let region = std::str::from_utf8(reply.body()).unwrap_or_default().trim();
    match is_label(region, |_| false) && !reply.quotes(region) {
        true => Ok(region.to_owned()),
        false => Err(reply.unusable("it is not the name of a region", session::ADVICE)),
    }
}

/// Names of roles consist of letters, digits and `+=,.@_-`.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'+')
    .remove(b'=')
    .remove(b',')
    .remove(b'@');
/// Twice the limit of IAM, in bytes.
const MAX_ROLE: usize = 128;

const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
const REGION: &str = "/latest/meta-data/placement/region";

/// The minimum; up to half as much is added at random.
const EXTENSION: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests;
