#[doc(hidden)]
#[macro_export]
macro_rules! guide_timeouts {
    ($client:literal, $asynchronous:literal, $wait:literal) => {
        /// How long a call may take, and which part of it took too long.
        ///
        /// # Three time-outs
        ///
        /// One bounds connecting, one bounds an attempt, one bounds the whole call with everything that it needs: credentials, region,
        /// retries and waits. The [table](sts_proto::client#time-outs) has their defaults. The time of the call is the one that
        /// matters to a caller, and the one to change first.
        ///
        /// ```no_run
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        /// use std::time::Duration;
        #[doc = concat!("use ", $client, "::{Client, Timeouts};")]
        ///
        /// let patient = Timeouts {
        ///     connect: Duration::from_secs(10),
        ///     attempt: Duration::from_secs(30),
        ///     call: Duration::from_secs(120),
        /// };
        /// let sts = Client::builder().timeouts(patient).build()?;
        ///
        /// // For some calls: a client that shares everything with the first.
        /// let call = Duration::from_secs(2);
        /// let health = sts.with_timeouts(Timeouts { call, ..sts.timeouts() });
        #[doc = concat!("println!(\"{}\", health.get_caller_identity()", $wait, "?.arn);")]
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # What took too long
        ///
        /// ```no_run
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::{Client, Phase, TransportErrorKind};")]
        ///
        /// let sts = Client::from_env()?;
        #[doc = concat!("if let Err(error) = sts.get_caller_identity()", $wait, " {")]
        ///     let kind = error.as_transport_error().map(|error| error.kind());
        ///     if let Some(TransportErrorKind::Timeout(phase)) = kind {
        ///         println!("{}", match phase {
        ///             Phase::Connect => "firewall, proxy or endpoint url?",
        ///             Phase::Response => "the service does not answer",
        ///             Phase::Body => "the answer stopped",
        ///             _ => "a phase that is new",
        ///         });
        ///     }
        /// }
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # Waiting for credentials
        ///
        /// Many calls can wait for one fetch of credentials. Each waits for as long as its own time-out allows; the fetch goes on for
        /// the others. A call that is given up, by its time-out or by its caller, takes nothing from them.
        ///
        /// # Processes that stand still
        ///
        /// A laptop that sleeps, or a function in AWS Lambda between two invocations, may find its requests too old when it goes on.
        /// They are signed again; see [Clocks](sts_proto::client#clocks). Time-outs go on meanwhile, so such a call ends soon rather
        /// than late.
        pub mod timeouts {}
    };
}
