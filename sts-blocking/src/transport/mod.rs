//! What carries requests: the trait, and the implementation on ureq.

mod connector;
mod error;
mod joined;
mod mute_ureq_log;
mod name_lookup;
mod proxy;
pub(crate) mod tls;
mod ureq;

use bytes::Bytes;
use http::{Request, Response};
use sts_proto::client::{Core, Told};
use sts_proto::flow::SendTimeouts;
use sts_proto::{Error, TransportError};

pub use self::ureq::UreqTransport;

/// The transport of a client for which code sets none, and the rows of `explain` that describe it.
pub(crate) fn default(core: &Core) -> Result<(Box<dyn Transport>, Told), Error> {
    let (settings, timeouts) = (core.settings(), core.context().timeouts().into());
    let transport = UreqTransport::with(timeouts, settings.tls(), settings.proxies(tls::LIBRARY.is_some())?)?;
    Ok((Box::new(transport), |settings| settings.tls().list(&tls::DEFAULT_ROOTS)))
}

/// Sends requests. Implement it to bring an HTTP stack of your own, or to record what is sent.
///
/// ```
/// use sts_blocking::bytes::Bytes;
/// use sts_blocking::{Builder, Credentials, http};
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
///
/// A closure is a transport too, with the types of its arguments:
///
/// ```
/// use sts_blocking::bytes::Bytes;
/// use sts_blocking::http::{Request, Response, StatusCode};
/// use sts_blocking::{Builder, Credentials, Retry, SendTimeouts};
///
/// let busy = |_: Request<Bytes>, _: SendTimeouts| {
///     let mut response = Response::new(Bytes::from_static(b"busy"));
///     *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
///     Ok(response)
/// };
/// let sts = Builder::isolated()
///     .region("eu-west-1")
///     .credentials(Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI"))
///     .retry(Retry::off())
///     .transport(busy)
///     .build()?;
/// let error = sts.get_caller_identity().unwrap_err();
/// assert_eq!(error.metadata().unwrap().status(), 503);
/// # Ok::<(), sts_blocking::Error>(())
/// ```
pub trait Transport: Send + Sync + 'static {
    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// An `https` request goes through TLS with a verified certificate; a transport without TLS fails it as
    /// [`Unsupported`](sts_proto::TransportErrorKind::Unsupported). The kind of an error decides whether the call is tried again:
    /// see [`TransportError::retry_class`].
    ///
    /// It follows no redirect, since that would carry the session token elsewhere, keeps both time-outs, and reads at most
    /// [`MAX_BODY`](sts_proto::wire::MAX_BODY) bytes of a body. It sends the headers of the request, `host` among them, and adds
    /// `content-length` for a body. A request with [`Direct`](sts_proto::flow::Direct) among its extensions goes through no
    /// proxy: it is for a service of the machine itself. It logs neither bodies nor the headers `authorization` and
    /// `x-amz-security-token`, and the query of a URL, which may hold secrets too, is neither in its logs nor in its errors.
    fn send(
        &self,
        request: Request<Bytes>,
        timeouts: SendTimeouts,
    ) -> Result<Response<Bytes>, TransportError>;
}

/// A closure that does the same.
impl<F> Transport for F
where
    F: Fn(Request<Bytes>, SendTimeouts) -> Result<Response<Bytes>, TransportError> + Send + Sync + 'static,
{
    fn send(
        &self,
        request: Request<Bytes>,
        timeouts: SendTimeouts,
    ) -> Result<Response<Bytes>, TransportError> {
        self(request, timeouts)
    }
}
