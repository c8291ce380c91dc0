//! IAM Identity Center: credentials in exchange for the token of an earlier login.
//!
//! The token is read from the cache that `aws sso login` writes. That of a session is renewed from five minutes before its end,
//! and written back; where that is not possible, it is used while it lasts. Then the error says how to log in again.
//!
//! Source: AWS SDKs and Tools Reference Guide, "IAM Identity Center credential provider".

mod config;
mod token;

use std::time::SystemTime;

use http::HeaderName;

pub use config::Config;

use super::fetch::{Fetch, Reply};
use super::renewal::{Renewal, Renewals};
use crate::error::{CredentialsError, Error};
use crate::flow::{Event, Flow, Step, Timeouts};
use crate::keys::Credentials;
use crate::retry::Retry;
use crate::wire::json::{JsonError, Object};

/// Reads the token and asks the portal, with the default time-outs and retries unless [`like`](Self::like) sets others.
///
/// The credentials may have expired already.
#[derive(Debug)]
pub struct Sso {
    config: Config,
    timeouts: Timeouts,
    retry: Retry,
    renewals: Renewals,
    seed: u128,
    state: State,
}

#[derive(Debug)]
enum State {
    Ready,
    Token(Box<Renewal<Config>>),
    Asking(Box<Fetch>),
    Over,
}

impl Sso {
    /// Asks for the credentials of this configuration. `seed` determines the waits between tries.
    pub fn new(config: Config, seed: u128) -> Self {
        let (timeouts, retry, renewals) = (Timeouts::default(), Retry::standard(), Renewals::default());
        Self { config, timeouts, retry, renewals, seed, state: State::Ready }
    }

    /// Sets time-outs and retries.
    #[must_use]
    pub fn like(mut self, timeouts: Timeouts, retry: Retry) -> Self {
        (self.timeouts, self.retry) = (timeouts, retry);
        self
    }

    /// Shares what earlier fetches know of the logins that they renewed.
    #[must_use]
    pub(super) fn renewals(mut self, renewals: Renewals) -> Self {
        self.renewals = renewals;
        self
    }

    fn token(
        &mut self,
        mut renewal: Box<Renewal<Config>>,
        now: SystemTime,
        event: Event,
    ) -> Result<Step<Credentials>, Error> {
        let token = match renewal.step(now, event)? {
            Step::Perform(effect) => {
                self.state = State::Token(renewal);
                return Ok(Step::Perform(effect));
            }
            Step::Done(token) => token,
        };
        let (uri, tries) = (self.config.uri().clone(), self.retry.attempt_limit());
        let fetch = Fetch::remote(PROVIDER, uri, self.timeouts, tries, self.seed);
        self.ask(Box::new(fetch.header(TOKEN, token::header(&token))), now, Event::Start)
    }

    fn ask(
        &mut self,
        mut fetch: Box<Fetch>,
        now: SystemTime,
        event: Event,
    ) -> Result<Step<Credentials>, Error> {
        let reply = match fetch.step(now, event)? {
            Step::Perform(effect) => {
                self.state = State::Asking(fetch);
                return Ok(Step::Perform(effect));
            }
            Step::Done(reply) => reply,
        };
        let config = &self.config;
        let (account, role, login) = (config.account_id(), config.role_name(), config.login());
        let advice = match reply.status() {
            Some(200..=299) => return Ok(Step::Done(credentials(&reply, account)?)),
            Some(401) => format!("the login is no longer valid, run `{login}`"),
            Some(403) => format!("check that you may use role {role} in account {account}, or run `{login}`"),
            Some(400 | 404) => format!("check the account {account}, the role {role} and sso_region"),
            Some(_) => "try again later; check sso_region or the endpoint url".to_owned(),
            None => "check the network, and sso_region or the endpoint url".to_owned(),
        };
        Err(reply.refused(&advice).into())
    }
}

impl Flow for Sso {
    type Output = Credentials;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Credentials>, Error> {
        match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Ready, Event::Start) => {
                let renewal = Renewal::new(self.config.clone(), self.seed).like(self.timeouts, self.retry);
                self.token(Box::new(renewal.renewals(self.renewals.clone())), now, Event::Start)
            }
            (State::Token(renewal), event) => self.token(renewal, now, event),
            (State::Asking(fetch), event) => self.ask(fetch, now, event),
            _ => Err(Error::OutOfTurn),
        }
    }
}

fn credentials(reply: &Reply, account_id: &str) -> Result<Credentials, CredentialsError> {
    let unusable = |error: JsonError| reply.unusable(error, ADVICE);
    let mut document = Object::parse(reply.body()).map_err(unusable)?;
    let mut keys = document.object("roleCredentials").map_err(unusable)?;
    let id = reply.id("access key", keys.required("accessKeyId").map_err(unusable)?, ADVICE)?;
    let secret = keys.required("secretAccessKey").map_err(unusable)?;
    let token = keys.required("sessionToken").map_err(unusable)?;
    let expiration = keys.required_in_milliseconds("expiration").map_err(unusable)?;
    let credentials = Credentials::new(id.expose(), secret).with_session_token(token);
    Ok(credentials.with_expiration(expiration).with_account_id(account_id))
}

fn wrong(problem: String) -> CredentialsError {
    CredentialsError::new(PROVIDER, problem)
}

const PROVIDER: &str = "sso";
const ADVICE: &str = "check sso_region, the endpoint url and proxies";

const TOKEN: HeaderName = HeaderName::from_static("x-amz-sso_bearer_token");

#[cfg(test)]
mod tests;
