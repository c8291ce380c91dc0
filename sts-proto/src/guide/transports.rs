#[doc(hidden)]
#[macro_export]
macro_rules! guide_transports {
    ($client:literal, $asynchronous:literal, $wait:literal) => {
        /// How requests travel: connections, proxies, certificates, and HTTP of your own.
        ///
        /// # What is there
        ///
        /// The client keeps connections alive and shares them among its clones. Redirects are never followed, and certificates always
        /// verified. What a proxy and a certificate have to be like is in
        /// [What every client does](sts_proto::client#proxies).
        ///
        /// # A proxy
        ///
        /// `HTTPS_PROXY` and its like are obeyed. In code:
        ///
        /// ```no_run
        #[doc = concat!("# fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::Client;")]
        ///
        /// let proxy = "http://user:password@proxy.example.com:3128";
        /// let through = Client::builder().proxy(proxy).build()?;
        /// let direct = Client::builder().no_proxy().build()?;
        /// # let _ = (through, direct);
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # Certificates
        ///
        /// ```no_run
        /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
        #[doc = concat!("use ", $client, "::{Client, Roots};")]
        ///
        /// // A server inside the company, beside the usual roots.
        /// let ca = std::fs::read("/etc/pki/company.pem")?;
        /// let inside = Client::builder().extra_roots(ca).build()?;
        ///
        /// // Exactly these, read again when TLS fails.
        /// let file = Roots::File("/etc/pki/bundle.pem".into());
        /// let bundle = Client::builder().roots(file).build()?;
        ///
        /// // A gateway that wants to know its callers.
        /// let chain = std::fs::read("/etc/pki/client.pem")?;
        /// let key = std::fs::read("/etc/pki/client.key")?;
        /// let known = Client::builder().client_certificate(chain, key).build()?;
        /// # let _ = (inside, bundle, known);
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// Which library does TLS is a feature of the crate: `ring` (the default), `aws-lc`, or `native-tls`.
        ///
        /// # Endpoints
        ///
        /// The region decides where requests go. FIPS, dual stack and the global endpoint are settings; any other server is a URL,
        /// which may have a port and a path:
        ///
        /// ```no_run
        #[doc = concat!("# fn example() -> Result<(), ", $client, "::Error> {")]
        #[doc = concat!("use ", $client, "::Client;")]
        ///
        /// let fips = Client::builder()
        ///     .region("us-gov-west-1")
        ///     .use_fips_endpoint(true)
        ///     .build()?;
        /// let own = Client::builder()
        ///     .region("eu-west-1")
        ///     .endpoint_url("https://rgw.example.com:8443/sts")
        ///     .build()?;
        /// # let _ = (fips, own);
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # HTTP of your own
        ///
        /// Anything that turns an `http::Request` into an `http::Response` can carry the requests: implement
        /// [`Transport`](crate::Transport), or write a closure, and give it to
        /// [`Builder::transport`](crate::Builder::transport). It keeps the two time-outs that it is given, follows no redirect, and
        /// reads at most 1 MiB; retries and everything else stay where they are. The settings of proxies and certificates above are
        /// then its own affair. `sts-async` also takes any `tower` service, with `Builder::tower_service`, and its example `reqwest`
        /// sends with the client of that crate.
        pub mod transports {}
    };
}
