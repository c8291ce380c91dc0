//! What code may set, said once: the lists of setters, and what is made of them. `Settings`, `Config` and the builders of
//! the drivers have the same setters with the same documentation.

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

/// The setters of a client's `Config` beside those of its `Settings`.
#[doc(hidden)]
#[macro_export]
macro_rules! config_setters {
    ($expand:ident [$($with:tt)*]) => {
        $crate::$expand! { [$($with)*]
            /// The variables to look in, in place of the process's own: for tests, and for programs that act for others. A
            /// program that a profile names in `credential_process` runs with the environment of this process all the
            /// same.
            fn env(this, env: $crate::settings::Env) {
                this.looks = Looks::InEnvironment { env, traced: false, look };
            }

            /// Uses this profile of the shared files, whatever `AWS_PROFILE` says. It goes before keys in the environment,
            /// which are passed over.
            fn profile(this, name: impl Into<String>) {
                this.profile = Some(name.into());
            }

            /// All settings at once, in place of those made so far. What they do not set is looked for as before.
            fn settings(this, settings: $crate::settings::Settings) {
                this.settings = settings;
            }

            /// The keys to sign with, such as those that an operation returned. They are used as they are, and never
            /// fetched anew; of these and a provider the last that is set counts.
            fn credentials(this, credentials: impl Into<$crate::Credentials>) {
                this.provided = false;
                this.settings = this.settings.credentials(credentials);
            }

            /// Whether to share sessions of roles and of IAM Identity Center with the AWS CLI, in its cache `~/.aws/cli/cache`: see
            /// `credentials::CliCache` of `sts_proto`. They are then kept on the disk, where only their owner may read them.
            /// So are sessions that an `AssumeRoleProvider` begins by way of this client: a program that acts for many tenants leaves
            /// this off. Off by default. An isolated client shares none, since it looks in no file.
            ///
            /// The name of a file is a SHA-1 of what the session was asked for with: role, session name, external id, policies,
            /// tags and so on, and the token of a web identity. It shows none of these, but lets anyone who can list the folder
            /// check a guess. The file holds the keys and all else that the service answered, as that of the AWS CLI does.
            fn share_cli_cache(this, on: bool) {
                this.cli_cache = on.then_some(CliCache::of_cli);
            }

            /// Tells this of each attempt of a call once it has ended, those of roles included that are assumed for
            /// credentials: for metrics and logs, without `tracing`. It runs in the thread or task that drives the call, which
            /// waits for it.
            fn on_attempt(this, hook: impl Fn(&$crate::AttemptEnd<'_>) + Send + Sync + 'static) {
                this.observer = Some(Observer::new(hook));
            }

            /// For tests: goes by this clock, and not by the machine's.
            #[cfg(feature = "testing")]
            fn clock(this, clock: &$crate::testing::Clock) {
                this.fixed.clock = Some(clock.clone());
            }

            /// For tests: names calls and spreads waits with these, and not with random numbers.
            #[cfg(feature = "testing")]
            fn seeds(this, seeds: &$crate::testing::Seeds) {
                this.fixed.seeds = Some(seeds.clone());
            }

            /// The client is there to give credentials, and may never call anything: that no endpoint can be made of the
            /// settings, as where no region is set, is no error before a call needs one.
            fn credentials_only(this) {
                this.credentials_only = true;
            }

            /// No keys, whatever environment and files say: for operations that are sent unsigned.
            fn without_credentials(this) {
                this.provided = false;
                this.settings = this.settings.without_credentials();
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
