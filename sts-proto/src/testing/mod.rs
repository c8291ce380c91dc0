//! For tests of programs that call STS: answers that are made, and a service that gives them in place of the network.
//!
//! Either client takes a [`Service`] with one line: `Builder::answered_by` begins a client for a test, and
//! `Builder::transport` takes one as the transport of any other. A service is made of
//!
//! - a list of answers, given out in turn: outputs, which have `new` and setters as inputs have, a [`Refusal`], an error of the
//!   transport, or a whole HTTP response;
//! - or a closure that answers what it [`Received`].
//!
//! It keeps the requests: [`Service::received`]. What it answers is written as the document that it stands for, and read by the
//! client as any other; so a test goes through the same code as the program does. Keys in outputs are temporary ones, as in every
//! answer: they get a session token and an expiration in 2099 where a test gives none.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use sts_proto::operations::{AssumeRole, AssumeRoleOutput};
//! use sts_proto::testing::{Answer, Refusal, Service};
//! use sts_proto::{Credentials, Operation};
//!
//! let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000);
//! let keys = Credentials::new("ASIAEXAMPLE", "secret")
//!     .with_session_token("token")
//!     .with_expiration(end);
//! let output = AssumeRoleOutput::new(keys).source_identity("alice");
//! let service = Service::from([
//!     Answer::from(output.clone()),
//!     Refusal::new(403, "AccessDenied", "not you").into(),
//! ]);
//!
//! // Without a client: any request of the protocol.
//! # use sts_proto::endpoint::{Endpoint, EndpointParams};
//! # let params = EndpointParams { region: Some("eu-west-1"), ..Default::default() };
//! # let endpoint = Endpoint::resolve(&params).unwrap();
//! let role = "arn:aws:iam::123456789012:role/demo";
//! let request = AssumeRole::new(role, "build-42").to_request(&endpoint);
//! let response = service.answer(request.clone()).unwrap();
//! assert_eq!(AssumeRole::parse(&response).unwrap(), output);
//! let response = service.answer(request).unwrap();
//! let error = AssumeRole::parse(&response).unwrap_err();
//! assert!(error.code().unwrap() == "AccessDenied");
//!
//! let received = &service.received()[0];
//! assert_eq!(received.operation(), "AssumeRole");
//! assert_eq!(received.member("RoleArn"), Some(role));
//! ```
//!
//! Time can be fixed: [`Clock`].
#![cfg_attr(feature = "credentials", doc = "So can the randomness of clients: [`Seeds`].")]

mod answer;
mod clock;
mod made;
mod received;
mod refusal;
mod sample;
#[cfg(feature = "credentials")]
mod seeds;
mod service;
mod xml;

pub use answer::Answer;
pub use clock::Clock;
#[cfg(feature = "credentials")]
pub(crate) use clock::Watch;
#[doc(hidden)]
pub use made::{example_keys, metadata};
pub use received::Received;
pub use refusal::Refusal;
#[doc(hidden)]
pub use sample::{Sample, Source};
#[cfg(feature = "credentials")]
pub(crate) use seeds::Fixed;
#[cfg(feature = "credentials")]
pub use seeds::Seeds;
pub use service::Service;

#[cfg(test)]
mod tests;
