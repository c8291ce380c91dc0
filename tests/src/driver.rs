//! Both clients behind one type, so that a test case is written once and run through each.

use std::convert::Infallible;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, Barrier};
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, Request};
use sts_proto::client::{InRole, WebIdentityToken};
use sts_proto::credentials::{Explanation, Source};
use sts_proto::operations::{AssumeRole, GetWebIdentityToken};
use sts_proto::proof::Proof;
use sts_proto::settings::Env;
use sts_proto::testing::{Clock, Seeds, Service};
use sts_proto::{
    AttemptEnd, Context, Credentials, Effect, Error, Event, Flow, Operation, Presign, Secret, Settings, Step,
    Timeouts,
};
use tokio::runtime::Runtime;

use crate::peer::Peer;
use crate::provider::{Provider, WebIdentity};

/// A macro, since the two builders are unrelated types with the same methods.
macro_rules! configured {
    ($setup:expr, $client:ident, $provider:ident) => {{
        let base = match &$setup.base {
            Base::Settings(settings) => $client::Builder::isolated().settings((**settings).clone()),
            Base::Environment(env) => $client::Client::builder().env(env.clone()),
        };
        $setup.set.iter().cloned().fold(base, |builder, set| match set {
            Set::Env(env) => builder.env(env),
            Set::Settings(settings) => builder.settings(*settings),
            Set::Region(region) => builder.region(region),
            Set::DualStack => builder.use_dualstack_endpoint(true),
            Set::Profile(name) => builder.profile(name),
            Set::Credentials(credentials) => builder.credentials(credentials),
            Set::Provider(provider) => builder.credentials_provider(provider.$provider()),
            Set::NoCredentials => builder.without_credentials(),
            Set::CredentialsOnly => builder.credentials_only(),
            Set::ShareCliCache => builder.share_cli_cache(true),
            Set::CaBundle(pem) => builder.ca_bundle(pem),
            Set::ExtraRoots(pem) => builder.extra_roots(pem),
            Set::ClientCertificate(chain, key) => builder.client_certificate(chain, key),
            Set::Proxy(url) => builder.proxy(url),
            Set::NoProxy => builder.no_proxy(),
            Set::Service(service) => builder.transport(service),
            Set::Clock(clock) => builder.clock(&clock),
            Set::Seeds(seeds) => builder.seeds(&seeds),
            Set::MfaCode(ask) => builder.mfa_code(move |serial| ask(serial)),
            Set::OnAttempt(hook) => builder.on_attempt(move |end| hook(end)),
        })
    }};
}

/// How to build the clients of a test case.
#[derive(Clone, Default)]
pub struct Setup {
    base: Base,
    /// What code sets, in this order.
    set: Vec<Set>,
}

#[derive(Clone)]
enum Base {
    Settings(Box<Settings>),
    Environment(Env),
}

impl Default for Base {
    fn default() -> Self {
        Self::Settings(Box::default())
    }
}

#[derive(Clone)]
enum Set {
    Env(Env),
    Settings(Box<Settings>),
    Region(String),
    DualStack,
    Profile(String),
    Credentials(Credentials),
    Provider(Provider),
    NoCredentials,
    CredentialsOnly,
    ShareCliCache,
    CaBundle(Vec<u8>),
    ExtraRoots(Vec<u8>),
    ClientCertificate(Vec<u8>, Vec<u8>),
    Proxy(String),
    NoProxy,
    Service(Service),
    Clock(Clock),
    Seeds(Seeds),
    MfaCode(Arc<AskMfaCode>),
    OnAttempt(Arc<Hook>),
}

type AskMfaCode = dyn Fn(&str) -> Option<Secret> + Send + Sync;
type Hook = dyn Fn(&AttemptEnd<'_>) + Send + Sync;

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

    fn with(mut self, set: Set) -> Self {
        self.set.push(set);
        self
    }

    /// Looks in this environment from here on.
    pub fn env(self, env: Env) -> Self {
        self.with(Set::Env(env))
    }

    /// Sets all of these at once.
    pub fn settings(self, settings: Settings) -> Self {
        self.with(Set::Settings(Box::new(settings)))
    }

    /// Calls this region.
    pub fn region(self, region: &str) -> Self {
        self.with(Set::Region(region.to_owned()))
    }

    /// Uses the dual-stack endpoint.
    pub fn dual_stack(self) -> Self {
        self.with(Set::DualStack)
    }

    /// Uses this profile of the shared files.
    pub fn profile(self, name: &str) -> Self {
        self.with(Set::Profile(name.to_owned()))
    }

    /// Shares sessions with the AWS CLI.
    pub fn share_cli_cache(self) -> Self {
        self.with(Set::ShareCliCache)
    }

    /// Signs with these.
    pub fn credentials(self, credentials: Credentials) -> Self {
        self.with(Set::Credentials(credentials))
    }

    /// Signs with what this provider gives.
    pub fn provider(self, provider: impl Into<Provider>) -> Self {
        self.with(Set::Provider(provider.into()))
    }

    /// Signs nothing.
    pub fn without_credentials(self) -> Self {
        self.with(Set::NoCredentials)
    }

    /// Needs no endpoint.
    pub fn credentials_only(self) -> Self {
        self.with(Set::CredentialsOnly)
    }

    /// Trusts these root certificates, in PEM.
    pub fn ca_bundle(self, pem: impl Into<Vec<u8>>) -> Self {
        self.with(Set::CaBundle(pem.into()))
    }

    /// Trusts these root certificates, in PEM, beside the usual ones.
    pub fn extra_roots(self, pem: impl Into<Vec<u8>>) -> Self {
        self.with(Set::ExtraRoots(pem.into()))
    }

    /// Uses this proxy.
    pub fn proxy(self, url: impl Into<String>) -> Self {
        self.with(Set::Proxy(url.into()))
    }

    /// Uses no proxy, whatever was set before.
    pub fn no_proxy(self) -> Self {
        self.with(Set::NoProxy)
    }

    /// Presents this certificate chain with this private key, in PEM.
    pub fn client_certificate(self, chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.with(Set::ClientCertificate(chain.into(), key.into()))
    }

    /// Sends requests to this peer in place of the network.
    pub fn transport(self, peer: &Peer) -> Self {
        self.service(peer.service())
    }

    /// Sends requests to this service in place of the network.
    pub fn service(self, service: &Service) -> Self {
        self.with(Set::Service(service.clone()))
    }

    /// Goes by this clock.
    pub fn clock(self, clock: &Clock) -> Self {
        self.with(Set::Clock(clock.clone()))
    }

    /// Names calls with these.
    pub fn seeds(self, seeds: &Seeds) -> Self {
        self.with(Set::Seeds(seeds.clone()))
    }

    /// Asks this for the code of an MFA device, by its serial number.
    pub fn mfa_code(self, ask: impl Fn(&str) -> Option<Secret> + Send + Sync + 'static) -> Self {
        self.with(Set::MfaCode(Arc::new(ask)))
    }

    /// Tells this of each attempt.
    pub fn on_attempt(self, hook: impl Fn(&AttemptEnd<'_>) + Send + Sync + 'static) -> Self {
        self.with(Set::OnAttempt(Arc::new(hook)))
    }

    /// Both clients.
    pub fn drivers(&self) -> Result<[Driver; 2], Error> {
        Ok([self.blocking()?, self.asynchronous()?])
    }

    /// The blocking client.
    pub fn blocking(&self) -> Result<Driver, Error> {
        Ok(Driver::Blocking(configured!(self, sts_blocking, blocking).build()?))
    }

    /// The async client with its own runtime.
    pub fn asynchronous(&self) -> Result<Driver, Error> {
        self.asynchronous_on(tokio::runtime::Builder::new_multi_thread().worker_threads(1))
    }

    /// The async client on a runtime without a thread of its own.
    pub fn on_this_thread(&self) -> Result<Driver, Error> {
        self.asynchronous_on(&mut tokio::runtime::Builder::new_current_thread())
    }

    fn asynchronous_on(&self, runtime: &mut tokio::runtime::Builder) -> Result<Driver, Error> {
        let client = configured!(self, sts_async, asynchronous).build()?;
        Ok(Driver::Async(client, Arc::new(runtime.enable_all().build().expect("a runtime starts"))))
    }

    /// What each builder prints.
    pub fn printed(&self) -> [String; 2] {
        let (blocking, asynchronous) =
            (configured!(self, sts_blocking, blocking), configured!(self, sts_async, asynchronous));
        [format!("{blocking:?}"), format!("{asynchronous:?}")]
    }

    /// The client of the same kind as `driver`, and on the same runtime.
    pub fn beside(&self, driver: &Driver) -> Result<Driver, Error> {
        match driver {
            Driver::Blocking(_) => self.blocking(),
            Driver::Async(_, runtime) => {
                let client = configured!(self, sts_async, asynchronous).build()?;
                Ok(Driver::Async(client, Arc::clone(runtime)))
            }
        }
    }
}

/// Runs a case through each client. What a failed test has printed names the client.
pub fn through_both(mut case: impl FnMut(Make)) {
    for (name, make) in [("blocking", Setup::blocking as Make), ("async", Setup::asynchronous)] {
        println!("through {name}");
        case(make);
    }
}

/// Makes one of the clients.
pub type Make = fn(&Setup) -> Result<Driver, Error>;

/// Prints both builders.
impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [blocking, asynchronous] = self.printed();
        write!(f, "[{blocking}, {asynchronous}]")
    }
}

/// One of the two clients. `Display` names it.
#[derive(Clone, Debug)]
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

    /// Presigns an operation.
    pub fn presign<O: Operation>(&self, operation: &O, options: &Presign) -> Result<Request<Bytes>, Error> {
        match self {
            Self::Blocking(client) => client.presign(operation, options),
            Self::Async(client, runtime) => runtime.block_on(client.presign(operation, options)),
        }
    }

    /// Signs an operation, without sending it.
    pub fn sign<O: Operation>(&self, operation: &O, headers: &HeaderMap) -> Result<Request<Bytes>, Error> {
        match self {
            Self::Blocking(client) => client.sign(operation, headers),
            Self::Async(client, runtime) => runtime.block_on(client.sign(operation, headers)),
        }
    }

    /// Makes a proof of identity.
    pub fn prove<P: Proof>(&self, proof: &P) -> Result<P::Output, Error> {
        match self {
            Self::Blocking(client) => client.prove(proof),
            Self::Async(client, runtime) => runtime.block_on(client.prove(proof)),
        }
    }

    /// The credentials that the client signs with.
    pub fn credentials(&self) -> Result<Credentials, Error> {
        match self {
            Self::Blocking(client) => client.credentials(),
            Self::Async(client, runtime) => runtime.block_on(client.credentials()),
        }
    }

    /// Says that these were refused as expired.
    pub fn credentials_expired(&self, credentials: &Credentials) {
        match self {
            Self::Blocking(client) => client.credentials_expired(credentials),
            Self::Async(client, _) => client.credentials_expired(credentials),
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

    /// What the client's calls share.
    pub fn context(&self) -> &Context {
        match self {
            Self::Blocking(client) => client.context(),
            Self::Async(client, _) => client.context(),
        }
    }

    /// The region of the client.
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::Blocking(client) => client.region(),
            Self::Async(client, _) => client.region(),
        }
    }

    /// The same client for another region.
    #[must_use]
    pub fn with_region(&self, region: &str) -> Self {
        match self {
            Self::Blocking(client) => Self::Blocking(client.with_region(region)),
            Self::Async(client, runtime) => Self::Async(client.with_region(region), Arc::clone(runtime)),
        }
    }

    /// The same client with another maximum of requests for each call.
    #[must_use]
    pub fn with_max_attempts(&self, max: u32) -> Self {
        match self {
            Self::Blocking(client) => Self::Blocking(client.with_max_attempts(max)),
            Self::Async(client, runtime) => Self::Async(client.with_max_attempts(max), Arc::clone(runtime)),
        }
    }

    /// The same client with other time-outs.
    #[must_use]
    pub fn with_timeouts(&self, timeouts: Timeouts) -> Self {
        match self {
            Self::Blocking(client) => Self::Blocking(client.with_timeouts(timeouts)),
            Self::Async(client, runtime) => Self::Async(client.with_timeouts(timeouts), Arc::clone(runtime)),
        }
    }

    /// The same client with other credentials.
    #[must_use]
    pub fn with_provider(&self, provider: impl Into<Provider>) -> Self {
        let provider = provider.into();
        match self {
            Self::Blocking(client) => Self::Blocking(client.with_credentials_provider(provider.blocking())),
            Self::Async(client, runtime) => {
                let client = client.with_credentials_provider(provider.asynchronous());
                Self::Async(client, Arc::clone(runtime))
            }
        }
    }

    /// Assumes this role by way of this client.
    pub fn assumes(&self, role: AssumeRole) -> Provider {
        match self {
            Self::Blocking(client) => {
                Provider::Blocking(Arc::new(sts_blocking::AssumeRoleProvider::new(client.clone(), role)))
            }
            Self::Async(client, _) => {
                Provider::Async(Arc::new(sts_async::AssumeRoleProvider::new(client.clone(), role)))
            }
        }
    }

    /// Asks this source alone, by way of this client.
    pub fn gives(&self, source: Source) -> Provider {
        match self {
            Self::Blocking(client) => {
                Provider::Blocking(Arc::new(sts_blocking::SourceProvider::new(client.clone(), source)))
            }
            Self::Async(client, _) => {
                Provider::Async(Arc::new(sts_async::SourceProvider::new(client.clone(), source)))
            }
        }
    }

    /// Assumes a role by way of this client, with the token in a file.
    pub fn assumes_with(&self, web: &WebIdentity) -> Provider {
        macro_rules! provider {
            ($client:ident, $kind:ident, $of:expr) => {{
                let provider = $client::WebIdentityProvider::new($of.clone(), web.role_arn, &web.token_file);
                let provider = provider.session_name(web.session_name).duration_seconds(web.duration_seconds);
                Provider::$kind(Arc::new(provider))
            }};
        }
        match self {
            Self::Blocking(client) => provider!(sts_blocking, Blocking, client),
            Self::Async(client, _) => provider!(sts_async, Async, client),
        }
    }

    /// Gives tokens that this client asks for, at most so many at a time.
    pub fn tokens(&self, max: NonZeroUsize) -> TokenProvider {
        match self {
            Self::Blocking(client) => {
                TokenProvider::Blocking(sts_blocking::WebIdentityTokenProvider::new(client.clone(), max))
            }
            Self::Async(client, runtime) => TokenProvider::Async(
                sts_async::WebIdentityTokenProvider::new(client.clone(), max),
                Arc::clone(runtime),
            ),
        }
    }

    /// Does something in a hundred threads, which begin together.
    pub fn crowd<T: Send>(&self, work: impl Fn(&Self) -> T + Sync) -> Vec<T> {
        let barrier = Barrier::new(CROWD);
        std::thread::scope(|scope| {
            let begun: Vec<_> = (0..CROWD)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        work(self)
                    })
                })
                .collect();
            begun.into_iter().map(|thread| thread.join().expect("no caller panics")).collect()
        })
    }
}

impl InRole for Driver {
    fn in_role(&self, role: AssumeRole) -> Self {
        match self {
            Self::Blocking(client) => Self::Blocking(client.in_role(role)),
            Self::Async(client, runtime) => Self::Async(client.in_role(role), Arc::clone(runtime)),
        }
    }
}

/// A `WebIdentityTokenProvider` of one of the two clients.
#[derive(Clone, Debug)]
pub enum TokenProvider {
    /// Of sts-blocking.
    Blocking(sts_blocking::WebIdentityTokenProvider),
    /// Of sts-async.
    Async(sts_async::WebIdentityTokenProvider, Arc<Runtime>),
}

impl TokenProvider {
    /// A token for this input.
    pub fn token(&self, input: &GetWebIdentityToken) -> Result<WebIdentityToken, Error> {
        match self {
            Self::Blocking(tokens) => tokens.token(input),
            Self::Async(tokens, runtime) => runtime.block_on(tokens.token(input)),
        }
    }

    /// Keeps a token in a file, until that fails.
    pub fn keep_in_file(&self, input: &GetWebIdentityToken, file: &Path) -> Error {
        let Err(error) = match self {
            Self::Blocking(tokens) => tokens.keep_in_file(input, file),
            Self::Async(tokens, runtime) => runtime.block_on(tokens.keep_in_file(input, file)),
        };
        error
    }

    /// Forgets the token for this input.
    pub fn forget(&self, input: &GetWebIdentityToken) -> bool {
        match self {
            Self::Blocking(tokens) => tokens.forget(input),
            Self::Async(tokens, _) => tokens.forget(input),
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

const CROWD: usize = 100;
