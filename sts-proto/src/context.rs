use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderMap, HeaderName, HeaderValue, Request};

use crate::endpoint::{Endpoint, EndpointError};
use crate::error::{Error, NoCredentials};
use crate::flow::Timeouts;
use crate::keys::Credentials;
use crate::observe::{AttemptEnd, Observer};
use crate::operation::{Operation, Presign};
use crate::proof::Proof;
use crate::retry::{Retry, Shared};
use crate::scope::Scope;
use crate::settings::{Parts, Settings};
use crate::sigv4::{KeyCache, SignError, SigningKey};

/// What the calls of one client share: where they go, the credentials, how long they may take, and the signing key of
/// the day. Made once, put into an `Arc`, given to each [`Call`](crate::Call).
///
/// ```
/// use std::sync::Arc;
/// use sts_proto::operations::GetCallerIdentity;
/// use sts_proto::{Call, Context, Credentials, Settings};
///
/// let settings = Settings::new()
///     .region("eu-west-1")
///     .credentials(Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI"));
/// let context = Arc::new(Context::new(&settings, "my-tool/1.0")?);
/// let call =
///     Call::new(GetCallerIdentity::new(), context, 0x0123_4567_89ab_cdef);
/// # Ok::<(), sts_proto::Error>(())
/// ```
#[derive(Debug)]
pub struct Context {
    /// What the settings alone lead to.
    endpoint: Result<Endpoint, EndpointError>,
    /// With the region that was asked for elsewhere, once it is known, and that region.
    #[cfg(feature = "credentials")]
    located: std::sync::OnceLock<Box<(Endpoint, Box<str>)>>,
    /// Why the region cannot be asked for there.
    #[cfg(feature = "credentials")]
    no_search: Option<Box<str>>,
    #[cfg(feature = "credentials")]
    settings: Settings,
    credentials: Option<Arc<Credentials>>,
    timeouts: Timeouts,
    user_agent: HeaderValue,
    trace_id: Option<HeaderValue>,
    /// Whether the calls are those of a web page.
    in_page: bool,
    /// Whether a region was looked for in an environment.
    looked: bool,
    retry: Retry,
    observer: Option<Observer>,
    keys: Mutex<KeyCache>,
    /// Also with the contexts of other regions that were made of this one.
    shared: Arc<Mutex<Shared>>,
}

impl Context {
    /// Resolves the endpoint. `product` is the caller's name and version for the user agent, `name/1.2.3`.
    ///
    /// # Errors
    ///
    /// No endpoint can be made of the settings; keys of the environment that cannot be used.
    pub fn new(settings: &Settings, product: &str) -> Result<Self, Error> {
        settings.endpoint()?;
        Self::without_endpoint(settings, product)
    }

    /// The same for a client that may never call anything, such as a provider with its keys in a file: if no endpoint can be
    /// made of the settings, that is an error of the first call.
    pub fn without_endpoint(settings: &Settings, product: &str) -> Result<Self, Error> {
        Self::of(settings.clone(), product)
    }

    /// As [`without_endpoint`](Self::without_endpoint).
    pub(crate) fn of(settings: Settings, product: &str) -> Result<Self, Error> {
        let endpoint = settings.endpoint();
        let Parts { credentials, timeouts, retry, app_id, trace_id } = settings.parts()?;
        Ok(Self {
            endpoint,
            credentials: credentials.cloned(),
            timeouts,
            user_agent: user_agent(product, app_id),
            trace_id: trace_id.cloned(),
            in_page: false,
            looked: settings.looked(),
            retry,
            observer: None,
            keys: Mutex::default(),
            shared: Arc::new(Mutex::new(Shared::new(retry))),
            #[cfg(feature = "credentials")]
            located: std::sync::OnceLock::new(),
            #[cfg(feature = "credentials")]
            no_search: None,
            #[cfg(feature = "credentials")]
            settings,
        })
    }

    /// The calls are those of a web page or a worker. A browser may take `user-agent` away, and a service does not allow pages to
    /// send it, so it is `x-amz-user-agent`.
    #[must_use]
    pub fn in_page(mut self, yes: bool) -> Self {
        self.in_page = yes;
        self
    }

    /// Tells this of each attempt, once it has ended. It runs in the thread that drives the call, which waits for it.
    ///
    /// ```
    /// use sts_proto::{Context, Settings};
    ///
    /// let settings = Settings::new().region("eu-west-1");
    /// let context = Context::new(&settings, "my-tool/1.0")?
    ///     .on_attempt(|end| println!("{} {:?}", end.host, end.status));
    /// # Ok::<(), sts_proto::Error>(())
    /// ```
    #[must_use]
    pub fn on_attempt(self, hook: impl Fn(&AttemptEnd<'_>) + Send + Sync + 'static) -> Self {
        self.observed_by(Some(Observer::new(hook)))
    }

    pub(crate) fn observed_by(mut self, observer: Option<Observer>) -> Self {
        self.observer = observer;
        self
    }

    pub(crate) fn observer(&self) -> Option<&Observer> {
        self.observer.as_ref()
    }

    /// The same for another region. Quota, rate limit and clock are shared.
    #[cfg(feature = "credentials")]
    pub(crate) fn in_region(&self, region: &str) -> Self {
        let settings = self.settings.clone().region(region);
        Self {
            endpoint: settings.endpoint(),
            located: std::sync::OnceLock::new(),
            no_search: None,
            settings,
            credentials: self.credentials.clone(),
            timeouts: self.timeouts,
            user_agent: self.user_agent.clone(),
            trace_id: self.trace_id.clone(),
            in_page: self.in_page,
            looked: self.looked,
            retry: self.retry,
            observer: self.observer.clone(),
            keys: Mutex::default(),
            shared: Arc::clone(&self.shared),
        }
    }

    /// Where the calls go.
    ///
    /// # Errors
    ///
    /// No endpoint can be made of the settings, or the region is not known yet.
    pub fn endpoint(&self) -> Result<&Endpoint, EndpointError> {
        #[cfg(feature = "credentials")]
        if let Some(located) = self.located.get() {
            return Ok(&located.0);
        }
        self.endpoint.as_ref().map_err(|error| self.reason(error.clone()))
    }

    /// The region that the settings name, else the endpoint's. That may be another region than the one that calls are signed
    /// for: where `sts_regional_endpoints` is `legacy`, the endpoint of some regions is the global one.
    #[cfg(feature = "credentials")]
    pub fn region(&self) -> Option<&str> {
        self.settings.named_region().or_else(|| self.endpoint().ok()?.signing_region())
    }

    /// What operations are signed for.
    pub(crate) fn scope(&self) -> Result<&Scope, EndpointError> {
        self.endpoint()?.operation_scope().map_err(|error| self.reason(error))
    }

    /// Says why the region cannot be asked for where it is set nowhere.
    #[cfg(feature = "credentials")]
    pub(crate) fn without_search(mut self, problem: Option<String>) -> Self {
        self.no_search = problem.map(Into::into);
        self
    }

    /// Why there is no endpoint or no scope.
    fn reason(&self, error: EndpointError) -> EndpointError {
        let error = error.of_search(self.looked);
        if self.in_page && error == EndpointError::RegionNotGiven {
            return EndpointError::RegionNotGivenInPage;
        }
        #[cfg(feature = "credentials")]
        if let (EndpointError::MissingRegion | EndpointError::MissingSigningRegion, Some(problem)) =
            (&error, &self.no_search)
        {
            return EndpointError::RegionNotFound { problem: problem.clone() };
        }
        error
    }

    /// Whether a region is needed and not known; what is sent `signed` needs one even where there is an endpoint URL.
    #[cfg(feature = "credentials")]
    pub(crate) fn lacks_region(&self, signed: bool) -> bool {
        !self.settings.has_region() && self.located.get().is_none() && (signed || self.endpoint.is_err())
    }

    /// The region is found.
    #[cfg(feature = "credentials")]
    pub(crate) fn locate(&self, region: &str) -> Result<(), EndpointError> {
        let endpoint = self.settings.endpoint_in(Some(region))?;
        // If another search was first, its answer is the same.
        let _ = self.located.set(Box::new((endpoint, region.into())));
        Ok(())
    }

    /// The endpoint and the region that were found since this was made.
    #[cfg(feature = "credentials")]
    pub(crate) fn located(&self) -> Option<(&Endpoint, &str)> {
        self.located.get().map(|located| (&located.0, &*located.1))
    }

    /// What the clock of the service says when ours says `now`, as far as a refusal has shown it.
    pub fn service_time(&self, now: SystemTime) -> SystemTime {
        if self.retry.corrects_clock() { self.shared().clock().confirmed().apply(now) } else { now }
    }

    /// The same beside what our clock says. Expirations are compared with both.
    #[cfg(feature = "credentials")]
    pub fn clocks(&self, now: SystemTime) -> crate::clocks::Clocks {
        crate::clocks::Clocks::new(now, self.service_time(now))
    }

    /// The credentials of the settings, if any, which a call may replace.
    pub fn credentials(&self) -> Option<&Arc<Credentials>> {
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
    /// [`CredentialsError::NotConfigured`](crate::CredentialsError::NotConfigured), an endpoint without a region, or a lifetime out of range.
    pub fn presign<O: Operation>(
        &self,
        operation: &O,
        options: &Presign,
        now: SystemTime,
    ) -> Result<Request<Bytes>, Error> {
        self.presign_with(self.credentials.as_deref(), operation, options, now)
    }

    /// The same, signed with other credentials than the settings'.
    ///
    /// # Errors
    ///
    /// As for [`presign`](Self::presign).
    pub fn presign_with<O: Operation>(
        &self,
        credentials: Option<&Credentials>,
        operation: &O,
        options: &Presign,
        now: SystemTime,
    ) -> Result<Request<Bytes>, Error> {
        let credentials = self.signer_of::<O>(credentials)?;
        operation.presign(self.endpoint()?, &credentials, self.service_time(now), options)
    }

    /// What an operation is signed with; empty credentials where it stays unsigned.
    fn signer_of<'a, O: Operation>(
        &self,
        credentials: Option<&'a Credentials>,
    ) -> Result<Cow<'a, Credentials>, Error> {
        let credentials = match credentials {
            Some(credentials) => Cow::Borrowed(credentials),
            None if !O::SIGNED => Cow::Owned(Credentials::new("", "")),
            None => return Err(NoCredentials::new(O::ACTION).into()),
        };
        if O::SIGNED {
            self.scope()?;
        }
        Ok(credentials)
    }

    /// The operation as a request, signed with the settings' credentials, and with the server's clock where that is known,
    /// and not sent: see [`Operation::sign`].
    ///
    /// # Errors
    ///
    /// [`CredentialsError::NotConfigured`](crate::CredentialsError::NotConfigured), an endpoint without a region, or
    /// headers that cannot be signed.
    pub fn sign<O: Operation>(
        &self,
        operation: &O,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<Request<Bytes>, Error> {
        self.sign_with(self.credentials.as_deref(), operation, headers, now)
    }

    /// The same, signed with other credentials than the settings'.
    ///
    /// # Errors
    ///
    /// As for [`sign`](Self::sign).
    pub fn sign_with<O: Operation>(
        &self,
        credentials: Option<&Credentials>,
        operation: &O,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<Request<Bytes>, Error> {
        let credentials = self.signer_of::<O>(credentials)?;
        operation.sign(self.endpoint()?, &credentials, self.service_time(now), headers)
    }

    /// A proof of identity, or a token of another service, with the server's clock where that is known: see [`Proof`].
    ///
    /// # Errors
    ///
    /// [`CredentialsError::NotConfigured`](crate::CredentialsError::NotConfigured), an endpoint without a region, or an
    /// argument that cannot be part of the proof.
    pub fn prove<P: Proof>(&self, proof: &P, now: SystemTime) -> Result<P::Output, Error> {
        self.prove_with(self.credentials.as_deref(), proof, now)
    }

    /// The same, signed with other credentials than the settings'.
    ///
    /// # Errors
    ///
    /// As for [`prove`](Self::prove).
    pub fn prove_with<P: Proof>(
        &self,
        credentials: Option<&Credentials>,
        proof: &P,
        now: SystemTime,
    ) -> Result<P::Output, Error> {
        let credentials = credentials.ok_or_else(|| NoCredentials::new("a proof"))?;
        self.scope()?;
        Ok(proof.prove(self.endpoint()?, credentials, self.service_time(now))?)
    }

    #[cfg(feature = "credentials")]
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn user_agent(&self) -> (HeaderName, &HeaderValue) {
        (if self.in_page { AMZ_USER_AGENT } else { USER_AGENT }, &self.user_agent)
    }

    #[cfg(feature = "credentials")]
    pub(crate) fn is_in_page(&self) -> bool {
        self.in_page
    }

    /// Of AWS Lambda.
    pub(crate) fn trace_id(&self) -> Option<&HeaderValue> {
        self.trace_id.as_ref()
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
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~/".contains(&byte);
        let allowed = |c: char| if u8::try_from(c).is_ok_and(is_allowed) { c } else { '-' };
        text.chars().take(MAX_TOKEN).map(allowed).collect()
    };
    let core = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    let mut text = format!("{} {core} os/{}", token(product), token(std::env::consts::OS));
    if let Some(app_id) = app_id {
        text.push_str(" app/");
        text.push_str(&token(app_id));
    }
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(core))
}

const AMZ_USER_AGENT: HeaderName = HeaderName::from_static("x-amz-user-agent");
/// The bound that AWS SDKs set to an app id.
const MAX_TOKEN: usize = 50;

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
