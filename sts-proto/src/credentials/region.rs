use std::sync::Arc;
use std::time::SystemTime;

use super::imds;
use crate::context::Context;
use crate::endpoint::EndpointError;
use crate::error::Error;
use crate::flow::{Event, Flow, Step};

/// Asks the instance's metadata for the region, if none is set, and keeps it in the context.
///
/// A [`Call`](crate::call::Call) does so by itself; use this to get the endpoint without a call.
///
/// Fails with [`EndpointError::MissingRegion`] if there is no metadata service.
#[derive(Debug)]
pub struct RegionSearch {
    context: Arc<Context>,
    /// Boxed to keep [`Call`](crate::call::Call) small.
    region: Box<imds::Region>,
}

impl RegionSearch {
    /// The search that is needed before the endpoint is known. `None` if the region is known, or if the metadata service may
    /// not be asked. A `signed` request needs a region even if an endpoint URL is set.
    pub fn needed(context: &Arc<Context>, signed: bool) -> Option<Self> {
        let config = context.settings().metadata().filter(|_| context.lacks_region(signed))?;
        Some(Self { context: Arc::clone(context), region: Box::new(imds::Region::new(config.clone())) })
    }
}

impl Flow for RegionSearch {
    type Output = ();
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<()>, Error> {
        match self.region.step(now, event)? {
            Step::Perform(effect) => Ok(Step::Perform(effect)),
            Step::Done(Some(region)) => {
                self.context.locate(&region)?;
                Ok(Step::Done(()))
            }
            Step::Done(None) => Err(EndpointError::MissingRegion.into()),
        }
    }
}
