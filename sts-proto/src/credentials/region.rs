use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::imds;
use crate::call::Call;
use crate::context::Context;
use crate::endpoint::EndpointError;
use crate::error::Error;
use crate::flow::{Event, Flow, Step};
use crate::operation::Operation;

/// Asks the instance's metadata for the region, if none is set, and keeps it in the context.
///
/// Fails with [`EndpointError::MissingRegion`] where there is no metadata service, and with
/// [`EndpointError::RegionNotFound`] where the service gives no region.
#[derive(Debug)]
pub(crate) struct RegionSearch {
    context: Arc<Context>,
    /// Boxed to keep [`Call`](crate::call::Call) small.
    region: Box<imds::Region>,
}

impl RegionSearch {
    /// What has to be done before the endpoint is known; `None` where it is, or where the metadata may not be asked. What
    /// is sent `signed` needs a region even where there is an endpoint URL.
    pub(crate) fn needed(
        context: &Arc<Context>,
        metadata: Option<&imds::Config>,
        signed: bool,
    ) -> Option<Self> {
        let config = metadata.filter(|_| context.lacks_region(signed))?;
        Some(Self { context: Arc::clone(context), region: Box::new(imds::Region::new(config.clone())) })
    }
}

/// A call that finds the region first, where the client has none.
pub(super) struct LocatedCall<O: Operation> {
    search: Option<RegionSearch>,
    call: Call<O>,
}

impl<O: Operation> LocatedCall<O> {
    pub(super) fn new(call: Call<O>, context: &Arc<Context>, metadata: Option<&imds::Config>) -> Self {
        Self { search: RegionSearch::needed(context, metadata, O::SIGNED), call }
    }

    /// How long the server asks to be left alone, if its last answer says so.
    pub(super) fn hint(&self) -> Option<Duration> {
        self.call.hint()
    }
}

impl<O: Operation> fmt::Debug for LocatedCall<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocatedCall").field("search", &self.search).field("call", &self.call).finish()
    }
}

impl<O: Operation> Flow for LocatedCall<O> {
    type Output = O::Output;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<O::Output>, Error> {
        let Some(search) = &mut self.search else { return self.call.step(now, event) };
        match search.step(now, event)? {
            Step::Perform(effect) => Ok(Step::Perform(effect)),
            Step::Done(()) => {
                self.search = None;
                self.call.step(now, Event::Start)
            }
        }
    }
}

impl Flow for RegionSearch {
    type Output = ();
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<()>, Error> {
        let step = self.region.step(now, event).map_err(|error| match error {
            Error::Credentials(error) => {
                EndpointError::RegionNotFound { problem: error.problem().into() }.into()
            }
            error => error,
        });
        match step? {
            Step::Perform(effect) => Ok(Step::Perform(effect)),
            Step::Done(Some(region)) => {
                self.context.locate(&region)?;
                Ok(Step::Done(()))
            }
            Step::Done(None) => Err(EndpointError::MissingRegion.into()),
        }
    }
}
