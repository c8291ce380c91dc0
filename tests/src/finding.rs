//! How a client finds its credentials, as one flow.

use std::sync::Arc;
use std::time::SystemTime;

use sts_proto::client::Load;
use sts_proto::credentials::{Chain, Resolve, Resolved, imds};
use sts_proto::settings::Env;
use sts_proto::{Context, Error, Event, Flow, Step};

/// Loads the settings and resolves their credential chain.
#[derive(Debug)]
pub struct Finding {
    stage: Stage,
    env: Env,
    seed: u128,
    profile_alone: bool,
}

#[derive(Debug)]
enum Stage {
    Loading(Load),
    Resolving(Box<Resolve>),
}

impl Finding {
    /// Uses this environment and the shared files it points to.
    pub fn new(env: Env, seed: u128) -> Self {
        Self { stage: Stage::Loading(Load::new(env.clone())), env, seed, profile_alone: false }
    }

    /// Uses the profile and no other source.
    pub fn in_profile_alone(mut self) -> Self {
        self.profile_alone = true;
        self
    }
}

impl Flow for Finding {
    type Output = Resolved;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Resolved>, Error> {
        let loaded = match &mut self.stage {
            Stage::Resolving(resolve) => return resolve.step(now, event),
            Stage::Loading(load) => match load.step(now, event)? {
                Step::Perform(effect) => return Ok(Step::Perform(effect)),
                Step::Done(loaded) => loaded,
            },
        };
        let mut chain = Chain::new(&self.env, &loaded.profiles, None);
        if self.profile_alone {
            chain.candidates.retain(|candidate| candidate.name.starts_with("profile"));
        }
        let metadata = imds::Config::new(&self.env, loaded.profile()).ok().flatten();
        let context = Arc::new(Context::without_endpoint(&loaded.settings, "finding/1")?);
        let resolve = Resolve::new(Arc::new(chain), context, self.seed).metadata(metadata);
        let mut resolve = Box::new(resolve);
        let step = resolve.step(now, Event::Start);
        self.stage = Stage::Resolving(resolve);
        step
    }
}
