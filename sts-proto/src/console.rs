//! Signing in to the AWS Management Console with temporary credentials.
//!
//! [`Console`] says where to and for how long. A client makes a [`SignIn`] of it, a flow that gives the credentials to the
//! sign-in service of the partition and ends with a URL. A browser that opens it within 15 minutes is signed in:
//!
//! ```no_run
//! # fn example<C>(prove: impl Fn(&sts_proto::console::Console) -> sts_proto::console::SignIn,
//! #     run: impl Fn(sts_proto::console::SignIn) -> sts_proto::Secret) {
//! use sts_proto::console::Console;
//!
//! // With a client: `client.run(client.prove(&Console::new())?)?`.
//! let url = run(prove(&Console::new().issuer("https://portal.example.com")));
//! println!("open {}", url.expose());
//! # }
//! ```

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};

use crate::endpoint::{ConsoleHosts, Endpoint, Target, check_characters};
use crate::flow::{Effect, Event, Flow, SendTimeouts, Step};
use crate::keys::Credentials;
use crate::member::IntoOptional;
use crate::proof::{Draft, Proof, ProofError};
use crate::secret::{Given, Secret};
use crate::trace;
use crate::transport::TransportError;
use crate::wire::IDENTITY;
use crate::wire::json::Object;

/// A sign-in to the console of the partition that the client's region belongs to.
///
/// Source: IAM User Guide, "Enable custom identity broker access to the AWS console". The service takes sessions of
/// AssumeRole, with or without SAML or a web identity, and of GetFederationToken; not those of GetSessionToken.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Console {
    destination: Option<String>,
    issuer: Option<String>,
    lifetime: Option<Duration>,
    url: Option<String>,
    timeouts: SendTimeouts,
}

impl Console {
    /// To the console's first page, for as long as the credentials hold.
    pub fn new() -> Self {
        Self::default()
    }

    /// The page to begin with: an `https` URL, or a path on the partition's console, `/s3/home`.
    pub fn destination<By>(mut self, page: impl IntoOptional<String, By>) -> Self {
        self.destination = page.into_optional();
        self
    }

    /// The URL of a page to which the console sends people when their session is over.
    pub fn issuer<By>(mut self, url: impl IntoOptional<String, By>) -> Self {
        self.issuer = url.into_optional();
        self
    }

    /// How long the session of the console lasts, from 15 minutes to 12 hours, whatever the credentials' life. A fraction of a
    /// second is dropped.
    /// The service refuses it for sessions that a session of a role has begun, and for those of GetFederationToken.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Another sign-in service than the partition's: `https`, or `http` on this machine.
    pub fn sign_in_url<By>(mut self, url: impl IntoOptional<String, By>) -> Self {
        self.url = url.into_optional();
        self
    }

    /// How long the service may take for a request.
    pub fn timeouts(mut self, timeouts: SendTimeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// The URL that both requests begin with.
    fn base(&self, hosts: &ConsoleHosts) -> Result<String, ProofError> {
        let Some(url) = &self.url else { return Ok(format!("https://{}/federation", hosts.sign_in)) };
        let wrong = |problem| ProofError::Argument { name: "url of the sign-in service", problem };
        let uri = Target::parse(url).map_err(wrong)?.uri;
        if uri.scheme_str() != Some("https") && !uri.host().is_some_and(is_this_machine) {
            return Err(wrong("is http and not on this machine: use https"));
        }
        Ok(format!("{}/federation", uri.to_string().trim_end_matches('/')))
    }

    fn page(&self, hosts: &ConsoleHosts) -> Result<String, ProofError> {
        let wrong = |problem| ProofError::Argument { name: "destination", problem };
        let given = self.destination.as_deref().unwrap_or("/");
        check_characters(given).map_err(wrong)?;
        match (given.starts_with('/'), hosts.console) {
            (true, Some(host)) => Ok(format!("https://{host}{given}")),
            (true, None) => {
                Err(wrong("needs a host, since that of this partition's console is not published"))
            }
            (false, _) if given.starts_with("https://") => Ok(given.to_owned()),
            (false, _) => Err(wrong("is neither an https url nor a path that begins with a slash")),
        }
    }
}

/// Shows of each URL its host alone: the rest may hold a password or a token.
impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = |url: &Option<String>| {
            let uri: Option<Uri> = url.as_ref().and_then(|url| url.parse().ok());
            uri.filter(|uri| uri.scheme().is_some()).and_then(|uri| uri.host().map(ToOwned::to_owned))
        };
        f.debug_struct("Console")
            .field("destination", &host(&self.destination))
            .field("issuer", &host(&self.issuer))
            .field("lifetime", &self.lifetime)
            .field("url", &host(&self.url))
            .field("timeouts", &self.timeouts)
            .finish()
    }
}

impl Proof for Console {
    type Output = SignIn;

    fn prove(&self, endpoint: &Endpoint, keys: &Credentials, _: SystemTime) -> Result<SignIn, ProofError> {
        let token = keys.session_token.as_ref().ok_or(ProofError::LongTermKeys)?;
        let hosts = ConsoleHosts::of(endpoint.region()?);
        let base = self.base(&hosts)?;
        let lifetime = self.lifetime.map(|lifetime| lifetime.as_secs());
        if lifetime.is_some_and(|seconds| !LIFETIMES.contains(&seconds)) {
            let problem = "is not 15 minutes (900 seconds) to 12 hours (43200 seconds)";
            return Err(ProofError::Argument { name: "lifetime", problem });
        }

        let mut session = Draft::with_capacity(256 + token.expose().len());
        for (name, value) in [
            ("{\"sessionId\":", keys.access_key_id.as_str()),
            (",\"sessionKey\":", keys.secret_access_key.expose()),
            (",\"sessionToken\":", token.expose()),
        ] {
            session.put(name);
            session.put_json(value);
        }
        session.put("}");
        let mut form = Draft::with_capacity(3 * session.len());
        form.put("Action=getSigninToken");
        if let Some(seconds) = lifetime {
            form.put(&format!("&SessionDuration={seconds}"));
        }
        form.put("&Session=");
        form.put_escaped(session.as_str());

        let mut login = format!("{base}?Action=login");
        if let Some(issuer) = &self.issuer {
            login.push_str("&Issuer=");
            login.push_str(&crate::escape::escape(issuer));
        }
        login.push_str("&Destination=");
        login.push_str(&crate::escape::escape(&self.page(&hosts)?));
        login.push_str("&SigninToken=");
        let (form, timeouts) = (form.into_secret(), self.timeouts);
        Ok(SignIn { base, form, login, timeouts, body: None, state: State::Ready })
    }
}

/// Signs in: a flow that ends with the URL to open, which is a secret for the 15 minutes that it works.
///
/// The session travels in the body of a `POST`. Whether every partition's service takes one is not published: where it is
/// refused with a status from 400 to 499 other than 408 and 429, the session is sent once more in the query of a `GET`, as
/// the documentation has it.
pub struct SignIn {
    base: String,
    /// `Action=getSigninToken` with the session.
    form: Secret,
    /// The URL to open, except for the token at its end.
    login: String,
    timeouts: SendTimeouts,
    /// What is being sent. It is wiped when the transport has dropped its handle.
    body: Option<Given>,
    state: State,
}

#[derive(Debug)]
enum State {
    Ready,
    Posted,
    Got,
    Over,
}

impl SignIn {
    fn request(&mut self, method: Method) -> Result<Effect, SignInError> {
        let mut request = Request::new(Bytes::new());
        let uri = if method == Method::POST {
            request.headers_mut().insert(CONTENT_TYPE, FORM);
            let body = Given::from(Bytes::from(self.form.expose().to_owned()));
            *request.body_mut() = body.share();
            self.body = Some(body);
            Uri::try_from(&*self.base)
        } else {
            Uri::try_from(format!("{}?{}", self.base, self.form.expose()))
        };
        let uri = uri.map_err(|_| SignInError::TooLong)?;
        let host = uri.authority().and_then(|authority| HeaderValue::try_from(authority.as_str()).ok());
        let headers = request.headers_mut();
        host.map(|host| headers.insert(HOST, host));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, IDENTITY);
        (*request.method_mut(), *request.uri_mut()) = (method, uri);
        Ok(Effect::Send(request, self.timeouts))
    }

    fn read(&self, response: Response<Bytes>) -> Result<Step<Secret>, SignInError> {
        let status = response.status();
        if status != StatusCode::OK {
            return Err(SignInError::Refused { status: status.as_u16() });
        }
        let document = Given::from(response.into_body());
        let token = Object::parse(&document).and_then(|mut document| document.required("SigninToken"));
        let token = token.map_err(|problem| SignInError::Unusable { problem: problem.to_string() })?;
        let mut url = Draft::with_capacity(self.login.len() + 3 * token.expose().len());
        url.put(&self.login);
        url.put_escaped(token.expose());
        Ok(Step::Done(url.into_secret()))
    }
}

impl Flow for SignIn {
    type Output = Secret;
    type Error = SignInError;

    fn step(&mut self, _: SystemTime, event: Event) -> Result<Step<Secret>, SignInError> {
        self.body = None;
        match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Ready, Event::Start) => {
                self.state = State::Posted;
                self.request(Method::POST).map(Step::Perform)
            }
            (State::Posted, Event::Response(response)) if refuses_bodies(response.status()) => {
                trace::body_refused(response.status().as_u16());
                self.state = State::Got;
                self.request(Method::GET).map(Step::Perform)
            }
            (State::Posted | State::Got, Event::Response(response)) => self.read(response),
            (State::Posted | State::Got, Event::Failed(error)) => Err(SignInError::NoAnswer(error)),
            _ => Err(SignInError::OutOfTurn),
        }
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").field("base", &self.base).field("state", &self.state).finish_non_exhaustive()
    }
}

/// Why a sign-in failed. Holds nothing of the session.
#[derive(Debug)]
#[non_exhaustive]
pub enum SignInError {
    /// The service did not answer.
    NoAnswer(TransportError),
    /// The service has refused the session, with this status.
    #[non_exhaustive]
    Refused {
        /// The status.
        status: u16,
    },
    /// The answer cannot be used.
    #[non_exhaustive]
    Unusable {
        /// What is wrong with it.
        problem: String,
    },
    /// The service takes no session in a body, and this one is too long for a URL.
    TooLong,
    /// The flow was stepped after its end, or given an event that it had not asked for.
    OutOfTurn,
}

impl fmt::Display for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer(error) => write!(f, "the sign-in service gave no answer: {error}"),
            Self::Refused { status: status @ (408 | 429) } => {
                write!(f, "the sign-in service is too slow or is throttling (http {status}): try again later")
            }
            Self::Refused { status } if (400..500).contains(status) => write!(
                f,
                "the sign-in service refused the session (http {status}): use a session of a role or of GetFederationToken \
                 that has not expired, and no duration of the console's session where another session began it"
            ),
            Self::Refused { status } => {
                write!(f, "the sign-in service failed (http {status}): try again later")
            }
            Self::Unusable { problem } => {
                write!(f, "the answer of the sign-in service cannot be used: {problem}; check its url")
            }
            Self::TooLong => f.write_str(
                "the sign-in service takes no session in a body, and this one is too long for a url: use a session without \
                 policies or tags",
            ),
            Self::OutOfTurn => {
                f.write_str("the sign-in was stepped after its end, or given an event that it had not asked for")
            }
        }
    }
}

impl std::error::Error for SignInError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoAnswer(error) => std::error::Error::source(error),
            _ => None,
        }
    }
}

/// Whether a service with this answer may take a session in a query. One that was too slow or is throttling may not: the query
/// is more likely to be logged than a body.
fn refuses_bodies(status: StatusCode) -> bool {
    status.is_client_error() && !matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Of a session of the console, in seconds.
const LIFETIMES: std::ops::RangeInclusive<u64> = 900..=43_200;
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

#[cfg(test)]
mod tests;
