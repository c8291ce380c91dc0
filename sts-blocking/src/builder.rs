use std::path::Path;
use std::sync::Arc;

use http::Uri;
use http::uri::Scheme;
use sts_proto::settings::{Env, Load, Origin, Setting, Settings, SettingsError};
use sts_proto::{Context, Credentials, Error, Retry, Secret, Timeouts};

use crate::credentials::CredentialsProvider;
use crate::engine::{AskMfaCode, Engine};
use crate::proxy::{self, Choice};
use crate::region::Search;
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
    /// What code's settings go before: these, or the environment and the shared files, which are read once it is known
    /// which profile to read.
    settings: Settings,
    env: Option<Env>,
    /// Whether each call is told of the trace that the process is part of by then.
    traced: bool,
    /// The profile that code names.
    profile: Option<String>,
    /// What code says, in order.
    changes: Vec<Box<Change>>,
    provider: Option<Box<dyn CredentialsProvider>>,
    transport: Option<Box<dyn Transport>>,
    tls: TlsOptions,
    proxy: Choice,
    ask_mfa_code: Option<Box<AskMfaCode>>,
}

type Change = dyn Fn(Settings) -> Settings + Send + Sync;

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("env", &self.env)
            .field("profile", &self.profile)
            .field("settings", &self.changed(self.settings.clone()))
            .finish_non_exhaustive()
    }
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            settings: Settings::new(),
            env: None,
            traced: false,
            profile: None,
            changes: Vec::new(),
            provider: None,
            transport: None,
            tls: TlsOptions::default(),
            proxy: Choice::Direct,
            ask_mfa_code: None,
        }
    }

    /// Begins with what environment and shared files say: see [`Load`] for the variables and keys and
    /// [`Chain`](sts_proto::credentials::Chain) for where credentials are looked for. For the proxy: `HTTPS_PROXY` for
    /// `https` URLs, `HTTP_PROXY` for `http` ones, else `ALL_PROXY`, and `NO_PROXY` (hosts, parted by commas; a name
    /// stands for those below it too, `*` for all), each in lower case too. A blank variable counts as absent; a proxy
    /// that cannot be used, such as a `socks` one, is refused by [`build`](Self::build).
    ///
    /// The files are read by [`build`](Self::build). Credentials are looked for by the first call that needs some.
    ///
    /// # Errors
    ///
    /// A variable that cannot be used.
    ///
    /// ```no_run
    /// let sts = sts_blocking::Builder::from_env()?.region("eu-west-1").build()?;
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn from_env() -> Result<Self, Error> {
        let env = Env::from_iter(std::env::vars_os());
        let traced = env.is_aws_lambda();
        Ok(Self { proxy: Choice::Environment, traced, ..Self::from_snapshot(env)? })
    }

    /// As [`from_env`](Self::from_env), with these variables in place of the process's: for tests, and for programs that
    /// act for others. Uses no proxy, since a snapshot does not say which. A program that a profile names in
    /// `credential_process` runs with the environment of this process all the same, whatever the snapshot says.
    ///
    /// # Errors
    ///
    /// A variable that cannot be used.
    ///
    /// ```
    /// use sts_blocking::Builder;
    /// use sts_blocking::sts_proto::settings::Env;
    ///
    /// let env = Env::from_iter([("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")]);
    /// let sts = Builder::from_snapshot(env)?.region("eu-west-1").build()?;
    /// assert_eq!(sts.credentials()?.access_key_id, "AKIDEXAMPLE");
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn from_snapshot(env: Env) -> Result<Self, Error> {
        // Said at once, and not only when the files have been read.
        let _ = Settings::from_env(&env)?;
        Ok(Self { env: Some(env), ..Self::new() })
    }

    /// All settings at once, in place of those made so far, of the environment's and of the profile.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        (self.env, self.profile) = (None, None);
        self.changes.clear();
        self
    }

    /// Uses this profile of the shared files, whatever `AWS_PROFILE` says. It goes before keys in the environment, which
    /// are passed over. On a builder that began with nothing set this brings in the environment's variables, as
    /// [`from_env`](Self::from_env) does, but for the proxy.
    ///
    /// ```no_run
    /// let sts = sts_blocking::Builder::from_env()?.profile("production").build()?;
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.profile = Some(name.into());
        self
    }

    /// The region to call, and to sign for.
    pub fn region(self, region: impl Into<String>) -> Self {
        let region = region.into();
        self.change(move |settings| settings.region(region.as_str()))
    }

    /// Where to send requests instead of AWS's endpoint: `http://` or `https://`, host, and if need be port and
    /// path.
    pub fn endpoint_url(self, url: impl Into<String>) -> Self {
        let url = url.into();
        self.change(move |settings| settings.endpoint_url(url.as_str()))
    }

    /// Whether to use the endpoint with FIPS 140 validated cryptography.
    pub fn use_fips_endpoint(self, on: bool) -> Self {
        self.change(move |settings| settings.use_fips_endpoint(on))
    }

    /// Whether to use the endpoint that is reached over IPv6 too.
    pub fn use_dualstack_endpoint(self, on: bool) -> Self {
        self.change(move |settings| settings.use_dualstack_endpoint(on))
    }

    /// Whether the regions that are older than regional endpoints use `sts.amazonaws.com`.
    pub fn use_global_endpoint(self, on: bool) -> Self {
        self.change(move |settings| settings.use_global_endpoint(on))
    }

    /// What the user agent says of the application, at most 50 characters.
    pub fn app_id(self, app_id: impl Into<String>) -> Self {
        let app_id = app_id.into();
        self.change(move |settings| settings.app_id(app_id.as_str()))
    }

    /// The keys to sign with: [`Credentials`], or what an operation returned. They are used as they are, and never
    /// fetched anew; of these and a [`credentials_provider`](Self::credentials_provider) the last that is set counts.
    pub fn credentials(mut self, credentials: impl Into<Credentials>) -> Self {
        self.provider = None;
        let credentials = credentials.into();
        self.change(move |settings| settings.credentials(credentials.clone()))
    }

    /// Who gives the keys to sign with, whatever environment and files say: a [`CredentialsProvider`], such as a closure.
    /// It is asked by a thread of its own, when a call first needs keys and again before those that it gave expire.
    /// Meanwhile calls go on with the old ones; where none hold they wait, each as long as it may take in all.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use sts_blocking::{Client, Credentials};
    ///
    /// let sts = Client::builder()
    ///     .region("eu-west-1")
    ///     .credentials_provider(|| {
    ///         let keys = Credentials::new("ASIAEXAMPLE", "wJalrXUtnFEMI").with_session_token("AQoDYXdz");
    ///         Ok(keys.with_expiration(SystemTime::now() + Duration::from_secs(900)))
    ///     })
    ///     .build()?;
    /// assert_eq!(sts.credentials()?.access_key_id, "ASIAEXAMPLE");
    /// # Ok::<(), sts_blocking::Error>(())
    /// ```
    pub fn credentials_provider(mut self, provider: impl CredentialsProvider) -> Self {
        self.provider = Some(Box::new(provider));
        self
    }

    /// No keys, whatever the environment says: for operations that are sent unsigned.
    pub fn without_credentials(mut self) -> Self {
        self.provider = None;
        self.change(Settings::without_credentials)
    }

    /// How calls are retried: three attempts by default.
    pub fn retry(self, retry: Retry) -> Self {
        self.change(move |settings| settings.retry(retry))
    }

    /// How long things may take. Of a call it is what finding region and credentials takes, too.
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        self.change(move |settings| settings.timeouts(timeouts))
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

    /// Answers who asks for the current code of the MFA device with this serial number; `None` refuses. White space around
    /// the code, such as the end of a line, does no harm.
    ///
    /// It is asked whenever a role's session that needs a code is begun: by the first call that needs one, and again before
    /// that session ends, while calls go on with the old one. That happens on a thread of its own, at a time of the client's
    /// choosing, and where the answer is `None` again after a while, from a second or less up to a minute. So a program
    /// that asks a person should have sessions that outlast it (`duration_seconds`), or answer `None` at once when
    /// nobody is there.
    pub fn mfa_code(mut self, ask: impl Fn(&str) -> Option<Secret> + Send + Sync + 'static) -> Self {
        self.ask_mfa_code = Some(Box::new(ask));
        self
    }

    /// Reads the shared files, if it is to begin with them, and checks the settings. Nothing is sent, and TLS is not set
    /// up before the first `https` request.
    ///
    /// # Errors
    ///
    /// No region, an endpoint URL or a proxy's that is malformed, settings that contradict each other, a shared file that
    /// cannot be read, a profile that is not there, a CA bundle that cannot be read or holds no certificate, a client
    /// certificate and a key that do not belong together.
    pub fn build(self) -> Result<Client, Error> {
        self.build_with(Context::new)
    }

    /// The same, where nothing may ever be called.
    pub(crate) fn build_without_endpoint(self) -> Result<Client, Error> {
        self.build_with(Context::without_endpoint)
    }

    fn build_with(
        mut self,
        context: impl FnOnce(&Settings, &str) -> Result<Context, Error>,
    ) -> Result<Client, Error> {
        let settings = self.load()?;
        let product = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
        let context = Arc::new(context(&settings, product)?);
        let (transport, told) = match self.transport {
            Some(transport) => {
                let own = |name| Setting::new(name, "as the client's own transport has it", Origin::Code);
                (transport, vec![own("ca bundle"), own("proxy")])
            }
            None => {
                let mut told = self.tls.told();
                // Where there is no TLS, the environment's bundle has nothing to say.
                let path = settings.ca_bundle_path().filter(|_| tls::ENABLED);
                if let (None, Some(path)) = (&self.tls.ca_bundle, path) {
                    self.tls.ca_bundle = Some(read_bundle(path)?);
                }
                let endpoint = context.endpoint().ok().map(|endpoint| endpoint.uri());
                let proxies = self.proxy.proxies();
                // Where the region is still to be found, it is AWS's own.
                let scheme = endpoint.map_or(Some(&Scheme::HTTPS), Uri::scheme);
                told.push(proxy::setting(proxies.of(scheme)?, endpoint));
                let transport = UreqTransport::with(context.timeouts().into(), &self.tls, proxies)?;
                (Box::new(transport) as Box<dyn Transport>, told)
            }
        };
        let (ask_mfa_code, region) = (self.ask_mfa_code, Search::default());
        let engine = Engine { context, transport, ask_mfa_code, told, region, traced: self.traced };
        Ok(Client::new(engine, self.provider))
    }

    /// The settings that all of it comes to.
    fn load(&mut self) -> Result<Settings, Error> {
        let base = match (self.env.take(), self.profile.take()) {
            (None, None) => std::mem::take(&mut self.settings),
            (Some(env), None) => effects::load(Load::new(env))?,
            (env, Some(name)) => {
                let env = env.unwrap_or_else(|| Env::from_iter(std::env::vars_os()));
                effects::load(Load::new(env).profile(name))?
            }
        };
        let settings = self.changed(base);
        // What is to be asked instead may be wrong, or not be there.
        Ok(if self.provider.is_some() { settings.without_credentials() } else { settings })
    }

    fn changed(&self, base: Settings) -> Settings {
        self.changes.iter().fold(base, |settings, change| change(settings))
    }

    #[cfg(test)]
    pub(crate) fn proxies(self) -> proxy::Proxies {
        self.proxy.proxies()
    }

    fn change(mut self, change: impl Fn(Settings) -> Settings + Send + Sync + 'static) -> Self {
        self.changes.push(Box::new(change));
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
