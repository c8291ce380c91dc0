#[doc(hidden)]
#[macro_export]
macro_rules! guide_proofs {
    ($client:literal, $asynchronous:literal, $wait:literal) => {
        /// How to prove to other services who the caller is, and how to check such a proof.
        ///
        /// # Make one
        ///
        /// Many services take a signed `GetCallerIdentity` as a login, each in a form of its own. [`proof`](crate::proof) has them
        /// all, and [`token`](crate::token) has the passwords of databases and caches, which are signed likewise.
        ///
        /// ```no_run
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::Client;")]
        #[doc = concat!("use ", $client, "::proof::{Eks, Vault};")]
        ///
        /// let sts = Client::from_env()?;
        /// // `Authorization: Bearer …` for a Kubernetes cluster of EKS.
        #[doc = concat!("let token = sts.prove(&Eks::new(\"my-cluster\"))", $wait, "?;")]
        /// // A body to be posted to `v1/auth/aws/login`.
        /// let vault = Vault::new("dev-role").server_id("vault.example.com");
        #[doc = concat!("let body = sts.prove(&vault)", $wait, "?;")]
        /// # let _ = (token, body);
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// Nothing is sent for it. A proof is a secret: until it is 15 minutes old, its holder is the caller, whatever lifetime it
        /// names. Hand it over through TLS, a pipe or a file, and never put it on a command line.
        ///
        /// # For a service of your own
        ///
        /// The shortest proof is a token as EKS takes it, with the name of the service in place of a cluster's: one that no cluster
        /// has, such as its host. It is one text, for `Authorization: Bearer …`, and the service checks it with `Verifier::eks` of
        /// the same name:
        ///
        /// ```no_run
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::Client;")]
        #[doc = concat!("use ", $client, "::proof::Eks;")]
        ///
        /// let sts = Client::from_env()?;
        #[doc = concat!("let proof = sts.prove(&Eks::new(\"billing.example.com\"))", $wait, "?;")]
        /// let header = format!("Bearer {}", proof.token.expose());
        /// # let _ = header;
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// Where a body suits better than a bearer token, [`Audience`](crate::proof::Audience) makes JSON to be posted. It names the
        /// service in a signed header of your choice, so that another service that gets the proof cannot use it:
        ///
        /// ```no_run
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::Client;")]
        #[doc = concat!("use ", $client, "::proof::Audience;")]
        ///
        /// let sts = Client::from_env()?;
        /// let service = "billing.example.com";
        /// let login = Audience::new("x-example-audience", service);
        #[doc = concat!("let body = sts.prove(&login)", $wait, "?;")]
        /// # let _ = body;
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// For any other form, hand over method, URL, headers and body of what [`sign`](crate::Client::sign) makes of
        /// `GetCallerIdentity` and such a header. The service makes an `http::Request` of them again.
        ///
        /// # Check one
        ///
        /// The service has the verifier make a request to STS, which needs no credentials; the answer says who has signed:
        ///
        /// ```no_run
        #[doc = concat!("# ", $asynchronous, "fn example(body: &[u8], bearer: &str) {")]
        #[doc = concat!("use ", $client, "::Client;")]
        #[doc = concat!("use ", $client, "::proof::verify::Verifier;")]
        ///
        /// let sts = Client::builder().without_credentials().build().unwrap();
        /// let me = Verifier::audience("x-example-audience", "billing.example.com");
        /// // Of these accounts alone, and each proof once.
        /// let me = me.unwrap().accounts(["123456789012"]).remember(10_000);
        ///
        /// // The JSON. For a request in any other form: `me.http_request`.
        #[doc = concat!("match sts.run(me.request(body))", $wait, " {")]
        ///     Ok(who) => println!("{} of {}", who.unique_id, who.account),
        ///     Err(reason) if reason.is_transient() => println!("try again"),
        ///     Err(reason) => println!("refused: {reason}"),
        /// }
        ///
        /// // The token.
        /// let tokens = Verifier::eks("billing.example.com").unwrap();
        /// let tokens = tokens.accounts(["123456789012"]).remember(10_000);
        #[doc = concat!("let who = sts.run(tokens.token(bearer))", $wait, ";")]
        /// # let _ = who;
        /// # }
        /// ```
        ///
        /// No other URL than such a token is a proof to a verifier: one that `Client::presign` makes is refused.
        ///
        /// Permissions belong to `unique_id` and `account` together: a name can be given again to another role. The
        /// [rules of the verifier](crate::proof::verify#the-rules) each name the attack that made them necessary. The example `let_in`
        /// of the repository is both sides in one program.
        ///
        /// # A URL
        ///
        /// [`presign`](crate::Client::presign) makes any operation a URL, which its holder can send until its lifetime is over, 7 days
        /// at most. It holds every member and the session token in plain text.
        ///
        /// ```no_run
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        /// use std::time::Duration;
        #[doc = concat!("use ", $client, "::operations::GetCallerIdentity;")]
        #[doc = concat!("use ", $client, "::{Client, Presign};")]
        ///
        /// let sts = Client::from_env()?;
        /// let minute = Presign::new(Duration::from_secs(60));
        /// let operation = GetCallerIdentity::new();
        #[doc = concat!("let request = sts.presign(&operation, &minute)", $wait, "?;")]
        /// println!("{} {}", request.method(), request.uri());
        /// # Ok(())
        /// # }
        /// ```
        pub mod proofs {}
    };
}
