use std::convert::Infallible;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use sts_proto::client::Core;
use sts_proto::credentials::Explanation;
use sts_proto::flow::{Effect, Event, Flow, Step, Timeouts};
use sts_proto::settings::Env;
use sts_proto::{Context, Credentials, Error, Operation, Presign};

use crate::effects::Effects;
use crate::keys::{Bell, within};
use crate::{Builder, CredentialsProvider};

/// A client of AWS Security Token Service.
///
/// Cheap to clone, and all clones share connections and the signing key of the day; use one for the whole
/// program, or one for each runtime where there are several at a time: a connection is driven by the runtime on which
/// it was made. Its futures are `Send`, run on a tokio runtime with I/O and time enabled, and may be dropped at any
/// point: a request that is under way is then given up and its connection closed.
///
/// ```no_run
/// # async fn example() -> Result<(), sts_async::Error> {
/// let sts = sts_async::Client::from_env()?;
/// let me = sts.get_caller_identity().await?;
/// println!("{} in account {}", me.arn, me.account);
/// # Ok(())
/// # }
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
    pub(crate) effects: Effects,
    pub(crate) bell: Bell,
}

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

    /// Calls an operation: one of the eleven, or one of your own.
    ///
    /// # Errors
    ///
    /// What [`Error`] lists: no credentials, no answer in time, a refusal, an answer that cannot be used. An error after
    /// retries is the last one, and says how often was tried.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), sts_async::Error> {
    /// use sts_async::Client;
    /// use sts_async::operations::GetSessionToken;
    ///
    /// let operation = GetSessionToken::new().duration_seconds(900);
    /// let session = Client::from_env()?.send(operation).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        let flow = self.core.send(operation, seed()).trace_id(self.core.trace_id(environment));
        within(flow.scope().clone(), self.drive(flow)).await
    }

    /// The same client, but its calls have these time-outs: connections, quota, clock and keys are shared.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), sts_async::Error> {
    /// use std::time::Duration;
    /// use sts_async::{Client, Timeouts};
    ///
    /// let sts = Client::from_env()?;
    /// let mut timeouts = Timeouts::default();
    /// timeouts.call = Duration::from_secs(2);
    /// let hurried = sts.with_timeouts(timeouts);
    /// println!("{}", hurried.get_caller_identity().await?.arn);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_timeouts(&self, timeouts: Timeouts) -> Self {
        Self { core: self.core.with_timeouts(timeouts), ..self.clone() }
    }

    /// The same client with credentials from somewhere else. Connections, quota and clock are shared with this one.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), sts_async::Error> {
    /// use sts_async::operations::AssumeRole;
    /// use sts_async::{AssumeRoleProvider, Client};
    ///
    /// let sts = Client::from_env()?;
    /// let role = "arn:aws:iam::123456789012:role/demo";
    /// let role = AssumeRole::new(role, "build-42");
    /// let role = AssumeRoleProvider::new(sts.clone(), role);
    /// let as_demo = sts.with_credentials_provider(role);
    /// println!("acts as {}", as_demo.get_caller_identity().await?.arn);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_credentials_provider(&self, provider: impl CredentialsProvider) -> Self {
        Self {
            core: self.core.with_provider(seed()),
            driver: Arc::clone(&self.driver),
            provider: Some(Arc::new(provider)),
        }
    }

    /// The credentials that calls are signed with, to hand them to another signer. They hold at this moment; ask again for
    /// each request, which costs next to nothing: they are kept, and fetched anew before they expire.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] where there are none, or their source fails.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), sts_async::Error> {
    /// use sts_async::Client;
    ///
    /// let keys = Client::from_env()?.credentials().await?;
    /// println!("{} until {:?}", keys.access_key_id, keys.expiration);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn credentials(&self) -> Result<Credentials, Error> {
        self.drive(self.core.credentials(seed())).await
    }

    /// Says that a service has refused these as expired, whatever they say: for programs that sign for other services with
    /// what [`credentials`](Self::credentials) has given. If they are still what this client keeps, they are dropped, and
    /// so by its provider; the next call fetches new ones. Does nothing for credentials that were given in code, which are
    /// used as they are. A source that gives the same ones again is believed for a minute.
    ///
    /// ```no_run
    /// # async fn send_signed(_: &sts_async::Credentials) -> bool { true }
    /// # async fn example() -> Result<(), sts_async::Error> {
    /// let sts = sts_async::Client::from_env()?;
    /// let keys = sts.credentials().await?;
    /// // With another service, which answers `ExpiredToken`.
    /// let expired = send_signed(&keys).await;
    /// if expired {
    ///     sts.credentials_expired(&keys);
    ///     send_signed(&sts.credentials().await?).await;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn credentials_expired(&self, credentials: &Credentials) {
        // The provider first, or a call that comes between is given the same ones by it.
        self.provider.iter().for_each(|provider| provider.expired(credentials));
        self.core.refuse(SystemTime::now(), credentials);
    }

    /// What this client is made with and where its credentials come from, for a person to read: every setting, and every
    /// source in order with what became of it. Never fails, and shows no secret. Credentials that are kept are not
    /// fetched again for it; where there are none, they are looked for.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), sts_async::Error> {
    /// println!("{}", sts_async::Client::from_env()?.explain().await);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn explain(&self) -> Explanation {
        match self.drive(self.core.explain(seed())).await {
            Ok(explanation) => explanation,
            Err::<_, Infallible>(never) => match never {},
        }
    }

    /// Drives any flow to its end, performing what it asks for: requests, files, programs, questions, waits.
    ///
    /// # Errors
    ///
    /// The flow's own.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), sts_async::Error> {
    /// use std::sync::Arc;
    /// use sts_async::operations::GetCallerIdentity;
    /// use sts_async::sts_proto::{Call, Context, Settings};
    ///
    /// let sts = sts_async::Client::from_env()?;
    /// // A call with a context and a seed of one's choice.
    /// let settings = Settings::new().region("eu-west-1");
    /// let context = Arc::new(Context::new(&settings, "my-tool/1.0")?);
    /// let call = Call::new(GetCallerIdentity::new(), context, 42);
    /// let me = sts.run(call).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run<F: Flow>(&self, flow: F) -> Result<F::Output, F::Error> {
        self.drive(flow).await
    }

    /// The operation as a URL that anyone who has it can send, until its lifetime is over: see [`Operation::presign`].
    /// Nothing is sent, but for what finding region and credentials takes.
    ///
    /// # Errors
    ///
    /// As for [`credentials`](Self::credentials); an endpoint without a region, a lifetime out of range.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), sts_async::Error> {
    /// use std::time::Duration;
    /// use sts_async::operations::GetCallerIdentity;
    /// use sts_async::{Client, Presign};
    ///
    /// let sts = Client::from_env()?;
    /// let minute = Presign::new(Duration::from_secs(60));
    /// let request = sts.presign(&GetCallerIdentity::new(), &minute).await?;
    /// println!("{}", request.uri());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn presign<O: Operation>(
        &self,
        operation: &O,
        options: &Presign,
    ) -> Result<http::Request<Bytes>, Error> {
        self.drive(self.core.presign(operation, options, seed())).await
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

    pub(crate) async fn drive<F: Flow>(&self, mut flow: F) -> Result<F::Output, F::Error> {
        let mut event = Event::Start;
        loop {
            match flow.step(SystemTime::now(), event)? {
                Step::Done(output) => return Ok(output),
                Step::Perform(Effect::Join(join)) => event = self.join(join).await,
                Step::Perform(effect) => event = self.driver.effects.perform(effect).await,
            }
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

/// A number that no other call has. The standard library keys its hashers at random; what they make of nothing is
/// good enough to name a call and to spread waits, and nothing else is made of it: no key, no nonce, no secret.
pub(crate) fn seed() -> u128 {
    let half = || u128::from(RandomState::new().build_hasher().finish());
    half() << 64 | half()
}

#[cfg(test)]
mod tests;
