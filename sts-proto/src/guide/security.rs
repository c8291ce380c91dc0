#[doc(hidden)]
#[macro_export]
macro_rules! guide_security {
    ($client:literal, $asynchronous:literal, $wait:literal) => {
        /// What is kept secret, from whom, and what a program has to do itself.
        ///
        /// The threat model, and how to report a vulnerability, are in `SECURITY.md` of the repository. This chapter is for programs.
        ///
        /// # Secrets
        ///
        /// Secret keys, session tokens, identity tokens, assertions, codes and proofs are [`Secret`](crate::Secret): `Debug` prints
        /// `[redacted]`, there is no `Display`, and the memory is wiped. [`expose`](crate::Secret::expose) is the one way in, and
        /// worth a look in every review.
        ///
        /// ```
        #[doc = concat!("use ", $client, "::{Credentials, Secret};")]
        ///
        /// let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
        /// assert!(!format!("{keys:?}").contains("wJalr"));
        /// assert_eq!(keys.secret_access_key.expose(), "wJalrXUtnFEMI");
        /// # let _: &Secret = &keys.secret_access_key;
        /// ```
        ///
        /// # What may be printed
        ///
        /// Errors, outputs, inputs, clients, builders and `explain` may be logged. An `http::Request` or `http::Response` may not: its
        /// `Debug` prints what it holds, a form with secret members or a document with keys. That concerns transports of your own, and
        /// what [`sign`](crate::Client::sign) and [`presign`](crate::Client::presign) return.
        ///
        /// # What leaves the machine
        ///
        /// Requests go to the endpoint that the settings name, with TLS if the URL is `https`, and nowhere else; redirects are not
        /// followed. A variable or a shared file can name another endpoint, a proxy or a program to run: write access to them is as
        /// good as the credentials. A program that runs with more rights than its caller, such as one with the setuid bit, uses
        /// [`Builder::isolated`](crate::Builder::isolated).
        ///
        /// # What comes in
        ///
        /// Answers are bounded in size, depth and time, and a document type declaration is refused. The text of a server's error is
        /// shown in one line, and withheld where it quotes a secret of the call.
        ///
        /// # Least power
        ///
        /// Ask for what the task needs. A session can be made smaller than its role, and shorter:
        ///
        /// ```no_run
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::Client;")]
        #[doc = concat!("use ", $client, "::operations::AssumeRole;")]
        ///
        /// let sts = Client::from_env()?;
        /// let read_only = "arn:aws:iam::aws:policy/ReadOnlyAccess";
        /// let role = "arn:aws:iam::123456789012:role/demo";
        /// let role = AssumeRole::new(role, "report")
        ///     .policy_arns([read_only])
        ///     .duration_seconds(900);
        #[doc = concat!("let keys = sts.assume_role(role)", $wait, "?.credentials;")]
        /// # let _ = keys;
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # Proofs
        ///
        /// A [proof](crate::guide::proofs) is as good as a password for 15 minutes. A service that takes one demands an audience, names the
        /// accounts that it trusts, and remembers what it has seen.
        pub mod security {}
    };
}
