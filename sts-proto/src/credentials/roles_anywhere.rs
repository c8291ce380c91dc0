//! IAM Roles Anywhere: credentials of a role for the holder of an X.509 certificate.
//!
//! Source: IAM Roles Anywhere User Guide, "Authentication" and "Signing process".

mod config;
mod files;

use std::fmt;
use std::time::SystemTime;

use serde_core::Deserializer as _;
use serde_core::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Deserializer;
use serde_json::value::RawValue;

pub use self::config::{Config, Holder, PemFiles};
use self::files::ReadFiles;
use super::assume_role::is_account;
use super::fetch::{Fetch, Reply};
use crate::error::{CredentialsError, Error};
use crate::flow::{Event, Flow, Step, Timeouts};
use crate::keys::Credentials;
use crate::retry::{Offset, Retry, ServerClock};
use crate::secret::Secret;
use crate::sigv4::x509::Identity;
use crate::wire::json::{JsonError, Object};
use crate::wire::time;

/// Creates a session, with the default time-outs and retries unless [`like`](Self::like) sets others.
#[derive(Debug)]
pub struct RolesAnywhere {
    config: Config,
    timeouts: Timeouts,
    retry: Retry,
    seed: u128,
    state: State,
}

#[derive(Debug)]
enum State {
    Ready,
    Reading(Box<ReadFiles>),
    Asking(Box<Asking>),
    Over,
}

/// A request that is under way.
#[derive(Debug)]
struct Asking {
    identity: Identity,
    fetch: Fetch,
    begun: SystemTime,
    /// Which the request is dated with.
    offset: Offset,
}

impl RolesAnywhere {
    /// Assumes the role of this configuration. `seed` determines the waits between tries.
    pub fn new(config: Config, seed: u128) -> Self {
        let (timeouts, retry) = (Timeouts::default(), Retry::standard());
        Self { config, timeouts, retry, seed, state: State::Ready }
    }

    /// Sets time-outs and retries.
    #[must_use]
    pub fn like(mut self, timeouts: Timeouts, retry: Retry) -> Self {
        (self.timeouts, self.retry) = (timeouts, retry);
        self
    }

    fn begin(&mut self, now: SystemTime) -> Result<Step<Credentials>, Error> {
        match &self.config.holder {
            Holder::Identity(identity) => self.send(now, identity.clone(), Offset::default()),
            Holder::Files(files) => self.read(now, Box::new(ReadFiles::new(files.clone())), Event::Start),
        }
    }

    fn read(
        &mut self,
        now: SystemTime,
        mut read: Box<ReadFiles>,
        event: Event,
    ) -> Result<Step<Credentials>, Error> {
        match read.step(now, event)? {
            Step::Perform(effect) => {
                self.state = State::Reading(read);
                Ok(Step::Perform(effect))
            }
            Step::Done(identity) => self.send(now, identity, Offset::default()),
        }
    }

    fn send(
        &mut self,
        now: SystemTime,
        identity: Identity,
        offset: Offset,
    ) -> Result<Step<Credentials>, Error> {
        let (parts, body) = self.config.request(&identity, offset.apply(now))?.into_parts();
        let tries = self.retry.attempt_limit();
        let fetch = Fetch::remote(PROVIDER, parts.uri, self.timeouts, tries, self.seed);
        let fetch = fetch.json(&Secret::from(String::from_utf8_lossy(&body).as_ref()), Vec::new());
        let fetch = parts
            .headers
            .iter()
            .fold(fetch, |fetch, (name, value)| fetch.header(name.clone(), value.clone()));
        self.ask(now, Box::new(Asking { identity, fetch, begun: now, offset }), Event::Start)
    }

    fn ask(
        &mut self,
        now: SystemTime,
        mut asking: Box<Asking>,
        event: Event,
    ) -> Result<Step<Credentials>, Error> {
        let reply = match asking.fetch.step(now, event)? {
            Step::Perform(effect) => {
                self.state = State::Asking(asking);
                return Ok(Step::Perform(effect));
            }
            Step::Done(reply) => reply,
        };
        if let Some(200..=299) = reply.status() {
            return Ok(Step::Done(credentials(&reply, self.config.role_arn())?));
        }
        let Asking { identity, begun, offset, .. } = *asking;
        // Once, so that it ends whatever dates are shown.
        if reply.status() == Some(403)
            && offset == Offset::default()
            && let Some(date) = reply.date()
            && let Some(shown) = ServerClock::default().measure(begun, now, date)
            && shown.moved_from(offset)
        {
            return self.send(now, identity, shown);
        }
        let advice = advice(&reply, &identity, offset.apply(now));
        Err(reply.refused(&advice).into())
    }
}

impl Flow for RolesAnywhere {
    type Output = Credentials;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Credentials>, Error> {
        match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Ready, Event::Start) => self.begin(now),
            (State::Reading(read), event) => self.read(now, read, event),
            (State::Asking(asking), event) => self.ask(now, asking, event),
            _ => Err(Error::OutOfTurn),
        }
    }
}

/// What to do about a refusal. The dates of the certificate are looked at no sooner, since this machine's clock may be wrong.
fn advice(reply: &Reply, identity: &Identity, now: SystemTime) -> String {
    let at = |time| time::format(time).unwrap_or_default();
    match (reply.status(), identity.validity()) {
        (Some(400..=403), Some((_, until))) if until < now => {
            format!("the certificate has expired at {}, renew it", at(until))
        }
        (Some(400..=403), Some((from, _))) if now < from => {
            format!("the certificate is valid from {} on, check it and the clock", at(from))
        }
        (Some(403), _) => {
            "check that trust anchor and profile are enabled, that the anchor or the given chain has issued \
                           the certificate, that the profile has the role, and that the role trusts \
                           rolesanywhere.amazonaws.com"
                .to_owned()
        }
        (Some(400 | 404), _) => {
            "check the arns of role, profile and trust anchor, and the duration and name of the session"
                .to_owned()
        }
        (Some(_), _) => "try again later; check the region or the endpoint url".to_owned(),
        (None, _) => "check the network, and the region or the endpoint url".to_owned(),
    }
}

fn credentials(reply: &Reply, role_arn: &str) -> Result<Credentials, CredentialsError> {
    let unusable = |error: JsonError| reply.unusable(error, ADVICE);
    let mut keys = keys(reply.body()).ok_or_else(|| {
        reply.unusable("it is no json object with a credentialSet that holds credentials", ADVICE)
    })?;
    let id = reply.id("access key", keys.required("accessKeyId").map_err(unusable)?, ADVICE)?;
    let secret = keys.required("secretAccessKey").map_err(unusable)?;
    let token = keys.required("sessionToken").map_err(unusable)?;
    let expiration = keys.required_instant("expiration").map_err(unusable)?;
    let mut credentials = Credentials::new(id.expose(), secret).with_session_token(token);
    credentials.account_id = role_arn.split(':').nth(4).filter(|text| is_account(text)).map(str::to_owned);
    Ok(credentials.with_expiration(expiration))
}

/// The member `credentials` of the first of the `credentialSet`.
fn keys(body: &[u8]) -> Option<Object> {
    let set = part(Part::Member("credentialSet"), body)?;
    let first = part(Part::First, set)?;
    Object::parse(part(Part::Member("credentials"), first)?).ok()
}

/// This part of a document, which is read to its end.
fn part(part: Part, document: &[u8]) -> Option<&[u8]> {
    let mut deserializer = Deserializer::from_slice(document);
    let found = deserializer.deserialize_any(part).ok()?;
    deserializer.end().ok()?;
    found.map(|found| found.get().as_bytes())
}

/// Borrows one part of an object or a list, so that no copy of a secret stays and what is passed over takes no memory.
#[derive(Clone, Copy)]
enum Part {
    /// Of two of one name the last one counts.
    Member(&'static str),
    /// Of a list.
    First,
}

impl<'de> Visitor<'de> for Part {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Member(_) => "an object",
            Self::First => "a list",
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            if matches!(self, Self::Member(wanted) if wanted == name) {
                found = Some(value);
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let first = list.next_element()?.filter(|_| matches!(self, Self::First));
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(first)
    }
}

fn wrong(problem: impl Into<Box<str>>) -> CredentialsError {
    CredentialsError::new(PROVIDER, problem)
}

const PROVIDER: &str = "iam roles anywhere";
const ADVICE: &str = "check the region, the endpoint url and proxies";

#[cfg(test)]
mod tests;
