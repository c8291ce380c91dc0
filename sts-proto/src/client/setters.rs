//! What code may set of a client, said once for its `Config` and for the builders of the drivers.

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
            /// which are passed over. For a client that reads no files, an isolated one or one in a web page, it is an error of
            /// `build`.
            fn profile(this, name: impl Into<String>) {
                this.profile = Some(Sourced::in_code(name.into()));
            }

            /// Says which arguments of this program set what was set here so far: `argument` gives the name of one for the name
            /// of a setting, as `explain` lists it. People who use a program know its arguments and not its code, so errors and
            /// `explain` name these. Credentials, certificates and proxies stay as they are.
            fn of_program(this, argument: impl Fn(&str) -> &'static str) {
                this.profile = this.profile.map(|profile| profile.by_argument(argument("profile")));
                this.settings = this.settings.of_program(argument);
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

/// The setters of a driver's builder that has its `Config` in the field `$field`.
#[doc(hidden)]
#[macro_export]
macro_rules! builder_setters {
    ($field:ident) => {
        $crate::settings_setters!(set_in_field[$field]);
        $crate::config_setters!(set_in_field[$field]);
    };
}
