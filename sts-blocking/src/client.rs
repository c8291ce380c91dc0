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
use crate::trace::Watch;

/// A blocking client. Cheap to clone; all clones share connections and the signing key of the day.
///
/// ```no_run
/// use sts_blocking::Client;
/// use sts_blocking::operations::AssumeRole;
///
/// let sts = Client::from_env()?;
/// let me = sts.get_caller_identity()?;
/// let role = sts.send(AssumeRole::new("arn:aws:iam::123456789012:role/demo", "build-42"))?;
/// println!("{} became {}", me.arn, role.credentials.access_key_id);
/// # Ok::<(), sts_blocking::Error>(())
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
    ///
    /// # Errors
    ///
    /// A variable or a file that cannot be used, or no region. Missing credentials are no error here: some operations
    /// need none.
    pub fn from_env() -> Result<Self, Error> {
        Builder::from_env()?.build()
    }

    /// Begins with nothing set.
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

    /// The same client with other time-outs for its calls. Connections, signing key, quota and clock are shared with
    /// this one.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use sts_blocking::{Client, Timeouts};
    ///
    /// let sts = Client::from_env()?;
    /// let hurried = sts.with_timeouts(Timeouts { call: Duration::from_secs(2), ..Timeouts::default() });
    /// println!("{}", hurried.get_caller_identity()?.arn);
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    #[must_use]
    pub fn with_timeouts(&self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self.clone() }
    }

    /// The same client with credentials from somewhere else. Connections, quota and clock are shared with this one.
    ///
    /// ```no_run
    /// use sts_blocking::operations::AssumeRole;
    /// use sts_blocking::{AssumeRoleProvider, Client};
    ///
    /// let sts = Client::from_env()?;
    /// let role = AssumeRole::new("arn:aws:iam::123456789012:role/demo", "build-42");
    /// let as_demo = sts.with_credentials_provider(AssumeRoleProvider::new(sts.clone(), role));
    /// println!("{} acts as {}", sts.get_caller_identity()?.arn, as_demo.get_caller_identity()?.arn);
    /// # Ok::<(), sts_blocking::Error>(())
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
    /// use sts_blocking::Client;
    ///
    /// let keys = Client::from_env()?.credentials()?;
    /// println!("{} until {:?}", keys.access_key_id, keys.expiration);
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn credentials(&self) -> Result<Credentials, Error> {
        match self.signer("")? {
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
    /// # fn send_signed(_: &sts_blocking::Credentials) -> bool { true }
    /// let sts = sts_blocking::Client::from_env()?;
    /// let keys = sts.credentials()?;
    /// let expired = send_signed(&keys); // with another service, which answers `ExpiredToken`
    /// if expired {
    ///     sts.credentials_expired(&keys);
    ///     send_signed(&sts.credentials()?);
    /// }
    /// # Ok::<(), sts_blocking::Error>(())
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
    /// println!("{}", sts_blocking::Client::from_env()?.explain());
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn explain(&self) -> Explanation {
        // Without a region the list says so.
        let _ = self.engine.find_region(true, self.timeouts.call);
        let mut told = Explanation::new(self.context().list(), self.explain_credentials());
        if self.timeouts != self.context().timeouts() {
            told = Setting::timeouts(self.timeouts, &Origin::Code).into_iter().fold(told, Explanation::with);
        }
        if self.keeper.as_ref().is_some_and(|keeper| keeper.is_set_in_code()) {
            told = told.with(Setting::new("credentials", "from a provider", Origin::Code));
        }
        self.engine.told.iter().cloned().fold(told, Explanation::with)
    }

    fn explain_credentials(&self) -> Vec<Tried> {
        if let Some(keeper) = &self.keeper {
            return keeper.explain(self.timeouts.call);
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
    fn signer(&self, operation: &'static str) -> Result<Option<Arc<Credentials>>, Error> {
        match &self.keeper {
            None => Ok(self.context().credentials().cloned()),
            Some(keeper) => match keeper.get(self.timeouts.call) {
                Ok(credentials) => Ok(Some(credentials)),
                Err(error) => Err(error.while_calling(operation)),
            },
        }
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
    /// let session = Client::from_env()?.send(GetSessionToken::new().duration_seconds(900))?;
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn send<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        let mut watch = Watch::begin(self.context(), O::ACTION);
        let result = self.send_watched(operation, &mut watch);
        watch.end(&result);
        result
    }

    /// Signs with what is kept, and once more with something newer where the service says that it has expired.
    fn send_watched<O: Operation>(&self, operation: O, watch: &mut Watch) -> Result<O::Output, Error> {
        let time = Remaining::of(self.timeouts.call);
        let keeper = self.keeper.as_ref().filter(|_| O::SIGNED);
        let credentials = match keeper.map(|keeper| keeper.get(time.total)).transpose() {
            Ok(credentials) => credentials,
            Err(error) => return Err(error.while_calling(O::ACTION)),
        };
        self.engine.find_region(O::SIGNED, time.left())?;
        let mut call = self.engine.call(operation).timeouts(Timeouts { call: time.left(), ..self.timeouts });
        let Some((keeper, credentials)) = keeper.zip(credentials) else {
            return self.engine.drive(&mut call, |call| watch.stepped(call));
        };
        call = call.credentials(Arc::clone(&credentials));
        let refused = match self.engine.drive(&mut call, |call| watch.stepped(call)) {
            Err(error) if error.says_expired(&credentials, keeper.now()) => error,
            result => return result,
        };
        let Some(newer) = keeper.instead_of(&credentials, time.left()) else { return Err(refused) };
        let sent = call.attempts();
        call.again(newer);
        let result = self.engine.drive(&mut call, |call| watch.stepped(call));
        // Where there was no time left to send it, the refusal says more.
        if result.is_err() && call.attempts() == sent { Err(refused) } else { result }
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
    /// // A call like the client's own, with a context and a seed of one's choice.
    /// let context = Arc::new(Context::new(&Settings::new().region("eu-west-1"), "my-tool/1.0")?);
    /// let me = sts.run(Call::new(GetCallerIdentity::new(), context, 42))?;
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn run<F: Flow>(&self, mut flow: F) -> Result<F::Output, F::Error> {
        self.engine.drive(&mut flow, |_| {})
    }

    /// The operation as a URL that whoever has it can send, until its lifetime is over: see
    /// [`Operation::presign`]. Nothing is sent, but for what finding region and credentials takes.
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
    /// let request = Client::from_env()?.presign(&GetCallerIdentity::new(), &Presign::new(Duration::from_secs(60)))?;
    /// println!("{}", request.uri());
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn presign<O: Operation>(
        &self,
        operation: &O,
        options: &Presign,
    ) -> Result<http::Request<Bytes>, Error> {
        let time = Remaining::of(self.timeouts.call);
        let signer = if O::SIGNED { self.signer(O::ACTION)? } else { None };
        self.engine.find_region(O::SIGNED, time.left())?;
        self.context().presign_with(signer.as_deref(), operation, options, SystemTime::now())
    }

    /// What the calls of this client share.
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

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.context().endpoint().map(|endpoint| endpoint.uri()))
            .finish_non_exhaustive()
    }
}
