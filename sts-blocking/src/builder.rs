use sts_proto::settings::{Env, Settings};
use sts_proto::{Context, Credentials, Error, Retry, Secret, Timeouts};

use crate::client::AskMfaCode;
use crate::{Client, Transport, UreqTransport};

/// Makes a [`Client`]. What is set here goes before what the environment says.
///
/// ```
/// use sts_blocking::{Client, Credentials};
///
/// let sts = Client::builder()
///     .region("eu-west-1")
///     .credentials(Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI"))
///     .build()?;
/// # Ok::<(), sts_blocking::Error>(())
/// ```
#[must_use]
pub struct Builder {
    settings: Settings,
    transport: Option<Box<dyn Transport>>,
    ca_bundle: Option<Vec<u8>>,
    ask_mfa_code: Option<Box<AskMfaCode>>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self { settings: Settings::new(), transport: None, ca_bundle: None, ask_mfa_code: None }
    }

    /// Begins with what the environment says: see [`Settings::from_env`].
    ///
    /// ```no_run
    /// let sts = sts_blocking::Builder::from_env()?.region("eu-west-1").build()?;
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn from_env() -> Result<Self, Error> {
        let env = Env::from_iter(std::env::vars_os());
        Ok(Self { settings: Settings::from_env(&env)?, ..Self::new() })
    }

    /// All settings at once, in place of those made so far.
    pub fn settings(self, settings: Settings) -> Self {
        self.change(|_| settings)
    }

    /// The region to call, and to sign for.
    pub fn region(self, region: impl Into<String>) -> Self {
        self.change(|settings| settings.region(region))
    }

    /// Where to send requests instead of AWS's endpoint: `http://` or `https://`, host, and if need be port and
    /// path.
    pub fn endpoint_url(self, url: impl Into<String>) -> Self {
        self.change(|settings| settings.endpoint_url(url))
    }

    /// Whether to use the endpoint with FIPS 140 validated cryptography.
    pub fn use_fips_endpoint(self, on: bool) -> Self {
        self.change(|settings| settings.use_fips_endpoint(on))
    }

    /// Whether to use the endpoint that is reached over IPv6 too.
    pub fn use_dualstack_endpoint(self, on: bool) -> Self {
        self.change(|settings| settings.use_dualstack_endpoint(on))
    }

    /// Whether the regions that are older than regional endpoints use `sts.amazonaws.com`.
    pub fn use_global_endpoint(self, on: bool) -> Self {
        self.change(|settings| settings.use_global_endpoint(on))
    }

    /// What the user agent says of the application, at most 50 characters.
    pub fn app_id(self, app_id: impl Into<String>) -> Self {
        self.change(|settings| settings.app_id(app_id))
    }

    /// The keys to sign with: [`Credentials`], or what an operation returned.
    pub fn credentials(self, credentials: impl Into<Credentials>) -> Self {
        self.change(|settings| settings.credentials(credentials))
    }

    /// No keys, whatever the environment says: for operations that are sent unsigned.
    pub fn without_credentials(self) -> Self {
        self.change(Settings::without_credentials)
    }

    /// How calls are retried: three attempts by default.
    pub fn retry(self, retry: Retry) -> Self {
        self.change(|settings| settings.retry(retry))
    }

    /// How long things may take.
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        self.change(|settings| settings.timeouts(timeouts))
    }

    /// Trusts exactly these root certificates, in PEM, instead of those that are compiled in or those of the
    /// operating system. Ignored by a [`transport`](Self::transport) of your own.
    pub fn ca_bundle(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_bundle = Some(pem.into());
        self
    }

    /// Sends requests another way: see [`Transport`].
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// Answers a flow that asks for the current code of the MFA device with a serial number; `None` refuses.
    pub fn mfa_code(mut self, ask: impl Fn(&str) -> Option<Secret> + Send + Sync + 'static) -> Self {
        self.ask_mfa_code = Some(Box::new(ask));
        self
    }

    /// Checks the settings. Nothing is sent, and TLS is not set up before the first `https` request.
    ///
    /// # Errors
    ///
    /// No region, an endpoint URL that is malformed, settings that contradict each other, a CA bundle without a
    /// certificate.
    pub fn build(self) -> Result<Client, Error> {
        let product = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
        let context = Context::new(&self.settings, product)?;
        let transport = match self.transport {
            Some(transport) => transport,
            None => Box::new(UreqTransport::new(context.timeouts(), self.ca_bundle.as_deref())?),
        };
        Ok(Client::new(context, transport, self.ask_mfa_code))
    }

    fn change(mut self, change: impl FnOnce(Settings) -> Settings) -> Self {
        self.settings = change(std::mem::take(&mut self.settings));
        self
    }
}
