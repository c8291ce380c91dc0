//! What makes a client, in both drivers, said once.

/// A driver's `Builder`. The arguments are those of [`common_client_methods`](crate::common_client_methods). Where it is
/// used, in scope: `Arc`, `Client`, `CredentialsProvider`, `Driver`, `Pump`, `Transport`, and of effects and transports
/// `IN_PAGE`, `config`, `default`, `now`, `read` and `seed`.
#[doc(hidden)]
#[macro_export]
macro_rules! common_builder {
    ($client:ident, ($($function:tt)*), ($($wait:tt)*)) => {
        /// Makes a [`Client`]. What is set here goes before what the environment and the shared files say.
        ///
        /// ```no_run
        /// use std::time::Duration;
        #[doc = concat!("use ", stringify!($client), "::{Client, Retry, Timeouts};")]
        ///
        /// let call = Duration::from_secs(20);
        /// let sts = Client::builder()
        ///     .profile("production")
        ///     .region("eu-west-1")
        ///     .retry(Retry::standard().max_attempts(5))
        ///     .timeouts(Timeouts { call, ..Timeouts::default() })
        ///     .proxy("http://proxy.example.net:3128")
        ///     .ca_bundle("/etc/ssl/company.pem")
        ///     .on_attempt(|end| eprintln!("{:?}", end.status))
        ///     .build()?;
        #[doc = concat!("# Ok::<(), ", stringify!($client), "::Error>(())")]
        /// ```
        #[must_use]
        pub struct Builder {
            config: $crate::client::Config,
            provider: Option<Arc<dyn CredentialsProvider>>,
            transport: Option<Box<dyn Transport>>,
            mfa_code: Option<Arc<$crate::perform::AskMfaCode>>,
        }

        impl Builder {
            pub(crate) fn new() -> Self {
                Self { config: config(), ..Self::isolated() }
            }

            /// Begins with nothing set, and looks in no environment and in no file.
            ///
            /// ```
            #[doc = $crate::example!($client, ($($function)*))]
            #[doc = concat!("use ", stringify!($client), "::{Builder, Credentials};")]
            ///
            /// let sts = Builder::isolated()
            ///     .region("eu-west-1")
            ///     .credentials(Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI"))
            ///     .build()?;
            #[doc = concat!("let keys = sts.credentials()", stringify!($($wait)*), "?;")]
            /// assert_eq!(keys.access_key_id, "AKIDEXAMPLE");
            /// # Ok(())
            /// # }
            #[doc = $crate::run_example!($($wait)*)]
            /// ```
            pub fn isolated() -> Self {
                let config = $crate::client::Config::isolated();
                Self { config, provider: None, transport: None, mfa_code: None }
            }

            $crate::builder_setters!(config);

            /// What gives the keys to sign with, whatever environment and files say: a [`CredentialsProvider`], such as
            /// a closure. It is asked when a call needs keys, and again before those that it gave expire, on a thread or
            /// in a task of its own. Meanwhile calls go on with the old keys; where none hold, all wait for the one
            /// question, each as long as it may take in all. A call that is given up does not stop it.
            ///
            /// ```
            #[doc = $crate::example!($client, ($($function)*))]
            /// use std::time::{Duration, SystemTime};
            #[doc = concat!("use ", stringify!($client), "::{Builder, Credentials};")]
            ///
            /// let sts = Builder::isolated()
            ///     .region("eu-west-1")
            #[doc = concat!("    .credentials_provider(|| ", $crate::example_block!($($wait)*))]
            ///         let end = SystemTime::now() + Duration::from_secs(900);
            ///         let keys = Credentials::new("ASIAEXAMPLE", "wJalrXUtnFEMI");
            ///         Ok(keys.with_session_token("AQoDYXdz").with_expiration(end))
            ///     })
            ///     .build()?;
            #[doc = concat!("let keys = sts.credentials()", stringify!($($wait)*), "?;")]
            /// assert_eq!(keys.access_key_id, "ASIAEXAMPLE");
            /// # Ok(())
            /// # }
            #[doc = $crate::run_example!($($wait)*)]
            /// ```
            pub fn credentials_provider(mut self, provider: impl CredentialsProvider) -> Self {
                self.config = self.config.provided();
                self.provider = Some(Arc::new(provider));
                self
            }

            /// What sends the requests, in place of the default: see [`Transport`].
            pub fn transport(mut self, transport: impl Transport) -> Self {
                self.transport = Some(Box::new(transport));
                self
            }

            /// Where to get the current code of the MFA device with this serial number. `None` gives up, and so does an error
            /// in its place, which the call's error has as its cause. It may block, on a terminal for instance: it runs on a
            /// thread of its own. White space around the code, such as the end of a line, does no harm.
            ///
            /// It is asked whenever a role's session that needs a code is begun: by the first call that needs one, and
            /// again before that session ends, at a time of the client's choosing, while calls go on with the old one; and
            /// where there is no code again after a while, from a second or less up to a minute. So a program that asks
            /// a person should have sessions that outlast it (`duration_seconds`), or answer `None` at once when there is no
            /// person to ask.
            ///
            /// An operation that the program calls itself, such as `assume_role`, is sent as it is, and this is not asked: its
            /// code is its `token_code`.
            ///
            /// ```no_run
            #[doc = concat!("use ", stringify!($client), "::Client;")]
            ///
            /// let ask = |serial: &str| {
            ///     eprint!("code of {serial}: ");
            ///     let mut code = String::new();
            ///     std::io::stdin().read_line(&mut code)?;
            ///     Ok::<_, std::io::Error>(code.into())
            /// };
            /// let sts = Client::builder().profile("admin").mfa_code(ask);
            /// let sts = sts.build()?;
            #[doc = concat!("# Ok::<(), ", stringify!($client), "::Error>(())")]
            /// ```
            pub fn mfa_code<A: $crate::perform::MfaAnswer>(
                mut self,
                ask: impl Fn(&str) -> A + Send + Sync + 'static,
            ) -> Self {
                self.mfa_code = Some(Arc::new(move |serial: &str| ask(serial).code()));
                self
            }

            /// Reads the shared files, in place, and checks the settings. Nothing is sent, and TLS is not set up before the
            /// first `https` request. Credentials are looked for by the first call that needs some.
            ///
            /// # Errors
            ///
            /// A variable that cannot be used, no region, an endpoint URL or a proxy's that is malformed, settings that
            /// contradict each other, a shared file that a variable names and that cannot be read, a profile that is not
            /// there, a CA bundle that cannot be read or holds no certificate, a client certificate and a key that do not
            /// belong together.
            pub fn build(self) -> Result<Client, $crate::Error> {
                let name = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
                let build = $crate::client::Build::new(self.config, name).seed(seed()).in_page(IN_PAGE);
                let core = build.in_place(now(), |path| read(&path))?;
                let (transport, told) = match self.transport {
                    Some(transport) => {
                        let told: $crate::client::Told = |_| $crate::settings::Setting::of_own_transport();
                        (transport, told)
                    }
                    None => default(&core)?,
                };
                let driver = Arc::new(Driver { transport, mfa_code: self.mfa_code, bell: Default::default() });
                // Of credentials and a provider, the last that was set counts.
                let provider = self.provider.filter(|_| core.is_provided());
                Ok(Client::new(Pump { core: core.told(told), driver, provider }))
            }
        }

        impl Default for Builder {
            fn default() -> Self {
                Self::new()
            }
        }

        impl std::fmt::Debug for Builder {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct("Builder").field("config", &self.config).finish_non_exhaustive()
            }
        }
    };
}

/// How the block of an example's closure begins.
#[doc(hidden)]
#[macro_export]
macro_rules! example_block {
    () => {
        "{"
    };
    (.await) => {
        "async {"
    };
}
