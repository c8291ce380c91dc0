//! `aws login`: the keys of a console sign-in, in the file that the AWS CLI writes, renewed while the sign-in lasts.
//!
//! The keys last 15 minutes. From five minutes before their end they are renewed, and the file is written back, so that the
//! AWS CLI and other SDKs go on with the same sign-in. A request for new keys carries a proof that its sender has the private
//! key in the file (RFC 9449).
//!
//! Source: AWS SDKs and Tools Reference Guide, "Login credentials provider".

mod config;
mod proof;

use std::path::Path;
use std::time::{Duration, SystemTime};

use http::{HeaderName, HeaderValue, Uri};

pub use self::config::Config;
use self::proof::Key;
use super::fetch::{Fetch, Reply};
use super::renewal::{self, Held, Renewable, Renewal, Renewals, Renewed, With};
use crate::error::{CredentialsError, Error};
use crate::flow::{Event, Flow, Step, Timeouts};
use crate::keys::Credentials;
use crate::retry::Retry;
use crate::secret::Secret;
use crate::wire::json::{JsonError, Object, texts};
use crate::wire::time;

/// Reads the keys and renews them where that is due, with the default time-outs and retries unless [`like`](Self::like) sets
/// others.
#[derive(Debug)]
pub struct Login(Renewal<Config>);

impl Login {
    /// Gives the keys of this configuration. `seed` determines the waits between tries and the ids of proofs.
    pub fn new(config: Config, seed: u128) -> Self {
        Self(Renewal::new(config, seed))
    }

    /// Sets time-outs and retries.
    #[must_use]
    pub fn like(self, timeouts: Timeouts, retry: Retry) -> Self {
        Self(self.0.like(timeouts, retry))
    }

    /// Shares what earlier fetches know of the logins that they renewed.
    #[must_use]
    pub(super) fn renewals(self, renewals: Renewals) -> Self {
        Self(self.0.renewals(renewals))
    }
}

impl Flow for Login {
    type Output = Credentials;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Credentials>, Error> {
        self.0.step(now, event)
    }
}

/// What it takes to renew keys.
#[derive(Debug)]
pub(super) struct Means {
    client_id: Secret,
    /// A PEM document.
    key: Secret,
    region: Option<Secret>,
}

impl renewal::Login for Config {
    const SOURCE: &'static str = PROVIDER;
    type Good = Credentials;
    type Means = Means;

    fn file(&self) -> &Path {
        self.token_file()
    }

    fn command(&self) -> &str {
        self.command()
    }

    fn read(&self, contents: &[u8]) -> Result<Held<Self>, JsonError> {
        let mut document = Object::parse(contents)?;
        let mut keys = document.object("accessToken")?;
        let expires_at = keys.required_instant("expiresAt")?;
        let account = keys.optional("accountId");
        let mut good = credentials(&mut keys)?.with_expiration(expires_at);
        good.account_id = account.map(|account| account.expose().to_owned());
        // Other tools refuse a file that lacks one of these, even while its keys last.
        let refresh_token = document.required("refreshToken")?;
        let (client_id, key) = (document.required("clientId")?, document.required("dpopKey")?);
        let region = document.optional("signInRegion");
        let renewal = Ok(Renewable { refresh_token, means: Means { client_id, key, region } });
        Ok(Held { good, expires_at, renewal })
    }

    fn request(&self, now: SystemTime, login: &Renewable<Self>, with: &With) -> Result<Fetch, Box<str>> {
        let Renewable { refresh_token, means: Means { client_id, key, region } } = login;
        let uri = self.uri(region.as_ref().map(Secret::expose))?;
        let key = Key::from_pem(key.expose())
            .ok_or("its dpopKey is no private key of the curve P-256 (SEC 1, PEM)")?;
        let proof = key.proof(&uri, now, with.seed).ok_or("the clock of this machine is wrong")?;
        let mut proof = HeaderValue::try_from(proof).map_err(|_| "the url of the service is too long")?;
        proof.set_sensitive(true);
        let document = texts(&[
            ("clientId", client_id.expose()),
            ("refreshToken", refresh_token.expose()),
            ("grantType", "refresh_token"),
        ]);
        let uri = Uri::try_from(uri).map_err(|_| "the url of the service is too long")?;
        let fetch = Fetch::remote(PROVIDER, uri, with.timeouts, with.retry.attempt_limit(), with.seed);
        Ok(fetch.header(DPOP, proof).json(&document, vec![refresh_token.clone()]))
    }

    fn renewed(
        &self,
        now: SystemTime,
        held: &Held<Self>,
        reply: &Reply,
    ) -> Result<Renewed<Credentials>, CredentialsError> {
        let unusable = |error: JsonError| reply.unusable(error, ADVICE);
        let mut document = Object::parse(reply.body()).map_err(unusable)?;
        let mut keys = document.object("accessToken").map_err(unusable)?;
        let mut good = credentials(&mut keys).map_err(unusable)?;
        reply.id("access key", good.access_key_id.as_str().into(), ADVICE)?;
        let refresh_token = document.required("refreshToken").map_err(unusable)?;
        // How long the keys last is no reason to do without them.
        let life = document.seconds("expiresIn").ok().flatten().unwrap_or(LIFE);
        let expires_at = now.checked_add(life);
        let end = expires_at.and_then(|at| Some((at, time::format(at)?)));
        let (at, end) = end.ok_or_else(|| unusable(JsonError::NotA("expiresIn", "a number of seconds")))?;
        good.expiration = Some(at);
        good.account_id.clone_from(&held.good.account_id);
        let new = good.clone();
        Ok(Renewed {
            good,
            change: Box::new(move |file| {
                let mut keys = file.object("accessToken")?;
                keys.set_text("accessKeyId", &new.access_key_id);
                keys.set_text("secretAccessKey", new.secret_access_key.expose());
                keys.set_text("sessionToken", new.session_token.as_ref().map_or("", Secret::expose));
                keys.set_text("expiresAt", &end);
                file.set_object("accessToken", &keys);
                file.set_text("refreshToken", refresh_token.expose());
                Ok(())
            }),
        })
    }

    fn advice(&self, reply: &Reply) -> (String, bool) {
        let command = self.command();
        let code = reply.code();
        let known = match code.as_deref() {
            Some("TOKEN_EXPIRED") => format!("the sign-in has expired, run `{command}`"),
            Some("USER_CREDENTIALS_CHANGED") => {
                format!("the user's password has changed since the sign-in, run `{command}`")
            }
            Some("AUTHCODE_EXPIRED") => format!("the sign-in took too long, run `{command}`"),
            Some("INSUFFICIENT_PERMISSIONS") => {
                format!("the user needs the permission signin:CreateOAuth2Token; get it, and run `{command}`")
            }
            _ if reply.error_type() == Some("AccessDeniedException") => {
                format!("the sign-in is no longer valid, run `{command}`")
            }
            _ => {
                let advice = match reply.status() {
                    Some(400..=428 | 430..=499) => {
                        format!("check its region and endpoint url, or run `{command}`")
                    }
                    Some(_) => "try again later; check its region or the endpoint url".to_owned(),
                    None => "check the network, and its region or the endpoint url".to_owned(),
                };
                return (advice, false);
            }
        };
        (known, true)
    }
}

fn credentials(keys: &mut Object) -> Result<Credentials, JsonError> {
    let id = keys.required("accessKeyId")?;
    let secret = keys.required("secretAccessKey")?;
    Ok(Credentials::new(id.expose(), secret).with_session_token(keys.required("sessionToken")?))
}

const PROVIDER: &str = "aws login";
const ADVICE: &str = "check the region of the login, the endpoint url and proxies";
const DPOP: HeaderName = HeaderName::from_static("dpop");
/// How long the service's keys last.
const LIFE: Duration = Duration::from_secs(900);

#[cfg(test)]
mod tests;
