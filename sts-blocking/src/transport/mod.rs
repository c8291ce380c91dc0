//! What carries requests: the trait, and the implementation on ureq.

mod connector;
mod error;
mod mute_ureq_log;
mod name_lookup;
mod proxy;
pub(crate) mod tls;
mod ureq;

use bytes::Bytes;
use http::{Request, Response};
use sts_proto::TransportError;
use sts_proto::flow::SendTimeouts;

pub use self::ureq::UreqTransport;

/// Sends requests. Implement it to bring an HTTP stack of your own, or to record what is sent.
///
/// ```
/// use bytes::Bytes;
/// use sts_blocking::{Builder, Credentials};
/// use sts_blocking::{SendTimeouts, Transport, TransportError};
///
/// struct Canned;
///
/// impl Transport for Canned {
///     fn send(
///         &self,
///         _: http::Request<Bytes>,
///         _: SendTimeouts,
///     ) -> Result<http::Response<Bytes>, TransportError> {
///         let body = "<GetCallerIdentityResponse><GetCallerIdentityResult>\
///             <UserId>AIDA</UserId><Account>0123</Account>\
///             <Arn>arn:aws:iam::0123:user/a</Arn>\
///             </GetCallerIdentityResult></GetCallerIdentityResponse>";
///         Ok(http::Response::new(Bytes::from(body)))
///     }
/// }
///
/// let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
/// let sts = Builder::isolated()
///     .region("eu-west-1")
///     .credentials(keys)
///     .transport(Canned)
///     .build()?;
/// assert_eq!(sts.get_caller_identity()?.account, "0123");
/// # Ok::<(), sts_blocking::Error>(())
/// ```
pub trait Transport: Send + Sync + 'static {
    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// It follows no redirect, since that would carry the session token elsewhere, keeps both time-outs, and reads at most
    /// [`MAX_BODY`](sts_proto::wire::MAX_BODY) bytes of a body. A request with [`Direct`](sts_proto::flow::Direct) among its
    /// extensions goes through no proxy: it is for a service of the machine itself. It logs neither bodies nor the headers
    /// `authorization` and `x-amz-security-token`.
    fn send(
        &self,
        request: Request<Bytes>,
        timeouts: SendTimeouts,
    ) -> Result<Response<Bytes>, TransportError>;
}
