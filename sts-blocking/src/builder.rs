use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use sts_proto::client::{Build, Config, Core};
use sts_proto::flow::{Effect, Event, Flow, Step};
use sts_proto::settings::{self, Origin, Setting};
use sts_proto::{Error, Secret, TransportErrorKind};

use crate::bell::Bell;
use crate::client::Client;
use crate::effects::{self, AskMfaCode, environment, seed};
use crate::provider::CredentialsProvider;
use crate::pump::{Driver, Pump};
use crate::transport::tls::{self, TlsOptions};
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
    tls: TlsOptions,
    ask_mfa_code: Option<Box<AskMfaCode>>,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("config", &self.config).finish_non_exhaustive()
    }
}

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
        Self {
            config: Config::isolated(),
            provider: None,
            transport: None,
            tls: TlsOptions::default(),
            ask_mfa_code: None,
        }
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

    /// Trusts exactly these root certificates, in PEM, instead of those that are compiled in or those of the
    /// operating system, and instead of those in the file that `AWS_CA_BUNDLE` names. Ignored by a
    /// [`transport`](Self::transport) of your own, like all that is said here of TLS and proxies.
    pub fn ca_bundle(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls.ca_bundle = Some(pem.into());
        self
    }

    /// Trusts these root certificates, in PEM, beside the others. The operating system's, where they are used, are
    /// then read from its store as they are, without what its own verifier may know of them.
    pub fn extra_roots(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls.extra_roots = Some(pem.into());
        self
    }

    /// Shows this certificate to servers that ask for one: the chain, its own certificate first, and its private key
    /// (PKCS #8; with rustls PKCS #1 and SEC 1 too), both in PEM.
    pub fn client_certificate(mut self, chain_pem: impl Into<Vec<u8>>, key_pem: impl Into<Vec<u8>>) -> Self {
        // What is no text is no PEM either, and is refused as such.
        let key = String::from_utf8(key_pem.into()).unwrap_or_default();
        self.tls.client_certificate = Some((chain_pem.into(), Secret::new(key)));
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
    /// each other, a shared file that cannot be read, a profile that is not there, a CA bundle that cannot be read or holds
    /// no certificate, a client certificate and a key that do not belong together.
    pub fn build(mut self) -> Result<Client, Error> {
        let build = Build::new(self.config, concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")));
        let core = load(build.seed(seed()))?;
        let (transport, told) = match self.transport {
            Some(transport) => {
                let own = |name| Setting::new(name, "as the client's own transport has it", Origin::Code);
                (transport, vec![own("ca bundle"), own("proxy")])
            }
            None => {
                let proxies = core.settings().proxies(tls::ENABLED)?;
                let told = self.tls.told();
                // Where there is no TLS, the environment's bundle has nothing to say.
                let path = core.settings().ca_bundle().filter(|_| tls::ENABLED);
                if let (None, Some(path)) = (&self.tls.ca_bundle, path) {
                    self.tls.ca_bundle = Some(settings::ca_bundle(path, effects::read(path))?);
                }
                let transport = UreqTransport::with(core.context().timeouts().into(), &self.tls, proxies)?;
                (Box::new(transport) as Box<dyn Transport>, told)
            }
        };
        let driver = Driver { transport, ask_mfa_code: self.ask_mfa_code, bell: Bell::default() };
        let pump = Pump { core: core.told(told), driver: Arc::new(driver), provider: self.provider };
        Ok(Client::new(pump))
    }
}

/// Makes the client's core, which takes files and nothing else.
fn load(mut build: Build) -> Result<Core, Error> {
    let mut event = Event::Start;
    loop {
        event = match build.step(SystemTime::now(), event)? {
            Step::Done(core) => return Ok(core),
            Step::Perform(Effect::Read(path)) => effects::read(&path),
            Step::Perform(_) => Event::Failed(TransportErrorKind::Unsupported.into()),
        };
    }
}
