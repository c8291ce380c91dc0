//! For tests of programs that use this client: [`Builder::answered_by`], and what [`sts_proto::testing`] has.

use bytes::Bytes;
use http::Request;
use sts_proto::SendTimeouts;

pub use sts_proto::testing::*;

use crate::builder::Builder;
use crate::carrier::{Transport, TransportFuture};
use crate::effects::now;

impl Transport for Service {
    /// On a thread that may wait, where there is one, since a closure may.
    fn send(&self, request: Request<Bytes>, _: SendTimeouts) -> TransportFuture<'_> {
        let service = self.clone();
        #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            use sts_proto::{TransportError, TransportErrorKind};

            let answer = runtime.spawn_blocking(move || service.answer(request));
            return Box::pin(async {
                answer.await.unwrap_or_else(|lost| match lost.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(lost) => Err(TransportError::new(TransportErrorKind::Other, lost)),
                })
            });
        }
        Box::pin(async move { service.answer(request) })
    }
}

sts_proto::testing_builder!(sts_async, (async fn), (.await));
