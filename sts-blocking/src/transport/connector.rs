//! How connections are made: ureq's own links, with one more between TCP and TLS, and with the core's decision about proxies.
//!
//! That link reads what a server sent before it closed, and bounds what is read for one answer, of which ureq bounds headers
//! and body only: both as the core says. And it saves system calls: ureq sets the socket's time-out before each read
//! and write, to the nanosecond, unless it is the one that was set last. So long time-outs are rounded up to whole steps.

use std::sync::Arc;

use sts_proto::perform::{AnswerBound, Lookups, ReadFirst};
use sts_proto::settings::proxy::Proxies;
use ureq::unversioned::transport::time::Duration;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, TcpConnector, Transport,
};
use ureq::{Error, config::Config};

use super::name_lookup::{AtLast, Later};
use super::proxy::Route;
use super::tls::Tls;
use crate::bell::Bell;

/// An agent whose connections read what a server sent before it closed, and go through these proxies. All agents of a client
/// have the same look-ups, which are bounded together.
pub(crate) fn agent(config: Config, proxies: Proxies, tls: Tls, lookups: Arc<Lookups<Bell>>) -> ureq::Agent {
    let connector = AtLast { connector: ().chain(TcpConnector::default()).chain(Hear), lookups };
    ureq::Agent::with_parts(config, Route { proxies, connector, tls }, Later)
}

#[derive(Debug)]
struct Hear;

impl<In: Transport> Connector<In> for Hear {
    type Out = Hearing<In>;

    fn connect(&self, _: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Hearing<In>>, Error> {
        Ok(chained.map(|inner| Hearing {
            inner,
            first: ReadFirst::default(),
            answer: AnswerBound::default(),
        }))
    }
}

#[derive(Debug)]
struct Hearing<T> {
    inner: T,
    first: ReadFirst,
    answer: AnswerBound,
}

impl<T: Transport> Transport for Hearing<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if self.first.failure().is_some() {
            return Ok(());
        }
        self.answer.begin();
        match self.inner.transmit_output(amount, in_steps(timeout)) {
            Err(Error::Io(error)) if self.first.holds(&error) => Ok(()),
            result => result,
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let before = self.buffers().input().len();
        let read = self.inner.await_input(in_steps(timeout));
        let received = self.buffers().input().len().saturating_sub(before);
        self.answer.receive(received).map_err(|error| Error::Other(error.into()))?;
        match (self.first.failure(), read) {
            (Some(error), Ok(false) | Err(Error::Io(_))) => Err(error.into()),
            (_, read) => read,
        }
    }

    fn is_open(&mut self) -> bool {
        self.first.failure().is_none() && self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// A long time-out in whole steps: too long by less than a step.
fn in_steps(timeout: NextTimeout) -> NextTimeout {
    let after = match timeout.after {
        Duration::Exact(left) if left >= LONG => {
            let steps = left.as_nanos().div_ceil(STEP.as_nanos());
            let steps = u32::try_from(steps).ok().and_then(|steps| STEP.checked_mul(steps));
            Duration::Exact(steps.unwrap_or(left))
        }
        short => short,
    };
    NextTimeout { after, ..timeout }
}

const LONG: std::time::Duration = std::time::Duration::from_secs(4);
const STEP: std::time::Duration = std::time::Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use ureq::Timeout;

    use super::*;

    #[test]
    fn long_time_outs_go_in_steps_and_never_end_early() {
        let stepped = |after| {
            let timeout = NextTimeout { after, reason: Timeout::Global, per_read: None, per_write: None };
            in_steps(timeout).after
        };
        let millis = |millis| Duration::Exact(std::time::Duration::from_millis(millis));
        for (left, told) in [
            (0, 0),
            (1, 1),
            (1499, 1499),
            (3999, 3999),
            (4000, 4000),
            (4001, 4250),
            (4250, 4250),
            (59_999, 60_000),
            (3_600_000, 3_600_000),
        ] {
            assert_eq!(stepped(millis(left)), millis(told), "{left} ms");
        }
        let nanos = std::time::Duration::from_nanos;
        assert_eq!(stepped(Duration::Exact(nanos(59_999_999_999))), millis(60_000));
        assert_eq!(stepped(Duration::Exact(nanos(60_000_000_001))), millis(60_250));
        assert_eq!(stepped(Duration::NotHappening), Duration::NotHappening);
        assert_eq!(
            stepped(Duration::Exact(std::time::Duration::MAX)),
            Duration::Exact(std::time::Duration::MAX)
        );
    }
}
