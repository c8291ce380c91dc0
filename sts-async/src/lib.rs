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
mod credentials;
mod effects;
mod engine;
mod methods;
mod region;
mod trace;
mod transport;

pub use builder::Builder;
pub use client::Client;
pub use credentials::{
    AssumeRoleProvider, ChainProvider, CredentialsFuture, CredentialsProvider, WebIdentityProvider,
};
pub use sts_proto;
pub use sts_proto::{
    Context, Credentials, CredentialsError, Error, ErrorCode, Fault, Flow, Metadata, NoCredentials,
    Operation, Phase, Presign, ProviderError, ResponseError, ResponseProblem, Retry, RetryClass, Secret,
    SendTimeouts, ServiceError, Settings, Timeouts, TransportError, TransportErrorKind, operations, types,
};
pub use transport::{HyperTransport, TowerTransport, Transport, TransportFuture};
