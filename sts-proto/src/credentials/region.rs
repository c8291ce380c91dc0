use std::sync::Arc;
use std::time::SystemTime;

use super::imds;
use crate::context::Context;
use crate::endpoint::EndpointError;
use crate::error::Error;
use crate::flow::{Event, Flow, Step};

/// Finds the region of a client that was given none, by asking the instance's metadata, and keeps it in the context.
///
/// A [`Call`](crate::call::Call) does so by itself; this is for whoever needs the endpoint without one.
///
/// Fails with [`EndpointError::MissingRegion`] where there is no metadata service.
#[derive(Debug)]
pub struct RegionSearch {
    context: Arc<Context>,
    /// Boxed, since every call would be as large otherwise.
    region: Box<imds::Region>,
}

impl RegionSearch {
    /// What has to be done before the endpoint is known; `None` where it is, or where nobody may be asked. What is sent
    /// `signed` needs a region even where there is an endpoint URL.
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
