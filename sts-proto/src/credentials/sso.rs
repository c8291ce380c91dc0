//! IAM Identity Center: credentials in exchange for the token of an earlier login.
//!
//! The token is read from the cache that `aws sso login` writes. It is not renewed: once it has expired, the error says how to
//! log in again.
//!
//! Source: AWS SDKs and Tools Reference Guide, "IAM Identity Center credential provider".

mod config;

use std::time::SystemTime;

use http::{HeaderName, HeaderValue};

pub use config::Config;

use super::fetch::{Fetch, Reply};
use crate::error::{CredentialsError, Error};
use crate::flow::{Event, Flow, Step, Timeouts};
use crate::keys::Credentials;
use crate::retry::Retry;
use crate::secret::Given;
use crate::wire::json::{JsonError, Object};

/// Reads the token and asks the portal, with the default time-outs and retries unless [`like`](Self::like) sets others.
///
/// The credentials may have expired already.
#[derive(Debug)]
pub struct Sso {
    config: Config,
    timeouts: Timeouts,
    retry: Retry,
    seed: u128,
    state: State,
}

#[derive(Debug)]
enum State {
    Ready,
    Reading,
    Asking(Box<Fetch>),
    Over,
}

impl Sso {
    /// Asks for the credentials of this configuration. `seed` determines the waits between tries.
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

    /// Reads the token from the contents of the file, as a header.
    fn token(&self, now: SystemTime, contents: Option<Given>) -> Result<HeaderValue, CredentialsError> {
        let (path, login) = (self.config.token_file().display(), self.config.login());
        let Some(contents) = contents else {
            return Err(wrong(format!("there is no login, {path} does not exist; run `{login}`")));
        };
        let damaged =
            |problem: String| wrong(format!("the login in {path} cannot be used, {problem}; run `{login}`"));
        let unreadable = |error: JsonError| damaged(error.to_string());
        let mut document = Object::parse(&contents).map_err(unreadable)?;
        let token = document.required("accessToken").map_err(unreadable)?;
        let expires_at = document.required_instant("expiresAt").map_err(unreadable)?;
        if expires_at <= now {
            return Err(wrong(format!("the login in {path} has expired; run `{login}`")));
        }
        let value = HeaderValue::from_str(token.expose()).ok().filter(|_| token.expose().is_ascii());
        let mut value =
            value.ok_or_else(|| damaged("accessToken has a character that cannot be sent".to_owned()))?;
        value.set_sensitive(true);
        Ok(value)
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
                self.state = State::Reading;
                Ok(Step::Perform(crate::flow::Effect::Read(self.config.token_file().to_owned())))
            }
            (State::Reading, Event::Contents(contents)) => {
                let token = self.token(now, contents.map(Given::from))?;
                let fetch = Fetch::remote(
                    PROVIDER,
                    self.config.uri().clone(),
                    self.timeouts,
                    self.retry.attempt_limit(),
                    self.seed,
                );
                self.ask(Box::new(fetch.header(TOKEN, token)), now, Event::Start)
            }
            (State::Reading, Event::Failed(error)) => {
                let path = self.config.token_file().display();
                Err(wrong(format!("the login in {path} cannot be read")).because(error).into())
            }
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
