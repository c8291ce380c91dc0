//! What a program sees of a client: compared as text.

use std::error::Error as _;

use sts_proto::Error;
use sts_proto::operations::GetCallerIdentity;
use sts_tests::driver::{Driver, Make, Setup};
use sts_tests::home::{Home, slashed};
use sts_tests::peer::Peer;

use super::row::{Expected, Row};
use super::world;

/// All that is seen of one client, by name.
pub(super) struct Seen {
    seen: Vec<(&'static str, String)>,
    /// Texts for people, to which the rules for messages apply.
    texts: Vec<String>,
}

impl Seen {
    /// What is seen of each client.
    pub(super) fn through_both(row: &Row, setup: &Setup, home: &Home) -> [Self; 2] {
        let peers = [row.peer(), row.peer()];
        let printed = setup.printed();
        let makes = [Setup::blocking as Make, Setup::asynchronous];
        let [first, second] = [0, 1].map(|client| {
            let (peer, printed) = (&peers[client], printed[client].clone());
            let setup = peer.iter().fold(setup.clone(), |setup, peer| setup.transport(peer));
            Self::of(row, &setup, makes[client], peer.as_ref(), printed, home)
        });
        [first, second]
    }

    fn of(row: &Row, setup: &Setup, make: Make, peer: Option<&Peer>, printed: String, home: &Home) -> Self {
        let plain = |text: String| plain(&text, home);
        let mut of = Self { seen: vec![("builder", plain(printed))], texts: Vec::new() };
        let driver = match make(setup) {
            Ok(driver) => driver,
            Err(error) => {
                of.error("build", &error, home);
                return of;
            }
        };
        if matches!(row.expected, Expected::Refused(_)) {
            // A call might leave this machine.
            of.seen.push(("build", "it was built".to_owned()));
            return of;
        }
        of.seen.push(("client", plain(shown(&driver))));
        of.call(&driver, home);
        let requests = peer.map(Peer::requests).unwrap_or_default();
        let way: Vec<_> = requests.iter().map(world::line).collect();
        of.seen.push(("way", way.join(", ")));
        for request in &requests {
            let mut headers: Vec<_> = request.headers().keys().map(|name| name.as_str()).collect();
            headers.sort_unstable();
            let agent =
                request.headers().get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
            of.seen.push(("headers", plain(format!("{} {agent}", headers.join(" ")))));
        }
        match driver.credentials() {
            Ok(keys) => of.seen.push(("credentials", keys.access_key_id)),
            Err(error) => of.error("credentials", &error, home),
        }
        of.seen.push(("explained after the call", plain(driver.explain().to_string())));
        of.seen.push(("client after the call", plain(shown(&driver))));
        // A client that explains before it has called anything.
        let explanation = make(setup).expect("it was built before").explain();
        of.seen.push(("explained", plain(explanation.to_string())));
        of.seen.push(("explanation", plain(format!("{explanation:?}"))));
        let settings =
            explanation.settings.iter().map(|setting| format!("{} ({})", setting.value, setting.origin));
        let sources = explanation.credentials.iter().map(ToString::to_string);
        of.texts.extend(settings.chain(sources).map(plain));
        of
    }

    fn call(&mut self, driver: &Driver, home: &Home) {
        match driver.send(GetCallerIdentity::new()) {
            Ok(output) => self.seen.push(("account", output.account)),
            Err(error) => self.error("call", &error, home),
        }
    }

    fn error(&mut self, name: &'static str, error: &Error, home: &Home) {
        self.texts.push(plain(&error.to_string(), home));
        self.seen.push((name, plain(&error.to_string(), home)));
        let class = format!("{:?} {:?} {:?}", error.retry_class(), error.code(), error.request_id());
        self.seen.push(("class", class));
        // What lies below is what the HTTP library of a client says.
        if matches!(error, Error::Transport(_)) {
            return;
        }
        let mut below = error.source();
        while let Some(cause) = below {
            self.texts.push(plain(&cause.to_string(), home));
            self.seen.push(("cause", plain(&cause.to_string(), home)));
            below = cause.source();
        }
        self.seen.push(("error as printed", plain(&format!("{error:?}"), home)));
    }

    /// What came of it: the error of `build`, the error of the call, or the way.
    pub(super) fn outcome(&self) -> String {
        match (self.get("build"), self.get("call")) {
            (Some(text), _) => format!("build: {text}"),
            (_, Some(text)) => format!("call: {text}"),
            _ => format!("goes {}", self.get("way").unwrap_or_default()),
        }
    }

    /// What a client says that has called nothing.
    pub(super) fn explained(&self) -> &str {
        self.get("explained").unwrap_or_default()
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str)
    }

    /// Where another client is not the same.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        let nothing = ("nothing", String::new());
        let count = self.seen.len().max(other.seen.len());
        let pair =
            |index| (self.seen.get(index).unwrap_or(&nothing), other.seen.get(index).unwrap_or(&nothing));
        let differs = |one: &(&str, String), other: &(&str, String)| {
            format!("they differ: {}\n  {}\nand {}\n  {}", one.0, one.1, other.0, other.1)
        };
        let pairs = (0..count).map(pair).filter(|(one, other)| one != other);
        pairs.map(|(one, other)| differs(one, other)).collect()
    }

    /// Whether a secret is in anything that is seen.
    pub(super) fn shows_a_secret(&self) -> bool {
        self.seen.iter().any(|(_, text)| text.contains("planted"))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.seen.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str())
    }
}

fn shown(driver: &Driver) -> String {
    match driver {
        Driver::Blocking(client) => format!("{client:?}"),
        Driver::Async(client, _) => format!("{client:?}"),
    }
}

/// Without what differs for good reason: the path of the home directory, the name of the crate, and how many seconds are
/// left.
fn plain(text: &str, home: &Home) -> String {
    let path = slashed(home.path("").to_str().expect("its name is plain"));
    let text = slashed(text).replace(&path, "{home}");
    let text = ["sts-blocking", "sts-async", "sts_blocking", "sts_async"]
        .iter()
        .fold(text, |text, name| text.replace(name, "sts-client"));
    COUNTED.iter().fold(text, |text, before| {
        let mut parts = text.split(before);
        let first = parts.next().unwrap_or_default().to_owned();
        let digit = |c: char| c.is_ascii_digit();
        parts.fold(first, |text, part| match part.starts_with(digit) {
            true => format!("{text}{before}N{}", part.trim_start_matches(digit)),
            false => format!("{text}{before}{part}"),
        })
    })
}

/// What stands before a number of seconds that passes.
const COUNTED: [&str; 2] = ["valid for ", "expired "];
