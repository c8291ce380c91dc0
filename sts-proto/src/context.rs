use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderValue, Request};

use crate::endpoint::Endpoint;
use crate::retry::{Shared, Skew};
use crate::settings::{Parts, Settings};
use crate::sigv4::{KeyCache, Scope, SignError, SigningKey};
use crate::{Credentials, Error, NoCredentials, Operation, Presign, Retry, Timeouts};

/// What the calls of one client share: where they go, who signs, how long they may take, and the signing key of
/// the day. Made once, put into an `Arc`, given to each [`Call`](crate::Call).
///
/// ```
/// use std::sync::Arc;
/// use sts_proto::{Call, Context, Credentials, Settings};
/// use sts_proto::operations::GetCallerIdentity;
///
/// let settings = Settings::new().region("eu-west-1").credentials(Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI"));
/// let context = Arc::new(Context::new(&settings, "my-tool/1.0")?);
/// let call = Call::new(GetCallerIdentity::new(), context, 0x0123_4567_89ab_cdef);
/// # Ok::<(), sts_proto::Error>(())
/// ```
#[derive(Debug)]
pub struct Context {
    endpoint: Endpoint,
    credentials: Option<Credentials>,
    timeouts: Timeouts,
    user_agent: HeaderValue,
    retry: Retry,
    keys: Mutex<KeyCache>,
    shared: Mutex<Shared>,
}

impl Context {
    /// Resolves the endpoint. `product` is the caller's name and version for the user agent, `name/1.2.3`.
    pub fn new(settings: &Settings, product: &str) -> Result<Self, Error> {
        let endpoint = settings.endpoint()?;
        let Parts { credentials, timeouts, retry, app_id } = settings.parts()?;
        Ok(Self {
            endpoint,
            credentials: credentials.cloned(),
            timeouts,
            user_agent: user_agent(product, app_id),
            retry,
            keys: Mutex::default(),
            shared: Mutex::new(Shared::new(retry)),
        })
    }

    /// Where the calls go.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Who signs, if anybody does.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// How long things may take.
    pub fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    /// How calls are retried.
    pub fn retry(&self) -> Retry {
        self.retry
    }

    /// What is left of the quota that retries are paid from, out of 500.
    pub fn retry_quota(&self) -> u32 {
        self.shared().quota()
    }

    pub(crate) fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The operation as a URL, signed with these credentials, and with the server's clock where that is known: see
    /// [`Operation::presign`].
    ///
    /// # Errors
    ///
    /// [`Error::NoCredentials`], an endpoint without a region, or a lifetime out of range.
    pub fn presign<O: Operation>(
        &self,
        operation: &O,
        options: &Presign,
        now: SystemTime,
    ) -> Result<Request<Bytes>, Error> {
        let nobody = Credentials::new("", "");
        let credentials = match self.credentials() {
            Some(credentials) => credentials,
            // Stays unsigned.
            None if !O::SIGNED => &nobody,
            None => return Err(NoCredentials::new(O::ACTION).into()),
        };
        let skew = if self.retry.corrects_clock() { *self.shared().skew() } else { Skew::default() };
        operation.presign(self.endpoint(), credentials, skew.apply(now), options)
    }

    pub(crate) fn user_agent(&self) -> &HeaderValue {
        &self.user_agent
    }

    /// The signing key of the day: derived once, then kept.
    pub(crate) fn signing_key(
        &self,
        credentials: &Credentials,
        scope: &Scope,
        now: SystemTime,
    ) -> Result<SigningKey, SignError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.get(credentials, scope, now).cloned()
    }
}

/// `sts-blocking/0.1.0 sts-proto/0.1.0 os/linux app/my-tool`, without what a header must not hold.
fn user_agent(product: &str, app_id: Option<&str>) -> HeaderValue {
    let token = |text: &str| -> String {
        let allowed =
            |c: char| if c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~/".contains(c) { c } else { '-' };
        text.chars().take(LONGEST_TOKEN).map(allowed).collect()
    };
    let core = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    let mut text = format!("{} {core} os/{}", token(product), token(std::env::consts::OS));
    if let Some(app_id) = app_id {
        text.push_str(" app/");
        text.push_str(&token(app_id));
    }
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(core))
}

/// The bound that AWS SDKs set to an app id.
const LONGEST_TOKEN: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_agent_is_a_header_whatever_the_app_is_called() {
        let agent = user_agent("sts-blocking/0.1.0", Some("my app\r\nx: y é"));
        let agent = agent.to_str().unwrap();
        assert!(agent.starts_with("sts-blocking/0.1.0 sts-proto/"), "{agent}");
        assert!(agent.ends_with(" app/my-app--x--y--"), "{agent}");
    }
}
