use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sts_proto::credentials::RegionSearch;
use sts_proto::{EndpointError, Error, Phase, TransportError, TransportErrorKind};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use crate::engine::Engine;

/// The search for the region of a client that was given none: one at a time. One that is given up, with its call, is begun
/// anew by the next that waits.
#[derive(Default)]
pub(crate) struct Search {
    under_way: Mutex<()>,
    /// How many have found none.
    failed: AtomicU64,
}

impl Engine {
    /// Sees to it that the region is known, where one has to be asked for. Nobody waits for it longer than `patience`.
    pub(crate) async fn find_region(&self, signed: bool, patience: Duration) -> Result<(), Error> {
        if RegionSearch::needed(&self.context, signed).is_none() {
            return Ok(());
        }
        if Handle::try_current().is_err() {
            return self.search(signed).await;
        }
        tokio::time::timeout(patience, self.search(signed)).await.unwrap_or_else(|_| Err(too_long().into()))
    }

    async fn search(&self, signed: bool) -> Result<(), Error> {
        let before = self.region.failed.load(Ordering::Acquire);
        let _turn = self.region.under_way.lock().await;
        // Somebody may have found it meanwhile, or that there is none.
        let Some(mut search) = RegionSearch::needed(&self.context, signed) else { return Ok(()) };
        if self.region.failed.load(Ordering::Acquire) != before {
            return Err(EndpointError::MissingRegion.into());
        }
        let found = self.drive(&mut search, |_| {}).await;
        if found.is_err() {
            self.region.failed.fetch_add(1, Ordering::Release);
        }
        found
    }
}

fn too_long() -> TransportError {
    let problem =
        "the instance's metadata was asked for the region and has not answered in time; set a region";
    TransportError::new(TransportErrorKind::Timeout(Phase::Response), problem)
}
