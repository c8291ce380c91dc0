//! What both drivers take from the process that they run in, said once.

/// The environment, the clock, and numbers that differ. The driver names the module of the environment, since the core has
/// none.
#[doc(hidden)]
#[macro_export]
macro_rules! common_process_calls {
    ($($env:ident)::*) => {
        pub(crate) const IN_PAGE: bool = false;

        /// What a client is made with to which code says nothing.
        pub(crate) fn config() -> $crate::client::Config {
            $crate::client::Config::of_process(environment())
        }

        /// The environment of this process, as it is now.
        pub(crate) fn environment() -> $crate::settings::Env {
            $crate::settings::Env::from_iter($($env)::*::vars_os()).or_home($($env)::*::home_dir())
        }

        /// By this machine's clock.
        pub(crate) fn now() -> ::std::time::SystemTime {
            ::std::time::SystemTime::now()
        }

        /// A number that no other call has. The standard library keys its hashers at random; what they make of nothing is
        /// good enough to name a call and to spread waits, and nothing else is made of it: no key, no nonce, no secret.
        pub(crate) fn seed() -> u128 {
            use ::std::hash::{BuildHasher, Hasher, RandomState};

            let half = || u128::from(RandomState::new().build_hasher().finish());
            half() << 64 | half()
        }
    };
}
