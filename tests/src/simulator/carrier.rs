use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};
use sts_proto::{Event, SendTimeouts, TransportError};

use super::Fault;
use super::weather::clock;

/// A transport for either driver, and a service for the simulator, that plays a script of faults and then
/// succeeds.
#[derive(Debug)]
pub struct Carrier {
    script: Vec<&'static Fault>,
    /// How many seconds the server's clock is ahead of the local clock; `None` for a server that sends no
    /// date.
    ahead: Option<i64>,
    asked: AtomicUsize,
}

impl Carrier {
    /// A carrier with this script.
    pub fn new(script: &[&'static Fault], ahead: Option<i64>) -> Self {
        Self { script: script.to_vec(), ahead, asked: AtomicUsize::new(0) }
    }

    /// The result of the next request.
    pub fn answer(&self, now: SystemTime) -> Event {
        let index = self.asked.fetch_add(1, Ordering::SeqCst);
        let event = self.script.get(index).copied().unwrap_or(Fault::SUCCESS).event();
        match self.ahead {
            Some(ahead) => Fault::dated(event, clock(now, ahead)),
            None => event,
        }
    }

    fn carry(&self) -> Result<Response<Bytes>, TransportError> {
        match self.answer(SystemTime::now()) {
            Event::Response(response) => Ok(response),
            Event::Failed(error) => Err(error),
            event => unreachable!("no answer: {event:?}"),
        }
    }
}

impl sts_blocking::Transport for Carrier {
    fn send(&self, _: Request<Bytes>, _: SendTimeouts) -> Result<Response<Bytes>, TransportError> {
        self.carry()
    }
}

impl sts_async::Transport for Carrier {
    fn send(&self, _: Request<Bytes>, _: SendTimeouts) -> sts_async::TransportFuture<'_> {
        Box::pin(async { self.carry() })
    }
}
