//! Time and random numbers, which a test may fix.

use std::time::SystemTime;

use super::{Config, Core};
#[cfg(feature = "testing")]
use crate::flow::Effect;
use crate::flow::{Event, Flow, Step};
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

    /// How time passes for a flow that begins now.
    pub fn pace(&self) -> Pace {
        Pace {
            #[cfg(feature = "testing")]
            watch: self.shared.fixed.clock.as_ref().map(Watch::of),
        }
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

/// How time passes for a flow: as `clock` says, unless a test has given the client a clock of its own. Then that clock tells the
/// flow the time, and the flow's waits end at once.
///
/// For drivers whose clients may be tested with the feature `testing`. A loop of your own can step a flow with the time itself.
/// A flow has one of its own, taken from [`Core::pace`] when the flow begins; [`Sending`](super::Sending) has an example.
#[derive(Debug)]
#[non_exhaustive]
pub struct Pace {
    #[cfg(feature = "testing")]
    watch: Option<Watch>,
}

impl Pace {
    /// The flow's next step.
    ///
    /// # Errors
    ///
    /// The flow's own.
    pub fn step<F: Flow>(
        &mut self,
        flow: &mut F,
        clock: impl FnOnce() -> SystemTime,
        event: Event,
    ) -> Result<Step<F::Output>, F::Error> {
        #[cfg(feature = "testing")]
        if let Some(watch) = &mut self.watch {
            return step_watched(watch, flow, event);
        }
        flow.step(clock(), event)
    }
}

#[cfg(feature = "testing")]
fn step_watched<F: Flow>(
    watch: &mut Watch,
    flow: &mut F,
    mut event: Event,
) -> Result<Step<F::Output>, F::Error> {
    if matches!(event, Event::Joined) {
        watch.catch_up();
    }
    loop {
        match flow.step(watch.now(), event)? {
            Step::Perform(Effect::Wait(time)) => watch.wait(time),
            step => return Ok(step),
        }
        event = Event::Elapsed;
    }
}
