//! Bytes to values and back, bounded on every side; no AWS names.
//!
//! [`Form`] writes `application/x-www-form-urlencoded` bodies, [`XmlReader`] reads XML answers, [`time`] reads
//! instants. The macros [`input!`](crate::input) and [`output!`](crate::output) are built on the
//! traits here; write them by hand for a shape that the macros do not cover.

mod error;
mod form;
#[cfg(feature = "credentials")]
pub(crate) mod json;
mod name;
mod plain;
mod shape;
pub mod time;
mod value;
mod xml;

pub use error::XmlError;
pub use form::{Form, ToForm};
pub use shape::{Member, Shape, Value};
pub use value::FromXml;
#[doc(hidden)]
pub use value::{Place, read_members};
#[cfg(feature = "verify")]
pub(crate) use xml::resolve_reference;
pub use xml::{MAX_ATTRIBUTES, MAX_DEPTH, XmlReader};

/// The largest answer that is read, in bytes: 1 MiB. The largest that the service documents stays far below.
pub const MAX_BODY: usize = 1024 * 1024;

/// The `accept-encoding` of a request whose answer is to come as it is.
pub(crate) const IDENTITY: http::HeaderValue = http::HeaderValue::from_static("identity");
