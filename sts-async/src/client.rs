use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use sts_proto::credentials::{Explanation, describe};
use sts_proto::settings::{Origin, Setting};
use sts_proto::{
    Context, Credentials, Error, Flow, NoCredentials, Operation, Outcome, Presign, Timeouts, Tried,
};

use crate::Builder;
use crate::credentials::{CredentialsProvider, Keeper, OwnChain, Source};
use crate::engine::Engine;
use crate::trace::{Watch, within};

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
    engine: Arc<Engine>,
    /// Instead of the settings' own credentials.
    keeper: Option<Arc<Keeper>>,
    timeouts: Timeouts,
}

impl Client {
    /// As environment and shared files say: see [`Builder::from_env`].
    pub fn from_env() -> Result<Self, Error> {
        Builder::from_env()?.build()
    }

    /// A builder on which nothing is set; [`Builder::from_env`] is the other one.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Signs with what the settings hold, or what their chain finds, if no provider is given.
    pub(crate) fn new(engine: Engine, provider: Option<Box<dyn CredentialsProvider>>) -> Self {
        let engine = Arc::new(engine);
        let context = &engine.context;
        let source = match (provider, context.credentials(), context.chain()) {
            (Some(provider), ..) => Some(Source::Provider(provider)),
            (None, None, Some(chain)) => {
                Some(Source::Chain(Arc::new(OwnChain::new(Arc::clone(&engine), Arc::clone(chain)))))
            }
            (None, ..) => None,
        };
        let keeper = source.map(|source| Keeper::new(source, Arc::clone(context)));
        let timeouts = context.timeouts();
        Self { engine, keeper, timeouts }
    }

    /// Calls an operation: one of the eleven, or one of your own.
    ///
    /// ```no_run
    /// # async fn example(sts: sts_async::Client) -> Result<(), sts_async::Error> {
    /// use sts_async::operations::AssumeRole;
    ///
    /// let role = sts.send(AssumeRole::new("arn:aws:iam::123456789012:role/demo", "build-42")).await?;
    /// println!("{} until {:?}", role.credentials.access_key_id, role.credentials.expiration);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        let mut watch = Watch::begin(self.context(), O::ACTION);
        let span = watch.span();
        let result = within(span, self.send_watched(operation, &mut watch)).await;
        watch.end(&result);
        result
    }

    /// Signs with what is kept, and once more with something newer where the service says that it has expired.
    async fn send_watched<O: Operation>(&self, operation: O, watch: &mut Watch) -> Result<O::Output, Error> {
        let time = Remaining::of(self.timeouts.call);
        let mut signer = None;
        if let Some(keeper) = self.keeper.as_ref().filter(|_| O::SIGNED) {
            let credentials = keeper.get(time.total).await;
            signer = Some((keeper, credentials.map_err(|error| error.while_calling(O::ACTION))?));
        }
        self.engine.find_region(O::SIGNED, time.left()).await?;
        let mut call = self.engine.call(operation).timeouts(Timeouts { call: time.left(), ..self.timeouts });
        let Some((keeper, credentials)) = signer else {
            return self.engine.drive(&mut call, |call| watch.stepped(call)).await;
        };
        call = call.credentials(Arc::clone(&credentials));
        let refused = match self.engine.drive(&mut call, |call| watch.stepped(call)).await {
            Err(error) if error.says_expired(&credentials, keeper.now()) => error,
            result => return result,
        };
        let Some(newer) = keeper.instead_of(&credentials, time.left()).await else { return Err(refused) };
        let sent = call.attempts();
        call.again(newer);
        let result = self.engine.drive(&mut call, |call| watch.stepped(call)).await;
        // Where there was no time left to send it, the refusal says more.
        if result.is_err() && call.attempts() == sent { Err(refused) } else { result }
    }

    /// The same client, but its calls have these time-outs: connections, quota, clock and keys are shared.
    ///
    /// ```no_run
    /// # async fn example(sts: sts_async::Client) -> Result<(), sts_async::Error> {
    /// use std::time::Duration;
    ///
    /// let mut quick = sts_async::Timeouts::default();
    /// quick.call = Duration::from_secs(2);
    /// let me = sts.with_timeouts(quick).get_caller_identity().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_timeouts(&self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self.clone() }
    }

    /// The same client with credentials from somewhere else. Connections, quota and clock are shared with this one.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), sts_async::Error> {
    /// use sts_async::operations::AssumeRole;
    /// use sts_async::{AssumeRoleProvider, Client};
    ///
    /// let sts = Client::from_env()?;
    /// let role = AssumeRole::new("arn:aws:iam::123456789012:role/demo", "build-42");
    /// let as_demo = sts.with_credentials_provider(AssumeRoleProvider::new(sts.clone(), role));
    /// println!("{} acts as {}", sts.get_caller_identity().await?.arn, as_demo.get_caller_identity().await?.arn);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_credentials_provider(&self, provider: impl CredentialsProvider) -> Self {
        let keeper = Keeper::new(Source::Provider(Box::new(provider)), Arc::clone(&self.engine.context));
        Self { keeper: Some(keeper), ..self.clone() }
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
        match self.signer("").await? {
            Some(credentials) => Ok(Arc::unwrap_or_clone(credentials)),
            None => Err(NoCredentials::new("").into()),
        }
    }

    /// Says that the service has refused these as expired, whatever they say: for who signs for other services with what
    /// [`credentials`](Self::credentials) has given. If they are still what this client keeps, they are dropped, and so by
    /// those whom it has them from; whoever needs credentials next fetches new ones. Does nothing for credentials that were
    /// given in code, which are used as they are. A source that gives the same ones again is believed for a minute.
    ///
    /// ```no_run
    /// # async fn send_signed(_: &sts_async::Credentials) -> bool { true }
    /// # async fn example() -> Result<(), sts_async::Error> {
    /// let sts = sts_async::Client::from_env()?;
    /// let keys = sts.credentials().await?;
    /// let expired = send_signed(&keys).await; // with another service, which answers `ExpiredToken`
    /// if expired {
    ///     sts.credentials_expired(&keys);
    ///     send_signed(&sts.credentials().await?).await;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn credentials_expired(&self, credentials: &Credentials) {
        if let Some(keeper) = &self.keeper {
            keeper.refuse(credentials);
        }
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
        // Without a region the list says so.
        let _ = self.engine.find_region(true, self.timeouts.call).await;
        let credentials = self.explain_credentials().await;
        let mut told = Explanation::new(self.context().list(), credentials);
        if self.timeouts != self.context().timeouts() {
            told = Setting::timeouts(self.timeouts, &Origin::Code).into_iter().fold(told, Explanation::with);
        }
        if self.keeper.as_ref().is_some_and(|keeper| keeper.is_set_in_code()) {
            told = told.with(Setting::new("credentials", "from a provider", Origin::Code));
        }
        self.engine.told.iter().cloned().fold(told, Explanation::with)
    }

    async fn explain_credentials(&self) -> Vec<Tried> {
        if let Some(keeper) = &self.keeper {
            return keeper.explain(self.timeouts.call).await;
        }
        let outcome = match self.context().credentials() {
            Some(keys) => {
                Outcome::Used(describe(keys, self.context().service_time(SystemTime::now())).into())
            }
            None => Outcome::NotConfigured("they hold no credentials, and no sources to look in".into()),
        };
        vec![Tried::new("the settings", outcome)]
    }

    /// Who signs, if anybody does.
    async fn signer(&self, operation: &'static str) -> Result<Option<Arc<Credentials>>, Error> {
        match &self.keeper {
            None => Ok(self.context().credentials().cloned()),
            Some(keeper) => match keeper.get(self.timeouts.call).await {
                Ok(credentials) => Ok(Some(credentials)),
                Err(error) => Err(error.while_calling(operation)),
            },
        }
    }

    /// Drives any flow to its end, performing its effects.
    pub async fn run<F: Flow>(&self, mut flow: F) -> Result<F::Output, F::Error> {
        self.engine.drive(&mut flow, |_| {}).await
    }

    /// The operation as a URL that whoever has it can send until its lifetime is over; see
    /// [`Operation::presign`]. Nothing is sent, but for what finding region and credentials takes.
    ///
    /// # Errors
    ///
    /// As for [`credentials`](Self::credentials); an endpoint without a region, a lifetime out of range.
    ///
    /// ```no_run
    /// # async fn example(sts: sts_async::Client) -> Result<(), sts_async::Error> {
    /// use std::time::Duration;
    /// use sts_async::{Presign, operations::GetCallerIdentity};
    ///
    /// let request = sts.presign(&GetCallerIdentity::new(), &Presign::new(Duration::from_secs(60))).await?;
    /// println!("{}", request.uri());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn presign<O: Operation>(
        &self,
        operation: &O,
        options: &Presign,
    ) -> Result<http::Request<Bytes>, Error> {
        let time = Remaining::of(self.timeouts.call);
        let signer = if O::SIGNED { self.signer(O::ACTION).await? } else { None };
        self.engine.find_region(O::SIGNED, time.left()).await?;
        self.context().presign_with(signer.as_deref(), operation, options, SystemTime::now())
    }

    /// What the calls share: endpoint, credentials, quota, and the time-outs that
    /// [`with_timeouts`](Self::with_timeouts) did not change.
    pub fn context(&self) -> &Context {
        &self.engine.context
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }
}

/// The time that a call may take: finding region and credentials are part of it.
struct Remaining {
    total: Duration,
    begun: Instant,
}

impl Remaining {
    fn of(total: Duration) -> Self {
        Self { total, begun: Instant::now() }
    }

    /// Never nothing: what is tried with this ends with the error that says so.
    fn left(&self) -> Duration {
        self.total.saturating_sub(self.begun.elapsed()).max(self.total.min(LEAST))
    }
}

const LEAST: Duration = Duration::from_millis(5);

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("context", self.context()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
