#[doc(hidden)]
#[macro_export]
macro_rules! guide_embedding {
    ($client:literal, $asynchronous:literal, $wait:literal) => {
        /// How to use the client inside a library, and the protocol without the client.
        ///
        /// # In a library
        ///
        /// Take a client from the caller rather than making one: the caller has decided about region, credentials, proxies and
        /// time-outs, and its other calls share connections and credentials with yours. A client is cheap to clone. Where credentials
        /// are all that you need, take a provider, which a client is as well:
        ///
        /// ```
        #[doc = concat!("use ", $client, "::{Client, CredentialsProvider};")]
        ///
        /// pub struct Uploader {
        ///     sts: Client,
        /// }
        ///
        /// impl Uploader {
        ///     pub fn new(sts: Client) -> Self {
        ///         Self { sts }
        ///     }
        ///
        ///     /// Uploads with other credentials than the client's own.
        ///     pub fn acting_for(&self, keys: impl CredentialsProvider) -> Self {
        ///         Self { sts: self.sts.with_credentials_provider(keys) }
        ///     }
        /// }
        /// # let _ = Uploader::new;
        /// ```
        ///
        /// # In a process
        ///
        /// A process that forks makes its clients after the fork. `sts-blocking` fetches credentials on a thread of its own, and
        /// `sts-async` in a task: a client belongs to the runtime that it is used on, and a program with several runtimes has one for
        /// each. The first pages of both crates say more.
        ///
        /// # In a web page
        ///
        /// `sts-async` is the same client in web pages, workers and Node.js (`wasm32-unknown-unknown`), where `fetch` sends its
        /// requests. Its first page says what a page does not have.
        ///
        /// # Without the driver
        ///
        /// Everything that decides is in [`sts_proto`](crate::sts_proto), which does no I/O:
        ///
        /// - **values**: an operation makes an `http::Request`, [`sigv4`](sts_proto::sigv4) signs it, and the operation reads the
        ///   response;
        /// - **flows**: a call, a fetch of credentials, or [a whole client](sts_proto::client) is stepped by your event loop, which
        ///   performs one effect after the other and passes in the time.
        ///
        /// The [first page of `sts_proto`](sts_proto) shows both. The page of [`client`](sts_proto::client) makes a
        /// [`Core`](sts_proto::client::Core), which is a client without its driver, and says how its jobs are done: they fetch
        /// credentials and the region beside the calls. The example `loop` of `sts-proto` is a loop in virtual time, those of
        /// `sts-blocking` have sockets: `event_loop` looks at all in turn, and `mio` sleeps until one is ready.
        ///
        /// A client runs flows too. [`Client::run`](crate::Client::run) drives any of them, such as a verifier's or one of your own.
        ///
        /// # An action of another server
        ///
        /// Servers that speak the protocol have actions that AWS does not have. Those of MinIO and SeaweedFS are in
        /// [`dialects`](crate::dialects), and [`Client::send`](crate::Client::send) takes them:
        ///
        /// ```no_run
        #[doc = concat!("# ", $asynchronous, "fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::dialects::minio::AssumeRoleWithLdapIdentity;")]
        #[doc = concat!("use ", $client, "::Client;")]
        ///
        /// let minio = Client::builder()
        ///     .endpoint_url("https://minio.example.net:9000")
        ///     .build()?;
        /// let login = AssumeRoleWithLdapIdentity::new("alice", "correct horse");
        #[doc = concat!("let keys = minio.send(login)", $wait, "?.credentials;")]
        /// # let _ = keys;
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// Any other is a file in your crate: the input, the output, and how they belong together.
        ///
        /// ```
        #[doc = concat!("use ", $client, "::sts_proto::{input, output};")]
        #[doc = concat!("use ", $client, "::{Credentials, Operation, Secret};")]
        ///
        /// input! {
        ///     /// Returns temporary keys for a badge and its number.
        ///     pub struct AssumeRoleWithBadge {
        ///         /// What is printed on the badge.
        ///         badge: String = "Badge",
        ///         /// The number.
        ///         number: Secret = "Number",
        ///         ..
        ///         /// Lifetime in seconds.
        ///         duration_seconds: u32 = "DurationSeconds",
        ///     }
        /// }
        ///
        /// output! {
        ///     /// What it returns.
        ///     pub struct Output {
        ///         /// The temporary keys.
        ///         credentials: Credentials = "Credentials",
        ///     }
        ///     metadata
        /// }
        ///
        /// impl Operation for AssumeRoleWithBadge {
        ///     const ACTION: &'static str = "AssumeRoleWithBadge";
        ///     const SIGNED: bool = false;
        ///     type Output = Output;
        /// }
        /// ```
        pub mod embedding {}
    };
}
