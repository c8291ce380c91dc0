use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::SystemTime;

use sts_proto::settings::{Env, Setting};
use sts_proto::{Call, Context, Event, Flow, Operation, Step};

use crate::effects::Effects;
use crate::region::Search;

/// What clients that share connections share: it drives flows.
pub(crate) struct Engine {
    pub(crate) context: Arc<Context>,
    pub(crate) effects: Effects,
    /// What the settings do not know of themselves: proxy, certificates.
    pub(crate) told: Vec<Setting>,
    pub(crate) region: Search,
    /// Whether calls belong to a trace that the environment names, another one from time to time.
    pub(crate) traced: bool,
}

impl Engine {
    /// A call of this client, as part of the trace that the environment names now, if it does.
    pub(crate) fn call<O: Operation>(&self, operation: O) -> Call<O> {
        let call = Call::new(operation, Arc::clone(&self.context), seed());
        if !self.traced {
            return call;
        }
        call.trace_id(Env::from_iter(std::env::vars_os()).trace_id())
    }

    /// Shows the flow after each step.
    pub(crate) async fn drive<F: Flow>(
        &self,
        flow: &mut F,
        mut show: impl FnMut(&F),
    ) -> Result<F::Output, F::Error> {
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
