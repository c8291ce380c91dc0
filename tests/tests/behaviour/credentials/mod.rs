//! Where clients have their credentials from, and how they keep them fresh.

mod anywhere;
mod cli_cache;
mod keeping;
mod logins;
mod profiles;
mod refused;
mod role_sessions;
mod roles;
mod sources;
mod tokens;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use sts_proto::operations::{GetCallerIdentity, GetCallerIdentityOutput};
use sts_proto::{Credentials, CredentialsError, Error, Settings};
use sts_tests::driver::{Driver, Setup};
use sts_tests::peer::Peer;
use sts_tests::provider::Provider;

/// Credentials that hold for so many seconds.
pub(crate) fn keys(id: &str, seconds: u64) -> Credentials {
    Credentials::new(id, "planted-secret")
        .with_session_token("planted-token")
        .with_expiration(SystemTime::now() + Duration::from_secs(seconds))
}

/// What a provider fails with.
pub(crate) fn sealed() -> Error {
    CredentialsError::new("the vault", "it is sealed").into()
}

/// A client of this peer without credentials.
pub(crate) fn setup(peer: &Peer) -> Setup {
    Setup::new(Settings::new().region("eu-west-1")).transport(peer)
}

fn call(driver: &Driver) -> Result<GetCallerIdentityOutput, Error> {
    driver.send(GetCallerIdentity::new())
}

fn is_not_configured<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Credentials(CredentialsError::NotConfigured(_))))
}

/// How often a provider was asked.
#[derive(Clone, Default)]
struct Asked(Arc<AtomicUsize>);

impl Asked {
    fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// A provider that takes this long. `give` gets the number of the time, from 1.
    fn provider(
        &self,
        takes: Duration,
        give: impl Fn(usize) -> Result<Credentials, Error> + Send + Sync + 'static,
    ) -> Provider {
        let asked = Arc::clone(&self.0);
        Provider::from(move || {
            let time = asked.fetch_add(1, Ordering::SeqCst) + 1;
            std::thread::sleep(takes);
            give(time)
        })
    }
}

/// A provider that says when it is asked and gives what it is sent.
fn by_hand() -> (Provider, Receiver<()>, Sender<Result<Credentials, Error>>) {
    let (asks, asked) = channel();
    let (gives, given) = channel();
    let (asks, given) = (Mutex::new(asks), Mutex::new(given));
    let provider = move || {
        asks.lock().unwrap().send(()).unwrap();
        given.lock().unwrap().recv_timeout(PATIENCE).unwrap()
    };
    (Provider::from(provider), asked, gives)
}

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(20);
/// As long as a failure is remembered at most.
const PAUSE: Duration = Duration::from_millis(1000);
