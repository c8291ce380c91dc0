use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sts_proto::credentials::RegionSearch;
use sts_proto::{EndpointError, Error, Phase, TransportError, TransportErrorKind as Kind};

use crate::engine::Engine;
use crate::flight::Flight;

/// The search for the region of a client that was given none: one at a time, in a thread of its own, so that nobody waits
/// for it for longer than he has time.
#[derive(Default)]
pub(crate) struct Search {
    under_way: Mutex<bool>,
    flight: Flight<Result<(), EndpointError>>,
}

impl Engine {
    /// Sees to it that the region is known, where one has to be asked for.
    pub(crate) fn find_region(self: &Arc<Self>, signed: bool, patience: Duration) -> Result<(), Error> {
        if RegionSearch::needed(&self.context, signed).is_none() {
            return Ok(());
        }
        let mut under_way = self.region.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody may have found it meanwhile.
        let Some(search) = RegionSearch::needed(&self.context, signed) else { return Ok(()) };
        // A search ends under the lock too.
        let before = self.region.flight.times();
        let begins = !std::mem::replace(&mut *under_way, true);
        drop(under_way);
        if begins {
            let engine = Arc::clone(self);
            let work = move || engine.search(search);
            if std::thread::Builder::new().name("sts-region".to_owned()).spawn(work).is_err() {
                // The caller then waits, which is better than that nobody asks.
                RegionSearch::needed(&self.context, signed)
                    .into_iter()
                    .for_each(|search| self.search(search));
            }
        }
        match self.region.flight.wait(before, patience) {
            Some(found) => Ok(found?),
            None => Err(too_long().into()),
        }
    }

    fn search(&self, mut search: RegionSearch) {
        let found = catch_unwind(AssertUnwindSafe(|| self.drive(&mut search, |_| {})));
        let found = match found {
            Ok(Ok(())) => Ok(()),
            Ok(Err(Error::Endpoint(error))) => Err(error),
            _ => Err(EndpointError::MissingRegion),
        };
        let mut under_way = self.region.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        *under_way = false;
        self.region.flight.land(found);
    }
}

fn too_long() -> TransportError {
    let problem =
        "the instance's metadata was asked for the region and has not answered in time; set a region";
    TransportError::new(Kind::Timeout(Phase::Response), problem)
}
