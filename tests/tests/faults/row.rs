//! A row of the table: what is done, and what has to come of it.

use std::fmt;
use std::time::{Duration, Instant};

use sts_proto::operations::GetCallerIdentity;
use sts_proto::{
    Credentials, Error, Operation, Output, Retry, Settings, Timeouts, TransportErrorKind as Kind,
};
use sts_tests::driver::{Driver, Setup};
use sts_tests::scripted::{Script, Scripted};

pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) run: Box<dyn Fn(Client) -> Verdict + Send + Sync>,
}

/// What there is to say of a row, or why it failed.
pub(crate) type Verdict = Result<String, String>;

impl Row {
    pub(crate) fn new(
        name: impl Into<String>,
        run: impl Fn(Client) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), run: Box::new(run) }
    }

    /// GetCallerIdentity, of a server that does this in turn.
    pub(crate) fn scripted(name: impl Into<String>, scripts: Vec<Script>, expect: Expect) -> Self {
        Self::calling(name, scripts, |settings| settings, GetCallerIdentity::new, expect)
    }

    /// The same where time-outs are what it is about.
    pub(crate) fn timed(name: impl Into<String>, scripts: Vec<Script>, expect: Expect) -> Self {
        Self::calling(name, scripts, |settings| settings.timeouts(SHORT), GetCallerIdentity::new, expect)
    }

    /// The same with other retries.
    pub(crate) fn retrying(
        name: impl Into<String>,
        retry: Retry,
        scripts: Vec<Script>,
        expect: Expect,
    ) -> Self {
        Self::calling(name, scripts, move |settings| settings.retry(retry), GetCallerIdentity::new, expect)
    }

    /// Any operation, with any settings.
    pub(crate) fn calling<O: Operation + Send + 'static>(
        name: impl Into<String>,
        scripts: Vec<Script>,
        change: impl Fn(Settings) -> Settings + Send + Sync + 'static,
        operation: impl Fn() -> O + Send + Sync + 'static,
        expect: Expect,
    ) -> Self {
        Self::new(name, move |client| {
            let server = Scripted::in_turn(scripts.clone());
            let driver = client.make(&Setup::new(change(settings(&server.url()))));
            let ended = call(&driver, operation());
            expect.check(&ended)?;
            expect.check_seen(&server)?;
            Ok(ended.to_string())
        })
    }
}

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    Blocking,
    Async,
}

impl Client {
    pub(crate) fn make(self, setup: &Setup) -> Driver {
        match self {
            Self::Blocking => setup.blocking(),
            Self::Async => setup.asynchronous(),
        }
        .expect("the settings can be used")
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blocking => "blocking",
            Self::Async => "async",
        })
    }
}

pub(crate) fn settings(url: &str) -> Settings {
    let keys = Credentials::new("AKIDEXAMPLE", "planted-secret");
    Settings::new().region("us-east-1").credentials(keys).endpoint_url(url).timeouts(PATIENT)
}

/// Calls, and keeps what the table speaks of.
pub(crate) fn call<O: Operation + Send + 'static>(driver: &Driver, operation: O) -> Ended {
    let begun = Instant::now();
    let result = driver.send(operation);
    let took = begun.elapsed();
    match result {
        Ok(output) => {
            let metadata = output.metadata();
            let (attempts, waited) = (metadata.attempts(), metadata.total_retry_delay());
            Ended { end: End::Success, attempts, waited, took, text: String::new() }
        }
        Err(error) => {
            let waited = error.as_transport_error().map(|error| error.total_retry_delay());
            let waited = waited.or(error.metadata().map(|metadata| metadata.total_retry_delay()));
            Ended {
                end: End::of(&error),
                attempts: error.attempts(),
                waited: waited.unwrap_or_default(),
                took,
                text: format!("{error}: {error:?}"),
            }
        }
    }
}

/// How a call ended.
pub(crate) struct Ended {
    pub(crate) end: End,
    pub(crate) attempts: u32,
    pub(crate) waited: Duration,
    pub(crate) took: Duration,
    text: String,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { end, attempts, waited, took, .. } = self;
        let (waited, took) = (waited.as_millis(), took.as_millis());
        write!(f, "{end:?} after {attempts} attempts and {waited} ms of waits in {took} ms")
    }
}

/// The class of an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Success,
    /// Status and code.
    Refused(u16, Option<String>),
    Transport(Kind),
    /// A success that is none.
    Unusable,
    /// Nothing was sent.
    Unsent,
}

impl End {
    fn of(error: &Error) -> Self {
        match error {
            Error::Service(error) => {
                Self::Refused(error.metadata().status().as_u16(), error.wire_code().map(str::to_owned))
            }
            Error::Transport(error) => Self::Transport(error.kind()),
            Error::Response(_) => Self::Unusable,
            _ => Self::Unsent,
        }
    }
}

/// What a call has to end with.
#[derive(Clone)]
pub(crate) struct Expect {
    end: End,
    /// Where the clients' libraries cannot tell the one from the other.
    or: Option<End>,
    attempts: u32,
    seen: usize,
    least: Duration,
    most: Duration,
}

impl Expect {
    /// After so many attempts, all of which reach the server, with waits of a few seconds.
    pub(crate) fn new(end: End, attempts: u32) -> Self {
        Self {
            end,
            or: None,
            attempts,
            seen: attempts as usize,
            least: Duration::ZERO,
            most: Duration::from_millis(3500),
        }
    }

    pub(crate) fn success(attempts: u32) -> Self {
        Self::new(End::Success, attempts)
    }

    pub(crate) fn refused(status: u16, code: impl Into<Option<&'static str>>, attempts: u32) -> Self {
        Self::new(End::Refused(status, code.into().map(str::to_owned)), attempts)
    }

    pub(crate) fn transport(kind: Kind, attempts: u32) -> Self {
        Self::new(End::Transport(kind), attempts)
    }

    pub(crate) fn or(mut self, kind: Kind) -> Self {
        self.or = Some(End::Transport(kind));
        self
    }

    /// How many attempts the server sees, where that is not all.
    pub(crate) fn seen(mut self, seen: usize) -> Self {
        self.seen = seen;
        self
    }

    /// What the call takes at least, and what the client waits between attempts at most, in milliseconds. What it takes at most
    /// depends on what else the machine does.
    pub(crate) fn between(mut self, least: u64, most: u64) -> Self {
        self.least = Duration::from_millis(least);
        self.most = Duration::from_millis(most);
        self
    }

    pub(crate) fn check(&self, ended: &Ended) -> Result<(), String> {
        let right = (ended.end == self.end || Some(&ended.end) == self.or.as_ref())
            && ended.attempts == self.attempts
            && (self.least..PATIENCE).contains(&ended.took)
            && ended.waited < self.most;
        if ended.text.contains("planted") {
            return Err(format!("a secret is shown: {}", ended.text));
        }
        let Self { end, attempts, least, most, .. } = self;
        right.then_some(()).ok_or_else(|| {
            format!(
                "{ended}, not {end:?} after {attempts} attempts in {} ms or more, with waits of at most {} ms: {}",
                least.as_millis(),
                most.as_millis(),
                ended.text
            )
        })
    }

    /// The server may take a connection a moment after the client has given it up.
    pub(crate) fn check_seen(&self, server: &Scripted) -> Result<(), String> {
        let begun = Instant::now();
        while server.played() < self.seen && begun.elapsed() < Duration::from_secs(2) {
            std::thread::sleep(Duration::from_millis(10));
        }
        equal("attempts that the server saw", server.played(), self.seen)
    }
}

pub(crate) fn equal<T: PartialEq + fmt::Debug>(what: &str, is: T, should: T) -> Result<(), String> {
    if is == should { Ok(()) } else { Err(format!("{what}: {is:?}, not {should:?}")) }
}

/// An answer that GetCallerIdentity takes.
pub(crate) const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>u</UserId>\
    <Account>1</Account><Arn>a</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>";

/// That answer, whole.
pub(crate) fn ok() -> Script {
    Script::Answer(200, "text/xml", IDENTITY.into())
}

/// That answer on a connection that is kept.
pub(crate) fn kept() -> Script {
    Script::Kept(200, Vec::new(), IDENTITY.into())
}

/// That answer as bytes, behind `first`.
pub(crate) fn raw(first: &str) -> Vec<u8> {
    let length = IDENTITY.len();
    format!("{first}HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{IDENTITY}").into()
}

/// A refusal by the service.
pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Script {
    Script::Answer(status, "text/xml", document(code, message))
}

/// Its document.
pub(crate) fn document(code: &str, message: &str) -> Vec<u8> {
    format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>scripted-request-id</RequestId></ErrorResponse>"
    )
    .into()
}

/// No call takes longer, on a slow machine either: its time-outs are shorter.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where time-outs are what a row is about.
pub(crate) const SHORT: Timeouts = Timeouts {
    connect: Duration::from_millis(500),
    attempt: Duration::from_millis(800),
    call: Duration::from_secs(5),
};

/// Where they should not interfere, on a slow machine either.
pub(crate) const PATIENT: Timeouts = Timeouts {
    connect: Duration::from_secs(4),
    attempt: Duration::from_secs(5),
    call: Duration::from_secs(15),
};
