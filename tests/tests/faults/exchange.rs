//! One request, sent as it is through either client's transport: how a server is told what to do.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use sts_proto::{Effect, Error, Event, Flow, Step, Timeouts, TransportErrorKind};
use sts_tests::driver::Driver;

struct Exchange(Option<Request<Bytes>>);

impl Flow for Exchange {
    type Output = Response<Bytes>;

    fn step(&mut self, _: SystemTime, event: Event) -> Result<Step<Self::Output>, Error> {
        match (event, self.0.take()) {
            (Event::Start, Some(request)) => Ok(Step::Perform(Effect::Send(request, Timeouts::default()))),
            (Event::Response(response), None) => Ok(Step::Done(response)),
            (Event::Failed(error), None) => Err(error.into()),
            _ => Err(Error::Transport(Box::new(TransportErrorKind::Unsupported.into()))),
        }
    }
}

/// Sends `request` through `driver` and returns whatever comes back.
pub(crate) fn send(driver: &Driver, request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
    driver.run(Exchange(Some(request)))
}
