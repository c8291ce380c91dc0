use std::fmt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http_body::Body;
use http_body_util::Full;
use sts_proto::settings::{Env, Load, Origin, Setting, SettingsError};
use sts_proto::wire::MAX_BODY;
use sts_proto::{Context, Credentials, Error, Retry, Secret, Settings, Timeouts};
use tower_service::Service;

use crate::Client;
use crate::credentials::CredentialsProvider;
use crate::effects::{self, Effects, MfaPrompt, read_bounded};
use crate::engine::Engine;
use crate::region::Search;
use crate::transport::{BoxError, HyperTransport, Proxy, TlsSettings, TowerTransport, Transport};

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
    tls: TlsSettings,
    proxy: Proxy,
    transport: Option<Box<dyn Transport>>,
    mfa_code: Option<MfaPrompt>,
}

type Change = dyn Fn(Settings) -> Settings + Send + Sync;

impl Builder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Begins with what environment and shared files say: see [`Load`] for the variables and keys and
    /// [`Chain`](sts_proto::credentials::Chain) for where credentials are looked for. A setter wins over them.
    ///
    /// The files are read by [`build`](Self::build), in place. Credentials are looked for by the first call that needs some.
    ///
    /// Proxies come from `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` and `ALL_PROXY`, or the same in lower case, read at
    /// [`build`](Self::build) with curl's meaning.
    ///
    /// # Errors
    ///
    /// A variable that cannot be used.
    pub fn from_env() -> Result<Self, Error> {
        let env = Env::from_iter(std::env::vars_os());
        let traced = env.is_aws_lambda();
        Ok(Self { proxy: Proxy::Environment, traced, ..Self::from_snapshot(env)? })
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
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), sts_async::Error> {
    /// use sts_async::Builder;
    /// use sts_async::sts_proto::settings::Env;
    ///
    /// let env = Env::from_iter([("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")]);
    /// let sts = Builder::from_snapshot(env)?.region("eu-west-1").build()?;
    /// assert_eq!(sts.credentials().await?.access_key_id, "AKIDEXAMPLE");
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_snapshot(env: Env) -> Result<Self, Error> {
        // Said at once, and not only when the files have been read.
        let _ = Settings::from_env(&env)?;
        Ok(Self { env: Some(env), ..Self::default() })
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
    /// let sts = sts_async::Builder::from_env()?.profile("production").build()?;
    /// # Ok::<(), sts_async::Error>(())
    /// ```
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.profile = Some(name.into());
        self
    }

    /// The region to call, and to sign for.
    pub fn region(self, region: impl Into<String>) -> Self {
        let region = region.into();
        self.set(move |settings| settings.region(region.as_str()))
    }

    /// Where to send requests instead of AWS's endpoint: `http://` or `https://`, host, and if need be port and
    /// path.
    pub fn endpoint_url(self, url: impl Into<String>) -> Self {
        let url = url.into();
        self.set(move |settings| settings.endpoint_url(url.as_str()))
    }

    /// Whether to use the endpoint with FIPS 140 validated cryptography.
    pub fn use_fips_endpoint(self, on: bool) -> Self {
        self.set(move |settings| settings.use_fips_endpoint(on))
    }

    /// Whether to use the endpoint that is reached over IPv6 too.
    pub fn use_dualstack_endpoint(self, on: bool) -> Self {
        self.set(move |settings| settings.use_dualstack_endpoint(on))
    }

    /// Whether the regions that are older than regional endpoints use `sts.amazonaws.com`.
    pub fn use_global_endpoint(self, on: bool) -> Self {
        self.set(move |settings| settings.use_global_endpoint(on))
    }

    /// What the user agent says of the application, at most 50 characters.
    pub fn app_id(self, app_id: impl Into<String>) -> Self {
        let app_id = app_id.into();
        self.set(move |settings| settings.app_id(app_id.as_str()))
    }

    /// The keys to sign with: [`Credentials`], or what an operation returned. They are used as they are, and never
    /// fetched anew; of these and a [`credentials_provider`](Self::credentials_provider) the last that is set counts.
    pub fn credentials(mut self, credentials: impl Into<Credentials>) -> Self {
        self.provider = None;
        let credentials = credentials.into();
        self.set(move |settings| settings.credentials(credentials.clone()))
    }

    /// Who gives the keys to sign with, whatever environment and files say: a [`CredentialsProvider`], such as a closure.
    /// It is asked when a call needs keys, and again before those that it gave expire: while a task does so, calls go on
    /// with the old ones; where none hold, all wait for one task. A call whose future is dropped does not stop it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), sts_async::Error> {
    /// use std::time::{Duration, SystemTime};
    /// use sts_async::{Client, Credentials};
    ///
    /// let sts = Client::builder()
    ///     .region("eu-west-1")
    ///     .credentials_provider(|| async {
    ///         let keys = Credentials::new("ASIAEXAMPLE", "wJalrXUtnFEMI").with_session_token("AQoDYXdz");
    ///         Ok(keys.with_expiration(SystemTime::now() + Duration::from_secs(900)))
    ///     })
    ///     .build()?;
    /// assert_eq!(sts.credentials().await?.access_key_id, "ASIAEXAMPLE");
    /// # Ok(())
    /// # }
    /// ```
    pub fn credentials_provider(mut self, provider: impl CredentialsProvider) -> Self {
        self.provider = Some(Box::new(provider));
        self
    }

    /// No keys, whatever the environment says: for operations that are sent unsigned.
    pub fn without_credentials(mut self) -> Self {
        self.provider = None;
        self.set(Settings::without_credentials)
    }

    /// How calls are retried: three attempts by default.
    pub fn retry(self, retry: Retry) -> Self {
        self.set(move |settings| settings.retry(retry))
    }

    /// How long things may take. Of a call it is what finding region and credentials takes, too.
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        self.set(move |settings| settings.timeouts(timeouts))
    }

    /// Trusts exactly these root certificates, in PEM, instead of those that are compiled in or those of the
    /// operating system. Goes before the file that `AWS_CA_BUNDLE` names. Ignored by a
    /// [`transport`](Self::transport) of your own, as the other settings of TLS and proxies are.
    pub fn ca_bundle(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls.ca_bundle = Some(pem.into());
        self
    }

    /// Trusts these root certificates, in PEM, too. May be called several times.
    pub fn extra_roots(mut self, pem: impl Into<Vec<u8>>) -> Self {
        let roots = self.tls.extra_roots.get_or_insert_default();
        roots.push(b'\n');
        roots.append(&mut pem.into());
        self
    }

    /// Shows this certificate to servers that ask for one: the chain, the client's own certificate first, and the
    /// private key, both in PEM. With the feature `native-tls` the key has to be PKCS #8 (`BEGIN PRIVATE KEY`).
    pub fn client_certificate(mut self, chain_pem: impl Into<Vec<u8>>, key_pem: impl Into<Vec<u8>>) -> Self {
        // What is no text is no PEM either, and is refused as such.
        let key = String::from_utf8(key_pem.into()).unwrap_or_default();
        self.tls.client_certificate = Some((chain_pem.into(), Secret::new(key)));
        self
    }

    /// Sends everything through this proxy: `http://host:port`, with `user:password@` before the host if need be,
    /// percent-encoded where they hold reserved characters. `https` endpoints are reached through a tunnel
    /// (`CONNECT`), so that the proxy sees the host and nothing else.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Proxy::Url(Secret::new(url.into()));
        self
    }

    /// No proxy, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.proxy = Proxy::Direct;
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
    /// a terminal for instance: it runs on a thread of its own. White space around the code, such as the end of a line,
    /// does no harm.
    ///
    /// It is asked whenever a role's session that needs a code is begun: by the first call that needs one, and again before
    /// that session ends, at a time of the client's choosing, while calls go on with the old one; and where the answer is
    /// `None` again after a while, from a second or less up to a minute. So a program that asks a person should have sessions
    /// that outlast it (`duration_seconds`), or answer `None` at once when nobody is there.
    pub fn mfa_code(mut self, ask: impl Fn(&str) -> Option<Secret> + Send + Sync + 'static) -> Self {
        self.mfa_code = Some(std::sync::Arc::new(ask));
        self
    }

    /// Reads the shared files, if it is to begin with them, and checks the settings. Nothing is sent, and TLS is not set
    /// up before the first `https` request.
    ///
    /// # Errors
    ///
    /// No region, an endpoint URL that is malformed, settings that contradict each other, a shared file that cannot be
    /// read, a profile that is not there, a CA bundle that cannot be read or holds no certificate, a client certificate
    /// and a key that do not fit, a proxy URL that cannot be used.
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
        let context = Arc::new(context(&settings, PRODUCT)?);
        let (transport, told) = match self.transport {
            Some(transport) => {
                let own = |name| Setting::new(name, "as the client's own transport has it", Origin::Code);
                (transport, vec![own("ca bundle"), own("proxy")])
            }
            None => {
                let mut told = self.tls.told();
                // Without TLS there is nobody to trust, whatever the environment says for other programs.
                if self.tls.ca_bundle.is_none() && HAS_TLS {
                    self.tls.ca_bundle = settings.ca_bundle_path().map(read_ca_bundle).transpose()?;
                }
                let transport = HyperTransport::configured(&self.tls, &self.proxy)?;
                let endpoint = context.endpoint().ok().map(|endpoint| endpoint.uri());
                told.push(transport.proxy(&self.proxy, endpoint));
                (Box::new(transport) as Box<dyn Transport>, told)
            }
        };
        let (effects, region) = (Effects::new(transport, self.mfa_code), Search::default());
        let engine = Engine { context, effects, told, region, traced: self.traced };
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

    fn set(mut self, change: impl Fn(Settings) -> Settings + Send + Sync + 'static) -> Self {
        self.changes.push(Box::new(change));
        self
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("env", &self.env)
            .field("profile", &self.profile)
            .field("settings", &self.changed(self.settings.clone()))
            .finish_non_exhaustive()
    }
}

fn read_ca_bundle(path: &Path) -> Result<Vec<u8>, Error> {
    let reason = match read_bounded(path) {
        Ok(pem) if pem.len() <= MAX_BODY => return Ok(pem),
        Ok(_) => format!("it is longer than {MAX_BODY} bytes"),
        Err(error) => error.to_string(),
    };
    Err(SettingsError::CaBundleFile { path: path.to_owned(), reason }.into())
}

const HAS_TLS: bool = cfg!(any(feature = "ring", feature = "aws-lc", feature = "native-tls"));
const PRODUCT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests {
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

    #[tokio::test]
    async fn no_region_and_no_credentials_are_said_before_anything_is_sent() {
        assert!(matches!(Client::builder().build(), Err(Error::Endpoint(_))));
        let options = Presign::new(std::time::Duration::from_secs(60));
        let client = builder().build().unwrap();
        assert!(matches!(
            client.presign(&GetCallerIdentity::new(), &options).await,
            Err(Error::Credentials(sts_proto::CredentialsError::NotConfigured(_)))
        ));
        let client = builder().credentials(Credentials::new("AKID", "planted-secret")).build().unwrap();
        let request = client.presign(&GetCallerIdentity::new(), &options).await.unwrap();
        assert!(request.uri().query().unwrap().contains("X-Amz-Signature="));
        assert!(!format!("{client:?}").contains("planted-secret"));
    }

    #[test]
    fn a_ca_bundle_has_to_be_one() {
        for pem in ["", "no pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let error = builder().ca_bundle(pem).build().unwrap_err();
            if HAS_TLS {
                assert!(matches!(error, Error::Settings(SettingsError::CaBundle)), "{pem}: {error:?}");
            } else {
                assert!(matches!(error, Error::Transport(_)), "{pem}: {error:?}");
            }
        }
    }

    #[test]
    fn the_ca_bundle_of_the_settings_is_read_when_the_client_is_made() {
        let folder = std::env::temp_dir().join(format!("sts-async-ca-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let large = folder.join("large.pem");
        std::fs::write(&large, vec![b'x'; MAX_BODY + 1]).unwrap();
        let with = |path: &Path| {
            Client::builder().settings(Settings::new().region("eu-west-1").with_ca_bundle_path(path))
        };
        let text = folder.join("text.pem");
        std::fs::write(&text, "no pem").unwrap();
        for path in [&large, &folder, &folder.join("none.pem"), &text] {
            let refused = match with(path).build() {
                Ok(_) => false,
                Err(Error::Settings(SettingsError::CaBundleFile { path: told, reason })) => {
                    told == *path && *path != text && !reason.is_empty()
                }
                Err(error) => *path == text && matches!(error, Error::Settings(SettingsError::CaBundle)),
            };
            assert_eq!(refused, HAS_TLS, "{}", path.display());
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
