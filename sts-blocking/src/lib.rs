#![doc = include_str!("../README.md")]

mod builder;
mod client;
mod connector;
mod effects;
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
    Credentials, Error, ErrorCode, Fault, Flow, Metadata, Operation, Phase, Presign, Retry, RetryClass,
    Secret, ServiceError, Settings, Timeouts, TransportError, TransportErrorKind, operations, types,
};
pub use transport::{Transport, UreqTransport};
