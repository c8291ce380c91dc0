use std::fmt;

use bytes::Bytes;
use http_body::Body;
use http_body_util::Full;
use sts_proto::settings::Env;
use sts_proto::{Context, Credentials, Error, Retry, Secret, Settings, Timeouts};
use tower_service::Service;

use crate::Client;
use crate::effects::{Effects, MfaPrompt};
use crate::transport::{BoxError, HyperTransport, TowerTransport, Transport};

/// Makes a [`Client`].
///
/// ```no_run
/// use std::time::Duration;
/// use sts_async::{Builder, Timeouts};
///
/// let mut timeouts = Timeouts::default();
/// timeouts.attempt = Duration::from_secs(5);
/// let sts = Builder::from_env()?.region("eu-west-1").timeouts(timeouts).build()?;
/// # Ok::<(), sts_async::Error>(())
/// ```
#[derive(Default)]
#[must_use]
pub struct Builder {
    settings: Settings,
    ca_bundle: Option<Vec<u8>>,
    transport: Option<Box<dyn Transport>>,
    mfa_code: Option<MfaPrompt>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// What the environment says; see [`Settings::from_env`] for the variables. A setter wins over it.
    pub fn from_env() -> Result<Self, Error> {
        let settings = Settings::from_env(&Env::from_iter(std::env::vars_os()))?;
        Ok(Self { settings, ..Self::default() })
    }

    /// All settings at once, in place of those made so far.
    pub fn settings(self, settings: Settings) -> Self {
        self.set(|_| settings)
    }

    /// The region to call, and to sign for.
    pub fn region(self, region: impl Into<String>) -> Self {
        self.set(|settings| settings.region(region))
    }

    /// Where to send requests instead of AWS's endpoint: `http://` or `https://`, host, and if need be port and
    /// path.
    pub fn endpoint_url(self, url: impl Into<String>) -> Self {
        self.set(|settings| settings.endpoint_url(url))
    }

    /// Whether to use the endpoint with FIPS 140 validated cryptography.
    pub fn use_fips_endpoint(self, on: bool) -> Self {
        self.set(|settings| settings.use_fips_endpoint(on))
    }

    /// Whether to use the endpoint that is reached over IPv6 too.
    pub fn use_dualstack_endpoint(self, on: bool) -> Self {
        self.set(|settings| settings.use_dualstack_endpoint(on))
    }

    /// Whether the regions that are older than regional endpoints use `sts.amazonaws.com`.
    pub fn use_global_endpoint(self, on: bool) -> Self {
        self.set(|settings| settings.use_global_endpoint(on))
    }

    /// What the user agent says of the application, at most 50 characters.
    pub fn app_id(self, app_id: impl Into<String>) -> Self {
        self.set(|settings| settings.app_id(app_id))
    }

    /// The keys to sign with.
    pub fn credentials(self, credentials: impl Into<Credentials>) -> Self {
        self.set(|settings| settings.credentials(credentials))
    }

    /// No keys: for operations that are sent unsigned.
    pub fn without_credentials(self) -> Self {
        self.set(Settings::without_credentials)
    }

    /// How calls are retried: three attempts by default.
    pub fn retry(self, retry: Retry) -> Self {
        self.set(|settings| settings.retry(retry))
    }

    /// How long things may take.
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        self.set(|settings| settings.timeouts(timeouts))
    }

    /// Trusts exactly these root certificates, in PEM, instead of those that are compiled in or those of the
    /// operating system. Ignored by a [`transport`](Self::transport) of your own.
    pub fn ca_bundle(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_bundle = Some(pem.into());
        self
    }

    /// What sends the requests, instead of [`HyperTransport`].
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// A tower service that sends the requests; see [`TowerTransport`].
    pub fn tower_service<S, B>(self, service: S) -> Self
    where
        S: Service<http::Request<Full<Bytes>>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send,
        S::Error: Into<BoxError>,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        self.transport(TowerTransport::new(service))
    }

    /// Where to get the current code of the MFA device with this serial number; `None` gives up. It may block, on
    /// a terminal for instance: it runs on a thread of its own.
    pub fn mfa_code(mut self, ask: impl Fn(&str) -> Option<Secret> + Send + Sync + 'static) -> Self {
        self.mfa_code = Some(std::sync::Arc::new(ask));
        self
    }

    /// Checks the settings. Nothing is sent, and TLS is not set up before the first `https` request.
    ///
    /// # Errors
    ///
    /// No region, an endpoint URL that is malformed, settings that contradict each other, a CA bundle without a
    /// certificate.
    pub fn build(self) -> Result<Client, Error> {
        let context = Context::new(&self.settings, PRODUCT)?;
        let transport = match (self.transport, self.ca_bundle) {
            (Some(transport), _) => transport,
            (None, Some(pem)) => Box::new(HyperTransport::with_ca_bundle(&pem)?),
            (None, None) => Box::new(HyperTransport::new()),
        };
        Ok(Client::new(context, Effects::new(transport, self.mfa_code)))
    }

    fn set(mut self, change: impl FnOnce(Settings) -> Settings) -> Self {
        self.settings = change(self.settings);
        self
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("settings", &self.settings).finish_non_exhaustive()
    }
}

const PRODUCT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests {
    use sts_proto::settings::SettingsError;

    use super::*;
    use crate::{Presign, operations::GetCallerIdentity};

    fn builder() -> Builder {
        Client::builder().region("eu-west-1")
    }

    #[test]
    fn clients_and_their_futures_go_anywhere() {
        fn anywhere<T: Send + Sync>(_: &T) {}
        fn sent(_: impl Send) {}
        let client = builder().build().unwrap();
        anywhere(&client);
        sent(client.get_caller_identity());
        sent(client.send(GetCallerIdentity::new()));
    }

    #[test]
    fn no_region_and_no_credentials_are_said_before_anything_is_sent() {
        assert!(matches!(Client::builder().build(), Err(Error::Endpoint(_))));
        let options = Presign::new(std::time::Duration::from_secs(60));
        let client = builder().build().unwrap();
        assert!(matches!(client.presign(&GetCallerIdentity::new(), &options), Err(Error::NoCredentials(_))));
        let client = builder().credentials(Credentials::new("AKID", "planted-secret")).build().unwrap();
        let request = client.presign(&GetCallerIdentity::new(), &options).unwrap();
        assert!(request.uri().query().unwrap().contains("X-Amz-Signature="));
        assert!(!format!("{client:?}").contains("planted-secret"));
    }

    #[test]
    fn a_ca_bundle_has_to_be_one() {
        for pem in ["", "no pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let error = builder().ca_bundle(pem).build().unwrap_err();
            if cfg!(any(feature = "ring", feature = "aws-lc", feature = "native-tls")) {
                assert!(matches!(error, Error::Settings(SettingsError::CaBundle)), "{pem}: {error:?}");
            } else {
                assert!(matches!(error, Error::Transport(_)), "{pem}: {error:?}");
            }
        }
    }
}
