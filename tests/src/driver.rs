//! Both clients behind one type, so that a test case is written once and run through each.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use sts_proto::credentials::Explanation;
use sts_proto::settings::Env;
use sts_proto::{Credentials, Effect, Error, Event, Flow, Operation, Secret, Settings, Step};
use tokio::runtime::Runtime;

/// A macro, since the two builders are unrelated types with the same methods.
macro_rules! configured {
    ($setup:expr, $client:ident) => {{
        let mut builder = match &$setup.base {
            Base::Settings(settings) => $client::Builder::isolated().settings((**settings).clone()),
            Base::Environment(env) => $client::Client::builder().env(env.clone()),
        };
        if let Some(pem) = &$setup.ca_bundle {
            builder = builder.ca_bundle(pem.clone());
        }
        if let Some(url) = &$setup.proxy {
            builder = builder.proxy(url.as_str());
        }
        if $setup.no_proxy {
            builder = builder.no_proxy();
        }
        if let Some((chain, key)) = &$setup.client_certificate {
            builder = builder.client_certificate(chain.clone(), key.clone());
        }
        if let Some(ask) = $setup.mfa_code {
            builder = builder.mfa_code(ask);
        }
        builder
    }};
}

/// How to build the clients of a test case.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    base: Base,
    ca_bundle: Option<Vec<u8>>,
    proxy: Option<String>,
    no_proxy: bool,
    client_certificate: Option<(Vec<u8>, Vec<u8>)>,
    mfa_code: Option<fn(&str) -> Option<Secret>>,
}

#[derive(Clone, Debug)]
enum Base {
    Settings(Box<Settings>),
    Environment(Env),
}

impl Default for Base {
    fn default() -> Self {
        Self::Settings(Box::default())
    }
}

impl Setup {
    /// Clients with these settings.
    pub fn new(settings: Settings) -> Self {
        Self { base: Base::Settings(Box::new(settings)), ..Self::default() }
    }

    /// Clients configured from these environment variables and the shared files they point to.
    pub fn of_environment<N: AsRef<str>, V: AsRef<str>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        let variables =
            variables.into_iter().map(|(name, value)| (name.as_ref().to_owned(), value.as_ref().to_owned()));
        Self { base: Base::Environment(Env::from_iter(variables)), ..Self::default() }
    }

    /// Trusts these root certificates, in PEM.
    pub fn ca_bundle(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_bundle = Some(pem.into());
        self
    }

    /// Uses this proxy.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Uses no proxy, whatever was set before.
    pub fn no_proxy(mut self) -> Self {
        self.no_proxy = true;
        self
    }

    /// Presents this certificate chain with this private key, in PEM.
    pub fn client_certificate(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.client_certificate = Some((chain.into(), key.into()));
        self
    }

    /// Asking this for the code of an MFA device, by its serial number.
    pub fn mfa_code(mut self, ask: fn(&str) -> Option<Secret>) -> Self {
        self.mfa_code = Some(ask);
        self
    }

    /// Both clients.
    pub fn drivers(&self) -> Result<[Driver; 2], Error> {
        Ok([self.blocking()?, self.asynchronous()?])
    }

    /// The blocking client.
    pub fn blocking(&self) -> Result<Driver, Error> {
        Ok(Driver::Blocking(configured!(self, sts_blocking).build()?))
    }

    /// The async client with its own runtime.
    pub fn asynchronous(&self) -> Result<Driver, Error> {
        let client = configured!(self, sts_async).build()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Ok(Driver::Async(client, Arc::new(runtime.expect("a runtime starts"))))
    }
}

/// One of the two clients. `Display` names it.
#[derive(Clone)]
pub enum Driver {
    /// sts-blocking.
    Blocking(sts_blocking::Client),
    /// sts-async, and the runtime that drives it.
    Async(sts_async::Client, Arc<Runtime>),
}

impl Driver {
    /// Calls an operation and waits for the result.
    pub fn send<O: Operation + Send + 'static>(&self, operation: O) -> Result<O::Output, Error> {
        match self {
            Self::Blocking(client) => client.send(operation),
            Self::Async(client, runtime) => runtime.block_on(client.send(operation)),
        }
    }

    /// The credentials that the client signs with.
    pub fn credentials(&self) -> Result<Credentials, Error> {
        match self {
            Self::Blocking(client) => client.credentials(),
            Self::Async(client, runtime) => runtime.block_on(client.credentials()),
        }
    }

    /// The client's settings and the source of its credentials.
    pub fn explain(&self) -> Explanation {
        match self {
            Self::Blocking(client) => client.explain(),
            Self::Async(client, runtime) => runtime.block_on(client.explain()),
        }
    }

    /// Performs one effect.
    pub fn perform(&self, effect: Effect) -> Event {
        let Ok(event) = self.run(Once::from(effect));
        event
    }

    /// Runs any flow to its end.
    pub fn run<F: Flow<Output: Send, Error: Send> + Send + 'static>(
        &self,
        flow: F,
    ) -> Result<F::Output, F::Error> {
        match self {
            Self::Blocking(client) => client.run(flow),
            Self::Async(client, runtime) => runtime.block_on(client.run(flow)),
        }
    }
}

/// Asks for one effect and ends with its event.
pub struct Once(Option<Effect>);

impl Flow for Once {
    type Output = Event;
    type Error = Infallible;

    fn step(&mut self, _: SystemTime, event: Event) -> Result<Step<Event>, Infallible> {
        Ok(match self.0.take() {
            Some(effect) => Step::Perform(effect),
            None => Step::Done(event),
        })
    }
}

impl From<Effect> for Once {
    fn from(effect: Effect) -> Self {
        Self(Some(effect))
    }
}

impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blocking(_) => "blocking",
            Self::Async(..) => "async",
        })
    }
}
