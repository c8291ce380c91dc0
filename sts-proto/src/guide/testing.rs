#[doc(hidden)]
#[macro_export]
macro_rules! guide_testing {
    // No literals, since these cannot be told from each other by another macro.
    ($client:tt, $asynchronous:tt, $wait:tt) => {
        /// How to test code that uses a client, without AWS and without a network: with the feature `testing`.
        ///
        /// # Answers in place of a network
        ///
        /// `Builder::answered_by` makes a client that the test answers. It is there with the feature `testing`, which belongs in the
        /// development dependencies, and without it the compiler does not find the function. Add it from the same place as the client,
        /// with one of these, since Cargo refuses a crate with two sources:
        ///
        /// ```sh
        #[doc = $crate::add_testing!($client)]
        /// ```
        /// Answers are outputs, refusals, failures of the network, or whole HTTP responses, given in turn. Each is
        /// written as the document that it stands for and read by the client as any other, so that retries and errors are the real
        /// ones. The requests are kept.
        ///
        /// ```
        /// # #[cfg(feature = "testing")]
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::operations::GetCallerIdentityOutput;")]
        #[doc = concat!("use ", $client, "::testing::{Answer, Refusal, Service};")]
        #[doc = concat!("use ", $client, "::{Builder, TransportErrorKind};")]
        ///
        /// let arn = "arn:aws:iam::123456789012:user/alice";
        /// let alice = GetCallerIdentityOutput::new("AIDA", "123456789012", arn);
        /// let service = Service::from([
        ///     Answer::from(TransportErrorKind::Closed),
        ///     Refusal::new(400, "Throttling", "Rate exceeded").into(),
        ///     alice.into(),
        /// ]);
        /// let sts = Builder::answered_by(&service).build()?;
        ///
        /// // Nothing waits between the attempts.
        #[doc = concat!("let me = sts.get_caller_identity()", $wait, "?;")]
        /// assert_eq!((me.arn.as_str(), me.metadata.attempts()), (arn, 3));
        /// assert_eq!(service.received()[2].operation(), "GetCallerIdentity");
        /// # Ok(())
        /// # }
        /// # #[cfg(feature = "testing")]
        #[doc = $crate::run_guide!($wait)]
        /// ```
        ///
        /// # Answers that depend on the request
        ///
        /// A closure answers what it receives:
        ///
        /// ```
        /// # #[cfg(feature = "testing")]
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::operations::{AssumeRole, AssumeRoleOutput};")]
        #[doc = concat!("use ", $client, "::testing::{Refusal, Service};")]
        #[doc = concat!("use ", $client, "::{Builder, Credentials, ErrorCode};")]
        ///
        /// let service = Service::new(|request| {
        ///     let keys = Credentials::new("ASIAEXAMPLE", "secret");
        ///     match request.member("RoleSessionName") {
        ///         Some("alice") => Ok(AssumeRoleOutput::new(keys)),
        ///         _ => Err(Refusal::new(403, "AccessDenied", "not you")),
        ///     }
        /// });
        /// let sts = Builder::answered_by(&service).build()?;
        ///
        /// let role = "arn:aws:iam::123456789012:role/demo";
        #[doc = concat!("assert!(sts.assume_role(AssumeRole::new(role, \"alice\"))", $wait, ".is_ok());")]
        #[doc = concat!("let bob = sts.assume_role(AssumeRole::new(role, \"bob\"))", $wait, ";")]
        /// assert_eq!(bob.unwrap_err().code(), Some(&ErrorCode::AccessDenied));
        /// # Ok(())
        /// # }
        /// # #[cfg(feature = "testing")]
        #[doc = $crate::run_guide!($wait)]
        /// ```
        ///
        /// # Time
        ///
        /// The client of a test goes by a clock of its own, which it sets ahead where it would wait. A test that holds the clock says
        /// when a session ends:
        ///
        /// ```
        /// # #[cfg(feature = "testing")]
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        /// use std::time::{Duration, SystemTime};
        #[doc = concat!("use ", $client, "::operations::{AssumeRole, AssumeRoleOutput};")]
        #[doc = concat!("use ", $client, "::testing::{Clock, Service};")]
        #[doc = concat!("use ", $client, "::{Builder, Credentials};")]
        ///
        /// let hour = Duration::from_secs(3600);
        /// let clock = Clock::at(SystemTime::now());
        /// let service = Service::new({
        ///     let clock = clock.clone();
        ///     move |_| {
        ///         let keys = Credentials::new("ASIAEXAMPLE", "secret");
        ///         AssumeRoleOutput::new(keys.with_expiration(clock.now() + hour))
        ///     }
        /// });
        /// let sts = Builder::answered_by(&service).clock(&clock).build()?;
        /// let role = "arn:aws:iam::123456789012:role/demo";
        /// let sts = sts.in_role(AssumeRole::new(role, "nightly"));
        ///
        #[doc = concat!("sts.credentials()", $wait, "?;")]
        #[doc = concat!("sts.credentials()", $wait, "?;")]
        /// assert_eq!(service.received().len(), 1);
        /// clock.advance(2 * hour);
        #[doc = concat!("sts.credentials()", $wait, "?;")]
        /// assert_eq!(service.received().len(), 2);
        /// # Ok(())
        /// # }
        /// # #[cfg(feature = "testing")]
        #[doc = $crate::run_guide!($wait)]
        /// ```
        ///
        /// `Builder::seeds` makes invocation ids and waits, and so signatures, the same in each run. A program that drives flows passes
        /// in the time anyway: see [embedding](crate::guide::embedding).
        ///
        /// # Failures
        ///
        /// A server that is up shows little of what a program meets. A test has each of it at will: an error of the transport, a status
        /// of 503, a refusal with a code, a page of HTML. `Refusal::while_calling` is the error itself, for code that is given one.
        ///
        /// All that the kit has is in `sts_proto::testing`. A service is also the transport of a client that is built otherwise
        /// (`Builder::transport`), and the example `testing` of `sts-blocking` is a program with its test.
        ///
        /// # Away from the machine's own settings
        ///
        /// A client of [`Builder::isolated`](crate::Builder::isolated), as that of a test is, reads no variable and no file. Code that
        /// has to find its settings is given the variables of the test, with [`Builder::env`](crate::Builder::env):
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
        /// # A server on this machine
        ///
        /// For programs that are tested as a whole, whatever their language. The repository has an STS that checks signatures and
        /// issues sessions that work until they expire (`cargo run -p sts-tests --example serve`); MinIO, moto and others speak the
        /// protocol too.
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
        /// `AWS_ENDPOINT_URL_STS` does the same without a change of the program.
        pub mod testing {}
    };
}

/// The commands that add the kit to a program, of which a reader takes one.
#[doc(hidden)]
#[macro_export]
macro_rules! add_testing {
    ("sts_blocking") => {
        "cargo add --dev --path ../sts/sts-blocking --features testing\n\
         cargo add --dev --git REPOSITORY sts-blocking --features testing"
    };
    ("sts_async") => {
        "cargo add --dev --path ../sts/sts-async --features testing\n\
         cargo add --dev --git REPOSITORY sts-async --features testing"
    };
}

/// The hidden line that runs an example.
#[doc(hidden)]
#[macro_export]
macro_rules! run_guide {
    ("") => {
        "# example().unwrap();"
    };
    (".await") => {
        "# tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();"
    };
}
