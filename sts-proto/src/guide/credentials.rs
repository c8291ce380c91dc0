#[doc(hidden)]
#[macro_export]
macro_rules! guide_credentials {
    ($client:literal, $asynchronous:literal, $wait:literal) => {
        /// Where credentials come from, how they stay fresh, and how others get them.
        ///
        /// # What a client finds by itself
        ///
        /// `Client::from_env()` looks where every AWS tool looks: environment, profile, web identity, container, instance
        /// metadata. The first source that is configured is asked and no other; the
        /// [list](sts_proto::client#credentials-that-stay-fresh) says which keys and variables configure each. Nothing is fetched
        /// before a call needs it. `explain` tells what a client found, and why not something else:
        ///
        /// ```no_run
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::Client;")]
        ///
        /// let sts = Client::from_env()?;
        #[doc = concat!("println!(\"{}\", sts.explain()", $wait, ");")]
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # A profile, and keys in code
        ///
        /// A profile that code names goes before keys in the environment. Keys that code gives go before everything, are used as
        /// they are, and are never fetched anew.
        ///
        /// ```no_run
        #[doc = concat!("# fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::{Builder, Client, Credentials};")]
        ///
        /// let production = Client::builder().profile("production").build()?;
        ///
        /// let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
        /// let fixed = Builder::isolated()
        ///     .region("eu-west-1")
        ///     .credentials(keys)
        ///     .build()?;
        /// # let _ = (production, fixed);
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// [`Builder::isolated`](crate::Builder::isolated) looks neither in the environment nor in files, so that a service whose
        /// credentials come from elsewhere cannot pick up a developer's by accident.
        ///
        /// # A role
        ///
        /// `assume_role` returns one session. [`in_role`](crate::Client::in_role) gives a client that keeps one: it assumes the role
        /// when it first needs to, and again before the session ends, with the credentials of the client that it was made from. A
        /// chain of roles is the same once more.
        ///
        /// ```no_run
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::Client;")]
        #[doc = concat!("use ", $client, "::operations::AssumeRole;")]
        ///
        /// let sts = Client::from_env()?;
        /// let hub = "arn:aws:iam::111122223333:role/hub";
        /// let hub = AssumeRole::new(hub, "nightly").external_id("x-42");
        /// let leaf = "arn:aws:iam::444455556666:role/leaf";
        /// let leaf = AssumeRole::new(leaf, "nightly").duration_seconds(3600);
        ///
        /// let in_leaf = sts.in_role(hub).in_role(leaf);
        #[doc = concat!("println!(\"{}\", in_leaf.get_caller_identity()", $wait, "?.arn);")]
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # Many roles, many tenants
        ///
        /// A server that acts for tenants keeps [`RoleSessions`](crate::RoleSessions). Inputs that are equal share a session; inputs
        /// that differ in anything never do.
        ///
        /// ```no_run
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        /// use std::num::NonZeroUsize;
        #[doc = concat!("use ", $client, "::operations::AssumeRole;")]
        #[doc = concat!("use ", $client, "::{Client, RoleSessions};")]
        ///
        /// let max = NonZeroUsize::new(10_000).unwrap();
        /// let sessions = RoleSessions::new(Client::from_env()?, max);
        ///
        /// let role = "arn:aws:iam::123456789012:role/tenant";
        /// let input = AssumeRole::new(role, "tenant-7").tags([("tenant", "7")]);
        #[doc = concat!("let keys = sessions.client(&input).credentials()", $wait, "?;")]
        /// # let _ = keys;
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # Multi-factor authentication
        ///
        /// A role that needs a code is assumed with the serial number of a device, from the profile (`mfa_serial`) or in the
        /// `AssumeRole` of [`in_role`](crate::Client::in_role). The client asks the program for the code, once for each session. A
        /// single `assume_role` or `get_session_token` is sent as it is, so its code is given to it as `token_code`.
        ///
        /// ```no_run
        #[doc = concat!("# fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::{Client, Secret};")]
        ///
        /// let sts = Client::builder()
        ///     .profile("admin")
        ///     .mfa_code(|device| -> Result<_, std::io::Error> {
        ///         eprint!("code of {device}: ");
        ///         let mut code = String::new();
        ///         std::io::stdin().read_line(&mut code)?;
        ///         Ok(Secret::new(code))
        ///     })
        ///     .build()?;
        /// # let _ = sts;
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// With [`share_cli_cache`](crate::Builder::share_cli_cache), sessions are those of the AWS CLI, so that a person is asked
        /// once for all tools.
        ///
        /// # Web identity: Kubernetes and CI
        ///
        /// In a pod of EKS, and in a job of CI that has set `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`, there is nothing to do.
        /// For another role, or another file:
        ///
        /// ```no_run
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::{Client, WebIdentityProvider};")]
        ///
        /// let sts = Client::builder().region("eu-west-1").build()?;
        /// let role = "arn:aws:iam::123456789012:role/ci";
        /// let token = WebIdentityProvider::new(sts.clone(), role, "/run/token");
        /// let sts = sts.with_credentials_provider(token);
        #[doc = concat!("println!(\"{}\", sts.get_caller_identity()", $wait, "?.arn);")]
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// The other way round, [`WebIdentityTokenProvider`](crate::WebIdentityTokenProvider) keeps tokens that prove an AWS identity
        /// to other clouds.
        ///
        /// # A source of your own
        ///
        /// Any closure is a provider. The client asks it when it needs credentials, once for all calls that wait, and again before
        /// those that it gave expire, so a provider keeps nothing. A type of your own implements
        /// [`CredentialsProvider`](crate::CredentialsProvider), whose documentation has an example. One that fails returns a
        /// [`CredentialsError`](crate::CredentialsError), which names it and says what to do; [`Error`](crate::Error) is made of it
        /// with `into`. While credentials that it gave before hold, calls go on with them; after that they end with its error,
        /// and later calls ask it again.
        ///
        /// ```no_run
        #[doc = concat!("# fn example() -> Result<(), ", $client, "::Error> {")]
        /// use std::time::{Duration, SystemTime};
        #[doc = concat!("use ", $client, "::{Client, Credentials, CredentialsError};")]
        ///
        /// // From a vault, a file, another service.
        /// fn read() -> Option<String> {
        ///     Some("wJalrXUtnFEMI".to_owned())
        /// }
        ///
        /// let sts = Client::builder()
        #[doc = concat!("    .credentials_provider(|| ", $asynchronous, "{")]
        ///         let secret = read().ok_or_else(|| {
        ///             CredentialsError::new("the vault", "it is sealed; unseal it")
        ///         })?;
        ///         let keys = Credentials::new("ASIAEXAMPLE", secret);
        ///         let end = SystemTime::now() + Duration::from_secs(900);
        ///         Ok(keys.with_session_token("AQoDYXdz").with_expiration(end))
        ///     })
        ///     .build()?;
        /// # let _ = sts;
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # For another program
        ///
        /// A child process gets the credentials as variables, with [`to_env`](crate::Credentials::to_env), which also names those to
        /// remove. A program that is itself the `credential_process` of a profile prints
        /// [`to_credential_process`](crate::Credentials::to_credential_process). For any other format, the end is text with
        /// [`expiration_rfc3339`](crate::Credentials::expiration_rfc3339).
        ///
        /// ```no_run
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), Box<dyn std::error::Error>> {")]
        /// use std::process::Command;
        #[doc = concat!("use ", $client, "::Client;")]
        ///
        /// let sts = Client::builder().credentials_only().build()?;
        #[doc = concat!("let keys = sts.credentials()", $wait, "?;")]
        /// let mut command = Command::new("aws");
        /// for (name, value) in keys.to_env() {
        ///     match value {
        ///         Some(value) => command.env(name, value.expose()),
        ///         None => command.env_remove(name),
        ///     };
        /// }
        /// command.args(["s3", "ls"]).status()?;
        ///
        /// // For a profile's `credential_process`:
        /// println!("{}", keys.to_credential_process().expose());
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # For another signer
        ///
        /// A program that signs for other services asks for credentials with each request. That costs next to nothing, and they are
        /// fresh. If a service calls them expired, the client is told, and fetches others.
        ///
        /// ```no_run
        #[doc = concat!("# fn send(_: &", $client, "::Credentials) -> bool { true }")]
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::Client;")]
        ///
        /// let sts = Client::builder().credentials_only().build()?;
        #[doc = concat!("let keys = sts.credentials()", $wait, "?;")]
        /// let expired = send(&keys);
        /// if expired {
        ///     sts.credentials_expired(&keys);
        #[doc = concat!("    send(&sts.credentials()", $wait, "?);")]
        /// }
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// A client of `sts-async` gives its credentials to the AWS SDK for Rust, to `object_store` and to `reqsign` with the
        /// features `aws-credential-types-1`, `object_store-0.14` and `reqsign-core-3`: it implements their traits.
        pub mod credentials {}
    };
}
