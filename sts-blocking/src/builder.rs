use std::path::Path;

use sts_proto::settings::{Env, Settings, SettingsError};
use sts_proto::{Context, Credentials, Error, Retry, Secret, Timeouts};

use crate::client::AskMfaCode;
use crate::proxy::{self, Choice};
use crate::tls::{self, TlsOptions};
use crate::{Client, Transport, UreqTransport, effects};

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
    tls: TlsOptions,
    proxy: Choice,
    ask_mfa_code: Option<Box<AskMfaCode>>,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            settings: Settings::new(),
            transport: None,
            tls: TlsOptions::default(),
            proxy: Choice::Direct,
            ask_mfa_code: None,
        }
    }

    /// Begins with what the environment says: see [`Settings::from_env`], and for the proxy `HTTPS_PROXY` for `https`
    /// endpoints, `HTTP_PROXY` for `http` ones, else `ALL_PROXY`, and `NO_PROXY` (hosts, parted by commas;
    /// a name stands for those below it too, `*` for all), each in lower case too. A blank variable counts as absent;
    /// a proxy that cannot be used, such as a `socks` one, is refused by [`build`](Self::build).
    ///
    /// ```no_run
    /// let sts = sts_blocking::Builder::from_env()?.region("eu-west-1").build()?;
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn from_env() -> Result<Self, Error> {
        let env = Env::from_iter(std::env::vars_os());
        Ok(Self { settings: Settings::from_env(&env)?, proxy: Choice::Environment, ..Self::new() })
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

    /// Goes through this proxy, `http://user:password@host:port` or `https://…`, to all hosts. Name and password are
    /// optional, and percent-encoded where need be. The proxy is asked to `CONNECT`, for `http` URLs too.
    pub fn proxy(mut self, url: impl AsRef<str>) -> Self {
        self.proxy = Choice::Url(proxy::parse(url.as_ref()));
        self
    }

    /// Uses no proxy, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.proxy = Choice::Direct;
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
    /// No region, an endpoint URL or a proxy's that is malformed, settings that contradict each other, a CA bundle that
    /// cannot be read or holds no certificate, a client certificate and a key that do not belong together.
    pub fn build(mut self) -> Result<Client, Error> {
        let product = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
        let context = Context::new(&self.settings, product)?;
        let transport = match self.transport {
            Some(transport) => transport,
            None => {
                // Where there is no TLS, the environment's bundle has nothing to say.
                let path = self.settings.ca_bundle_path().filter(|_| tls::ENABLED);
                if let (None, Some(path)) = (&self.tls.ca_bundle, path) {
                    self.tls.ca_bundle = Some(read_bundle(path)?);
                }
                let proxy = self.proxy.for_scheme(match context.endpoint() {
                    Ok(endpoint) => endpoint.uri().scheme_str(),
                    // Where the region is still to be found, it is AWS's own.
                    Err(_) => Some("https"),
                })?;
                Box::new(UreqTransport::with(context.timeouts(), &self.tls, proxy)?)
            }
        };
        Ok(Client::new(context, transport, self.ask_mfa_code))
    }

    #[cfg(test)]
    pub(crate) fn found_proxy(
        self,
        scheme: Option<&str>,
    ) -> Result<Option<ureq::Proxy>, sts_proto::SettingsError> {
        self.proxy.for_scheme(scheme)
    }

    fn change(mut self, change: impl FnOnce(Settings) -> Settings) -> Self {
        self.settings = change(std::mem::take(&mut self.settings));
        self
    }
}

/// At most 1 MiB, as much as an answer.
fn read_bundle(path: &Path) -> Result<Vec<u8>, SettingsError> {
    let reason = match effects::read_file(path) {
        Ok(Some(contents)) => return Ok(contents.into()),
        Ok(None) => "it is larger than 1 MiB".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(SettingsError::CaBundleFile { path: path.to_owned(), reason })
}
