#![doc = include_str!("../README.md")]
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

mod builder;
mod client;
mod connector;
mod credentials;
mod effects;
mod engine;
mod error;
mod flight;
mod lookup;
mod methods;
mod proxy;
mod quiet;
mod region;
#[cfg(test)]
mod testing;
mod tls;
mod trace;
mod transport;

pub use builder::Builder;
pub use client::Client;
pub use credentials::{AssumeRoleProvider, ChainProvider, CredentialsProvider, WebIdentityProvider};
pub use sts_proto;
pub use sts_proto::{
    Attempt, Context, Credentials, CredentialsError, EndpointError, Error, ErrorCode, Fault, Flow, Metadata,
    NoCredentials, Operation, Phase, Presign, ProviderError, ResponseError, ResponseProblem, Retry,
    RetryClass, Secret, SendTimeouts, ServiceError, Settings, SettingsError, SignError, Timeouts,
    TransportError, TransportErrorKind, bytes, http, operations, types,
};
pub use transport::{Transport, UreqTransport};
