//! AWS Signature Version 4, for any [`http::Request`].
//!
//! Region and service are parameters ([`Scope`]); nothing here knows what is being asked for. Nothing reads a
//! clock either: the time is an argument.
//!
//! | form | call | where the signature goes |
//! |---|---|---|
//! | header | [`sign`] | `authorization`, with `x-amz-date` and, for temporary keys, `x-amz-security-token` |
//! | query | [`presign`] | `X-Amz-…` items in the URI, which is then good for a while without any header of ours |
//!
//! ```
//! use std::time::{Duration, UNIX_EPOCH};
//!
//! use sts_proto::{Credentials, sigv4};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut request = http::Request::get("https://example.amazonaws.com/").body("")?;
//! let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
//! let scope = sigv4::Scope::new("us-east-1", "service");
//! let now = UNIX_EPOCH + Duration::from_secs(1_440_938_160);
//!
//! sigv4::sign(&mut request, &keys, &scope, now)?;
//! assert_eq!(request.headers()["x-amz-date"], "20150830T123600Z");
//! assert_eq!(
//!     request.headers()["authorization"],
//!     "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
//!      SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
//! );
//! # Ok(())
//! # }
//! ```
//!
//! The rules are those of "Signature Version 4 signing process" in the AWS IAM User Guide, pages "Create a
//! signed AWS API request" and "Elements of an AWS API request signature". Where they leave a choice:
//!
//! - **Host.** `host` is always signed: the `host` header, or, without one, the URI's authority as clients
//!   send it (RFC 9110 §7.2): no user info, no port that is the scheme's default. It is signed in lower case and
//!   with no zeros in front of the port, and an authority that is written otherwise is rewritten so in the URI
//!   (RFC 3986 §6.2.2.1, §6.2.3: both mean the same), lest a client sends another text than the one signed. No
//!   `host` header is added.
//! - **Headers.** All that are present are signed, but for `authorization` and those that a proxy or an HTTP
//!   library adds or alters under way: `user-agent`, `x-amzn-trace-id`, `traceparent`, `tracestate`,
//!   `expect`, the hop-by-hop ones (RFC 9110 §7.6.1: `connection`, `keep-alive`, `te`, `trailer`,
//!   `transfer-encoding`, `upgrade`, `proxy-…`) and those that change with each attempt
//!   (`amz-sdk-invocation-id`, `amz-sdk-request`).
//! - **Query.** Each key and value is decoded and encoded strictly. A `+` is a plus, never a space.
//! - **Path.** Normalised and encoded a second time, as every service but S3 wants it. See [`Signer`] to
//!   change that.
//! - **URI.** What an [`http::Uri`] cannot hold cannot be signed: a raw space or control character, a
//!   fragment, more than 65 534 bytes.

mod basis;
mod canonical;
mod error;
mod explain;
mod key;
mod presign;
mod sign;
mod stamp;

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use http::Request;

pub use error::SignError;
pub use explain::Explanation;
pub use key::{KeyCache, SigningKey};
pub use sign::Signer;

use crate::Credentials;

/// Signs in the header form, with the defaults of [`Signer`].
///
/// Sets `authorization`, `x-amz-date` and `x-amz-security-token`, in place of any that were there, so that
/// the same request can be signed again for another attempt. On an error the request is as it was.
///
/// # Errors
///
/// What cannot be part of a signed request; see [`SignError`].
pub fn sign<B: AsRef<[u8]>>(
    request: &mut Request<B>,
    credentials: &Credentials,
    scope: &Scope,
    now: SystemTime,
) -> Result<(), SignError> {
    Signer::new(credentials, scope, now).sign(request)
}

/// Signs in the query form, with the defaults of [`Signer`]: the URI alone then carries the permission.
///
/// See [`Signer::presign`].
///
/// # Errors
///
/// What cannot be part of a signed request; see [`SignError`].
pub fn presign<B: AsRef<[u8]>>(
    request: &mut Request<B>,
    credentials: &Credentials,
    scope: &Scope,
    now: SystemTime,
    lifetime: Duration,
) -> Result<(), SignError> {
    Signer::new(credentials, scope, now).presign(request, lifetime)
}

/// What a signature is good for: one service in one region.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    region: Cow<'static, str>,
    service: Cow<'static, str>,
}

impl Scope {
    /// Names the region and the service as their signatures do, for example `us-east-1` and `sts`.
    pub fn new(region: impl Into<Cow<'static, str>>, service: impl Into<Cow<'static, str>>) -> Self {
        Self { region: region.into(), service: service.into() }
    }

    /// The region, for example `us-east-1`.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The service's signing name, for example `sts`.
    pub fn service(&self) -> &str {
        &self.service
    }
}
