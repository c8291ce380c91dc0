//! What a call is made with, and where it comes from: a snapshot of the environment, and what code says.

mod env;
#[cfg(feature = "credentials")]
mod load;
mod origin;
#[cfg(feature = "credentials")]
mod profile;

use std::fmt;
use std::path::{Path, PathBuf};

pub use env::Env;
#[cfg(feature = "credentials")]
pub use load::Load;
pub use origin::{Origin, Setting};
#[cfg(feature = "credentials")]
pub use profile::{Profiles, Section};

use crate::endpoint::{Endpoint, EndpointError, EndpointParams};
use crate::{Credentials, Retry, Timeouts};

/// Region, endpoint, credentials and time-outs of a client.
///
/// Begin with [`Settings::new`] (nothing set) or [`Settings::from_env`], and set what code knows better: a setter
/// always wins over the environment.
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
    region: Option<String>,
    endpoint_url: Option<String>,
    use_fips_endpoint: bool,
    use_dualstack_endpoint: bool,
    use_global_endpoint: bool,
    app_id: Option<String>,
    /// An error only where the environment's keys cannot be used; code may still give others.
    credentials: Result<Option<Credentials>, SettingsError>,
    timeouts: Timeouts,
    retry: Retry,
    ca_bundle_path: Option<PathBuf>,
    #[cfg(feature = "credentials")]
    chain: Option<std::sync::Arc<crate::credentials::Chain>>,
    /// Where the instance's metadata is, if it may be asked.
    #[cfg(feature = "credentials")]
    metadata: Option<crate::credentials::imds::Config>,
}

/// What a context takes from settings as it is.
pub(crate) struct Parts<'a> {
    pub(crate) credentials: Option<&'a Credentials>,
    pub(crate) timeouts: Timeouts,
    pub(crate) retry: Retry,
    pub(crate) app_id: Option<&'a str>,
}

impl Settings {
    /// Nothing is set: no region, no credentials, the default time-outs.
    pub fn new() -> Self {
        Self {
            region: None,
            endpoint_url: None,
            use_fips_endpoint: false,
            use_dualstack_endpoint: false,
            use_global_endpoint: false,
            app_id: None,
            credentials: Ok(None),
            timeouts: Timeouts::default(),
            retry: Retry::default(),
            ca_bundle_path: None,
            #[cfg(feature = "credentials")]
            chain: None,
            #[cfg(feature = "credentials")]
            metadata: None,
        }
    }

    /// What the environment says; a variable that is blank counts as absent.
    ///
    /// | setting | variables, the first that is there |
    /// |---|---|
    /// | region | `AWS_REGION`, `AWS_DEFAULT_REGION` |
    /// | endpoint URL | `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL`; neither if `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is true |
    /// | FIPS, dual stack | `AWS_USE_FIPS_ENDPOINT`, `AWS_USE_DUALSTACK_ENDPOINT`: `true` or `false` |
    /// | global endpoint | `AWS_STS_REGIONAL_ENDPOINTS`: `legacy` or `regional` (the default) |
    /// | app id | `AWS_SDK_UA_APP_ID` |
    /// | roots to trust | `AWS_CA_BUNDLE`: a PEM file |
    /// | retries | `AWS_RETRY_MODE`: `standard` (the default; `legacy` is the same) or `adaptive`; `AWS_MAX_ATTEMPTS` |
    /// | credentials | `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, with `AWS_SESSION_TOKEN` if they are temporary and `AWS_CREDENTIAL_EXPIRATION` if their end is known |
    ///
    /// (AWS SDKs and Tools Reference Guide, "Environment variables support".)
    ///
    /// # Errors
    ///
    /// A variable that is not Unicode or has a value that it may not have. Keys that cannot be used are an error only
    /// when a client is made, and not if code gives others.
    pub fn from_env(env: &Env) -> Result<Self, SettingsError> {
        let mut settings = Self::new();
        settings.region = env.first(&["AWS_REGION", "AWS_DEFAULT_REGION"])?;
        if !env.flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")? {
            settings.endpoint_url = env.first(&["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"])?;
        }
        settings.use_fips_endpoint = env.flag("AWS_USE_FIPS_ENDPOINT")?;
        settings.use_dualstack_endpoint = env.flag("AWS_USE_DUALSTACK_ENDPOINT")?;
        settings.use_global_endpoint =
            env.choice("AWS_STS_REGIONAL_ENDPOINTS", &["regional", "legacy"])? == Some(1);
        settings.app_id = env.first(&["AWS_SDK_UA_APP_ID"])?;
        settings.retry = env.retry()?;
        settings.ca_bundle_path = env.first(&["AWS_CA_BUNDLE"])?.map(PathBuf::from);
        settings.credentials = env.credentials();
        Ok(settings)
    }

    /// The region to call, and to sign for.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Where to send requests instead of AWS's endpoint: `http://` or `https://`, host, and if need be port and
    /// path.
    pub fn endpoint_url(mut self, url: impl Into<String>) -> Self {
        self.endpoint_url = Some(url.into());
        self
    }

    /// AWS's endpoint, whatever the environment says.
    pub fn without_endpoint_url(mut self) -> Self {
        self.endpoint_url = None;
        self
    }

    /// Whether to use the endpoint with FIPS 140 validated cryptography.
    pub fn use_fips_endpoint(mut self, on: bool) -> Self {
        self.use_fips_endpoint = on;
        self
    }

    /// Whether to use the endpoint that is reached over IPv6 too.
    pub fn use_dualstack_endpoint(mut self, on: bool) -> Self {
        self.use_dualstack_endpoint = on;
        self
    }

    /// Whether the regions that are older than regional endpoints use `sts.amazonaws.com`.
    pub fn use_global_endpoint(mut self, on: bool) -> Self {
        self.use_global_endpoint = on;
        self
    }

    /// What the user agent says of the application, at most 50 characters.
    pub fn app_id(mut self, app_id: impl Into<String>) -> Self {
        self.app_id = Some(app_id.into());
        self
    }

    /// The keys to sign with.
    pub fn credentials(mut self, credentials: impl Into<Credentials>) -> Self {
        self.credentials = Ok(Some(credentials.into()));
        self
    }

    /// No keys: for operations that are sent unsigned.
    pub fn without_credentials(mut self) -> Self {
        self.credentials = Ok(None);
        self
    }

    /// How long things may take.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// The PEM file with the root certificates to trust instead of the usual ones. A driver reads it.
    pub fn with_ca_bundle_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_bundle_path = Some(path.into());
        self
    }

    /// Where the root certificates to trust are, if not the usual ones.
    pub fn ca_bundle_path(&self) -> Option<&Path> {
        self.ca_bundle_path.as_deref()
    }

    /// How calls are retried.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Every setting as it is in force, with its origin.
    pub fn list(&self) -> Vec<Setting> {
        Vec::new()
    }

    /// The endpoint that these settings lead to.
    pub fn endpoint(&self) -> Result<Endpoint, EndpointError> {
        Endpoint::resolve(&EndpointParams {
            region: self.region.as_deref(),
            use_fips: self.use_fips_endpoint,
            use_dual_stack: self.use_dualstack_endpoint,
            use_global_endpoint: self.use_global_endpoint,
            endpoint_url: self.endpoint_url.as_deref(),
        })
    }

    #[cfg(feature = "credentials")]
    pub(crate) fn metadata(&self) -> Option<&crate::credentials::imds::Config> {
        self.metadata.as_ref()
    }

    /// Where credentials are looked for, if not in code or with a provider of one's own.
    #[cfg(feature = "credentials")]
    pub fn chain(&self) -> Option<&std::sync::Arc<crate::credentials::Chain>> {
        self.chain.as_ref()
    }

    /// Whether no region is set and the instance's metadata may be asked for it.
    pub(crate) fn region_is_to_be_found(&self) -> bool {
        #[cfg(feature = "credentials")]
        return self.region.is_none() && self.metadata.is_some();
        #[cfg(not(feature = "credentials"))]
        false
    }

    pub(crate) fn parts(&self) -> Result<Parts<'_>, SettingsError> {
        Ok(Parts {
            credentials: self.credentials.as_ref().map_err(Clone::clone)?.as_ref(),
            timeouts: self.timeouts,
            retry: self.retry,
            app_id: self.app_id.as_deref(),
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
            .field("region", &self.region)
            .field("credentials", &self.credentials)
            .field("timeouts", &self.timeouts)
            .field("retry", &self.retry)
            .field("app_id", &self.app_id)
            .finish_non_exhaustive()
    }
}

/// A setting in the environment cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingsError {
    /// A variable is not valid Unicode.
    NotUnicode {
        /// Its name.
        variable: &'static str,
    },
    /// A variable's value is not one of those that it may have.
    NotOneOf {
        /// Its name.
        variable: &'static str,
        /// What it may be.
        choices: &'static [&'static str],
    },
    /// A variable should hold a whole number, 1 or more, and does not.
    NotANumber {
        /// Its name.
        variable: &'static str,
    },
    /// A variable should hold a date and time and does not.
    NotATime {
        /// Its name.
        variable: &'static str,
    },
    /// Half of a key pair.
    HalfKeyPair {
        /// The variable that is set.
        set: &'static str,
        /// The variable that is not.
        missing: &'static str,
    },
    /// The CA bundle holds no certificate.
    CaBundle,
    /// The file of the CA bundle cannot be read.
    CaBundleFile {
        /// Its path.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The client certificate or its key cannot be used.
    ClientCertificate,
    /// The proxy's URL cannot be used.
    Proxy,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUnicode { variable } => {
                write!(f, "the environment variable {variable} is not valid unicode")
            }
            Self::NotOneOf { variable, choices } => {
                write!(f, "the environment variable {variable} has to be {}", choices.join(" or "))
            }
            Self::NotANumber { variable } => {
                write!(f, "the environment variable {variable} has to be a whole number, 1 or more")
            }
            Self::NotATime { variable } => write!(
                f,
                "the environment variable {variable} has to be a date and time such as 2030-01-31T12:00:00Z"
            ),
            Self::HalfKeyPair { set, missing } => {
                write!(f, "the environment variable {set} is set and {missing} is not; set both or neither")
            }
            Self::CaBundleFile { path, reason } => write!(
                f,
                "the ca bundle {} cannot be read ({reason}); it is named by AWS_CA_BUNDLE or in code",
                path.display()
            ),
            Self::ClientCertificate => f.write_str(
                "the client certificate cannot be used: give a chain and the private key of its first certificate, \
                 both in pem",
            ),
            Self::Proxy => f.write_str(
                "the proxy url cannot be used: write it like http://user:password@proxy.example.com:3128",
            ),
            Self::CaBundle => {
                f.write_str("the ca bundle holds no certificate, or a damaged one; it has to be pem")
            }
        }
    }
}

impl std::error::Error for SettingsError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&'static str, &'static str)]) -> Result<Settings, SettingsError> {
        Settings::from_env(&Env::from_iter(pairs.iter().copied()))
    }

    fn url(pairs: &[(&'static str, &'static str)]) -> String {
        from(pairs).unwrap().endpoint().unwrap().uri().to_string()
    }

    #[test]
    fn the_first_variable_that_is_not_blank_wins() {
        assert_eq!(url(&[("AWS_DEFAULT_REGION", "eu-west-1")]), "https://sts.eu-west-1.amazonaws.com/");
        let both = [("AWS_REGION", "us-west-2"), ("AWS_DEFAULT_REGION", "eu-west-1")];
        assert_eq!(url(&both), "https://sts.us-west-2.amazonaws.com/");
        assert_eq!(url(&[("AWS_REGION", " "), both[1]]), "https://sts.eu-west-1.amazonaws.com/");
        let urls = [("AWS_ENDPOINT_URL_STS", "http://a:1"), ("AWS_ENDPOINT_URL", "http://b:2"), both[0]];
        assert_eq!(url(&urls), "http://a:1/");
        assert_eq!(url(&urls[1..]), "http://b:2/");
        let ignored = [urls[0], both[0], ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")];
        assert_eq!(url(&ignored), "https://sts.us-west-2.amazonaws.com/");
    }

    #[test]
    fn flags_and_choices() {
        let region = ("AWS_REGION", "us-west-2");
        assert_eq!(
            url(&[region, ("AWS_USE_FIPS_ENDPOINT", "TRUE")]),
            "https://sts-fips.us-west-2.amazonaws.com/"
        );
        assert_eq!(url(&[region, ("AWS_USE_DUALSTACK_ENDPOINT", "true")]), "https://sts.us-west-2.api.aws/");
        assert_eq!(url(&[region, ("AWS_STS_REGIONAL_ENDPOINTS", "legacy")]), "https://sts.amazonaws.com/");
        assert_eq!(
            from(&[("AWS_USE_FIPS_ENDPOINT", "yes")]).unwrap_err().to_string(),
            "the environment variable AWS_USE_FIPS_ENDPOINT has to be true or false"
        );
        assert!(from(&[("AWS_STS_REGIONAL_ENDPOINTS", "global")]).is_err());
    }

    #[test]
    fn a_password_in_an_endpoint_url_is_not_shown() {
        let settings = Settings::new().region("eu-west-1").endpoint_url("https://user:planted@host/");
        assert!(!format!("{settings:?}").contains("planted"));
        assert!(!settings.endpoint().unwrap_err().to_string().contains("planted"));
    }

    #[test]
    fn keys_come_in_pairs() {
        let keys = |pairs: &[_]| from(pairs).unwrap().credentials;
        let (id, secret) = (("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "s"));
        assert_eq!(keys(&[]), Ok(None));
        assert_eq!(keys(&[id, secret]), Ok(Some(Credentials::new("AKID", "s"))));
        let token = ("AWS_SESSION_TOKEN", "t");
        assert_eq!(
            keys(&[id, secret, token]),
            Ok(Some(Credentials::new("AKID", "s").with_session_token("t")))
        );
        assert_eq!(
            keys(&[id, ("AWS_SECRET_ACCESS_KEY", "")]),
            Err(SettingsError::HalfKeyPair { set: "AWS_ACCESS_KEY_ID", missing: "AWS_SECRET_ACCESS_KEY" })
        );
        assert_eq!(
            keys(&[secret]),
            Err(SettingsError::HalfKeyPair { set: "AWS_SECRET_ACCESS_KEY", missing: "AWS_ACCESS_KEY_ID" })
        );
        assert!(keys(&[id, secret, ("AWS_CREDENTIAL_EXPIRATION", "soon")]).is_err());
        // Code goes before the environment, right or wrong.
        let settings = from(&[id]).unwrap().region("eu-west-1");
        assert!(crate::Context::new(&settings, "test/1").is_err());
        assert!(crate::Context::new(&settings.clone().without_credentials(), "test/1").is_ok());
        assert!(crate::Context::new(&settings.credentials(Credentials::new("a", "b")), "test/1").is_ok());
    }
}
