use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::SystemTime;

use sts_proto::settings::Setting;
use sts_proto::{Context, Error, Event, Flow, Step};

use crate::effects::Effects;

/// What clients that share connections share: it drives flows.
pub(crate) struct Engine {
    pub(crate) context: Arc<Context>,
    pub(crate) effects: Effects,
    /// Which proxy requests go through.
    pub(crate) proxy: Setting,
}

impl Engine {
    /// Shows the flow after each step.
    pub(crate) async fn drive<F: Flow>(
        &self,
        flow: &mut F,
        mut show: impl FnMut(&F),
    ) -> Result<F::Output, Error> {
        let mut event = Event::Start;
        loop {
            let step = flow.step(SystemTime::now(), event);
            show(flow);
            match step? {
                Step::Done(output) => return Ok(output),
                Step::Perform(effect) => event = self.effects.perform(effect).await,
            }
        }
    }
}

/// A number that no other call has. The standard library keys its hashers at random; what they make of nothing is
/// good enough to name a call and to spread waits, and nothing else is made of it: no key, no nonce, no secret.
pub(crate) fn seed() -> u128 {
    let half = || u128::from(RandomState::new().build_hasher().finish());
    half() << 64 | half()
}
