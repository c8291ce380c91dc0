//! [blocking]: https://docs.rs/sts-blocking
//! [async]: https://docs.rs/sts-async
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

mod base64;
mod call;
#[cfg(feature = "credentials")]
pub mod client;
#[cfg(feature = "credentials")]
mod clocks;
#[cfg(feature = "credentials")]
pub mod console;
mod context;
#[cfg(feature = "credentials")]
pub mod credentials;
mod deadline;
pub mod dialects;
mod digits;
pub mod endpoint;
mod error;
mod escape;
mod export;
pub mod flow;
mod guide;
mod keys;
mod member;
mod observe;
mod operation;
pub mod operations;
#[cfg(any(feature = "login", feature = "roles-anywhere", test))]
mod pem;
pub mod perform;
pub mod proof;
mod retry;
mod scope;
mod secret;
#[cfg(feature = "serde")]
pub mod serde;
pub mod settings;
pub mod sigv4;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
pub mod token;
mod trace;
mod transport;
pub mod types;
pub mod wire;

pub use bytes;
pub use call::{Attempt, Call};
#[cfg(feature = "credentials")]
pub use clocks::Clocks;
pub use context::Context;
pub use endpoint::EndpointError;
pub use error::{
    CredentialsError, Error, ErrorCode, Fault, Metadata, NoCredentials, Outcome, ProviderError,
    ResponseError, ResponseProblem, ServiceError, Tried,
};
pub use flow::{Effect, Event, Flow, SendTimeouts, Step, Timeouts};
pub use http;
pub use keys::Credentials;
pub use member::{IntoMember, IntoOptional};
pub use observe::AttemptEnd;
pub use operation::{Operation, Output, Presign};
pub use retry::{Retry, RetryClass};
pub use secret::Secret;
pub use settings::{Settings, SettingsError, SettingsErrorKind};
pub use sigv4::SignError;
pub use trace::Span;
pub use transport::{Phase, TransportError, TransportErrorKind};
