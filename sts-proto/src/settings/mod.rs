//! What a call is made with, and where it comes from: a snapshot of the environment, the shared config and credentials
//! files, and what code says.

mod endpoint_url;
mod env;
mod error;
mod fault;
mod files;
mod header;
mod list;
mod lookup;
mod origin;
mod parse;
mod profile;
mod properties;
pub mod proxy;
mod reason;
mod resolve;
mod set_by;
mod setters;
mod tls;
mod trace;

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;

#[cfg(feature = "credentials")]
pub(crate) use endpoint_url::configured_endpoint_url;
pub use env::Env;
pub use error::{SettingsError, SettingsErrorKind};
#[cfg(all(test, feature = "credentials"))]
pub(crate) use files::slashed;
#[cfg(feature = "credentials")]
pub(crate) use files::{CONFIG, CREDENTIALS};
pub use files::{Files, Platform};
#[cfg(feature = "credentials")]
pub(crate) use list::FileState;
#[cfg(feature = "credentials")]
pub(crate) use lookup::Lookup;
pub use origin::{Origin, Setting};
pub use profile::{Profiles, Section};
#[cfg(feature = "credentials")]
pub(crate) use reason::reason;
pub use tls::{LazyTls, Roots, RootsFile, TlsLibrary, TlsSettings};

use list::Found;
pub(crate) use origin::Sourced;
use proxy::Proxies;

use crate::endpoint::{Endpoint, EndpointError, EndpointParams};
use crate::flow::Timeouts;
use crate::keys::Credentials;
use crate::retry::Retry;

/// Region, endpoint, credentials and time-outs of a client.
///
/// Begin with [`Settings::new`] (nothing set), [`Settings::from_env`] (the environment alone) or, with the feature
/// `credentials`, a `Load` (the shared files too), and set what code knows better: a setter always wins.
///
/// ```
/// use sts_proto::settings::{Env, Settings};
///
/// let env = Env::from_iter([
///     ("AWS_REGION", "eu-west-1"),
///     ("AWS_ACCESS_KEY_ID", "AKID"),
///     ("AWS_SECRET_ACCESS_KEY", "s"),
/// ]);
/// let settings = Settings::from_env(&env)?.region("eu-central-1");
/// assert_eq!(
///     settings.endpoint()?.uri(),
///     "https://sts.eu-central-1.amazonaws.com/"
/// );
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
    use_sigv4a: Sourced<bool>,
    signing_region_set: Sourced<Option<String>>,
    /// An error only where the environment's keys cannot be used; code may still give others.
    credentials: Sourced<Result<Option<Arc<Credentials>>, SettingsError>>,
    timeouts: Sourced<Timeouts>,
    retry: Retry,
    retry_mode_origin: Origin,
    max_attempts_origin: Origin,
    tls: TlsSettings,
    trace_id: Option<HeaderValue>,
    /// An error if the environment's proxies cannot be used; code may still set others.
    proxies: Result<Proxies, SettingsError>,
    /// Whether an environment was looked in.
    looked: bool,
    /// What was read beside the environment.
    found: Option<Found>,
}

/// What a context takes from settings as it is.
pub(crate) struct Parts<'a> {
    pub(crate) credentials: Option<&'a Arc<Credentials>>,
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
            use_sigv4a: Sourced::default(),
            signing_region_set: Sourced::default(),
            credentials: Sourced { value: Ok(None), origin: Origin::Default },
            timeouts: Sourced::default(),
            retry: Retry::default(),
            retry_mode_origin: Origin::Default,
            max_attempts_origin: Origin::Default,
            tls: TlsSettings::new(),
            trace_id: None,
            proxies: Ok(Proxies::default()),
            looked: false,
            found: None,
        }
    }

    crate::settings_setters!(set_here []);

    /// The keys to sign with, whatever environment and files say.
    pub fn credentials(mut self, credentials: impl Into<Credentials>) -> Self {
        self.credentials = Sourced::in_code(Ok(Some(Arc::new(credentials.into()))));
        self
    }

    /// No keys, whatever environment and files say: for operations that are sent unsigned.
    pub fn without_credentials(mut self) -> Self {
        self.credentials = Sourced::in_code(Ok(None));
        self
    }

    /// What TLS is set up with.
    pub fn tls(&self) -> &TlsSettings {
        &self.tls
    }

    /// The proxies that requests go through. `tls` says whether the driver supports TLS.
    ///
    /// # Errors
    ///
    /// A proxy that cannot be used. Do not build a client then: to bypass the proxy silently would be worse.
    pub fn proxies(&self, tls: bool) -> Result<&Proxies, SettingsError> {
        self.proxies.as_ref().map_err(Clone::clone)?.with_tls(tls)
    }

    /// The endpoint that these settings lead to.
    pub fn endpoint(&self) -> Result<Endpoint, EndpointError> {
        self.endpoint_in(self.region.value.as_deref())
    }

    /// The endpoint in this region.
    pub(crate) fn endpoint_in(&self, region: Option<&str>) -> Result<Endpoint, EndpointError> {
        let endpoint = Endpoint::resolve(&EndpointParams {
            region,
            use_fips: self.use_fips_endpoint.value,
            use_dual_stack: self.use_dualstack_endpoint.value,
            use_global_endpoint: self.use_global_endpoint.value,
            endpoint_url: self.endpoint_url.value.as_deref(),
        })
        .map_err(|error| self.set_by(error, region))?;
        #[cfg(feature = "sigv4a")]
        if self.use_sigv4a.value {
            let regions = self.signing_region_set.value.as_deref().unwrap_or_default();
            // As the region itself: a server of one's own may have named its regions so.
            return Ok(match self.endpoint_url.value {
                Some(_) => endpoint.in_regions(regions),
                None => endpoint.in_regions(&crate::text::to_ascii_lowercase(regions)),
            });
        }
        Ok(endpoint)
    }

    /// These settings where they are set, else those of `base`: what code sets wins, whatever is loaded later.
    pub fn over(self, base: Self) -> Self {
        let set = |origin: &Origin| *origin != Origin::Default;
        let (mode, retry_mode_origin) = match set(&self.retry_mode_origin) {
            true => (self.retry, self.retry_mode_origin),
            false => (base.retry, base.retry_mode_origin),
        };
        let (max, max_attempts_origin) = match set(&self.max_attempts_origin) {
            true => (self.retry, self.max_attempts_origin),
            false => (base.retry, base.max_attempts_origin),
        };
        let retry = mode.max_attempts(max.attempt_limit());
        Self {
            region: self.region.over(base.region),
            endpoint_url: self.endpoint_url.over(base.endpoint_url),
            use_fips_endpoint: self.use_fips_endpoint.over(base.use_fips_endpoint),
            use_dualstack_endpoint: self.use_dualstack_endpoint.over(base.use_dualstack_endpoint),
            use_global_endpoint: self.use_global_endpoint.over(base.use_global_endpoint),
            app_id: self.app_id.over(base.app_id),
            use_sigv4a: self.use_sigv4a.over(base.use_sigv4a),
            signing_region_set: self.signing_region_set.over(base.signing_region_set),
            credentials: self.credentials.over(base.credentials),
            timeouts: self.timeouts.over(base.timeouts),
            retry,
            retry_mode_origin,
            max_attempts_origin,
            tls: self.tls.over(base.tls),
            trace_id: self.trace_id.or(base.trace_id),
            proxies: if set(&proxy::origin(&self.proxies)) { self.proxies } else { base.proxies },
            looked: self.looked || base.looked,
            found: self.found.or(base.found),
        }
    }

    /// Whether it is set how calls are retried.
    fn sets_retry(&self) -> bool {
        [&self.retry_mode_origin, &self.max_attempts_origin].iter().any(|origin| **origin != Origin::Default)
    }

    /// The region, if one is set.
    #[cfg(feature = "credentials")]
    pub(crate) fn named_region(&self) -> Option<&str> {
        self.region.value.as_deref()
    }

    /// Whether an environment was looked in.
    pub(crate) fn looked(&self) -> bool {
        self.looked
    }

    /// Whether a region is set.
    #[cfg(feature = "credentials")]
    pub(crate) fn has_region(&self) -> bool {
        self.region.value.is_some()
    }

    /// Whether code has said which credentials to use, or that there are none.
    #[cfg(feature = "credentials")]
    pub(crate) fn credentials_are_set_in_code(&self) -> bool {
        self.credentials.origin == Origin::Code
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
