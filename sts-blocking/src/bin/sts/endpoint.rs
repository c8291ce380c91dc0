//! The endpoint that gives credentials to other programs, in the form of a container's.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::thread;
use std::time::{Duration, SystemTime};

use percent_encoding::percent_decode_str;
use sts_blocking::operations::{AssumeRole, GetSessionToken};
use sts_blocking::sts_proto::client::Load;
use sts_blocking::sts_proto::credentials::{Chain, Found};
use sts_blocking::sts_proto::perform::in_our_style;
use sts_blocking::sts_proto::settings::Env;
use sts_blocking::{Client, Credentials, Error, RetryClass, RoleSessions, Secret, Timeouts};
use subtle::ConstantTimeEq as _;

use crate::failure::Failure;
use crate::http::{self, Answer, Malformed, Received, Request};
use crate::mfa::NoCode;
use crate::random;

/// An endpoint that runs until this process ends.
pub(crate) struct Endpoint {
    port: u16,
    token: Secret,
}

impl Endpoint {
    /// Begins to answer once there are credentials. Roles are assumed under the name of `session`.
    pub(crate) fn start(sts: &Client, session: String, port: u16) -> Result<Self, Failure> {
        // Callers give up sooner than a person that looks for an MFA device.
        let source = sts.with_timeouts(Timeouts::default());
        let own =
            if sts.credentials()?.session_token.is_none() { of_session(&source) } else { source.clone() };
        own.credentials()?;
        let failed =
            |what: &str, error: &std::io::Error| Failure::Other(format!("{what}: {}", in_our_style(error)));
        let listening = http::listen(port).and_then(|listener| Ok((listener.local_addr()?.port(), listener)));
        let (port, listener) = listening.map_err(|error| match port {
            0 => failed("127.0.0.1 cannot be listened at", &error),
            _ => failed(
                &format!("port {port} of 127.0.0.1 cannot be listened at, use another with --port"),
                &error,
            ),
        })?;
        let token = random::token().map_err(random::failed)?;
        let site = Site {
            hosts: hosts(port),
            token: token.clone(),
            own,
            roles: RoleSessions::new(source, MAX_ROLES),
            session,
        };
        let serving = thread::Builder::new();
        let serving = serving.spawn(move || http::serve(&listener, move |received| site.answer(received)));
        serving.map_err(|error| failed("no thread can be started", &error))?;
        Ok(Self { port, token })
    }

    /// The variables that lead programs to it.
    pub(crate) fn variables(&self) -> [(&'static str, String); 2] {
        [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("http://127.0.0.1:{}/", self.port)),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", self.token.expose().to_owned()),
        ]
    }
}

/// Variables that programs obey before those of the endpoint: another address, and a file with another token.
pub(crate) const OVERRULING: [&str; 2] =
    ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];

/// The source, if any, in which a program with these variables finds credentials before it asks the endpoint.
pub(crate) fn goes_before(
    sts: &Client,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Option<String> {
    let env = Env::from_iter(variables).or_home(std::env::home_dir());
    // What cannot be read, the program itself complains of.
    let loaded = sts.run(Load::new(env.clone())).ok()?;
    let chain = Chain::new(&env, &loaded.profiles, None);
    let is_found = |found: &Found| !matches!(found, Found::NotConfigured(_));
    let first = chain.candidates.into_iter().find(|candidate| is_found(&candidate.found))?;
    Some(first.name.into_string()).filter(|name| name != "container")
}

/// What is answered.
struct Site {
    /// What a caller may name as `Host`. A page of another name that resolves to this machine names its own.
    hosts: Vec<String>,
    token: Secret,
    own: Client,
    roles: RoleSessions,
    session: String,
}

impl Site {
    fn answer(&self, received: Received) -> Answer {
        let answer = match received {
            Ok(request) => self.answer_to(&request),
            Err(Malformed::Syntax) => Err(refusal(400, "BadRequest", "this is no http request")),
            Err(Malformed::TooLarge) => Err(refusal(431, "RequestTooLarge", "the request is too large")),
            Err(Malformed::TooSlow) => Err(refusal(408, "RequestTimeout", "the request took too long")),
        };
        let answer = answer.unwrap_or_else(|refusal| refusal);
        log::debug!(target: "sts", "the endpoint answers with http {}", answer.status());
        answer
    }

    fn answer_to(&self, request: &Request) -> Result<Answer, Answer> {
        let host = request.header("host").unwrap_or_default();
        if !self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)) {
            return Err(refusal(403, "AccessDenied", "the host header does not name this endpoint"));
        }
        let token = request.header("authorization").unwrap_or_default();
        if !bool::from(token.as_bytes().ct_eq(self.token.expose().as_bytes())) {
            let problem = "the authorization header is not the value of AWS_CONTAINER_AUTHORIZATION_TOKEN";
            return Err(refusal(403, "AccessDenied", problem));
        }
        if request.method != "GET" {
            return Err(refusal(405, "MethodNotAllowed", "use GET").header("Allow", "GET"));
        }
        let keys = match (&*request.target, request.target.strip_prefix(ROLE)) {
            ("/", _) => self.own.credentials(),
            (_, Some(arn)) => self.roles.client(&self.role(arn)?).credentials(),
            _ => return Err(refusal(404, "NotFound", "there are / and /role-arn/ARN")),
        };
        keys.map(|keys| json(200, document(&keys))).map_err(|error| failure(&error))
    }

    fn role(&self, arn: &str) -> Result<AssumeRole, Answer> {
        let arn = percent_decode_str(arn).decode_utf8().ok();
        let arn = arn.filter(|arn| arn.starts_with("arn:") && !arn.contains(char::is_control));
        let arn = arn.ok_or_else(|| refusal(400, "ValidationError", "/role-arn/ is followed by no arn"))?;
        Ok(AssumeRole::new(&*arn, self.session.as_str()))
    }
}

/// What this endpoint is called in `Host`, where clients leave out the port of http.
fn hosts(port: u16) -> Vec<String> {
    let names = ["127.0.0.1", "localhost"];
    let bare = names.iter().filter(|_| port == 80).map(|name| (*name).to_owned());
    bare.chain(names.iter().map(|name| format!("{name}:{port}"))).collect()
}

/// SDKs take no credentials of an endpoint that have no session token, so long-term keys stay here.
fn of_session(sts: &Client) -> Client {
    let keys = sts.clone();
    sts.with_credentials_provider(move || Ok(keys.get_session_token(GetSessionToken::new())?.credentials))
}

/// The document of a container's endpoint. SDKs want all four members: credentials that do not say when they end are asked
/// for again after a while.
fn document(keys: &Credentials) -> Secret {
    let expiration = keys.expiration_rfc3339().or_else(|| {
        let after_a_while = Credentials::new("", "").with_expiration(SystemTime::now() + ASKED_AGAIN);
        after_a_while.expiration_rfc3339()
    });
    let token = keys.session_token.as_ref().map_or("", |token| token.expose());
    let mut members = vec![
        ("AccessKeyId", keys.access_key_id.as_str()),
        ("SecretAccessKey", keys.secret_access_key.expose()),
        ("Token", token),
        ("Expiration", expiration.as_deref().unwrap_or_default()),
    ];
    if let Some(account) = &keys.account_id {
        members.push(("AccountId", account));
    }
    object(&members)
}

/// An error as the SDKs read it.
fn failure(error: &Error) -> Answer {
    let code = error.code().map_or("CredentialsError", |code| code.as_str());
    let status = match error.retry_class() {
        // SDKs ask again after 5xx.
        RetryClass::Never => 400,
        _ => 503,
    };
    refusal(status, code, &NoCode::behind(error).map_or_else(|| error.to_string(), NoCode::line))
}

fn refusal(status: u16, code: &str, message: &str) -> Answer {
    // Go's SDK reads `code`, without regard to case.
    json(status, object(&[("Code", code), ("Message", message)]))
}

fn json(status: u16, document: Secret) -> Answer {
    Answer::new(status, document).header("Content-Type", "application/json")
}

/// A JSON object, in memory that is wiped.
fn object(members: &[(&str, &str)]) -> Secret {
    let size: usize = members.iter().map(|(name, value)| name.len() + 2 * value.len() + 16).sum();
    let mut text = String::with_capacity(size);
    for (name, value) in members {
        text.push_str(if text.is_empty() { "{" } else { "," });
        let value = Secret::new(serde_json::to_string(value).unwrap_or_default());
        text.push_str(&format!("\"{name}\":"));
        text.push_str(value.expose());
    }
    text.push('}');
    Secret::new(text)
}

const ASKED_AGAIN: Duration = Duration::from_secs(3600);
const ROLE: &str = "/role-arn/";
const MAX_ROLES: NonZeroUsize = NonZeroUsize::new(1000).expect("it is not zero");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_http_may_be_left_out() {
        assert_eq!(hosts(8080), ["127.0.0.1:8080", "localhost:8080"]);
        assert_eq!(hosts(80), ["127.0.0.1", "localhost", "127.0.0.1:80", "localhost:80"]);
    }
}
