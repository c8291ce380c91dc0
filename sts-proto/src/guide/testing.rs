#[doc(hidden)]
#[macro_export]
macro_rules! guide_testing {
    ($client:literal, $asynchronous:literal, $wait:literal) => {
        /// How to test code that uses a client, without AWS and without a network.
        ///
        /// # Away from the machine's own settings
        ///
        /// A test that builds its client with [`Builder::isolated`](crate::Builder::isolated) reads no variable and no file. For code
        /// that has to find its settings, [`Builder::env`](crate::Builder::env) gives it the variables of the test:
        ///
        /// ```
        #[doc = concat!("# fn main() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::Client;")]
        #[doc = concat!("use ", $client, "::sts_proto::settings::Env;")]
        ///
        /// let env = Env::from_iter([
        ///     ("AWS_REGION", "eu-west-1"),
        ///     ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ///     ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI"),
        ///     ("AWS_CONFIG_FILE", "/dev/null"),
        ///     ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        /// ]);
        /// let sts = Client::builder().env(env).build()?;
        /// # let _ = sts;
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # Answers in place of a network
        ///
        /// With the feature `testing`, a test makes the answers: outputs, which have `new` and setters there, refusals, errors of the
        /// transport. `Builder::answered_by` puts a list of them behind a client, or a closure that looks at the request. What is
        /// retried, signed, written and read is then the real thing.
        ///
        /// ```
        /// # #[cfg(feature = "testing")]
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::operations::{AssumeRole, AssumeRoleOutput};")]
        #[doc = concat!("use ", $client, "::testing::{Answer, Refusal, Service};")]
        #[doc = concat!("use ", $client, "::{Builder, Credentials};")]
        ///
        /// let keys = Credentials::new("ASIAEXAMPLE", "secret");
        /// let service = Service::from([
        ///     Answer::from(AssumeRoleOutput::new(keys)),
        ///     Refusal::new(403, "AccessDenied", "not you").into(),
        /// ]);
        /// let sts = Builder::answered_by(&service).build()?;
        ///
        /// let role = "arn:aws:iam::123456789012:role/demo";
        /// let role = AssumeRole::new(role, "build-42");
        #[doc = concat!("let output = sts.assume_role(role.clone())", $wait, "?;")]
        /// assert_eq!(output.credentials.access_key_id, "ASIAEXAMPLE");
        #[doc = concat!("let error = sts.assume_role(role)", $wait, ".unwrap_err();")]
        /// assert!(*error.code().unwrap() == "AccessDenied");
        ///
        /// let received = &service.received()[0];
        /// assert_eq!(received.member("RoleSessionName"), Some("build-42"));
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// A service is also the transport of a client that is built otherwise: `Builder::transport`. All that the kit has is in
        /// `sts_proto::testing`; the example `testing` of `sts-blocking` is a program with its test.
        ///
        /// # A server on this machine
        ///
        /// What speaks the protocol can stand for AWS: MinIO, moto, LocalStack and others. The repository has a server that checks
        /// signatures and issues sessions which work and expire: `cargo run -q -p sts-tests --example serve` prints the variables
        /// that lead to it.
        ///
        /// ```no_run
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::{Builder, Credentials};")]
        ///
        /// let sts = Builder::isolated()
        ///     .region("us-east-1")
        ///     .endpoint_url("http://127.0.0.1:5000")
        ///     .credentials(Credentials::new("test", "test"))
        ///     .build()?;
        #[doc = concat!("println!(\"{}\", sts.get_caller_identity()", $wait, "?.account);")]
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// `AWS_ENDPOINT_URL_STS` does the same for a program that is tested as a whole.
        ///
        /// # Failures
        ///
        /// A server that is up shows little of what a program meets. With answers of its own a test has each of them at will:
        /// [`TransportErrorKind::Closed`](crate::TransportErrorKind::Closed), a status of 503, a refusal with a code, or a page
        /// of HTML, and looks at what the program makes of it. `Refusal::while_calling` is the error itself, for code that is
        /// given one.
        ///
        /// # Time
        ///
        /// A client of `Builder::answered_by` goes by a clock of its own, which it sets ahead where it would wait, so that retries
        /// take no time. `Builder::clock` gives it the test's clock, for hours to pass; `Builder::seeds` makes invocation ids and
        /// waits, and so signatures, the same in each run. A program that drives flows passes in the time anyway: see
        /// [embedding](crate::guide::embedding).
        pub mod testing {}
    };
}
