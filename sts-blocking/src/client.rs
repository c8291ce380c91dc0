use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use sts_proto::credentials::{Explanation, RegionSearch, describe};
use sts_proto::{
    Call, Context, Credentials, Error, Flow, NoCredentials, Operation, Outcome, Presign, Timeouts, Tried,
};

use crate::Builder;
use crate::credentials::{CredentialsProvider, Keeper, OwnChain};
use crate::engine::{Engine, seed};
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
    source: Option<Source>,
    timeouts: Timeouts,
}

/// Where a client gets credentials that have to be kept fresh.
#[derive(Clone)]
struct Source {
    keeper: Arc<Keeper>,
    /// What the keeper asks, if that is the chain of the settings.
    chain: Option<Arc<OwnChain>>,
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
            (Some(provider), ..) => {
                Some(Source { keeper: Keeper::new(provider, Arc::clone(context)), chain: None })
            }
            (None, None, Some(chain)) => {
                let chain = Arc::new(OwnChain::new(Arc::clone(&engine), Arc::clone(chain)));
                let keeper = Keeper::new(Box::new(Arc::clone(&chain)), Arc::clone(context));
                Some(Source { keeper, chain: Some(chain) })
            }
            (None, ..) => None,
        };
        let timeouts = context.timeouts();
        Self { engine, source, timeouts }
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
        let keeper = Keeper::new(Box::new(provider), Arc::clone(&self.engine.context));
        Self { source: Some(Source { keeper, chain: None }), ..self.clone() }
    }

    /// The credentials that calls are signed with, to hand them to another signer. They hold at this moment; ask again for
    /// each request, which costs next to nothing: they are kept, and fetched anew before they expire.
    ///
    /// # Errors
    ///
    /// [`Error::NoCredentials`] where there are none, [`Error::Credentials`] where their source fails.
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
        let _ = self.find_region(true);
        let credentials = self.explain_credentials();
        let mut settings = self.context().list();
        settings.push(self.engine.proxy.clone());
        Explanation::new(settings, credentials)
    }

    fn explain_credentials(&self) -> Vec<Tried> {
        let signer = match &self.source {
            None => Ok(self.context().credentials().cloned()),
            Some(source) => source.keeper.get(self.timeouts.call).map(Some),
        };
        let chain = self.source.as_ref().and_then(|source| source.chain.as_ref());
        if let Some(tried) = chain.map(|chain| chain.tried()).filter(|tried| !tried.is_empty()) {
            return tried.to_vec();
        }
        let name = if self.source.is_some() { "the provider set in code" } else { "the settings" };
        let outcome = match signer {
            Ok(Some(keys)) => {
                Outcome::Used(describe(&keys, self.context().service_time(SystemTime::now())).into())
            }
            Ok(None) => Outcome::NotConfigured("they hold no credentials, and no sources to look in".into()),
            Err(error) => Outcome::Failed(error.problem().into()),
        };
        vec![Tried::new(name, outcome)]
    }

    /// Who signs, if anybody does.
    fn signer(&self, operation: &'static str) -> Result<Option<Arc<Credentials>>, Error> {
        match &self.source {
            None => Ok(self.context().credentials().cloned()),
            Some(source) => match source.keeper.get(self.timeouts.call) {
                Ok(credentials) => Ok(Some(credentials)),
                Err(error) => Err(error.while_calling(operation)),
            },
        }
    }

    /// Sees to it that the endpoint is known.
    fn find_region(&self, signed: bool) -> Result<(), Error> {
        RegionSearch::needed(&self.engine.context, signed).map_or(Ok(()), |search| self.run(search))
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
        let context = Arc::clone(&self.engine.context);
        let mut watch = Watch::begin(&context, O::ACTION);
        let call = Call::new(operation, context, seed()).timeouts(self.timeouts);
        let result = match self.source.as_ref().filter(|_| O::SIGNED) {
            Some(source) => self.send_with(&source.keeper, call, &mut watch),
            None => self.drive(call, &mut watch),
        };
        watch.end(&result);
        result
    }

    /// Signs with what is kept, and once more with something newer where the service says that it has expired.
    fn send_with<O: Operation>(
        &self,
        keeper: &Arc<Keeper>,
        call: Call<O>,
        watch: &mut Watch,
    ) -> Result<O::Output, Error> {
        let patience = self.timeouts.call;
        let credentials = keeper.get(patience).map_err(|error| error.while_calling(O::ACTION))?;
        let mut call = call.credentials(Arc::clone(&credentials));
        let refused = match self.engine.drive(&mut call, |call| watch.stepped(call)) {
            Err(error) if error.says_credentials_expired() => error,
            result => return result,
        };
        let Some(newer) = keeper.instead_of(&credentials, patience) else { return Err(refused) };
        let sent = call.attempts();
        call.again(newer);
        let result = self.engine.drive(&mut call, |call| watch.stepped(call));
        // Where there was no time left to send it, the refusal says more.
        if result.is_err() && call.attempts() == sent { Err(refused) } else { result }
    }

    fn drive<O: Operation>(&self, mut call: Call<O>, watch: &mut Watch) -> Result<O::Output, Error> {
        self.engine.drive(&mut call, |call| watch.stepped(call))
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
    pub fn run<F: Flow>(&self, mut flow: F) -> Result<F::Output, Error> {
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
        let signer = if O::SIGNED { self.signer(O::ACTION)? } else { None };
        self.find_region(O::SIGNED)?;
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

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.context().endpoint().map(|endpoint| endpoint.uri()))
            .finish_non_exhaustive()
    }
}
