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
        /// A [`Transport`](crate::Transport) is one method from a request to an answer. A test gives the client one that answers by
        /// itself, and keeps the requests to look at them: what is retried, signed and refused is then the real thing. The examples
        /// `recording` and `recording_async` are whole ones to copy.
        ///
        /// # A server on this machine
        ///
        /// What speaks the protocol can stand for AWS: MinIO, moto, LocalStack and others.
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
        /// A server that is up shows little of what a program meets. With a transport of its own a test has each of them at will:
        /// return [`TransportErrorKind::Closed`](crate::TransportErrorKind::Closed), a status of 503, a refusal with a code, or a page
        /// of HTML, and look at what the program makes of it. Waits between attempts take real time: give such a client
        /// `Retry::off()`, or two attempts, whose wait is at most 50 ms.
        ///
        /// # Time
        ///
        /// A client reads the clock of the machine. Where a test needs hours to pass, it drives the flows below the client itself, with
        /// a time that it chooses: see [embedding](crate::guide::embedding).
        pub mod testing {}
    };
}
