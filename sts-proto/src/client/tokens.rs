//! Tokens of GetWebIdentityToken: kept, and renewed before they end.

mod keep;

use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

pub use keep::KeepToken;

use super::fetch::{Fetch, Fetched};
use super::recent::Recent;
use super::{Core, GetCredentials, Send};
use crate::clocks::Clocks;
use crate::error::{CredentialsError, Error};
use crate::flow::{Event, Flow, Step};
use crate::keys::Credentials;
use crate::operation::Operation;
use crate::operations::GetWebIdentityToken;
use crate::secret::Secret;

/// A signed JWT that proves an AWS identity to another service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebIdentityToken {
    /// The token.
    pub token: Secret,
    /// When it ends.
    pub expiration: SystemTime,
}

impl WebIdentityToken {
    /// How long it is valid from `now` on: zero once it has ended.
    pub fn expires_in(&self, now: SystemTime) -> Duration {
        self.expiration.duration_since(now).unwrap_or_default()
    }

    fn of(kept: Credentials) -> Self {
        let Credentials { secret_access_key: token, expiration, .. } = kept;
        Self { token, expiration: expiration.unwrap_or(SystemTime::UNIX_EPOCH) }
    }
}

/// Tokens that a client has been given, at most so many at a time. What the drivers' `WebIdentityTokenProvider` is made of.
///
/// Each flow has a [`core`](GetToken::core) of its own. While a driver drives the flow, it takes jobs from that one.
pub struct WebIdentityTokens {
    core: Core,
    kept: Recent<Core>,
}

impl WebIdentityTokens {
    /// Tokens that this client asks for, at most `max` at a time.
    pub fn new(core: Core, max: NonZeroUsize) -> Self {
        Self { core, kept: Recent::new(max) }
    }

    /// A token for this input, which is asked for unless one is kept. `seed` as for [`Core::send`].
    pub fn get(&self, input: &GetWebIdentityToken, seed: u128) -> GetToken {
        let core = self.core(input, seed);
        GetToken { getting: getting(&core, seed), core }
    }

    /// Keeps a token for this input in a file.
    pub fn keep_in(&self, input: &GetWebIdentityToken, file: PathBuf, seed: u128) -> KeepToken {
        let core = self.core(input, seed);
        KeepToken::new(core, audience(input), file, seed)
    }

    /// Forgets the token for this input. Returns whether there was one.
    pub fn forget(&self, input: &GetWebIdentityToken) -> bool {
        self.kept.forget(input)
    }

    fn core(&self, input: &GetWebIdentityToken, seed: u128) -> Core {
        let source = || TokenSource::new(&self.core, input);
        self.kept.get(input, || self.core.with_token(source(), seed.rotate_left(64)))
    }
}

/// Prints numbers only.
impl fmt::Debug for WebIdentityTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebIdentityTokens")
            .field("len", &self.kept.len())
            .field("max", &self.kept.max)
            .finish_non_exhaustive()
    }
}

/// Gives a token, which holds at this moment.
#[derive(Debug)]
pub struct GetToken {
    core: Core,
    getting: GetCredentials,
}

impl GetToken {
    /// Gives the jobs of this flow.
    pub fn core(&self) -> &Core {
        &self.core
    }
}

impl Flow for GetToken {
    type Output = WebIdentityToken;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<WebIdentityToken>, Error> {
        Ok(match self.getting.step(now, event)? {
            Step::Perform(effect) => Step::Perform(effect),
            Step::Done(kept) => Step::Done(WebIdentityToken::of(kept)),
        })
    }
}

/// Gives a token that `core` keeps.
fn getting(core: &Core, seed: u128) -> GetCredentials {
    GetCredentials::new(core, GetWebIdentityToken::ACTION, seed)
}

/// How a token is asked for. A client keeps tokens as it keeps credentials: as a secret that ends.
pub(super) struct TokenSource {
    /// The client that asks.
    pub(super) core: Core,
    input: GetWebIdentityToken,
    pub(super) audience: String,
    /// Behind a pointer, so that a program that asks for no token does not hold the code.
    begin: fn(&Self, u128) -> Fetch,
}

impl TokenSource {
    fn new(core: &Core, input: &GetWebIdentityToken) -> Self {
        let begin = |this: &Self, seed| -> Fetch {
            let call = this.core.send(this.input.clone(), seed);
            Box::new(FetchToken { call, audience: this.audience.clone() })
        };
        Self { core: core.clone(), input: input.clone(), audience: audience(input), begin }
    }

    pub(super) fn fetch(&self, seed: u128) -> Fetch {
        (self.begin)(self, seed)
    }

    /// The token that the service gave had ended by then.
    pub(super) fn expired(&self, late: Duration) -> CredentialsError {
        let problem = format!(
            "the one that the service gave expired {} s ago by this machine's clock; correct the clock",
            late.as_secs()
        );
        no_token(&self.audience, problem)
    }

    /// Without the token.
    pub(super) fn describe(&self, kept: &Credentials, now: Clocks) -> String {
        let left = kept.expiration.map(|end| end.duration_since(now.until(end)).unwrap_or_default());
        format!(
            "web identity token for {}, valid for {} s",
            self.audience,
            left.unwrap_or_default().as_secs()
        )
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSource").field("audience", &self.audience).finish_non_exhaustive()
    }
}

/// One call for a token.
#[derive(Debug)]
struct FetchToken {
    call: Send<GetWebIdentityToken>,
    audience: String,
}

impl Flow for FetchToken {
    type Output = Fetched;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Fetched>, Error> {
        let step = self.call.step(now, event);
        let failed = |error| match error {
            // The client has no credentials to sign the call with: the error says so already.
            Error::Credentials(error) => error,
            error => CredentialsError::met_by(&*self.audience, error).of_a_token(),
        };
        match step.map_err(failed)? {
            Step::Perform(effect) => Ok(Step::Perform(effect)),
            Step::Done(output) if output.web_identity_token.expose().trim().is_empty() => {
                Err(no_token(&self.audience, "the answer of the service holds none").into())
            }
            Step::Done(output) => {
                let kept = Credentials::new(KEPT_AS, output.web_identity_token);
                Ok(Step::Done(kept.with_expiration(output.expiration).into()))
            }
        }
    }
}

pub(super) fn no_token(audience: &str, problem: impl Into<Box<str>>) -> CredentialsError {
    CredentialsError::new(audience, problem).of_a_token()
}

fn audience(input: &GetWebIdentityToken) -> String {
    input.audience.join(", ")
}

/// What stands for the id of an access key.
const KEPT_AS: &str = "web identity token";
