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
// One thread: there, nothing is sent anywhere.
#![cfg_attr(all(target_family = "wasm", target_os = "unknown"), allow(clippy::arc_with_non_send_sync))]

mod builder;
mod carrier;
mod client;
#[cfg_attr(all(target_family = "wasm", target_os = "unknown"), path = "web/effects.rs")]
mod effects;
mod methods;
mod provider;
mod pump;
mod roles;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod tower_service;
#[cfg_attr(all(target_family = "wasm", target_os = "unknown"), path = "web/fetch.rs")]
mod transport;

pub use builder::Builder;
pub use carrier::{Transport, TransportFuture};
pub use client::Client;
pub use provider::{CredentialsFuture, CredentialsProvider};
pub use roles::{
    AssumeRoleProvider, RoleSessions, SourceProvider, WebIdentityProvider, WebIdentityTokenProvider,
};
pub use sts_proto::perform::{BoxFuture, MaybeSend, MaybeSync};
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
pub use transport::*;

pub use methods::operations;

sts_proto::guide!("sts_async", "async ", ".await");
