//! What carries requests outside of a page: hyper, or a tower service.

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
use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http_body::Body;
use sts_proto::client::{Core, Told};
use sts_proto::wire::MAX_BODY;
use sts_proto::{Error, Phase, TransportError, TransportErrorKind};

use crate::carrier::Transport;

pub use self::hyper::HyperTransport;
pub use self::tower::TowerTransport;

/// The transport of a client for which code sets none, and the rows of `explain` that describe it.
pub(crate) fn default(core: &Core) -> Result<(Box<dyn Transport>, Told), Error> {
    let settings = core.settings();
    let transport = HyperTransport::with(settings.tls(), settings.proxies(tls::LIBRARY.is_some())?)?;
    Ok((Box::new(transport), |settings| settings.tls().list(&tls::DEFAULT_ROOTS)))
}

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
