//! What code may set, said once: the list of the setters of `Settings`, and what is made of such a list. `Config` and the
//! builders of the drivers have the same setters with the same documentation.

/// The setters of `Settings`. `$expand` is one of the macros below.
#[doc(hidden)]
#[macro_export]
macro_rules! settings_setters {
    ($expand:ident [$($with:tt)*]) => {
        $crate::$expand! { [$($with)*]
            /// The region to call, and to sign for.
            fn region(this, region: impl Into<String>) {
                this.region = Sourced::in_code(Some(region.into()));
            }

            /// Where to send requests instead of AWS's endpoint: `http://` or `https://`, host, and if need be port and
            /// path.
            fn endpoint_url(this, url: impl Into<String>) {
                this.endpoint_url = Sourced::in_code(Some(url.into()));
            }

            /// AWS's endpoint, whatever environment and files say.
            fn without_endpoint_url(this) {
                this.endpoint_url = Sourced::in_code(None);
            }

            /// Whether to use the endpoint with FIPS 140 validated cryptography.
            fn use_fips_endpoint(this, on: bool) {
                this.use_fips_endpoint = Sourced::in_code(on);
            }

            /// Whether to use the endpoint that is reached over IPv6 too.
            fn use_dualstack_endpoint(this, on: bool) {
                this.use_dualstack_endpoint = Sourced::in_code(on);
            }

            /// Whether the regions that are older than regional endpoints use `sts.amazonaws.com`.
            fn use_global_endpoint(this, on: bool) {
                this.use_global_endpoint = Sourced::in_code(on);
            }

            /// What the user agent says of the application, at most 50 characters.
            fn app_id(this, app_id: impl Into<String>) {
                this.app_id = Sourced::in_code(Some(app_id.into()));
            }

            /// Whether operations are signed with Signature Version 4a, which is valid in several regions. Proofs of
            /// identity and tokens of other services are signed as their readers expect.
            #[cfg(feature = "sigv4a")]
            fn use_sigv4a(this, on: bool) {
                this.use_sigv4a = Sourced::in_code(on);
            }

            /// The regions in which a Signature Version 4a is valid: names that commas separate, or `*` for all. The
            /// client's region by default.
            #[cfg(feature = "sigv4a")]
            fn signing_region_set(this, regions: impl Into<String>) {
                this.signing_region_set = Sourced::in_code(Some(regions.into()));
            }

            /// How long things may take: 3.1 s to connect, 10 s for an attempt, 60 s for a whole call by default. A call
            /// includes what finding region and credentials takes.
            fn timeouts(this, timeouts: $crate::Timeouts) {
                this.timeouts = Sourced::in_code(timeouts);
            }

            /// How calls are retried: three attempts by default.
            fn retry(this, retry: $crate::Retry) {
                this.retry = retry;
                this.retry_mode_origin = Origin::Code;
                this.max_attempts_origin = Origin::Code;
            }

            /// Trusts these root certificates, whatever `AWS_CA_BUNDLE` and `ca_bundle` in the profile say. By default
            /// Mozilla's are trusted, which the feature `webpki-roots` of the drivers compiles in; or the platform's, in a
            /// build whose only TLS is `native-tls`. A transport of the program's own ignores this, as the other settings
            /// of TLS and proxies.
            fn roots(this, roots: $crate::settings::Roots) {
                this.tls = this.tls.with_roots(roots);
            }

            /// Trusts exactly these root certificates, in PEM: `Roots::Pem`.
            fn ca_bundle(this, pem: impl Into<Vec<u8>>) {
                this.tls = this.tls.with_roots($crate::settings::Roots::Pem(pem.into()));
            }

            /// Trusts these root certificates, in PEM, besides. May be called several times.
            fn extra_roots(this, pem: impl Into<Vec<u8>>) {
                this.tls = this.tls.with_extra_roots(pem);
            }

            /// Shows this certificate to servers that ask for one: the chain, the client's own certificate first, and its
            /// private key, both in PEM. With `native-tls` the key has to be PKCS #8 (`BEGIN PRIVATE KEY`).
            fn client_certificate(this, chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) {
                this.tls = this.tls.with_client_certificate(chain, key);
            }

            /// Uses this proxy for all hosts, whatever `NO_PROXY` says: `http://user:password@host:port` or `https://…`.
            /// User and password are optional, and percent-encoded where need be. The proxy is asked for a tunnel
            /// (`CONNECT`), for `http` endpoints too, so that it sees host and port and nothing else.
            fn proxy(this, url: impl AsRef<str>) {
                this.proxies = $crate::settings::proxy::Proxies::all(url.as_ref());
            }

            /// Uses no proxy, whatever the environment says.
            fn no_proxy(this) {
                this.proxies = Ok($crate::settings::proxy::Proxies::none());
            }
        }
    };
}

/// Setters that do what the list says.
#[doc(hidden)]
#[macro_export]
macro_rules! set_here {
    ([] $($(#[$doc:meta])* fn $name:ident($this:ident $(, $arg:ident: $type:ty)*) $body:block)*) => {
        $(
            $(#[$doc])*
            pub fn $name(self $(, $arg: $type)*) -> Self {
                let mut $this = self;
                $body
                $this
            }
        )*
    };
}

/// Setters that pass on what they are given to the field of this name.
#[doc(hidden)]
#[macro_export]
macro_rules! set_in_field {
    ([$field:ident] $($(#[$doc:meta])* fn $name:ident($this:ident $(, $arg:ident: $type:ty)*) $body:block)*) => {
        $(
            $(#[$doc])*
            pub fn $name(mut self $(, $arg: $type)*) -> Self {
                self.$field = self.$field.$name($($arg),*);
                self
            }
        )*
    };
}
