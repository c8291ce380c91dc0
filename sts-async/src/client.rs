use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use sts_proto::{Call, Context, Error, Event, Flow, Operation, Presign, Step};

use crate::Builder;
use crate::effects::Effects;

/// A client of AWS Security Token Service.
///
/// Cheap to clone, and all clones share connections and the signing key of the day; use one for the whole
/// program. Its futures are `Send`, run on a tokio runtime with I/O and time enabled, and may be dropped at any
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
pub struct Client(Arc<Inner>);

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
        Self(Arc::new(Inner { context: Arc::new(context), effects }))
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
        self.run(Call::new(operation, Arc::clone(&self.0.context), seed())).await
    }

    /// Drives any flow to its end, performing its effects.
    pub async fn run<F: Flow>(&self, mut flow: F) -> Result<F::Output, Error> {
        let mut event = Event::Start;
        loop {
            let effect = match flow.step(SystemTime::now(), event)? {
                Step::Done(output) => return Ok(output),
                Step::Perform(effect) => effect,
            };
            event = self.0.effects.perform(effect).await;
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

    /// What the calls share: endpoint, credentials, time-outs.
    pub fn context(&self) -> &Context {
        &self.0.context
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
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::operations::AssumeRoleWithWebIdentity;
    use crate::{Credentials, Timeouts, Transport, TransportFuture};

    /// Keeps what is sent and answers as one who knows the caller.
    #[derive(Clone, Default)]
    struct Canned(Arc<Mutex<Vec<http::Request<Bytes>>>>);

    impl Transport for Canned {
        fn send(&self, request: http::Request<Bytes>, _: Timeouts) -> TransportFuture<'_> {
            self.0.lock().unwrap().push(request);
            Box::pin(async {
                Ok(http::Response::new(Bytes::from_static(
                    b"<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>AIDA</UserId>\
                      <Account>0123</Account><Arn>arn:aws:iam::0123:user/a</Arn></GetCallerIdentityResult>\
                      <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>\
                      </GetCallerIdentityResponse>",
                )))
            })
        }
    }

    #[tokio::test]
    async fn calls_go_out_signed_and_come_back_typed() {
        let canned = Canned::default();
        let client = Client::builder().region("eu-west-1").transport(canned.clone());
        let client = client.credentials(Credentials::new("AKID", "planted-secret")).build().unwrap();
        let me = client.get_caller_identity().await.unwrap();
        assert_eq!((me.arn.as_str(), me.metadata.request_id()), ("arn:aws:iam::0123:user/a", Some("r-1")));
        client.get_caller_identity().await.unwrap();
        let web = AssumeRoleWithWebIdentity::new("arn", "me", "jwt");
        assert!(matches!(client.assume_role_with_web_identity(web).await, Err(Error::Response(_))));

        let sent = canned.0.lock().unwrap();
        let header = |index: usize, name: &str| sent[index].headers().get(name).cloned();
        assert!(header(0, "authorization").is_some() && header(2, "authorization").is_none());
        assert!(header(0, "user-agent").unwrap().to_str().unwrap().starts_with("sts-async/"));
        assert_ne!(header(0, "amz-sdk-invocation-id"), header(1, "amz-sdk-invocation-id"));
    }
}
