//! Time and random numbers, which a test may fix.

use std::time::SystemTime;

use super::{Config, Core};
use crate::flow::Flow;
#[cfg(feature = "testing")]
use crate::flow::{Effect, Event, Step};
#[cfg(feature = "testing")]
use crate::testing::Watch;

impl Core {
    /// What time it is: that of `clock`, unless a test has given the client a clock of its own.
    pub fn now(&self, clock: impl FnOnce() -> SystemTime) -> SystemTime {
        #[cfg(feature = "testing")]
        if let Some(fixed) = &self.shared.fixed.clock {
            return fixed.now();
        }
        clock()
    }

    /// The flow, which is to be stepped in place of it. Where a test has given the client a clock, the flow is told the time by
    /// that one, and its waits are over at once.
    pub fn timed<F: Flow>(&self, flow: F) -> impl Flow<Output = F::Output, Error = F::Error> + use<F> {
        #[cfg(feature = "testing")]
        let flow = Timed { flow, watch: self.shared.fixed.clock.as_ref().map(Watch::of) };
        flow
    }

    pub(super) fn seed(&self, random: u128) -> u128 {
        #[cfg(feature = "testing")]
        if let Some(fixed) = &self.shared.fixed.seeds {
            return fixed.next();
        }
        random
    }
}

impl Config {
    pub(super) fn now(&self, clock: impl FnOnce() -> SystemTime) -> SystemTime {
        #[cfg(feature = "testing")]
        if let Some(fixed) = &self.fixed.clock {
            return fixed.now();
        }
        clock()
    }

    pub(super) fn seed(&self, random: u128) -> u128 {
        #[cfg(feature = "testing")]
        if let Some(fixed) = &self.fixed.seeds {
            return fixed.next();
        }
        random
    }
}

/// A flow in the time of a test.
#[cfg(feature = "testing")]
struct Timed<F> {
    flow: F,
    watch: Option<Watch>,
}

#[cfg(feature = "testing")]
impl<F: Flow> Flow for Timed<F> {
    type Output = F::Output;
    type Error = F::Error;

    fn step(&mut self, now: SystemTime, mut event: Event) -> Result<Step<F::Output>, F::Error> {
        let Some(watch) = &mut self.watch else { return self.flow.step(now, event) };
        if matches!(event, Event::Joined) {
            watch.catch_up();
        }
        loop {
            match self.flow.step(watch.now(), event)? {
                Step::Perform(Effect::Wait(time)) => watch.wait(time),
                step => return Ok(step),
            }
            event = Event::Elapsed;
        }
    }
}
