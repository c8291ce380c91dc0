#[doc(hidden)]
#[macro_export]
macro_rules! guide_errors {
    ($client:literal, $asynchronous:literal, $wait:literal) => {
        /// What an error says to a person and to a program, and what to do about it.
        ///
        /// # For a person
        ///
        /// Every error is one line: what was tried, what came of it, the request id. It holds no secret and no body, so it may be
        /// logged and shown. Causes below it, such as those of the operating system, are behind `source()`.
        ///
        /// ```text
        /// AssumeRole was refused: AccessDenied: … (http 403, request id 1d2f…)
        /// ```
        ///
        /// That line is what `Display` prints. A `main` that returns a `Result` prints `Debug`, which is for programmers, so a program
        /// prints the error itself:
        ///
        /// ```no_run
        #[doc = concat!("# fn program() -> Result<(), ", $client, "::Error> { Ok(()) }")]
        /// fn main() {
        ///     if let Err(error) = program() {
        ///         eprintln!("{error}");
        ///         std::process::exit(1);
        ///     }
        /// }
        /// ```
        ///
        /// # For a program
        ///
        /// [`code`](crate::Error::code) is the code of the service, also where the refused call was one that the client made to get
        /// credentials. Codes that have no variant are `Other`, with their text. `None` is everything else: a
        /// refusal without a code, such as a proxy's, no credentials, no answer, an answer that cannot be read, and what was not
        /// sent; the table below tells them apart.
        ///
        /// ```no_run
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::operations::AssumeRole;")]
        #[doc = concat!("use ", $client, "::{Client, ErrorCode};")]
        ///
        /// let sts = Client::from_env()?;
        /// let role = "arn:aws:iam::123456789012:role/demo";
        #[doc = concat!("let called = sts.assume_role(AssumeRole::new(role, \"build-42\"))", $wait, ";")]
        /// match called {
        ///     Ok(output) => println!("{}", output.credentials.access_key_id),
        ///     Err(error) => match error.code() {
        ///         Some(ErrorCode::AccessDenied) => println!("not trusted: {role}"),
        ///         Some(ErrorCode::RegionDisabledException) => {
        ///             println!("activate STS in this region");
        ///         }
        ///         Some(code) => println!("{}: {error}", code.as_str()),
        ///         None => println!("no code: {error}"),
        ///     },
        /// }
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// A code is compared with its name too, and each kind has a test or a variant:
        ///
        /// ```
        #[doc = concat!("use ", $client, "::Error;")]
        ///
        /// fn advice(error: &Error) -> &'static str {
        ///     if error.is_not_configured() {
        ///         return "configure credentials";
        ///     }
        ///     if error.code().is_some_and(|code| code == "AccessDenied") {
        ///         return "ask for the permission";
        ///     }
        ///     // Of the call, or of one for its credentials, such as a role's.
        ///     if error.as_service_error().is_some() {
        ///         return "see the code";
        ///     }
        ///     if error.as_transport_error().is_some() {
        ///         return "no answer: see the network";
        ///     }
        ///     match error {
        ///         Error::Response(_) => "the endpoint is not an STS",
        ///         _ => "not sent: see the settings",
        ///     }
        /// }
        /// # let _ = advice;
        /// ```
        ///
        /// The variants `Service` and `Transport` are of the call itself. In a client of a role
        /// ([`in_role`](crate::Client::in_role), [`RoleSessions`](crate::RoleSessions)), a refused or unanswered `AssumeRole` is
        /// `Credentials`, and [`as_service_error`](crate::Error::as_service_error),
        /// [`as_transport_error`](crate::Error::as_transport_error), `code` and `retry_class` find it there.
        ///
        /// # For a server's own status
        ///
        /// A server that calls STS for its callers, with a client of its own or of a role, answers them with a status:
        ///
        /// ```
        #[doc = concat!("use ", $client, "::{Error, ErrorCode, RetryClass};")]
        ///
        /// fn status(error: &Error) -> u16 {
        ///     match error.code() {
        ///         Some(ErrorCode::AccessDenied) => return 403,
        ///         Some(ErrorCode::ValidationError) => return 400,
        ///         _ => {}
        ///     }
        ///     if error.retry_class() == RetryClass::Throttling {
        ///         return 429;
        ///     }
        ///     if error.is_timeout() {
        ///         return 504;
        ///     }
        ///     // Of the call, or of one for its credentials.
        ///     let refused = error.as_service_error().is_some();
        ///     match refused || error.as_transport_error().is_some() {
        ///         true => 502,
        ///         false => 500,
        ///     }
        /// }
        #[doc = concat!("# use ", $client, "::{CredentialsError, Phase, TransportErrorKind};")]
        /// # for (kind, expected) in [
        /// #     (TransportErrorKind::Timeout(Phase::Body), 504),
        /// #     (TransportErrorKind::Refused, 502),
        /// # ] {
        /// #     let error = sts_proto::TransportError::from(kind).into();
        /// #     let role = CredentialsError::met_by("a role", error);
        /// #     assert_eq!(status(&role.into()), expected);
        /// # }
        /// ```
        ///
        /// # Which error asks for what
        ///
        /// | [`Error`](crate::Error) | what to do |
        /// |---|---|
        /// | `Settings` | mend the variable, or the line of the file, that it names, or match its [`kind`](crate::SettingsError::kind); nothing was sent |
        /// | `Endpoint` | mend the region or the URL, where the error says that it stands; nothing was sent |
        /// | `Credentials(NotConfigured)` | configure a source; the error lists those that were looked at |
        /// | `Credentials(Failed)` | mend the source that it names; no other is asked |
        /// | `Transport` | look at [`kind`](crate::TransportError::kind): host, firewall, proxy, certificate, time-out |
        /// | `Service` | look at the code; [`retry_class`](crate::Error::retry_class) says whether time may help |
        /// | `Response` | check that the endpoint is an STS, and no proxy or web page between |
        /// | `Sign`, `Proof` | correct the argument that it names |
        /// | `OutOfTurn` | only a driver of your own can cause it: see [embedding](crate::guide::embedding) |
        ///
        /// # What is checked where
        ///
        /// Before a request is sent: the settings, the region and the endpoint by `build`, and the keys when the request is signed.
        /// Lengths, ranges and patterns of an operation's members are checked by the service alone, which may change them: it refuses
        /// what it does not take, mostly with [`ValidationError`](crate::ErrorCode::ValidationError). Setters take every integer, and
        /// for seconds a `Duration`; one that is too large for the member becomes the largest that it can hold, rather than a small
        /// one: see [`IntoMember`](sts_proto::IntoMember).
        ///
        /// # For a log or a metric
        ///
        /// [`error_type`](crate::Error::error_type) is short and of few values: the service's code, or what the transport met with.
        /// [`request_id`](crate::Error::request_id) is what AWS asks for.
        ///
        /// ```no_run
        /// # fn log(_: &str, _: Option<&str>, _: u32) {}
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::Client;")]
        ///
        /// let sts = Client::from_env()?;
        #[doc = concat!("if let Err(error) = sts.get_caller_identity()", $wait, " {")]
        ///     log(error.error_type(), error.request_id(), error.attempts());
        /// }
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// With the feature `tracing` that is there already: a span for each call, an event for each attempt and each fetch of
        /// credentials; see [Traces](sts_proto::client#traces).
        ///
        /// # Expired credentials
        ///
        /// A call that is refused since its credentials have expired is sent again with others, so a program that uses a client sees
        /// `ExpiredToken` only where there are no others: keys that were given in code, or a login that a person has to renew.
        /// [`says_credentials_expired`](crate::Error::says_credentials_expired) tells it from other refusals.
        ///
        /// # Denied, and nothing says why
        ///
        /// Some services add an encoded message to `AccessDenied`.
        /// [`decode_authorization_message`](crate::Client::decode_authorization_message) turns it into the policy that decided. The
        /// caller needs a permission for it.
        pub mod errors {}
    };
}
