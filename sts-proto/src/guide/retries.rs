#[doc(hidden)]
#[macro_export]
macro_rules! guide_retries {
    ($client:literal, $asynchronous:literal, $wait:literal) => {
        /// Which failures are repeated, how to change that, and how to see it.
        ///
        /// # What happens by default
        ///
        /// A call makes at most three attempts, and repeats only what may pass: throttling, failures of the service and of the
        /// network, time-outs. Refusals are not repeated. The [rules](sts_proto::client#retries) have all statuses and waits. No
        /// operation creates or changes a resource, so a request that arrives twice does no harm; only the code of an MFA device is
        /// good for one.
        ///
        /// # Other numbers
        ///
        /// For a client, in code; `AWS_MAX_ATTEMPTS` and `AWS_RETRY_MODE` say the same to programs that do not. A
        /// maximum of 0 counts as 1 in code, and is an error in the environment and in a profile:
        ///
        /// ```no_run
        #[doc = concat!("# fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::{Client, Retry};")]
        ///
        /// // A batch job that prefers to wait.
        /// let patient = Retry::standard().max_attempts(8);
        /// let patient = Client::builder().retry(patient).build()?;
        ///
        /// // A caller that has retries of its own.
        /// let once = Client::builder().retry(Retry::off()).build()?;
        ///
        /// // A fleet that shares the service's limits.
        /// let polite = Client::builder().retry(Retry::adaptive()).build()?;
        /// # let _ = (patient, once, polite);
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// For some calls, [`Client::with_max_attempts`](crate::Client::with_max_attempts) gives a client that shares all else.
        ///
        /// The time of the whole call bounds the attempts too: eight of them need a longer [time-out](crate::guide::timeouts).
        ///
        /// # What it took
        ///
        /// Outputs and errors say how many requests were sent, and how long the call waited between them.
        ///
        /// ```no_run
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::Client;")]
        ///
        /// let sts = Client::from_env()?;
        #[doc = concat!("match sts.get_caller_identity()", $wait, " {")]
        ///     Ok(me) => {
        ///         let metadata = me.metadata;
        ///         println!("{} attempts", metadata.attempts());
        ///         println!("{:?} waited", metadata.total_retry_delay());
        ///     }
        ///     Err(error) => println!("{} attempts: {error}", error.attempts()),
        /// }
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// While it happens, [`Builder::on_attempt`](crate::Builder::on_attempt) tells a closure of each attempt: its number, its
        /// status, how long it took, and the wait that follows. With the feature `tracing`, it is an event too.
        ///
        /// ```no_run
        #[doc = concat!("# fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::Client;")]
        ///
        /// let sts = Client::builder()
        ///     .on_attempt(|end| {
        ///         let result = end.error_type.unwrap_or("ok");
        ///         let (number, took) = (end.number, end.took);
        ///         println!("{} {number}: {result}, {took:?}", end.operation);
        ///     })
        ///     .build()?;
        /// # let _ = sts;
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # A queue of your own
        ///
        /// An error knows its class. A program that puts work back into a queue asks for it, rather than for codes:
        ///
        /// ```
        #[doc = concat!("use ", $client, "::{Error, RetryClass};")]
        ///
        /// fn try_later(error: &Error) -> bool {
        ///     match error.retry_class() {
        ///         RetryClass::Transient | RetryClass::Throttling => true,
        ///         // A refusal stays one.
        ///         _ => false,
        ///     }
        /// }
        /// # let _ = try_later;
        /// ```
        ///
        /// # One quota for all calls
        ///
        /// Clones of a client share a quota for retries, connections, the measured clock and the kept credentials. So a program makes
        /// one client and clones it: with a client for each call, an outage is answered by every call with all its attempts.
        pub mod retries {}
    };
}
