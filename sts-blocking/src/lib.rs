//! [guide]: crate::guide
//! [proto]: sts_proto
//! [rules]: sts_proto::client#what-every-client-does
#![doc = include_str!("../README.md")]
// Labels what a feature brings, on docs.rs.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(test),
    warn(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

mod bell;
mod builder;
mod client;
mod effects;
#[cfg(test)]
#[cfg_attr(not(any(feature = "native-tls", feature = "_rustls")), allow(dead_code))]
mod loopback;
mod methods;
mod provider;
mod pump;
mod roles;
#[cfg(feature = "testing")]
pub mod testing;
mod transport;

pub use builder::Builder;
pub use client::Client;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub use effects::prepare_programs;
#[cfg(all(unix, feature = "cli"))]
#[doc(hidden)]
pub use effects::{Watch, signal_program, watch_programs};
pub use provider::CredentialsProvider;
pub use roles::{
    AssumeRoleProvider, RoleSessions, SourceProvider, WebIdentityProvider, WebIdentityTokenProvider,
};
#[cfg(feature = "serde")]
#[doc(no_inline)]
pub use sts_proto::serde;
pub use sts_proto::settings::{Roots, TlsSettings};
pub use sts_proto::{
    self, Attempt, AttemptEnd, Context, Credentials, CredentialsError, EndpointError, Error, ErrorCode,
    Fault, Flow, Metadata, NoCredentials, Operation, Phase, Presign, ProviderError, ResponseError,
    ResponseProblem, Retry, RetryClass, Secret, SendTimeouts, ServiceError, Settings, SettingsError,
    SettingsErrorKind, SignError, Timeouts, TransportError, TransportErrorKind, bytes, dialects, http, proof,
    token, types,
};
pub use transport::{Transport, UreqTransport};

pub use methods::operations;

sts_proto::guide!("sts_blocking", "", "");
