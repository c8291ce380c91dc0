use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use sts_proto::flow::{Effect, Event};
use sts_proto::{Call, Context, Error, Flow, Operation, Presign, Secret, Step, Timeouts};

use crate::trace::Watch;
use crate::{Builder, Transport, effects};

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
    inner: Arc<Inner>,
    timeouts: Timeouts,
}

/// Answers with the current code of the MFA device that has this serial number, or not at all.
pub(crate) type AskMfaCode = dyn Fn(&str) -> Option<Secret> + Send + Sync;

struct Inner {
    context: Arc<Context>,
    transport: Box<dyn Transport>,
    ask_mfa_code: Option<Box<AskMfaCode>>,
}

impl Client {
    /// With region, endpoint and credentials from the environment: see [`Settings::from_env`](crate::Settings::from_env).
    ///
    /// # Errors
    ///
    /// A variable that cannot be used, or no region. Missing credentials are no error here: some operations need
    /// none.
    pub fn from_env() -> Result<Self, Error> {
        Builder::from_env()?.build()
    }

    /// Begins with nothing set.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn new(
        context: Context,
        transport: Box<dyn Transport>,
        ask_mfa_code: Option<Box<AskMfaCode>>,
    ) -> Self {
        let timeouts = context.timeouts();
        Self { inner: Arc::new(Inner { context: Arc::new(context), transport, ask_mfa_code }), timeouts }
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
        Self { inner: Arc::clone(&self.inner), timeouts }
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
        let context = Arc::clone(&self.inner.context);
        let mut watch = Watch::begin(&context, O::ACTION);
        let mut call = Call::new(operation, context, seed()).timeouts(self.timeouts);
        let result = self.drive(&mut call, |call| watch.stepped(call));
        watch.end(&result);
        result
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
        self.drive(&mut flow, |_| {})
    }

    /// Shows the flow after each step.
    fn drive<F: Flow>(&self, flow: &mut F, mut show: impl FnMut(&F)) -> Result<F::Output, Error> {
        let mut event = Event::Start;
        loop {
            let step = flow.step(SystemTime::now(), event);
            show(flow);
            event = match step? {
                Step::Done(output) => return Ok(output),
                Step::Perform(effect) => self.perform(effect),
            };
        }
    }

    /// The operation as a URL that whoever has it can send, until its lifetime is over: see
    /// [`Operation::presign`]. Nothing is sent.
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
        self.context().presign(operation, options, SystemTime::now())
    }

    /// What the calls of this client share.
    pub fn context(&self) -> &Context {
        &self.inner.context
    }

    fn perform(&self, effect: Effect) -> Event {
        let inner = &*self.inner;
        match effect {
            Effect::Send(request, timeouts) => match inner.transport.send(request, timeouts) {
                Ok(response) => Event::Response(response),
                Err(error) => Event::Failed(error),
            },
            Effect::Read(path) => effects::read(&path),
            Effect::Run(command) => effects::run(&command),
            Effect::AskMfaCode(serial) => effects::ask_mfa_code(inner.ask_mfa_code.as_deref(), &serial),
            Effect::Wait(duration) => {
                std::thread::sleep(duration);
                Event::Elapsed
            }
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.context().endpoint().map(|endpoint| endpoint.uri()))
            .finish_non_exhaustive()
    }
}

/// A number that no other call has, from the randomly keyed hasher of the standard library. It is for ids, not
/// for keys.
fn seed() -> u128 {
    let half = || u128::from(RandomState::new().build_hasher().finish());
    half() << 64 | half()
}
