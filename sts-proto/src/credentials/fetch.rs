//! One request to a server of credentials, with retries: for the container endpoint, the instance metadata service, the
//! portal of IAM Identity Center, and the services that renew logins.

mod reply;
mod secrets;
mod token;

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri};

pub(super) use self::reply::Reply;
use self::secrets::Secrets;
pub(super) use self::token::{TokenProblem, authorization};
use crate::error::{CredentialsError, Error};
use crate::flow::{Direct, Effect, Event, Flow, Step, Timeouts};
use crate::retry::{Dice, RetryClass, backoff};
use crate::secret::{Given, Secret};
use crate::transport::{Phase, TransportError, TransportErrorKind};
use crate::wire::IDENTITY;

/// Sends a request and retries it a bounded number of times. Ends with the result of the last try.
///
/// It is sent again after transient transport errors, HTTP 429 and 5xx. The waits between tries are random: below 50 ms at
/// first, doubling with each try; after a 429, below a second.
pub(super) struct Fetch {
    provider: &'static str,
    /// Without its body.
    request: Request<Bytes>,
    body: Given,
    /// What in the body is secret.
    secrets: Vec<Secret>,
    /// The file with the value of the header `authorization`, which is read again for each try.
    token_file: Option<PathBuf>,
    timeouts: Timeouts,
    /// Whether the time-out `call` applies.
    bounded: bool,
    deadline: Option<SystemTime>,
    /// The time of the last step.
    seen: SystemTime,
    /// The maximum number of tries.
    max_tries: u32,
    /// Whether the request ends after the first try if that reaches no server.
    probes: bool,
    shows_path: bool,
    /// Whether the request ends after a try that reaches a server and is not answered in time.
    hurries: bool,
    dice: Dice,
    tries: u32,
    state: State,
}

#[derive(Debug)]
enum State {
    Ready,
    Reading,
    Sent,
    Waiting,
    Over,
}

impl Fetch {
    /// A request to a server on the machine or its link: a second for each try, at most four tries.
    pub(super) fn local(provider: &'static str, method: Method, uri: Uri, seed: u128) -> Self {
        let timeouts = Timeouts { connect: LOCAL_CONNECT, attempt: LOCAL, call: LOCAL };
        Self::new(provider, method, uri, timeouts, MAX_TRIES, seed)
    }

    /// A request to any server with these time-outs, of which `call` limits all tries together.
    pub(super) fn remote(
        provider: &'static str,
        uri: Uri,
        timeouts: Timeouts,
        max_tries: u32,
        seed: u128,
    ) -> Self {
        Self { bounded: true, ..Self::new(provider, Method::GET, uri, timeouts, max_tries, seed) }
    }

    fn new(
        provider: &'static str,
        method: Method,
        uri: Uri,
        timeouts: Timeouts,
        max_tries: u32,
        seed: u128,
    ) -> Self {
        let host = uri.authority().and_then(|authority| HeaderValue::try_from(authority.as_str()).ok());
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        request.headers_mut().insert(ACCEPT_ENCODING, IDENTITY);
        if let Some(host) = host {
            request.headers_mut().insert(HOST, host);
        }
        let (dice, state) = (Dice::new(seed), State::Ready);
        Self {
            provider,
            request,
            body: Bytes::new().into(),
            secrets: Vec::new(),
            token_file: None,
            timeouts,
            bounded: false,
            deadline: None,
            seen: SystemTime::UNIX_EPOCH,
            max_tries,
            probes: false,
            shows_path: true,
            hurries: false,
            dice,
            tries: 0,
            state,
        }
    }

    /// Shows no path, which is all that it takes to be given credentials.
    pub(super) fn with_secret_path(mut self) -> Self {
        self.shows_path = false;
        self
    }

    /// Uses no proxy, since the server belongs to the machine or the container.
    pub(super) fn direct(mut self) -> Self {
        self.request.extensions_mut().insert(Direct);
        self
    }

    /// Adds a header. Mark a secret value as sensitive.
    pub(super) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.request.headers_mut().insert(name, value);
        self
    }

    /// Sends this document of JSON, in which these texts are secrets.
    pub(super) fn json(mut self, document: &Secret, secrets: Vec<Secret>) -> Self {
        *self.request.method_mut() = Method::POST;
        self.body = Bytes::copy_from_slice(document.expose().as_bytes()).into();
        self.secrets = secrets;
        self.header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
    }

    /// Sends the contents of this file as `authorization`.
    pub(super) fn token_file(mut self, path: PathBuf) -> Self {
        self.token_file = Some(path);
        self
    }

    /// Ends after the first try if that reaches no server.
    pub(super) fn probing(mut self) -> Self {
        self.probes = true;
        self
    }

    /// Ends after a try that reaches a server and is not answered in time.
    pub(super) fn hurrying(mut self) -> Self {
        self.hurries = true;
        self
    }

    fn begin(&mut self) -> Step<Reply> {
        self.tries += 1;
        match self.token_file.clone() {
            Some(path) => {
                self.state = State::Reading;
                Step::Perform(Effect::Read(path))
            }
            None => self.send(),
        }
    }

    fn send(&mut self) -> Step<Reply> {
        self.state = State::Sent;
        let left = self.deadline.map(|deadline| deadline.duration_since(self.seen).unwrap_or_default());
        let timeouts = self.timeouts.of_attempt(left.unwrap_or(Duration::MAX));
        let mut request = self.request.clone();
        *request.body_mut() = self.body.share();
        Step::Perform(Effect::Send(request, timeouts))
    }

    fn read(&mut self, contents: Option<Bytes>) -> Result<Step<Reply>, Error> {
        let Some(contents) = contents else { return Err(self.token_error("does not exist").into()) };
        match authorization(&contents) {
            Ok(value) => {
                self.request.headers_mut().insert(AUTHORIZATION, value);
                Ok(self.send())
            }
            // A program that is about to write a new token may just have emptied the file.
            Err(problem @ TokenProblem::Empty) => match self.wait(RetryClass::Transient) {
                Some(step) => Ok(step),
                None => {
                    Err(self.token_error(problem.as_str()).with_retry_class(RetryClass::Transient).into())
                }
            },
            Err(problem) => Err(self.token_error(problem.as_str()).into()),
        }
    }

    fn token_error(&self, problem: &str) -> CredentialsError {
        let path = self.token_file.as_deref().unwrap_or(std::path::Path::new(""));
        CredentialsError::new(
            self.provider,
            format!(
                "the token file {} {problem}; AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names it",
                path.display()
            ),
        )
    }

    /// Ends a try: waits for the next one, or is done.
    fn ended(&mut self, outcome: Result<Response<Bytes>, TransportError>) -> Step<Reply> {
        let outcome = outcome.map(|response| response.map(Given::from));
        let unreachable =
            self.probes && self.tries == 1 && outcome.as_ref().is_err_and(|error| unreachable(error.kind()));
        let late = self.hurries && outcome.as_ref().is_err_and(|error| hangs(error.kind()));
        let class = class(&outcome);
        if !unreachable
            && !late
            && let Some(step) = self.wait(class)
        {
            return step;
        }
        self.state = State::Over;
        Step::Done(Reply {
            provider: self.provider,
            request: self.describe(),
            secrets: Secrets::of(&self.request, std::mem::take(&mut self.secrets)),
            tries: self.tries,
            unreachable,
            class,
            outcome,
        })
    }

    fn describe(&self) -> String {
        let uri = self.request.uri();
        let shown = if self.shows_path { without_query(uri) } else { without_path(uri) };
        format!("{} {shown}", self.request.method())
    }

    fn wait(&mut self, class: RetryClass) -> Option<Step<Reply>> {
        if self.tries >= self.max_tries || !matches!(class, RetryClass::Transient | RetryClass::Throttling) {
            return None;
        }
        let wait = backoff(class, self.tries.saturating_sub(1), &mut self.dice).min(MAX_WAIT);
        let ends = self.seen.checked_add(wait);
        if self.deadline.is_some_and(|deadline| ends.is_none_or(|ends| ends >= deadline)) {
            return None;
        }
        self.state = State::Waiting;
        Some(Step::Perform(Effect::Wait(wait)))
    }
}

impl Flow for Fetch {
    type Output = Reply;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Reply>, Error> {
        self.seen = now;
        if self.bounded && self.tries == 0 {
            self.deadline = now.checked_add(self.timeouts.call);
        }
        match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Ready, Event::Start) | (State::Waiting, Event::Elapsed) => Ok(self.begin()),
            (State::Reading, Event::Contents(contents)) => self.read(contents),
            (State::Reading, Event::Failed(error)) => {
                Err(self.token_error("cannot be read").because(error).into())
            }
            (State::Sent, Event::Response(response)) => Ok(self.ended(Ok(response))),
            (State::Sent, Event::Failed(error)) => Ok(self.ended(Err(error))),
            _ => Err(Error::OutOfTurn),
        }
    }
}

/// Prints method and URL of the request, never its query or a header.
impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetch")
            .field("request", &self.describe())
            .field("tries", &self.tries)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Whether no server was reached. Systems report this in more ways than there are kinds, for example that the host is down,
/// so [`Other`](TransportErrorKind::Other) counts as well.
fn unreachable(kind: TransportErrorKind) -> bool {
    use TransportErrorKind as Kind;
    let connecting = Kind::Timeout(Phase::Connect);
    matches!(kind, Kind::UnknownHost | Kind::Refused | Kind::Connect | Kind::Other) || kind == connecting
}

/// Whether a server was reached and did not answer in time.
fn hangs(kind: TransportErrorKind) -> bool {
    matches!(kind, TransportErrorKind::Timeout(Phase::Response | Phase::Body))
}

fn class(outcome: &Result<Response<Given>, TransportError>) -> RetryClass {
    match outcome {
        Err(error) => error.retry_class(),
        Ok(response) if response.status().as_u16() == 429 => RetryClass::Throttling,
        Ok(response) if response.status().is_server_error() => RetryClass::Transient,
        Ok(_) => RetryClass::Never,
    }
}

/// A URL without its query, which may hold secrets.
pub(super) fn without_query(uri: &Uri) -> String {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    format!("{}://{authority}{}", uri.scheme_str().unwrap_or_default(), uri.path())
}

/// A URL without its path and query.
pub(super) fn without_path(uri: &Uri) -> String {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    format!("{}://{authority}/…", uri.scheme_str().unwrap_or_default())
}

/// One try and three retries.
const MAX_TRIES: u32 = 4;
/// The time-out of servers on the machine, connecting included.
const LOCAL: Duration = Duration::from_secs(1);
/// Shorter than [`LOCAL`], so that drivers report a failure to connect as such: whether a server was reached matters.
const LOCAL_CONNECT: Duration = Duration::from_millis(900);
const MAX_WAIT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
