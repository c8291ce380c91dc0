//! What both drivers' types say, said once: methods that differ in `async` and `.await` only.

/// The methods of a `Client`, with `$client` for the name of the crate, `$function` for how a function begins and `$wait`
/// for what follows a call. Where it is used, `Client` has a `pump: Pump`, which drives flows.
#[doc(hidden)]
#[macro_export]
macro_rules! common_client_methods {
    ($client:ident, ($($function:tt)*), ($($wait:tt)*)) => {
        /// As environment and shared files say. The same as `Client::builder().build()`.
        ///
        /// # Errors
        ///
        /// See [`Builder::build`]. Missing credentials are no error here: some operations need none.
        ///
        /// ```no_run
        #[doc = $crate::example!($client, ($($function)*))]
        #[doc = concat!("let sts = ", stringify!($client), "::Client::from_env()?;")]
        #[doc = concat!("println!(\"{}\", sts.get_caller_identity()", stringify!($($wait)*), "?.arn);")]
        /// # Ok(())
        /// # }
        /// ```
        pub fn from_env() -> Result<Self, $crate::Error> {
            Self::builder().build()
        }

        /// Begins with what environment and shared files say; what is set goes before that. [`Builder::isolated`] begins
        /// with nothing.
        ///
        /// ```no_run
        #[doc = $crate::example!($client, ($($function)*))]
        #[doc = concat!("use ", stringify!($client), "::{Client, Retry};")]
        ///
        /// let patient = Retry::standard().max_attempts(8);
        /// let sts = Client::builder().region("eu-west-1").retry(patient);
        /// let sts = sts.build()?;
        #[doc = concat!("println!(\"{}\", sts.get_caller_identity()", stringify!($($wait)*), "?.arn);")]
        /// # Ok(())
        /// # }
        /// ```
        pub fn builder() -> Builder {
            Builder::new()
        }

        pub(crate) fn new(pump: Pump) -> Self {
            Self { pump }
        }

        pub(crate) fn with_core(&self, core: $crate::client::Core) -> Self {
            Self { pump: Pump { core, ..self.pump.clone() } }
        }

        /// The same client with other time-outs for its calls. Connections, signing key, quota and clock are shared with
        /// this one. What is not to change is taken from [`timeouts`](Self::timeouts): `Timeouts::default()` would undo what
        /// the builder set.
        ///
        /// ```no_run
        #[doc = $crate::example!($client, ($($function)*))]
        /// use std::time::Duration;
        #[doc = concat!("use ", stringify!($client), "::{Client, Timeouts};")]
        ///
        /// let sts = Client::from_env()?;
        /// let call = Duration::from_secs(2);
        /// let two = Timeouts { call, ..sts.timeouts() };
        /// let hurried = sts.with_timeouts(two);
        #[doc = concat!("let me = hurried.get_caller_identity()", stringify!($($wait)*), "?;")]
        /// # Ok(())
        /// # }
        /// ```
        #[must_use]
        pub fn with_timeouts(&self, timeouts: $crate::Timeouts) -> Self {
            self.with_core(self.pump.core.with_timeouts(timeouts))
        }

        /// How long things may take.
        ///
        /// ```
        #[doc = concat!("use ", stringify!($client), "::{Builder, Timeouts};")]
        ///
        /// let sts = Builder::isolated().region("eu-west-1").build()?;
        /// assert_eq!(sts.timeouts(), Timeouts::default());
        #[doc = concat!("# Ok::<(), ", stringify!($client), "::Error>(())")]
        /// ```
        pub fn timeouts(&self) -> $crate::Timeouts {
            self.pump.core.timeouts()
        }

        /// The same client for another region, with the same credentials, connections, quota and clock. A region of which no
        /// endpoint can be made is an error of the call.
        ///
        /// ```no_run
        #[doc = $crate::example!($client, ($($function)*))]
        #[doc = concat!("let sts = ", stringify!($client), "::Client::from_env()?;")]
        /// let there = sts.with_region("eu-central-1");
        #[doc = concat!("let me = there.get_caller_identity()", stringify!($($wait)*), "?;")]
        /// println!("{} by way of {:?}", me.arn, there.region());
        /// # Ok(())
        /// # }
        /// ```
        #[must_use]
        pub fn with_region(&self, region: impl AsRef<str>) -> Self {
            self.with_core(self.pump.core.with_region(region.as_ref()))
        }

        /// The same client with another maximum of requests for each call: 1 for calls that are not repeated, and 0
        /// counts as 1. All else is shared with this one, the quota that retries are paid from included.
        ///
        /// ```no_run
        #[doc = $crate::example!($client, ($($function)*))]
        #[doc = concat!("let sts = ", stringify!($client), "::Client::from_env()?;")]
        #[doc = concat!("let me = sts.with_max_attempts(1).get_caller_identity()", stringify!($($wait)*), "?;")]
        /// # let _ = me;
        /// # Ok(())
        /// # }
        /// ```
        #[must_use]
        pub fn with_max_attempts(&self, max: u32) -> Self {
            self.with_core(self.pump.core.with_max_attempts(max))
        }

        /// The same client with credentials from somewhere else. Connections, quota and clock are shared with this one.
        ///
        /// ```no_run
        #[doc = $crate::example!($client, ($($function)*))]
        #[doc = concat!("use ", stringify!($client), "::operations::AssumeRole;")]
        #[doc = concat!("use ", stringify!($client), "::{AssumeRoleProvider, Client};")]
        ///
        /// let sts = Client::from_env()?;
        /// let role = "arn:aws:iam::123456789012:role/demo";
        /// let role = AssumeRole::new(role, "build-42");
        /// let role = AssumeRoleProvider::new(sts.clone(), role);
        /// let as_demo = sts.with_credentials_provider(role);
        #[doc = concat!("let me = as_demo.get_caller_identity()", stringify!($($wait)*), "?;")]
        /// println!("acts as {}", me.arn);
        /// # Ok(())
        /// # }
        /// ```
        #[must_use]
        pub fn with_credentials_provider(&self, provider: impl CredentialsProvider) -> Self {
            let core = self.pump.core.with_provider(seed());
            Self { pump: Pump { core, provider: Some(Arc::new(provider)), ..self.pump.clone() } }
        }

        /// The same client in a role: it assumes the role with the credentials that this one has, when it first needs to, and
        /// again before the session expires. For many roles at a time see [`RoleSessions`](crate::RoleSessions).
        ///
        /// ```no_run
        #[doc = $crate::example!($client, ($($function)*))]
        #[doc = concat!("use ", stringify!($client), "::Client;")]
        #[doc = concat!("use ", stringify!($client), "::operations::AssumeRole;")]
        ///
        /// let sts = Client::from_env()?;
        /// let role = "arn:aws:iam::123456789012:role/demo";
        /// let as_demo = sts.in_role(AssumeRole::new(role, "nightly"));
        #[doc = concat!("let me = as_demo.get_caller_identity()", stringify!($($wait)*), "?;")]
        /// println!("acts as {}", me.arn);
        /// # Ok(())
        /// # }
        /// ```
        #[must_use]
        pub fn in_role(&self, role: $crate::operations::AssumeRole) -> Self {
            self.with_credentials_provider($crate::client::AssumeRoleProvider::new(self.clone(), role))
        }

        /// The credentials that calls are signed with, to hand them to another signer. They hold at this moment; ask again
        /// for each request, which costs next to nothing: they are kept, and fetched anew before they expire.
        ///
        /// # Errors
        ///
        /// [`Error::Credentials`](crate::Error::Credentials) where there are none, or their source fails.
        ///
        /// ```no_run
        #[doc = $crate::example!($client, ($($function)*))]
        #[doc = concat!("use ", stringify!($client), "::Client;")]
        ///
        /// let sts = Client::from_env()?;
        #[doc = concat!("let keys = sts.credentials()", stringify!($($wait)*), "?;")]
        /// println!("{} until {:?}", keys.access_key_id, keys.expiration);
        /// # Ok(())
        /// # }
        /// ```
        pub $($function)* credentials(&self) -> Result<$crate::Credentials, $crate::Error> {
            self.pump.drive(self.pump.core.credentials(seed())) $($wait)*
        }

        /// Says that a service has refused these as expired, whatever they say: for programs that sign for other services
        /// with what [`credentials`](Self::credentials) has given. If they are still what this client keeps, they are
        /// dropped and the provider is told; the next call fetches new ones. Does nothing for credentials that were given in
        /// code, which are used as they are. Drops credentials at most once a minute (or in half their life, if that is
        /// shorter), since what refuses all credentials must not cause a fetch for each refusal.
        ///
        /// ```no_run
        #[doc = concat!("# fn send_signed(_: &", stringify!($client), "::Credentials) -> bool { true }")]
        #[doc = $crate::example!($client, ($($function)*))]
        #[doc = concat!("let sts = ", stringify!($client), "::Client::from_env()?;")]
        #[doc = concat!("let keys = sts.credentials()", stringify!($($wait)*), "?;")]
        /// // With another service, which answers `ExpiredToken`.
        /// let expired = send_signed(&keys);
        /// if expired {
        ///     sts.credentials_expired(&keys);
        #[doc = concat!("    send_signed(&sts.credentials()", stringify!($($wait)*), "?);")]
        /// }
        /// # Ok(())
        /// # }
        /// ```
        pub fn credentials_expired(&self, credentials: &$crate::Credentials) {
            // The provider first, or a call that comes between is given the same ones by it.
            if let Some(provider) = &self.pump.provider {
                provider.expired(credentials);
            }
            self.pump.core.refuse(self.pump.core.now(now), credentials);
        }

        /// What this client is made with and where its credentials come from, for a person to read: every setting, and
        /// every source in order with what became of it. Never fails, and shows no secret. Credentials that are kept are not
        /// fetched again for it; where there are none, they are looked for.
        ///
        /// ```no_run
        #[doc = $crate::example!($client, ($($function)*))]
        #[doc = concat!("let sts = ", stringify!($client), "::Client::from_env()?;")]
        #[doc = concat!("println!(\"{}\", sts.explain()", stringify!($($wait)*), ");")]
        /// # Ok(())
        /// # }
        /// ```
        pub $($function)* explain(&self) -> $crate::credentials::Explanation {
            let explained = self.pump.drive(self.pump.core.explain(seed())) $($wait)*;
            explained.unwrap_or_else(|never| match never {})
        }

        /// Every source of credentials in order, with what became of it: the second list of [`explain`](Self::explain) alone, at a
        /// fraction of its cost.
        ///
        /// ```no_run
        #[doc = $crate::example!($client, ($($function)*))]
        #[doc = concat!("let sts = ", stringify!($client), "::Client::from_env()?;")]
        #[doc = concat!("for tried in sts.explain_credentials()", stringify!($($wait)*), " {")]
        ///     println!("{tried}");
        /// }
        /// # Ok(())
        /// # }
        /// ```
        pub $($function)* explain_credentials(&self) -> Vec<$crate::Tried> {
            let explained = self.pump.drive(self.pump.core.explain_credentials(seed())) $($wait)*;
            explained.unwrap_or_else(|never| match never {}).credentials
        }

        /// Calls an operation: one of the eleven, or one of your own.
        ///
        /// # Errors
        ///
        /// What [`Error`](crate::Error) lists: no credentials, no answer in time, a refusal, an answer that cannot be used.
        /// An error after retries is the last one, and says how often was tried.
        ///
        /// ```no_run
        #[doc = $crate::example!($client, ($($function)*))]
        #[doc = concat!("use ", stringify!($client), "::Client;")]
        #[doc = concat!("use ", stringify!($client), "::operations::GetSessionToken;")]
        ///
        /// let sts = Client::from_env()?;
        /// let operation = GetSessionToken::new().duration_seconds(900);
        #[doc = concat!("let session = sts.send(operation)", stringify!($($wait)*), "?;")]
        /// # Ok(())
        /// # }
        /// ```
        pub $($function)* send<O: $crate::Operation>(
            &self,
            operation: O,
        ) -> Result<O::Output, $crate::Error> {
            self.pump.send(operation) $($wait)*
        }

        /// Drives any flow to its end, performing what it asks for: requests, files, programs, questions, waits.
        ///
        /// # Errors
        ///
        /// The flow's own.
        ///
        /// ```no_run
        #[doc = $crate::example!($client, ($($function)*))]
        /// use std::sync::Arc;
        #[doc = concat!("use ", stringify!($client), "::operations::GetCallerIdentity;")]
        #[doc = concat!("use ", stringify!($client), "::sts_proto::{Call, Context, Settings};")]
        ///
        #[doc = concat!("let sts = ", stringify!($client), "::Client::from_env()?;")]
        /// // A call with a context and a seed of one's choice.
        /// let settings = Settings::new().region("eu-west-1");
        /// let context = Arc::new(Context::new(&settings, "my-tool/1.0")?);
        /// let call = Call::new(GetCallerIdentity::new(), context, 42);
        #[doc = concat!("let me = sts.run(call)", stringify!($($wait)*), "?;")]
        /// # Ok(())
        /// # }
        /// ```
        pub $($function)* run<F: $crate::Flow>(&self, flow: F) -> Result<F::Output, F::Error> {
            self.pump.drive(flow) $($wait)*
        }

        /// The operation as a URL that anyone with the URL can send until its lifetime is over: see
        /// [`Operation::presign`](crate::Operation::presign). Nothing is sent, but for what finding region and credentials
        /// takes.
        ///
        /// # Errors
        ///
        /// As for [`credentials`](Self::credentials); an endpoint without a region, a lifetime out of range.
        ///
        /// ```no_run
        #[doc = $crate::example!($client, ($($function)*))]
        /// use std::time::Duration;
        #[doc = concat!("use ", stringify!($client), "::operations::GetCallerIdentity;")]
        #[doc = concat!("use ", stringify!($client), "::{Client, Presign};")]
        ///
        /// let sts = Client::from_env()?;
        /// let minute = Presign::new(Duration::from_secs(60));
        /// let operation = GetCallerIdentity::new();
        #[doc = concat!("let url = sts.presign(&operation, &minute)", stringify!($($wait)*), "?;")]
        /// println!("{}", url.uri());
        /// # Ok(())
        /// # }
        /// ```
        pub $($function)* presign<O: $crate::Operation>(
            &self,
            operation: &O,
            options: &$crate::Presign,
        ) -> Result<$crate::http::Request<$crate::bytes::Bytes>, $crate::Error> {
            self.pump.drive(self.pump.core.presign(operation, options, seed())) $($wait)*
        }

        /// The operation as a signed request that is not sent, with more headers that are signed too: see
        /// [`Operation::sign`](crate::Operation::sign). Nothing is sent, but for what finding region and credentials takes.
        ///
        /// # Errors
        ///
        /// As for [`credentials`](Self::credentials); an endpoint without a region, headers that cannot be signed.
        ///
        /// ```no_run
        #[doc = $crate::example!($client, ($($function)*))]
        #[doc = concat!("use ", stringify!($client), "::Client;")]
        #[doc = concat!("use ", stringify!($client), "::http::{HeaderMap, HeaderValue};")]
        #[doc = concat!("use ", stringify!($client), "::operations::GetCallerIdentity;")]
        ///
        /// let sts = Client::from_env()?;
        /// let audience = HeaderValue::from_static("my-service");
        /// let mut headers = HeaderMap::new();
        /// headers.insert("x-my-audience", audience);
        /// let operation = GetCallerIdentity::new();
        #[doc = concat!("let request = sts.sign(&operation, &headers)", stringify!($($wait)*), "?;")]
        /// println!("{} {}", request.method(), request.uri());
        /// # Ok(())
        /// # }
        /// ```
        pub $($function)* sign<O: $crate::Operation>(
            &self,
            operation: &O,
            headers: &$crate::http::HeaderMap,
        ) -> Result<$crate::http::Request<$crate::bytes::Bytes>, $crate::Error> {
            self.pump.drive(self.pump.core.sign(operation, headers, seed())) $($wait)*
        }

        /// A proof of this client's identity, for [a service that asks for one](crate::proof), or
        /// [a token of another service](crate::token). Nothing is sent, but for what finding region and
        /// credentials takes.
        ///
        /// # Errors
        ///
        /// As for [`credentials`](Self::credentials); an endpoint without a region, an argument that cannot be part of the
        /// proof, a proof that its consumer would refuse.
        ///
        /// ```no_run
        #[doc = $crate::example!($client, ($($function)*))]
        #[doc = concat!("use ", stringify!($client), "::Client;")]
        #[doc = concat!("use ", stringify!($client), "::proof::Eks;")]
        #[doc = concat!("use ", stringify!($client), "::token::Rds;")]
        ///
        /// let sts = Client::from_env()?;
        /// let cluster = Eks::new("my-cluster");
        #[doc = concat!("let token = sts.prove(&cluster)", stringify!($($wait)*), "?;")]
        /// let host = "db.123456789012.eu-west-1.rds.amazonaws.com";
        /// let user = Rds::new(host, 5432, "jane_doe");
        #[doc = concat!("let password = sts.prove(&user)", stringify!($($wait)*), "?;")]
        /// # let _ = (token, password);
        /// # Ok(())
        /// # }
        /// ```
        pub $($function)* prove<P: $crate::proof::Proof>(&self, proof: &P) -> Result<P::Output, $crate::Error> {
            self.pump.drive(self.pump.core.prove(proof, seed())) $($wait)*
        }

        /// What the calls of this client share.
        ///
        /// ```
        #[doc = concat!("use ", stringify!($client), "::Builder;")]
        ///
        /// let sts = Builder::isolated().region("eu-west-1").build()?;
        /// let endpoint = sts.context().endpoint()?.uri();
        /// let url = "https://sts.eu-west-1.amazonaws.com/";
        /// assert_eq!(endpoint, url);
        #[doc = concat!("# Ok::<(), ", stringify!($client), "::Error>(())")]
        /// ```
        pub fn context(&self) -> &$crate::Context {
            self.pump.core.context()
        }

        /// The region that the settings name, or that was found; else the endpoint's, if it has one. `None` as long as no
        /// call has asked the instance's metadata for it, where it is set nowhere.
        ///
        /// ```
        #[doc = concat!("use ", stringify!($client), "::Builder;")]
        ///
        /// let sts = Builder::isolated().region("eu-west-1").build()?;
        /// assert_eq!(sts.region(), Some("eu-west-1"));
        #[doc = concat!("# Ok::<(), ", stringify!($client), "::Error>(())")]
        /// ```
        pub fn region(&self) -> Option<&str> {
            self.context().region()
        }

        pub(crate) fn core(&self) -> &$crate::client::Core {
            &self.pump.core
        }
    };
}

/// What a `Client` of a driver implements.
#[doc(hidden)]
#[macro_export]
macro_rules! common_impls {
    () => {
        impl std::fmt::Debug for Client {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.core().fmt(f)
            }
        }

        impl $crate::client::InRole for Client {
            fn in_role(&self, role: $crate::operations::AssumeRole) -> Self {
                self.in_role(role)
            }
        }
    };
}

/// The hidden lines that begin an example.
#[doc(hidden)]
#[macro_export]
macro_rules! example {
    ($client:ident, ($($function:tt)*)) => {
        concat!(
            "# ",
            stringify!($($function)*),
            " example() -> Result<(), ",
            stringify!($client),
            "::Error> {"
        )
    };
}

/// What a driver has for tests. Where it is used, `Transport` is implemented for `Service`.
#[cfg(feature = "testing")]
#[doc(hidden)]
#[macro_export]
macro_rules! testing_builder {
    ($client:ident, ($($function:tt)*), ($($wait:tt)*)) => {
        impl Builder {
            /// For tests: a client that a [`Service`](crate::testing::Service) answers in place of the network, such as a list
            /// of answers. It has example keys and the region `us-east-1`, looks in no environment, and goes by a
            /// [`Clock`](crate::testing::Clock) that begins now, so that it does not wait between attempts. All of this can be
            /// set otherwise.
            ///
            /// ```
            #[doc = $crate::example!($client, ($($function)*))]
            #[doc = concat!("use ", stringify!($client), "::operations::{AssumeRole, AssumeRoleOutput};")]
            #[doc = concat!("use ", stringify!($client), "::testing::Service;")]
            #[doc = concat!("use ", stringify!($client), "::{Builder, Credentials};")]
            ///
            /// let keys = Credentials::new("ASIAEXAMPLE", "secret");
            /// let service = Service::from([AssumeRoleOutput::new(keys)]);
            /// let sts = Builder::answered_by(&service).build()?;
            ///
            /// let role = "arn:aws:iam::123456789012:role/demo";
            /// let role = AssumeRole::new(role, "build-42");
            #[doc = concat!("let output = sts.assume_role(role)", stringify!($($wait)*), "?;")]
            /// assert_eq!(output.credentials.access_key_id, "ASIAEXAMPLE");
            ///
            /// let received = &service.received()[0];
            /// assert_eq!(received.operation(), "AssumeRole");
            /// assert_eq!(received.member("RoleSessionName"), Some("build-42"));
            /// # Ok(())
            /// # }
            #[doc = $crate::run_example!($($wait)*)]
            /// ```
            pub fn answered_by(service: impl Into<$crate::testing::Service>) -> Self {
                let keys = $crate::testing::example_keys();
                let clock = $crate::testing::Clock::at(now());
                Self::isolated().region("us-east-1").credentials(keys).clock(&clock).transport(service.into())
            }
        }
    };
}

/// The hidden lines that run an example.
#[doc(hidden)]
#[macro_export]
macro_rules! run_example {
    () => {
        "# example().unwrap();"
    };
    (.await) => {
        "# tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();"
    };
}
