//! What carries requests: the trait.

use bytes::Bytes;
use sts_proto::perform::{BoxFuture, MaybeSend, MaybeSync};
use sts_proto::{SendTimeouts, TransportError};

/// Sends a request and reads the whole answer.
///
/// An implementation follows no redirect, returns every status as a response, reads at most
/// [`MAX_BODY`](sts_proto::wire::MAX_BODY) bytes of a body, keeps both time-outs, and may be dropped at any point. It sends the
/// headers of the request, `host` among them, and adds `content-length` for a body. A request with
/// [`Direct`](sts_proto::flow::Direct) among its extensions goes through no proxy: it is for a service of the machine itself. It
/// logs neither bodies nor the `authorization` and `x-amz-security-token` headers, and the query of a URL, which may hold secrets
/// too, is neither in its logs nor in its errors.
///
/// An `https` request goes through TLS with a verified certificate; a transport without TLS fails it as
/// [`Unsupported`](sts_proto::TransportErrorKind::Unsupported). The kind of an error decides whether the call is tried again: see
/// [`TransportError::retry_class`].
///
/// ```
/// use sts_async::bytes::Bytes;
/// use sts_async::{Builder, SendTimeouts, Transport, TransportFuture};
/// use sts_async::{TransportErrorKind, http};
///
/// /// Lets nothing out.
/// struct Offline;
///
/// type Request = http::Request<Bytes>;
///
/// impl Transport for Offline {
///     fn send(&self, _: Request, _: SendTimeouts) -> TransportFuture<'_> {
///         Box::pin(async { Err(TransportErrorKind::Closed.into()) })
///     }
/// }
///
/// let offline = Builder::isolated().region("eu-west-1").transport(Offline);
/// let sts = offline.build()?;
/// # Ok::<(), sts_async::Error>(())
/// ```
pub trait Transport: MaybeSend + MaybeSync + 'static {
    /// Sends one request.
    fn send(&self, request: http::Request<Bytes>, timeouts: SendTimeouts) -> TransportFuture<'_>;
}

/// A closure with typed arguments, `|request: http::Request<Bytes>, _: SendTimeouts| async move { .. }`.
impl<F, R> Transport for F
where
    F: Fn(http::Request<Bytes>, SendTimeouts) -> R + MaybeSend + MaybeSync + 'static,
    R: Future<Output = Result<http::Response<Bytes>, TransportError>> + MaybeSend + 'static,
{
    fn send(&self, request: http::Request<Bytes>, timeouts: SendTimeouts) -> TransportFuture<'_> {
        Box::pin(self(request, timeouts))
    }
}

/// An answer to come.
pub type TransportFuture<'a> = BoxFuture<'a, Result<http::Response<Bytes>, TransportError>>;
