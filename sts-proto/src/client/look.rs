//! Looking in environment and shared files: for settings, and for where credentials are.

use std::sync::Arc;
use std::time::SystemTime;

use super::config::Config;
use super::load::{Load, Loaded};
use super::region::{self, BeginSearch};
use super::sources::{Chained, Sources};
use crate::credentials::{Chain, CliCache, imds};
use crate::error::{CredentialsError, Error};
use crate::flow::{Event, Flow, Step};
use crate::settings::{Env, Settings, Sourced};

/// Begins to look, for a client that is made with this.
pub(super) type Look = fn(Env, &mut Config) -> Looking;

/// Ends with what was found.
pub(super) type Looking = Box<dyn Flow<Output = Looked, Error = Error> + Send + Sync>;

/// What the environment and the files lead to.
pub(super) struct Looked {
    pub(super) settings: Settings,
    pub(super) sources: Arc<dyn Chained>,
    pub(super) metadata: Result<Option<imds::Config>, CredentialsError>,
    /// How that is asked for the region.
    pub(super) search: BeginSearch,
    pub(super) cli_cache: Option<CliCache>,
}

/// The only [`Look`] that there is.
pub(super) fn look(env: Env, config: &mut Config) -> Looking {
    let (code, profile) = (std::mem::take(&mut config.settings), config.profile.take());
    let load = Load::new(env.clone()).under(code).named(profile.clone());
    let cli_cache = config.cli_cache.map(|make| make(&env));
    Box::new(InEnvironment { load, env, profile, cli_cache })
}

struct InEnvironment {
    load: Load,
    env: Env,
    /// The profile that code names.
    profile: Option<Sourced<String>>,
    cli_cache: Option<CliCache>,
}

impl Flow for InEnvironment {
    type Output = Looked;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Looked>, Error> {
        let loaded = match self.load.step(now, event)? {
            Step::Perform(effect) => return Ok(Step::Perform(effect)),
            Step::Done(loaded) => loaded,
        };
        // What is wrong with it matters where it is asked: the chain's candidate says so.
        let metadata = imds::Config::new(&self.env, loaded.profile());
        let Loaded { settings, profiles, .. } = loaded;
        let chain = Chain::new(&self.env, &profiles, self.profile.as_ref().map(|profile| &*profile.value));
        let sources = Arc::new(Sources::new(chain, self.env.clone(), self.profile.take()));
        let cli_cache = self.cli_cache.take();
        Ok(Step::Done(Looked { settings, sources, metadata, search: region::begin, cli_cache }))
    }
}
