use std::sync::Arc;

use crate::builder::Builder;
use crate::effects::{environment, seed};
use crate::provider::CredentialsProvider;
use crate::pump::Pump;

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
    pump: Pump,
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

    pub(crate) fn new(pump: Pump) -> Self {
        Self { pump }
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
        let flow = self.pump.core.send(operation, seed()).trace_id(self.pump.core.trace_id(environment));
        within(flow.scope().clone(), self.pump.drive(flow)).await
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
        let core = self.pump.core.with_timeouts(timeouts);
        Self { pump: Pump { core, ..self.pump.clone() } }
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
        let core = self.pump.core.with_provider(seed());
        Self { pump: Pump { core, provider: Some(Arc::new(provider)), ..self.pump.clone() } }
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
        self.pump.drive(self.pump.core.credentials(seed())).await
    }

    /// Says that a service has refused these as expired, whatever they say: for programs that sign for other services with
    /// what [`credentials`](Self::credentials) has given. If they are still what this client keeps, they are dropped, and
    /// so by its provider; the next call fetches new ones. Does nothing for credentials that were given in code, which are
    /// used as they are. Drops credentials at most once a minute, since what refuses all credentials must not cause a fetch
    /// for each refusal.
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
        self.pump.provider.iter().for_each(|provider| provider.expired(credentials));
        self.pump.core.refuse(SystemTime::now(), credentials);
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
        match self.pump.drive(self.pump.core.explain(seed())).await {
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
        self.pump.drive(flow).await
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
        self.pump.drive(self.pump.core.presign(operation, options, seed())).await
    }

    /// What the calls of this client share.
    pub fn context(&self) -> &Context {
        self.pump.core.context()
    }

    pub(crate) fn core(&self) -> &Core {
        &self.pump.core
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pump.core.fmt(f)
    }
}

#[cfg(test)]
mod tests;
