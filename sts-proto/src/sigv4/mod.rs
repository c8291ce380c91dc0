//! AWS Signature Version 4, for any [`http::Request`].
//!
//! Region and service are parameters ([`Scope`]), and the time is an argument: nothing here knows STS or
//! reads a clock.
//!
//! | form | call | where the signature goes |
//! |---|---|---|
//! | header | [`sign`] | `authorization`, with `x-amz-date` and, for temporary keys, `x-amz-security-token` |
//! | query | [`presign`] | `X-Amz-…` items in the URI, which is then valid for a while without any added header |
//!
//! ```
//! use std::time::{Duration, UNIX_EPOCH};
//!
//! use sts_proto::{Credentials, sigv4};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let request = http::Request::get("https://example.amazonaws.com/");
//! let mut request = request.body("")?;
//! let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
//! let keys = Credentials::new("AKIDEXAMPLE", secret);
//! let scope = sigv4::Scope::new("us-east-1", "service");
//! let now = UNIX_EPOCH + Duration::from_secs(1_440_938_160);
//!
//! sigv4::sign(&mut request, &keys, &scope, now)?;
//! assert_eq!(request.headers()["x-amz-date"], "20150830T123600Z");
//! assert_eq!(
//!     request.headers()["authorization"],
//!     "AWS4-HMAC-SHA256 \
//!      Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
//!      SignedHeaders=host;x-amz-date, \
//!      Signature=5fa00fa31553b73ebf1942676e86291e\
//!      8372ff2a2260956d9b8aae1d763fbf31"
//! );
//! # Ok(())
//! # }
//! ```
//!
//! With the feature `sigv4a`, a [`Scope`] may have several regions (`Scope::in_regions`). Both forms then sign with
//! Signature Version 4a, which adds the header `x-amz-region-set` or the item `X-Amz-Region-Set`.
//!
//! The rules are those of "Signature Version 4 signing process" in the AWS IAM User Guide, pages "Create a
//! signed AWS API request" and "Elements of an AWS API request signature". Where they leave a choice:
//!
//! - **Host.** `host` is always signed: the `host` header or, without one, the URI's authority as clients
//!   send it (RFC 9110 §7.2), with no user info and no default port. It is signed in lower case and without
//!   zeros in front of the port, and the URI is rewritten accordingly (RFC 3986 §6.2.2.1, §6.2.3: both forms
//!   mean the same), so that a client sends the host that was signed. No `host` header is added.
//! - **Headers.** All headers are signed except `authorization` and those that a proxy or an HTTP library may
//!   add or change in transit: `user-agent`, `x-amzn-trace-id`, `traceparent`, `tracestate`, `expect`, the
//!   hop-by-hop headers (RFC 9110 §7.6.1: `connection`, `keep-alive`, `te`, `trailer`, `transfer-encoding`,
//!   `upgrade`, `proxy-…`) and those that change with each attempt (`amz-sdk-invocation-id`,
//!   `amz-sdk-request`).
//! - **Query.** Each key and value is decoded and encoded again. A `+` is a plus, never a space.
//! - **Path.** Normalised and encoded a second time, as every service except S3 expects. [`Signer`] has
//!   setters for both.
//! - **URI.** What an [`http::Uri`] cannot hold cannot be signed: a raw space or control character, a
//!   fragment, more than 65 534 bytes.

#[cfg(feature = "sigv4a")]
mod asymmetric;
mod canonical;
mod date;
mod error;
mod explain;
mod inputs;
mod key;
mod presign;
mod sign;
#[cfg(feature = "roles-anywhere")]
pub mod x509;

use std::time::{Duration, SystemTime};

use http::Request;

pub use error::SignError;
pub use explain::Explanation;
pub(crate) use inputs::is_unsigned;
pub use key::{KeyCache, SigningKey};
pub use sign::Signer;

pub use crate::scope::Scope;

use crate::keys::Credentials;

/// Signs in the header form, with the defaults of [`Signer`].
///
/// Sets `authorization`, `x-amz-date` and `x-amz-security-token`, replacing existing ones, so that the same
/// request can be signed again for another attempt. On an error the request is unchanged, but for
/// [`SignError::TooManyHeaders`], after which some of its headers are.
///
/// # Errors
///
/// If the request cannot be signed as it is; see [`SignError`].
pub fn sign<B: AsRef<[u8]>>(
    request: &mut Request<B>,
    credentials: &Credentials,
    scope: &Scope,
    now: SystemTime,
) -> Result<(), SignError> {
    Signer::new(credentials, scope, now).sign(request)
}

/// Signs in the query form, with the defaults of [`Signer`]: the URI alone then carries the signature.
///
/// See [`Signer::presign`].
///
/// # Errors
///
/// If the request cannot be signed as it is; see [`SignError`].
pub fn presign<B: AsRef<[u8]>>(
    request: &mut Request<B>,
    credentials: &Credentials,
    scope: &Scope,
    now: SystemTime,
    lifetime: Duration,
) -> Result<(), SignError> {
    Signer::new(credentials, scope, now).presign(request, lifetime)
}
