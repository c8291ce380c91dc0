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
/// replaced once. If the service gives no token, because it has only version 1 or does not answer, it is asked without one,
/// unless the configuration forbids that.
///
/// The credentials are asked for at the path whose answers name their account, and at the older one if the service does
/// not have that. If the role is replaced between the requests, its name is asked for again, once.
///
/// Expired credentials are accepted: the service returns old ones when it cannot make new ones, and AWS accepts them
/// meanwhile ("static stability"). Their expiration is set to 10 to 15 minutes from now, and [`extended`](Self::extended)
/// returns `true`.
#[derive(Debug)]
pub struct InstanceMetadata {
    session: Session,
    stage: Stage,
    dice: Dice,
    /// The path below which the roles are.
    roles: &'static str,
    /// Whether the name of the role was asked for again.
    asked_again: bool,
    extended: bool,
    answered: bool,
}

#[derive(Debug)]
enum Stage {
    Ready,
    /// Asking for the name of the role.
    Role,
    /// Asking for the role's credentials.
    Keys,
    Over,
}

impl InstanceMetadata {
    /// Asks the service of this configuration. `seed` determines the waits between tries, and by how much expired credentials
    /// are extended.
    pub fn new(config: Config, seed: u128) -> Self {
        Self {
            session: Session::new(config, seed),
            stage: Stage::Ready,
            dice: Dice::new(!seed),
            roles: ROLES_WITH_ACCOUNT,
            asked_again: false,
            extended: false,
            answered: false,
        }
    }

    /// Whether the service answered that the instance has no role.
    pub fn answered(&self) -> bool {
        self.answered
    }

    /// Whether the credentials have expired and their expiration was extended.
    pub fn extended(&self) -> bool {
        self.extended
    }

    fn ask_for_role(&mut self, now: SystemTime) -> Result<Step<Option<Credentials>>, Error> {
        self.session.ask(self.roles);
        self.role(now, Event::Start)
    }

    fn ask_for_keys(&mut self, role: &str, now: SystemTime) -> Result<Step<Option<Credentials>>, Error> {
        self.session.ask(&format!("{}{}", self.roles, utf8_percent_encode(role, IN_PATH)));
        self.keys(now, Event::Start)
    }

    fn role(&mut self, now: SystemTime, event: Event) -> Result<Step<Option<Credentials>>, Error> {
        match self.session.step(now, event)? {
            Step::Perform(effect) => {
                self.stage = Stage::Role;
                Ok(Step::Perform(effect))
            }
            Step::Done(Answer::Unreachable) => Ok(Step::Done(None)),
            Step::Done(Answer::Absent(_)) if self.roles == ROLES_WITH_ACCOUNT => {
                self.roles = ROLES;
                self.ask_for_role(now)
            }
            Step::Done(Answer::Absent(_)) => {
                self.answered = true;
                Ok(Step::Done(None))
            }
            Step::Done(Answer::Document(reply)) => match role(&reply)? {
                None => {
                    self.answered = true;
                    Ok(Step::Done(None))
                }
                Some(role) => self.ask_for_keys(role, now),
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
            Step::Done(Answer::Absent(reply)) => self.no_keys(reply, now),
            Step::Done(Answer::Document(reply)) => {
                let credentials = keys_json::read(&reply)?;
                Ok(Step::Done(Some(self.kept_alive(credentials, now))))
            }
        }
    }

    fn no_keys(&mut self, reply: Reply, now: SystemTime) -> Result<Step<Option<Credentials>>, Error> {
        match self.session.role() {
            Some((role, _)) if self.roles == ROLES_WITH_ACCOUNT => {
                self.roles = ROLES;
                self.ask_for_keys(&role, now)
            }
            Some((_, origin)) => {
                let problem =
                    format!("the instance has no role of the name that {origin} gives; correct or remove it");
                Err(reply.refused(&problem).into())
            }
            None if !std::mem::replace(&mut self.asked_again, true) => self.ask_for_role(now),
            None => Err(reply.refused("the role no longer exists; check the instance profile").into()),
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
            (Stage::Ready, Event::Start) => match self.session.role() {
                Some((role, _)) => self.ask_for_keys(&role, now),
                None => self.ask_for_role(now),
            },
            (Stage::Role, event) => self.role(now, event),
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
    match is_role(role) && !reply.quotes(role) {
        true => Ok(Some(role)),
        false => Err(none()),
    }
}

/// Whether this may be the name of a role. It becomes part of a URL, which errors show.
fn is_role(name: &str) -> bool {
    let plain = |c: char| !c.is_control() && !matches!(c, '<' | '>' | '{' | '}' | '"' | '/' | '\\');
    // These two would change the path (RFC 3986 §5.2.4).
    let dots = matches!(name, "." | "..");
    name.len() <= MAX_ROLE && !dots && name.chars().all(plain)
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

/// Its answers have the account of the credentials.
const ROLES_WITH_ACCOUNT: &str = "/latest/meta-data/iam/security-credentials-extended/";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
const REGION: &str = "/latest/meta-data/placement/region";

/// The minimum; up to half as much is added at random.
const EXTENSION: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests;
