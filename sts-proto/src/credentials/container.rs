//! The credentials endpoint of a container: Amazon ECS and EKS pod identity.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::time::SystemTime;

use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderValue, Method, Uri};

use super::fetch::{Fetch, authorization, without_path, without_query};
use super::keys_json;
use crate::endpoint::Target;
use crate::error::{CredentialsError, Error};
use crate::flow::{Event, Flow, Step};
use crate::keys::Credentials;
use crate::settings::{Env, SettingsError};
use crate::text::split_once;

/// The URL of the endpoint, and the token to send to it.
///
/// | variable | value |
/// |---|---|
/// | `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` | path and query on `http://169.254.170.2`; takes precedence |
/// | `AWS_CONTAINER_CREDENTIALS_FULL_URI` | the whole URL: `https` to any host; `http` to this machine, 169.254.170.2 and 169.254.170.23 or `[fd00:ec2::23]` alone |
/// | `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` | a file with the token, read again for each try; takes precedence |
/// | `AWS_CONTAINER_AUTHORIZATION_TOKEN` | the token itself |
///
/// (AWS SDKs and Tools Reference Guide, "Container credential provider".) The token is sent to the host of the URL, so
/// `http` is limited to addresses on the machine itself. Names are not looked up for this check: `localhost` is the only name
/// that passes.
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    uri: Uri,
    /// Whether it takes no more than the path to get the credentials, as on Amazon ECS.
    path_is_secret: bool,
    token: Option<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Value(HeaderValue),
    File(PathBuf),
}

impl Config {
    /// Reads the environment; `None` if neither URI is set.
    ///
    /// # Errors
    ///
    /// The URI is not valid or its host is not allowed, or the token cannot be sent.
    pub fn from_env(env: &Env) -> Result<Option<Self>, CredentialsError> {
        let get = |variable| env.get(variable).map_err(unusable);
        let (uri, path_is_secret) = match (get(RELATIVE)?, get(FULL)?) {
            (Some(relative), _) => (relative_uri(relative.trim())?, true),
            (None, Some(full)) => (full_uri(full.trim())?, false),
            (None, None) => return Ok(None),
        };
        let token = match (get(TOKEN_FILE)?, get(TOKEN)?) {
            (Some(path), _) => Some(Token::File(path.trim().into())),
            (None, Some(token)) => Some(Token::Value(
                authorization(token.as_bytes())
                    .map_err(|problem| wrong(format!("{TOKEN} {}", problem.as_str())))?,
            )),
            (None, None) => None,
        };
        Ok(Some(Self { uri, path_is_secret, token }))
    }

    /// The URL of the endpoint.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    fn request(self, seed: u128) -> Fetch {
        let near = is_allowed(self.uri.host().unwrap_or_default());
        let fetch = Fetch::local(PROVIDER, Method::GET, self.uri, seed);
        // An https server on another host may be behind a proxy.
        let fetch = if near { fetch.direct() } else { fetch };
        let fetch = if self.path_is_secret { fetch.with_secret_path() } else { fetch };
        let fetch = fetch.header(ACCEPT, HeaderValue::from_static("application/json"));
        match self.token {
            None => fetch,
            Some(Token::File(path)) => fetch.token_file(path),
            Some(Token::Value(token)) => fetch.header(AUTHORIZATION, token),
        }
    }
}

/// Prints neither query nor token, nor a path that is secret.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uri = if self.path_is_secret { without_path(&self.uri) } else { without_query(&self.uri) };
        f.debug_struct("Config").field("uri", &uri).field("token", &self.token).finish_non_exhaustive()
    }
}

/// Asks the endpoint at most four times, for a second each.
///
/// The credentials may have expired already.
#[derive(Debug)]
pub struct Container {
    fetch: Fetch,
}

impl Container {
    /// Asks this endpoint. `seed` determines the waits between tries.
    pub fn new(config: Config, seed: u128) -> Self {
        Self { fetch: config.request(seed) }
    }
}

impl Flow for Container {
    type Output = Credentials;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Credentials>, Error> {
        let reply = match self.fetch.step(now, event)? {
            Step::Perform(effect) => return Ok(Step::Perform(effect)),
            Step::Done(reply) => reply,
        };
        match reply.status() {
            Some(200..=299) => Ok(Step::Done(keys_json::read(&reply)?)),
            Some(401 | 403) => Err(reply.refused(REFUSED).into()),
            Some(300..=399) => Err(reply.refused("redirects are not followed; check the uri").into()),
            Some(_) => Err(reply.refused("check the uri, and that the task or pod has a role").into()),
            None => Err(reply.refused(UNREACHABLE).into()),
        }
    }
}

fn relative_uri(path: &str) -> Result<Uri, CredentialsError> {
    if !path.starts_with('/') {
        return Err(wrong(format!("{RELATIVE} has to begin with a slash, such as /v2/credentials/ID")));
    }
    let (uri, _) = parse(RELATIVE, &format!("{ECS}{path}"))?;
    Ok(uri)
}

fn full_uri(text: &str) -> Result<Uri, CredentialsError> {
    let (uri, secure) = parse(FULL, text)?;
    let host = uri.host().unwrap_or_default();
    if secure || is_allowed(host) {
        return Ok(uri);
    }
    Err(wrong(format!(
        "{FULL} points to http on {host}, which may not be asked; allowed are https on any host, and http on localhost, \
         127.0.0.0/8, [::1], 169.254.170.2, 169.254.170.23 and [fd00:ec2::23]"
    )))
}

/// Parses a URL, which may have a query. Also returns whether it is `https`.
fn parse(variable: &str, text: &str) -> Result<(Uri, bool), CredentialsError> {
    let refused = |problem: &str| wrong(format!("the url of {variable} {problem}"));
    let (base, query) = match split_once(text, '?') {
        Some((base, query)) => (base, Some(query)),
        None => (text, None),
    };
    let target = Target::parse(base).map_err(refused)?;
    let secure = target.uri.scheme_str() == Some("https");
    let Some(query) = query else { return Ok((target.uri, secure)) };
    if query.bytes().any(|byte| !byte.is_ascii_graphic() || byte == b'#') {
        return Err(refused("has a fragment ('#') or a character in its query that must be written as %XX"));
    }
    let uri = Uri::try_from(format!("{}?{query}", target.uri));
    Ok((uri.map_err(|_| refused("has a query that cannot be sent"))?, secure))
}

/// Whether a token may be sent to this host without TLS.
fn is_allowed(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback() || address == EKS_IPV6);
    }
    match host.parse::<Ipv4Addr>() {
        Ok(address) => address.is_loopback() || HOSTS.contains(&address),
        Err(_) => host == "localhost",
    }
}

fn unusable(error: SettingsError) -> CredentialsError {
    wrong(error.to_string()).because(error)
}

fn wrong(problem: String) -> CredentialsError {
    CredentialsError::new(PROVIDER, problem)
}

const PROVIDER: &str = "container";

const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";

/// The endpoint of Amazon ECS.
const ECS: &str = "http://169.254.170.2";
/// The endpoints of Amazon ECS and of EKS pod identity.
const HOSTS: [Ipv4Addr; 2] = [Ipv4Addr::new(169, 254, 170, 2), Ipv4Addr::new(169, 254, 170, 23)];
const EKS_IPV6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23);

const REFUSED: &str = "check the token and the permissions of the task or pod";
const UNREACHABLE: &str = "check that the agent is running and that the uri is correct";

#[cfg(test)]
mod tests;
