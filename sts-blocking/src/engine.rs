use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::SystemTime;

use sts_proto::flow::{Effect, Event};
use sts_proto::settings::{Env, Setting};
use sts_proto::{Call, Context, Flow, Operation, Secret, Step};

use crate::region::Search;
use crate::{Transport, effects};

/// What clients that share connections share: it drives flows, and does what they ask for.
pub(crate) struct Engine {
    pub(crate) context: Arc<Context>,
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) ask_mfa_code: Option<Box<AskMfaCode>>,
    /// What the settings do not know of themselves: proxy, certificates.
    pub(crate) told: Vec<Setting>,
    pub(crate) region: Search,
    /// Whether calls belong to a trace that the environment names, another one from time to time.
    pub(crate) traced: bool,
}

/// Answers with the current code of the MFA device that has this serial number, or not at all.
pub(crate) type AskMfaCode = dyn Fn(&str) -> Option<Secret> + Send + Sync;

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
    pub(crate) fn drive<F: Flow>(&self, flow: &mut F, show: impl FnMut(&F)) -> Result<F::Output, F::Error> {
        self.go_on(flow, Event::Start, show)
    }

    /// The same from an event on.
    pub(crate) fn go_on<F: Flow>(
        &self,
        flow: &mut F,
        mut event: Event,
        mut show: impl FnMut(&F),
    ) -> Result<F::Output, F::Error> {
        loop {
            let step = flow.step(SystemTime::now(), event);
            show(flow);
            event = match step? {
                Step::Done(output) => return Ok(output),
                Step::Perform(effect) => self.perform(effect),
            };
        }
    }

    pub(crate) fn perform(&self, effect: Effect) -> Event {
        match effect {
            Effect::Send(request, timeouts) => match self.transport.send(request, timeouts) {
                Ok(response) => Event::Response(response),
                Err(error) => Event::Failed(error),
            },
            Effect::Read(path) => effects::read(&path),
            Effect::Run(command) => effects::run(&command),
            Effect::AskMfaCode(serial) => effects::ask_mfa_code(self.ask_mfa_code.as_deref(), &serial),
            Effect::Wait(duration) => {
                std::thread::sleep(duration);
                Event::Elapsed
            }
        }
    }
}

/// A number that no other call has, from the randomly keyed hasher of the standard library. It is for ids, not
/// for keys.
pub(crate) fn seed() -> u128 {
    let half = || u128::from(RandomState::new().build_hasher().finish());
    half() << 64 | half()
}
