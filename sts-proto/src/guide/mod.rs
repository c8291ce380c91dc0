//! The guide, which both drivers show in their documentation, each with its own code: a chapter a file. In a chapter,
//! `$client` is the name of the driver's crate, and `$asynchronous` and `$wait` are `async ` and `.await`, or nothing.

mod credentials;
mod embedding;
mod errors;
mod proofs;
mod retries;
mod security;
mod testing;
mod timeouts;
mod transports;

/// The guide of a driver. It is there for rustdoc alone.
#[doc(hidden)]
#[macro_export]
macro_rules! guide {
    ($($driver:tt),*) => {
        /// How to do what programs do with this client. All code in it is compiled.
        ///
        /// 1. [`credentials`](crate::guide::credentials): where they come from, how they stay fresh, and how others get them
        /// 2. [`retries`](crate::guide::retries): which failures are repeated, and how to change that
        /// 3. [`timeouts`](crate::guide::timeouts): how long a call may take
        /// 4. [`errors`](crate::guide::errors): what they say to a person and to a program
        /// 5. [`testing`](crate::guide::testing): without AWS and without a network
        /// 6. [`transports`](crate::guide::transports): connections, proxies, certificates, endpoints, and HTTP of your own
        /// 7. [`proofs`](crate::guide::proofs): who the caller is, to other services
        /// 8. [`embedding`](crate::guide::embedding): in a library, in an event loop, with the actions of other servers
        /// 9. [`security`](crate::guide::security): what is secret, and what a program has to do itself
        ///
        /// The rules behind it, with all numbers: [What every client does](sts_proto::client#what-every-client-does).
        /// Every variable and key of the shared files: README of the repository.
        #[cfg(any(doc, doctest))]
        pub mod guide {
            $crate::guide_credentials!($($driver),*);
            $crate::guide_retries!($($driver),*);
            $crate::guide_timeouts!($($driver),*);
            $crate::guide_errors!($($driver),*);
            $crate::guide_testing!($($driver),*);
            $crate::guide_transports!($($driver),*);
            $crate::guide_proofs!($($driver),*);
            $crate::guide_embedding!($($driver),*);
            $crate::guide_security!($($driver),*);
        }
    };
}
