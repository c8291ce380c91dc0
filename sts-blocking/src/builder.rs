use std::sync::Arc;
use std::time::SystemTime;

use sts_proto::client::{Build, Config};
use sts_proto::settings::Setting;
use sts_proto::{Error, Secret};

use crate::bell::Bell;
use crate::client::Client;
use crate::effects::{self, AskMfaCode, environment, seed};
use crate::provider::CredentialsProvider;
use crate::pump::{Driver, Pump};
use crate::transport::tls;
use crate::transport::{Transport, UreqTransport};

/// Makes a [`Client`]. What is set here goes before what the environment and the shared files say.
///
/// ```no_run
/// let sts = sts_blocking::Client::builder()
///     .region("eu-west-1")
///     .profile("production")
///     .build()?;
/// # Ok::<(), sts_blocking::Error>(())
/// ```
#[must_use]
pub struct Builder {
    config: Config,
    provider: Option<Arc<dyn CredentialsProvider>>,
    transport: Option<Box<dyn Transport>>,
    ask_mfa_code: Option<Box<AskMfaCode>>,
}

sts_proto::common_impls!();

impl Builder {
    pub(crate) fn new() -> Self {
        Self { config: Config::of_process(environment()), ..Self::isolated() }
    }

    /// Begins with nothing set, and looks in no environment and in no file.
    ///
    /// ```
    /// use sts_blocking::{Builder, Credentials};
    ///
    /// let sts = Builder::isolated()
    ///     .region("eu-west-1")
    ///     .credentials(Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI"))
    ///     .build()?;
    /// assert_eq!(sts.credentials()?.access_key_id, "AKIDEXAMPLE");
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn isolated() -> Self {
        Self { config: Config::isolated(), provider: None, transport: None, ask_mfa_code: None }
    }

    sts_proto::builder_setters!(config);

    /// What gives the keys to sign with, whatever environment and files say: a [`CredentialsProvider`], such as a closure.
    /// It is asked by a thread of its own, when a call first needs keys and again before those that it gave expire.
    /// Meanwhile calls go on with the old ones; where none hold they wait, each as long as it may take in all.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use sts_blocking::{Builder, Credentials};
    ///
    /// let sts = Builder::isolated()
    ///     .region("eu-west-1")
    ///     .credentials_provider(|| {
    ///         let end = SystemTime::now() + Duration::from_secs(900);
    ///         let keys = Credentials::new("ASIAEXAMPLE", "wJalrXUtnFEMI");
    ///         Ok(keys.with_session_token("AQoDYXdz").with_expiration(end))
    ///     })
    ///     .build()?;
    /// assert_eq!(sts.credentials()?.access_key_id, "ASIAEXAMPLE");
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn credentials_provider(mut self, provider: impl CredentialsProvider) -> Self {
        self.config = self.config.provided();
        self.provider = Some(Arc::new(provider));
        self
    }

    /// Sends requests another way: see [`Transport`].
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// Answers the question for the current code of the MFA device with this serial number; `None` refuses. White space
    /// around the code, such as the end of a line, does no harm.
    ///
    /// It is asked whenever a role's session that needs a code is begun: by the first call that needs one, and again before
    /// that session ends, while calls go on with the old one. That happens on a thread of its own, at a time of the client's
    /// choosing, and where the answer is `None` again after a while, from a second or less up to a minute. So a program
    /// that asks a person should have sessions that outlast it (`duration_seconds`), or answer `None` at once when
    /// there is no person to ask.
    pub fn mfa_code(mut self, ask: impl Fn(&str) -> Option<Secret> + Send + Sync + 'static) -> Self {
        self.ask_mfa_code = Some(Box::new(ask));
        self
    }

    /// Reads the shared files and checks the settings. Nothing is sent, and TLS is not set up before the first `https`
    /// request. Credentials are looked for by the first call that needs some.
    ///
    /// # Errors
    ///
    /// A variable that cannot be used, no region, an endpoint URL or a proxy's that is malformed, settings that contradict
    /// each other, a shared file that a variable names and that cannot be read, a profile that is not there, a CA bundle that cannot be read or holds
    /// no certificate, a client certificate and a key that do not belong together.
    pub fn build(self) -> Result<Client, Error> {
        let build = Build::new(self.config, concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")));
        let core = build.seed(seed()).in_place(SystemTime::now(), |path| effects::read(&path))?;
        let (transport, told) = match self.transport {
            Some(transport) => (transport, Setting::of_own_transport()),
            None => {
                let (settings, timeouts) = (core.settings(), core.context().timeouts().into());
                let transport =
                    UreqTransport::with(timeouts, settings.tls(), settings.proxies(tls::LIBRARY.is_some())?)?;
                (Box::new(transport) as Box<dyn Transport>, settings.tls().list(&tls::DEFAULT_ROOTS))
            }
        };
        let driver = Driver { transport, ask_mfa_code: self.ask_mfa_code, bell: Bell::default() };
        // Of credentials and a provider, the last that was set counts.
        let provider = self.provider.filter(|_| core.is_provided());
        let pump = Pump { core: core.told(told), driver: Arc::new(driver), provider };
        Ok(Client::new(pump))
    }
}
