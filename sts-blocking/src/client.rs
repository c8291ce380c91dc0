use std::collections::hash_map::RandomState;
use std::convert::Infallible;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use sts_proto::client::Core;
use sts_proto::credentials::Explanation;
use sts_proto::flow::{Effect, Event, Flow, Step, Timeouts};
use sts_proto::settings::Env;
use sts_proto::{Context, Credentials, Error, Operation, Presign, Secret};

use crate::keys::Bell;
use crate::{Builder, CredentialsProvider, Transport, effects};

/// A blocking client. Cheap to clone; all clones share connections and the signing key of the day.
///
/// ```no_run
/// use sts_blocking::Client;
/// use sts_blocking::operations::AssumeRole;
///
/// let sts = Client::from_env()?;
/// let me = sts.get_caller_identity()?;
/// let role = "arn:aws:iam::123456789012:role/demo";
/// let role = sts.send(AssumeRole::new(role, "build-42"))?;
/// println!("{} became {}", me.arn, role.credentials.access_key_id);
/// # Ok::<(), sts_blocking::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    core: Core,
    driver: Arc<Driver>,
    /// What is asked for credentials in place of the sources that the settings name.
    provider: Option<Arc<dyn CredentialsProvider>>,
}

/// What performs effects.
pub(crate) struct Driver {
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) ask_mfa_code: Option<Box<AskMfaCode>>,
    pub(crate) bell: Bell,
}

/// Answers with the current code of the MFA device that has this serial number, or not at all.
pub(crate) type AskMfaCode = dyn Fn(&str) -> Option<Secret> + Send + Sync;

impl Client {
    /// As environment and shared files say. The same as `Client::builder().build()`.
    ///
    /// # Errors
    ///
    /// See [`Builder::build`]. Missing credentials are no error here: some operations need none.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Begins with what environment and shared files say; what is set goes before that. [`Builder::isolated`] begins with
    /// nothing.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn new(core: Core, driver: Driver, provider: Option<Arc<dyn CredentialsProvider>>) -> Self {
        Self { core, driver: Arc::new(driver), provider }
    }

    /// The same client with other time-outs for its calls. Connections, signing key, quota and clock are shared with
    /// this one.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use sts_blocking::{Client, Timeouts};
    ///
    /// let sts = Client::from_env()?;
    /// let mut timeouts = Timeouts::default();
    /// timeouts.call = Duration::from_secs(2);
    /// let hurried = sts.with_timeouts(timeouts);
    /// println!("{}", hurried.get_caller_identity()?.arn);
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    #[must_use]
    pub fn with_timeouts(&self, timeouts: Timeouts) -> Self {
        Self { core: self.core.with_timeouts(timeouts), ..self.clone() }
    }

    /// The same client with credentials from somewhere else. Connections, quota and clock are shared with this one.
    ///
    /// ```no_run
    /// use sts_blocking::operations::AssumeRole;
    /// use sts_blocking::{AssumeRoleProvider, Client};
    ///
    /// let sts = Client::from_env()?;
    /// let role = "arn:aws:iam::123456789012:role/demo";
    /// let role = AssumeRole::new(role, "build-42");
    /// let role = AssumeRoleProvider::new(sts.clone(), role);
    /// let as_demo = sts.with_credentials_provider(role);
    /// println!("acts as {}", as_demo.get_caller_identity()?.arn);
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    #[must_use]
    pub fn with_credentials_provider(&self, provider: impl CredentialsProvider) -> Self {
        let core = self.core.with_provider(seed());
        Self { core, provider: Some(Arc::new(provider)), ..self.clone() }
    }

    /// The credentials that calls are signed with, to hand them to another signer. They hold at this moment; ask again for
    /// each request, which costs next to nothing: they are kept, and fetched anew before they expire.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] where there are none, or their source fails.
    ///
    /// ```no_run
    /// use sts_blocking::Client;
    ///
    /// let keys = Client::from_env()?.credentials()?;
    /// println!("{} until {:?}", keys.access_key_id, keys.expiration);
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn credentials(&self) -> Result<Credentials, Error> {
        self.drive(self.core.credentials(seed()))
    }

    /// Says that a service has refused these as expired, whatever they say: for programs that sign for other services with
    /// what [`credentials`](Self::credentials) has given. If they are still what this client keeps, they are dropped, and
    /// so by its provider; the next call fetches new ones. Does nothing for credentials that were given in code, which are
    /// used as they are. A source that gives the same ones again is believed for a minute.
    ///
    /// ```no_run
    /// # fn send_signed(_: &sts_blocking::Credentials) -> bool { true }
    /// let sts = sts_blocking::Client::from_env()?;
    /// let keys = sts.credentials()?;
    /// // With another service, which answers `ExpiredToken`.
    /// let expired = send_signed(&keys);
    /// if expired {
    ///     sts.credentials_expired(&keys);
    ///     send_signed(&sts.credentials()?);
    /// }
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn credentials_expired(&self, credentials: &Credentials) {
        // The provider first, or a call that comes between is given the same ones by it.
        if let Some(provider) = &self.provider {
            provider.expired(credentials);
        }
        self.core.refuse(SystemTime::now(), credentials);
    }

    /// What this client is made with and where its credentials come from, for a person to read: every setting, and every
    /// source in order with what became of it. Never fails, and shows no secret. Credentials that are kept are not
    /// fetched again for it; where there are none, they are looked for.
    ///
    /// ```no_run
    /// println!("{}", sts_blocking::Client::from_env()?.explain());
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn explain(&self) -> Explanation {
        self.drive(self.core.explain(seed())).unwrap_or_else(|never: Infallible| match never {})
    }

    /// Calls an operation and waits for its end.
    ///
    /// # Errors
    ///
    /// What [`Error`] lists: no credentials, no answer in time, a refusal, an answer that cannot be used. An error after
    /// retries is the last one, and says how often was tried.
    ///
    /// ```no_run
    /// use sts_blocking::Client;
    /// use sts_blocking::operations::GetSessionToken;
    ///
    /// let operation = GetSessionToken::new().duration_seconds(900);
    /// let session = Client::from_env()?.send(operation)?;
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn send<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        let flow = self.core.send(operation, seed()).trace_id(self.core.trace_id(environment));
        let scope = flow.scope().clone();
        scope.enter(|| self.drive(flow))
    }

    /// Drives any flow to its end, performing what it asks for: requests, files, programs, questions, waits.
    ///
    /// # Errors
    ///
    /// The flow's own.
    ///
    /// ```no_run
    /// use std::sync::Arc;
    /// use sts_blocking::operations::GetCallerIdentity;
    /// use sts_blocking::sts_proto::{Call, Context, Settings};
    ///
    /// let sts = sts_blocking::Client::from_env()?;
    /// // A call with a context and a seed of one's choice.
    /// let settings = Settings::new().region("eu-west-1");
    /// let context = Arc::new(Context::new(&settings, "my-tool/1.0")?);
    /// let me = sts.run(Call::new(GetCallerIdentity::new(), context, 42))?;
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn run<F: Flow>(&self, flow: F) -> Result<F::Output, F::Error> {
        self.drive(flow)
    }

    /// The operation as a URL that anyone who has it can send, until its lifetime is over: see [`Operation::presign`].
    /// Nothing is sent, but for what finding region and credentials takes.
    ///
    /// # Errors
    ///
    /// As for [`credentials`](Self::credentials); an endpoint without a region, a lifetime out of range.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use sts_blocking::operations::GetCallerIdentity;
    /// use sts_blocking::{Client, Presign};
    ///
    /// let sts = Client::from_env()?;
    /// let minute = Presign::new(Duration::from_secs(60));
    /// let request = sts.presign(&GetCallerIdentity::new(), &minute)?;
    /// println!("{}", request.uri());
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn presign<O: Operation>(
        &self,
        operation: &O,
        options: &Presign,
    ) -> Result<http::Request<Bytes>, Error> {
        self.drive(self.core.presign(operation, options, seed()))
    }

    /// What the calls of this client share.
    pub fn context(&self) -> &Context {
        self.core.context()
    }

    pub(crate) fn core(&self) -> &Core {
        &self.core
    }

    pub(crate) fn bell(&self) -> &Bell {
        &self.driver.bell
    }

    pub(crate) fn provider(&self) -> Option<&dyn CredentialsProvider> {
        self.provider.as_deref()
    }

    pub(crate) fn drive<F: Flow>(&self, mut flow: F) -> Result<F::Output, F::Error> {
        let mut event = Event::Start;
        loop {
            event = match flow.step(SystemTime::now(), event)? {
                Step::Done(output) => return Ok(output),
                Step::Perform(effect) => self.perform(effect),
            };
        }
    }

    fn perform(&self, effect: Effect) -> Event {
        match effect {
            Effect::Send(request, timeouts) => {
                self.driver.transport.send(request, timeouts).map_or_else(Event::Failed, Event::Response)
            }
            Effect::Read(path) => effects::read(&path),
            Effect::Run(command) => effects::run(&command),
            Effect::AskMfaCode(serial) => effects::ask_mfa_code(self.driver.ask_mfa_code.as_deref(), &serial),
            Effect::Wait(duration) => {
                std::thread::sleep(duration);
                Event::Elapsed
            }
            Effect::Join(join) => self.join(join),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.fmt(f)
    }
}

/// The environment of this process, as it is now.
pub(crate) fn environment() -> Env {
    Env::from_iter(std::env::vars_os())
}

/// A number that no other call has, from the randomly keyed hasher of the standard library. It is for ids and for spreading
/// waits, not for keys.
pub(crate) fn seed() -> u128 {
    let half = || u128::from(RandomState::new().build_hasher().finish());
    half() << 64 | half()
}
