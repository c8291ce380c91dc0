use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use sts_proto::{Call, Context, Error, Event, Flow, Operation, Presign, Step, Timeouts};

use crate::Builder;
use crate::effects::Effects;

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
    inner: Arc<Inner>,
    /// Other time-outs than the context's.
    timeouts: Option<Timeouts>,
}

struct Inner {
    context: Arc<Context>,
    effects: Effects,
}

impl Client {
    /// Region, credentials and endpoint as the environment says; see
    /// [`Settings::from_env`](sts_proto::Settings::from_env) for the variables.
    pub fn from_env() -> Result<Self, Error> {
        Builder::from_env()?.build()
    }

    /// A builder on which nothing is set; [`Builder::from_env`] is the other one.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn new(context: Context, effects: Effects) -> Self {
        Self { inner: Arc::new(Inner { context: Arc::new(context), effects }), timeouts: None }
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
        let call = Call::new(operation, Arc::clone(&self.inner.context), seed());
        let call = match self.timeouts {
            Some(timeouts) => call.timeouts(timeouts),
            None => call,
        };
        #[cfg(not(feature = "tracing"))]
        let ended = self.drive(call, |_, _| {}).await;
        #[cfg(feature = "tracing")]
        let ended = {
            use tracing::Instrument as _;
            let span =
                crate::trace::span(O::ACTION, self.context().endpoint().ok().map(|endpoint| endpoint.uri()));
            self.drive(call, crate::trace::observer(span.clone())).instrument(span).await
        };
        ended
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
        Self { inner: Arc::clone(&self.inner), timeouts: Some(timeouts) }
    }

    /// Drives any flow to its end, performing its effects.
    pub async fn run<F: Flow>(&self, flow: F) -> Result<F::Output, Error> {
        self.drive(flow, |_, _| {}).await
    }

    /// Shows the flow and what came of it to `observe` after each step.
    async fn drive<F: Flow>(
        &self,
        mut flow: F,
        mut observe: impl FnMut(&F, &Result<Step<F::Output>, Error>),
    ) -> Result<F::Output, Error> {
        let mut event = Event::Start;
        loop {
            let step = flow.step(SystemTime::now(), event);
            observe(&flow, &step);
            match step? {
                Step::Done(output) => return Ok(output),
                Step::Perform(effect) => event = self.inner.effects.perform(effect).await,
            }
        }
    }

    /// The operation as a URL that whoever has it can send until its lifetime is over; see
    /// [`Operation::presign`]. Nothing is sent.
    ///
    /// ```no_run
    /// # fn example(sts: sts_async::Client) -> Result<(), sts_async::Error> {
    /// use std::time::Duration;
    /// use sts_async::{Presign, operations::GetCallerIdentity};
    ///
    /// let request = sts.presign(&GetCallerIdentity::new(), &Presign::new(Duration::from_secs(60)))?;
    /// println!("{}", request.uri());
    /// # Ok(())
    /// # }
    /// ```
    pub fn presign<O: Operation>(
        &self,
        operation: &O,
        options: &Presign,
    ) -> Result<http::Request<Bytes>, Error> {
        self.context().presign(operation, options, SystemTime::now())
    }

    /// What the calls share: endpoint, credentials, quota, and the time-outs that
    /// [`with_timeouts`](Self::with_timeouts) did not change.
    pub fn context(&self) -> &Context {
        &self.inner.context
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("context", self.context()).finish_non_exhaustive()
    }
}

/// A number that no other call has. The standard library keys its hashers at random; what they make of nothing is
/// good enough to name a call and to spread waits, and nothing else is made of it: no key, no nonce, no secret.
fn seed() -> u128 {
    let half = || u128::from(RandomState::new().build_hasher().finish());
    half() << 64 | half()
}

#[cfg(test)]
mod tests;
