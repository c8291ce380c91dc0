//! Virtual time for flows: a fleet of clients over a virtual day is a test of a few seconds.
//!
//! [`simulate`] drives any number of flows as a driver would, but jumps from one event to the next instead of
//! waiting. The test chooses what responds: [`Weathered`] is a service whose condition changes over time,
//! [`Fault`] a single result. [`Recorded`] writes down what a flow asks for and what it gets, in virtual time
//! and in a real driver alike, and [`check`] compares such a trace with an independent implementation of the
//! published retry rules. [`Sessions`] is a fleet of whole clients, whose credentials are kept fresh while callers give up,
//! jobs are lost, clocks are set and sessions are refused.
//!
//! Everything is deterministic: events happen in the order of their time, then of their creation, and
//! randomness comes from [`Chance`] and its seed.

mod carrier;
mod chance;
mod clients;
mod fault;
mod fleet;
mod issuer;
mod rules;
mod sessions;
mod trace;
mod weather;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;
use sts_proto::{Effect, Error, Event, Flow, Phase, Step, TransportErrorKind};

pub use carrier::Carrier;
pub use chance::Chance;
pub use fault::{FAULTS, Fault, Wire, date_of};
pub use fleet::{Fleet, Run, Tally};
pub use rules::{Rules, Seen, check};
pub use sessions::{Calls, Kept, Mishaps, Sessions, Uses};
pub use trace::{Entry, Note, Recorded, Trace, timeless};
pub use weather::{Minute, Weather, Weathered, clock, judge};

/// A flow that starts at some time.
pub struct Start<F> {
    /// When it starts.
    pub at: SystemTime,
    /// Its id, which the callbacks get.
    pub id: u64,
    /// The flow.
    pub flow: F,
}

/// The result of a request, and how long it takes.
pub struct Reply {
    /// How long the result takes. More than the time-out of the attempt becomes a time-out.
    pub after: Duration,
    /// [`Event::Response`] or [`Event::Failed`].
    pub event: Event,
}

/// Runs all flows to their end in virtual time. `starts` must be in the order of time; `serve` gets the
/// requests in the order in which they are sent; `ended` gets the time and the result of each flow.
pub fn simulate<F: Flow<Error = Error>>(
    starts: impl IntoIterator<Item = Start<F>>,
    mut serve: impl FnMut(SystemTime, u64, &Request<Bytes>) -> Reply,
    mut ended: impl FnMut(SystemTime, u64, Result<F::Output, Error>),
) {
    let mut starts = starts.into_iter().peekable();
    let mut agenda: BTreeMap<(SystemTime, u64), (u64, F, Event)> = BTreeMap::new();
    let mut sequence = 0;
    loop {
        let due = agenda.first_key_value().map(|((at, _), _)| *at);
        let start = starts.next_if(|start| due.is_none_or(|due| start.at <= due));
        let (now, id, mut flow, event) = match start {
            Some(Start { at, id, flow }) => (at, id, flow, Event::Start),
            None => match agenda.pop_first() {
                Some(((at, _), (id, flow, event))) => (at, id, flow, event),
                None => return,
            },
        };
        let (after, event) = match flow.step(now, event) {
            Ok(Step::Done(output)) => {
                ended(now, id, Ok(output));
                continue;
            }
            Err(error) => {
                ended(now, id, Err(error));
                continue;
            }
            Ok(Step::Perform(Effect::Send(request, timeouts))) => {
                let Reply { after, event } = serve(now, id, &request);
                if after <= timeouts.attempt {
                    (after, event)
                } else {
                    let late = TransportErrorKind::Timeout(Phase::Response);
                    (timeouts.attempt, Event::Failed(late.into()))
                }
            }
            Ok(Step::Perform(Effect::Wait(wait))) => (wait, Event::Elapsed),
            Ok(Step::Perform(_)) => (Duration::ZERO, Event::Failed(TransportErrorKind::Unsupported.into())),
        };
        sequence += 1;
        agenda.insert((now + after, sequence), (id, flow, event));
    }
}
