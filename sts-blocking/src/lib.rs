#![doc = include_str!("../README.md")]

mod builder;
mod client;
mod connector;
mod effects;
mod lookup;
mod methods;
mod proxy;
mod quiet;
#[cfg(test)]
mod testing;
mod tls;
mod trace;
mod transport;

pub use builder::Builder;
pub use client::Client;
pub use sts_proto;
pub use sts_proto::{
    Attempt, Context, Credentials, EndpointError, Error, ErrorCode, Fault, Flow, Metadata, NoCredentials,
    Operation, Phase, Presign, ResponseError, ResponseProblem, Retry, RetryClass, Secret, ServiceError,
    Settings, SettingsError, SignError, Timeouts, TransportError, TransportErrorKind, bytes, http,
    operations, types,
};
pub use transport::{Transport, UreqTransport};
