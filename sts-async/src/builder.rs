use std::sync::Arc;

use sts_proto::client::{Build, Config};
use sts_proto::perform::AskMfaCode;
use sts_proto::settings::Setting;
use sts_proto::{Error, Secret};

use crate::carrier::Transport;
use crate::client::Client;
use crate::effects::{IN_PAGE, config, now, read, seed};
use crate::provider::CredentialsProvider;
use crate::pump::{Driver, Pump};
use crate::transport::default;

/// Makes a [`Client`]. What is set here goes before what the environment and the shared files say.
///
/// ```no_run
/// let sts = sts_async::Client::builder()
///     .region("eu-west-1")
///     .profile("production")
///     .build()?;
/// # Ok::<(), sts_async::Error>(())
/// ```
#[must_use]
pub struct Builder {
    config: Config,
    provider: Option<Arc<dyn CredentialsProvider>>,
    transport: Option<Box<dyn Transport>>,
    mfa_code: Option<Arc<AskMfaCode>>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self { config: config(), ..Self::isolated() }
    }

    /// Begins with nothing set, and looks in no environment and in no file.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), sts_async::Error> {
    /// use sts_async::{Builder, Credentials};
    ///
    /// let sts = Builder::isolated()
    ///     .region("eu-west-1")
    ///     .credentials(Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI"))
    ///     .build()?;
    /// assert_eq!(sts.credentials().await?.access_key_id, "AKIDEXAMPLE");
    /// # Ok(())
    /// # }
    /// ```
    pub fn isolated() -> Self {
        Self { config: Config::isolated(), provider: None, transport: None, mfa_code: None }
    }

    sts_proto::builder_setters!(config);

    /// What gives the keys to sign with, whatever environment and files say: a [`CredentialsProvider`], such as a closure.
    /// It is asked when a call needs keys, and again before those that it gave expire: while a task does so, calls go on
    /// with the old ones; where none hold, all wait for one task. A call whose future is dropped does not stop it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), sts_async::Error> {
    /// use std::time::{Duration, SystemTime};
    /// use sts_async::{Builder, Credentials};
    ///
    /// let sts = Builder::isolated()
    ///     .region("eu-west-1")
    ///     .credentials_provider(|| async {
    ///         let end = SystemTime::now() + Duration::from_secs(900);
    ///         let keys = Credentials::new("ASIAEXAMPLE", "wJalrXUtnFEMI");
    ///         Ok(keys.with_session_token("AQoDYXdz").with_expiration(end))
    ///     })
    ///     .build()?;
    /// assert_eq!(sts.credentials().await?.access_key_id, "ASIAEXAMPLE");
    /// # Ok(())
    /// # }
    /// ```
    pub fn credentials_provider(mut self, provider: impl CredentialsProvider) -> Self {
        self.config = self.config.provided();
        self.provider = Some(Arc::new(provider));
        self
    }

    /// What sends the requests, instead of [`HyperTransport`](crate::HyperTransport).
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// Where to get the current code of the MFA device with this serial number; `None` gives up. It may block, on
    /// a terminal for instance: it runs on a thread of its own. White space around the code, such as the end of a line,
    /// does no harm.
    ///
    /// It is asked whenever a role's session that needs a code is begun: by the first call that needs one, and again before
    /// that session ends, at a time of the client's choosing, while calls go on with the old one; and where the answer is
    /// `None` again after a while, from a second or less up to a minute. So a program that asks a person should have sessions
    /// that outlast it (`duration_seconds`), or answer `None` at once when there is no person to ask.
    pub fn mfa_code(mut self, ask: impl Fn(&str) -> Option<Secret> + Send + Sync + 'static) -> Self {
        self.mfa_code = Some(Arc::new(ask));
        self
    }

    /// Reads the shared files, in place, and checks the settings. Nothing is sent, and TLS is not set up before the first
    /// `https` request. Credentials are looked for by the first call that needs some.
    ///
    /// # Errors
    ///
    /// A variable that cannot be used, no region, an endpoint URL or a proxy's that is malformed, settings that contradict
    /// each other, a shared file that a variable names and that cannot be read, a profile that is not there, a CA bundle that cannot be read or holds
    /// no certificate, a client certificate and a key that do not belong together.
    pub fn build(self) -> Result<Client, Error> {
        let build = Build::new(self.config, concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")));
        let core = build.seed(seed()).in_page(IN_PAGE).in_place(now(), |path| read(&path))?;
        let (transport, told) = match self.transport {
            Some(transport) => (transport, Setting::of_own_transport()),
            None => default(core.settings())?,
        };
        let driver = Arc::new(Driver { transport, mfa_code: self.mfa_code, bell: Default::default() });
        // Of credentials and a provider, the last that was set counts.
        let provider = self.provider.filter(|_| core.is_provided());
        Ok(Client::new(Pump { core: core.told(told), driver, provider }))
    }
}

sts_proto::common_impls!();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Credentials, Presign, operations::GetCallerIdentity};

    fn builder() -> Builder {
        Builder::isolated().region("eu-west-1")
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
        assert!(matches!(Builder::isolated().build(), Err(Error::Endpoint(_))));
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
}
