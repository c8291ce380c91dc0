//! The token of a login, as its file has it and as it is renewed.

use std::path::Path;
use std::time::SystemTime;

use http::HeaderValue;

use super::{Config, PROVIDER};
use crate::credentials::fetch::{Fetch, Reply};
use crate::credentials::renewal::{Held, Login, Renewable, Renewed, With};
use crate::error::CredentialsError;
use crate::secret::Secret;
use crate::wire::json::{JsonError, Object, texts};
use crate::wire::time;

/// What it takes to renew a token: the registration of the program that logged in.
#[derive(Debug)]
pub(in crate::credentials) struct Registration {
    client_id: Secret,
    client_secret: Secret,
    expires_at: SystemTime,
}

impl Login for Config {
    const SOURCE: &'static str = PROVIDER;
    /// The token, which can be sent. No header yet: a copy of it would stay in memory where the login has ended.
    type Good = Secret;
    type Means = Registration;

    fn file(&self) -> &Path {
        self.token_file()
    }

    fn command(&self) -> &str {
        self.login()
    }

    fn read(&self, contents: &[u8]) -> Result<Held<Self>, JsonError> {
        let mut document = Object::parse(contents)?;
        let good = sendable(document.required("accessToken")?)?;
        let expires_at = document.required_instant("expiresAt")?;
        let renewal = match self.renewal() {
            None => Err("".into()),
            Some(Err(problem)) => Err(problem),
            Some(Ok(_)) => renewable(&mut document).map_err(|error| error.to_string().into()),
        };
        Ok(Held { good, expires_at, renewal })
    }

    fn request(&self, now: SystemTime, login: &Renewable<Self>, with: &With) -> Result<Fetch, Box<str>> {
        let Renewable { refresh_token, means: Registration { client_id, client_secret, expires_at } } = login;
        if *expires_at <= now {
            return Err("its registration has expired".into());
        }
        let Some(Ok(uri)) = self.renewal() else { return Err("it belongs to no session".into()) };
        let document = texts(&[
            ("clientId", client_id.expose()),
            ("clientSecret", client_secret.expose()),
            ("grantType", "refresh_token"),
            ("refreshToken", refresh_token.expose()),
        ]);
        let fetch =
            Fetch::remote(PROVIDER, uri.clone(), with.timeouts, with.retry.attempt_limit(), with.seed);
        Ok(fetch.json(&document, vec![client_secret.clone(), refresh_token.clone()]))
    }

    fn renewed(
        &self,
        now: SystemTime,
        held: &Held<Self>,
        reply: &Reply,
    ) -> Result<Renewed<Secret>, CredentialsError> {
        let unusable = |error: JsonError| reply.unusable(error, ADVICE);
        let mut document = Object::parse(reply.body()).map_err(unusable)?;
        let token = document.required("accessToken").map_err(unusable)?;
        let good = sendable(token.clone()).map_err(unusable)?;
        let life = document.seconds("expiresIn").map_err(unusable)?;
        let life = life.ok_or_else(|| unusable(JsonError::Missing("expiresIn")))?;
        let expires_at = now.checked_add(life).and_then(time::format);
        let expires_at =
            expires_at.ok_or_else(|| unusable(JsonError::NotA("expiresIn", "a number of seconds")))?;
        // A new refresh token is optional (RFC 6749 §6).
        let old = || held.renewal.as_ref().map(|renewal| renewal.refresh_token.clone()).unwrap_or_default();
        let refresh_token = document.optional("refreshToken").unwrap_or_else(old);
        let region = self.region().to_owned();
        Ok(Renewed {
            good,
            change: Box::new(move |file| {
                file.set_text("accessToken", token.expose());
                file.set_text("expiresAt", &expires_at);
                file.set_text("refreshToken", refresh_token.expose());
                // Where the token is from.
                if file.has("region") {
                    file.set_text("region", &region);
                }
                Ok(())
            }),
        })
    }

    fn advice(&self, reply: &Reply) -> (String, bool) {
        let login = self.login();
        let advice = match reply.status() {
            Some(400..=428 | 430..=499) => format!("the login cannot be renewed any more, run `{login}`"),
            Some(_) => "try again later; check sso_region or the endpoint url".to_owned(),
            None => format!("check the network, and sso_region or the endpoint url, or run `{login}`"),
        };
        (advice, false)
    }
}

fn renewable(document: &mut Object) -> Result<Renewable<Config>, JsonError> {
    let refresh_token = document.required("refreshToken")?;
    let (client_id, client_secret) = (document.required("clientId")?, document.required("clientSecret")?);
    let expires_at = document.required_instant("registrationExpiresAt")?;
    Ok(Renewable { refresh_token, means: Registration { client_id, client_secret, expires_at } })
}

/// The header with a token that [can be sent](sendable).
pub(super) fn header(token: &Secret) -> HeaderValue {
    let mut value = HeaderValue::from_str(token.expose()).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// A token that can be the value of a header (RFC 9110 §5.5).
fn sendable(token: Secret) -> Result<Secret, JsonError> {
    let fits = token.expose().bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    if fits { Ok(token) } else { Err(JsonError::NotA("accessToken", "a text that can be sent")) }
}

const ADVICE: &str = "check sso_region, the endpoint url and proxies";
