//! What carries requests: the trait, and what the two implementations share.

mod ask_first;
mod bounded;
mod error;
mod hop;
mod hyper;
mod proxy;
mod tcp;
pub(crate) mod tls;
mod tower;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http_body::Body;
use sts_proto::wire::MAX_BODY;
use sts_proto::{Phase, SendTimeouts, TransportError, TransportErrorKind};

pub use self::hyper::HyperTransport;
pub use self::tower::TowerTransport;

/// Sends a request and reads the whole answer.
///
/// An implementation follows no redirect, returns every status as a response, reads at most
/// [`MAX_BODY`](sts_proto::wire::MAX_BODY) bytes of a body, keeps both time-outs, and may be dropped at any point. A
/// request with [`Direct`](sts_proto::flow::Direct) among its extensions goes through no proxy: it is for a service of
/// the machine itself. It logs neither bodies nor the `authorization` and `x-amz-security-token` headers.
///
/// ```
/// use bytes::Bytes;
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
pub trait Transport: Send + Sync + 'static {
    /// Sends one request.
    fn send(&self, request: http::Request<Bytes>, timeouts: SendTimeouts) -> TransportFuture<'_>;
}

/// An answer to come.
pub type TransportFuture<'a> =
    Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, TransportError>> + Send + 'a>>;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Waits for the head of an answer, then for its body, both together no longer than `timeout`.
async fn exchange<B>(
    head: impl Future<Output = Result<http::Response<B>, BoxError>>,
    timeout: Duration,
) -> Result<http::Response<Bytes>, TransportError>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let start = Instant::now();
    let response = match tokio::time::timeout(timeout, head).await {
        Ok(head) => head.map_err(error::of)?,
        Err(_) => return Err(TransportErrorKind::Timeout(Phase::Response).into()),
    };
    let (parts, body) = response.into_parts();
    match tokio::time::timeout(timeout.saturating_sub(start.elapsed()), collect(body)).await {
        Ok(body) => Ok(http::Response::from_parts(parts, body?)),
        Err(_) => Err(TransportErrorKind::Timeout(Phase::Body).into()),
    }
}

async fn collect<B>(body: B) -> Result<Bytes, TransportError>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > MAX_BODY {
        return Err(TransportErrorKind::TooLarge.into());
    }
    let mut bytes = BytesMut::with_capacity(announced);
    let mut body = pin!(body);
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.map_err(|error| error::of(error.into()))?;
        let Ok(data) = frame.into_data() else { continue };
        if data.remaining() > MAX_BODY - bytes.len() {
            return Err(TransportErrorKind::TooLarge.into());
        }
        bytes.put(data);
    }
    Ok(bytes.freeze())
}

#[cfg(all(test, any(feature = "ring", feature = "aws-lc", feature = "native-tls")))]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
