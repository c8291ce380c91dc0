//! What a call is made with, and where it comes from: a snapshot of the environment, the shared config and credentials
//! files, and what code says.

mod endpoint_url;
mod env;
mod error;
mod files;
mod list;
#[cfg(feature = "credentials")]
mod load;
mod lookup;
mod origin;
mod parse;
mod profile;
mod properties;
mod resolve;
mod trace;

use std::fmt;
use std::path::{Path, PathBuf};

use http::HeaderValue;

#[cfg(feature = "credentials")]
pub(crate) use endpoint_url::configured_endpoint_url;
pub use env::Env;
pub use error::SettingsError;
pub use files::{Files, Platform};
#[cfg(feature = "credentials")]
pub use load::Load;
#[cfg(feature = "credentials")]
pub(crate) use lookup::Lookup;
pub use origin::{Origin, Setting};
pub use profile::{Profiles, Section};

use list::Found;
use origin::Sourced;

use crate::endpoint::{Endpoint, EndpointError, EndpointParams};
use crate::{Credentials, Retry, Timeouts};

/// Region, endpoint, credentials and time-outs of a client.
///
/// Begin with [`Settings::new`] (nothing set), [`Settings::from_env`] (the environment alone) or, with the feature
/// `credentials`, a `Load` (the shared files too), and set what code knows better: a setter always wins.
///
/// ```
/// use sts_proto::settings::{Env, Settings};
///
/// let env = Env::from_iter([("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "s")]);
/// let settings = Settings::from_env(&env)?.region("eu-central-1");
/// assert_eq!(settings.endpoint()?.uri(), "https://sts.eu-central-1.amazonaws.com/");
/// # Ok::<(), sts_proto::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Settings {
    region: Sourced<Option<String>>,
    endpoint_url: Sourced<Option<String>>,
    use_fips_endpoint: Sourced<bool>,
    use_dualstack_endpoint: Sourced<bool>,
    use_global_endpoint: Sourced<bool>,
    app_id: Sourced<Option<String>>,
    /// An error only where the environment's keys cannot be used; code may still give others.
    credentials: Sourced<Result<Option<Credentials>, SettingsError>>,
    timeouts: Sourced<Timeouts>,
    retry: Retry,
    retry_mode_origin: Origin,
    max_attempts_origin: Origin,
    ca_bundle_path: Sourced<Option<PathBuf>>,
    trace_id: Option<HeaderValue>,
    /// What was read beside the environment.
    found: Option<Found>,
    #[cfg(feature = "credentials")]
    chain: Option<std::sync::Arc<crate::credentials::Chain>>,
    /// Where the instance's metadata is, if it may be asked.
    #[cfg(feature = "credentials")]
    metadata: Result<Option<crate::credentials::imds::Config>, crate::CredentialsError>,
}

/// What a context takes from settings as it is.
pub(crate) struct Parts<'a> {
    pub(crate) credentials: Option<&'a Credentials>,
    pub(crate) timeouts: Timeouts,
    pub(crate) retry: Retry,
    pub(crate) app_id: Option<&'a str>,
    pub(crate) trace_id: Option<&'a HeaderValue>,
}

impl Settings {
    /// Nothing is set: no region, no credentials, the default time-outs.
    pub fn new() -> Self {
        Self {
            region: Sourced::default(),
            endpoint_url: Sourced::default(),
            use_fips_endpoint: Sourced::default(),
            use_dualstack_endpoint: Sourced::default(),
            use_global_endpoint: Sourced::default(),
            app_id: Sourced::default(),
            credentials: Sourced { value: Ok(None), origin: Origin::Default },
            timeouts: Sourced::default(),
            retry: Retry::default(),
            retry_mode_origin: Origin::Default,
            max_attempts_origin: Origin::Default,
            ca_bundle_path: Sourced::default(),
            trace_id: None,
            found: None,
            #[cfg(feature = "credentials")]
            chain: None,
            #[cfg(feature = "credentials")]
            metadata: Ok(None),
        }
    }

    /// The region to call, and to sign for.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Sourced::in_code(Some(region.into()));
        self
    }

    /// Where to send requests instead of AWS's endpoint: `http://` or `https://`, host, and if need be port and
    /// path.
    pub fn endpoint_url(mut self, url: impl Into<String>) -> Self {
        self.endpoint_url = Sourced::in_code(Some(url.into()));
        self
    }

    /// AWS's endpoint, whatever environment and files say.
    pub fn without_endpoint_url(mut self) -> Self {
        self.endpoint_url = Sourced::in_code(None);
        self
    }

    /// Whether to use the endpoint with FIPS 140 validated cryptography.
    pub fn use_fips_endpoint(mut self, on: bool) -> Self {
        self.use_fips_endpoint = Sourced::in_code(on);
        self
    }

    /// Whether to use the endpoint that is reached over IPv6 too.
    pub fn use_dualstack_endpoint(mut self, on: bool) -> Self {
        self.use_dualstack_endpoint = Sourced::in_code(on);
        self
    }

    /// Whether the regions that are older than regional endpoints use `sts.amazonaws.com`.
    pub fn use_global_endpoint(mut self, on: bool) -> Self {
        self.use_global_endpoint = Sourced::in_code(on);
        self
    }

    /// What the user agent says of the application, at most 50 characters.
    pub fn app_id(mut self, app_id: impl Into<String>) -> Self {
        self.app_id = Sourced::in_code(Some(app_id.into()));
        self
    }

    /// The keys to sign with, whatever environment and files say.
    pub fn credentials(self, credentials: impl Into<Credentials>) -> Self {
        self.only(Some(credentials.into()))
    }

    /// No keys, whatever environment and files say: for operations that are sent unsigned.
    pub fn without_credentials(self) -> Self {
        self.only(None)
    }

    /// How long things may take.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = Sourced::in_code(timeouts);
        self
    }

    /// The PEM file with the root certificates to trust instead of the usual ones. A driver reads it.
    pub fn with_ca_bundle_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_bundle_path = Sourced::in_code(Some(path.into()));
        self
    }

    /// Where the root certificates to trust are, if not the usual ones.
    pub fn ca_bundle_path(&self) -> Option<&Path> {
        self.ca_bundle_path.value.as_deref()
    }

    /// How calls are retried.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self.retry_mode_origin = Origin::Code;
        self.max_attempts_origin = Origin::Code;
        self
    }

    /// The endpoint that these settings lead to.
    pub fn endpoint(&self) -> Result<Endpoint, EndpointError> {
        Endpoint::resolve(&EndpointParams {
            region: self.region.value.as_deref(),
            use_fips: self.use_fips_endpoint.value,
            use_dual_stack: self.use_dualstack_endpoint.value,
            use_global_endpoint: self.use_global_endpoint.value,
            endpoint_url: self.endpoint_url.value.as_deref(),
        })
    }

    #[cfg(feature = "credentials")]
    pub(crate) fn metadata(&self) -> Option<&crate::credentials::imds::Config> {
        self.metadata.as_ref().ok()?.as_ref()
    }

    /// Where credentials are looked for, if not in code or with a provider of one's own.
    #[cfg(feature = "credentials")]
    pub fn chain(&self) -> Option<&std::sync::Arc<crate::credentials::Chain>> {
        self.chain.as_ref()
    }

    /// Whether no region is set and the instance's metadata may be asked for it.
    pub(crate) fn region_is_to_be_found(&self) -> bool {
        #[cfg(feature = "credentials")]
        return self.region.value.is_none() && self.metadata().is_some();
        #[cfg(not(feature = "credentials"))]
        false
    }

    pub(crate) fn parts(&self) -> Result<Parts<'_>, SettingsError> {
        Ok(Parts {
            credentials: self.credentials.value.as_ref().map_err(Clone::clone)?.as_ref(),
            timeouts: self.timeouts.value,
            retry: self.retry,
            app_id: self.app_id.value.as_deref(),
            trace_id: self.trace_id.as_ref(),
        })
    }

    /// These credentials and no others.
    fn only(mut self, credentials: Option<Credentials>) -> Self {
        self.credentials = Sourced::in_code(Ok(credentials));
        #[cfg(feature = "credentials")]
        {
            self.chain = None;
        }
        self
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

/// Prints an endpoint URL only where it can be used: one that cannot may hold a password.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("endpoint", &self.endpoint().as_ref().map(|endpoint| endpoint.uri().to_string()))
            .field("region", &self.region.value)
            .field("credentials", &self.credentials.value)
            .field("timeouts", &self.timeouts.value)
            .field("retry", &self.retry)
            .field("app_id", &self.app_id.value)
            .finish_non_exhaustive()
    }
}
