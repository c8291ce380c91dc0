//! Making a client: shared files are read, settings are put together and checked.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::config::{Config, Looks};
use super::keys::{Keys, Source};
use super::look::{Looked, Looking};
use super::region::Region;
use super::{Core, Shared};
use crate::context::Context;
use crate::error::Error;
use crate::flow::{Effect, Event, Flow, Step};
use crate::settings::{Settings, SettingsError, SettingsErrorKind, Sourced};
use crate::transport::TransportErrorKind;

/// Makes a [`Core`] of a [`Config`]. The only effects that it asks for are [`Effect::Read`](crate::flow::Effect::Read).
///
/// Fails where a variable or a file cannot be used, where a profile that was named is not there, and where no endpoint can
/// be made of the settings. Credentials are not looked for yet: some operations need none.
pub struct Build {
    config: Config,
    product: String,
    seed: u128,
    in_page: bool,
    state: State,
}

enum State {
    Ready,
    Looking(Looking),
    Over,
}

impl Build {
    /// `product` is the driver's name and version for the user agent, `name/1.2.3`.
    pub fn new(config: Config, product: impl Into<String>) -> Self {
        Self { config, product: product.into(), seed: 0, in_page: false, state: State::Ready }
    }

    /// A number that no other client has, so that clients that start together do not refresh together.
    #[must_use]
    pub fn seed(mut self, seed: u128) -> Self {
        self.seed = self.config.seed(seed);
        self
    }

    /// Whether the client is one of a web page or a worker: see [`Context::in_page`].
    #[must_use]
    pub fn in_page(mut self, yes: bool) -> Self {
        self.in_page = yes;
        self
    }

    /// Steps this flow to its end in place. `read` performs [`Effect::Read`].
    ///
    /// # Errors
    ///
    /// The flow's own.
    pub fn in_place(
        mut self,
        now: SystemTime,
        read: impl Fn(std::path::PathBuf) -> Event,
    ) -> Result<Core, Error> {
        let now = self.config.now(|| now);
        let mut event = Event::Start;
        loop {
            event = match self.step(now, event)? {
                Step::Done(core) => return Ok(core),
                Step::Perform(Effect::Read(path)) => read(path),
                Step::Perform(_) => Event::Failed(TransportErrorKind::Unsupported.into()),
            };
        }
    }

    fn look(&mut self, now: SystemTime, mut looking: Looking, event: Event) -> Result<Step<Core>, Error> {
        match looking.step(now, event)? {
            Step::Perform(effect) => {
                self.state = State::Looking(looking);
                Ok(Step::Perform(effect))
            }
            Step::Done(mut looked) => {
                let settings = std::mem::take(&mut looked.settings);
                self.core(settings, Some(looked)).map(Step::Done)
            }
        }
    }

    fn core(&self, mut settings: Settings, looked: Option<Looked>) -> Result<Core, Error> {
        let Config { looks, provided, credentials_only, observer, .. } = &self.config;
        if *provided {
            // What the environment says of credentials may be wrong, or not be there.
            settings = settings.without_credentials();
        }
        let isolated = looked.is_none();
        let (sources, metadata, search, cli_cache) = match looked {
            Some(Looked { sources, metadata, search, cli_cache, .. }) => {
                (Some(sources), metadata, Some(search), cli_cache)
            }
            None => (None, Ok(None), None, None),
        };
        let asked = metadata.as_ref().ok().and_then(Option::as_ref);
        let context = Context::of(settings, &self.product)?
            .in_page(self.in_page)
            .observed_by(observer.clone())
            .without_search(metadata.as_ref().err().map(|error| error.problem().into_owned()));
        if !*credentials_only && (context.settings().has_region() || asked.is_none()) {
            context.endpoint()?;
        }
        let context = Arc::new(context);
        let source = match sources {
            _ if *provided => Source::Provider,
            Some(sources) if !context.settings().credentials_are_set_in_code() => Source::Chain(sources),
            _ => Source::Settings,
        };
        let region = Arc::new(Region::new(Arc::clone(&context), asked.cloned().zip(search)));
        let keys = Keys::new(source, &context, asked.cloned(), self.seed).cli_cache(cli_cache.clone());
        let keys = Arc::new(keys);
        let traced = matches!(looks, Looks::InEnvironment { traced: true, .. });
        let timeouts = context.timeouts();
        let shared = Shared {
            context,
            region,
            metadata,
            cli_cache,
            told: |_| Vec::new(),
            isolated,
            traced,
            #[cfg(feature = "testing")]
            fixed: self.config.fixed.clone(),
        };
        Ok(Core { shared: Arc::new(shared), keys, timeouts, max_attempts: None })
    }
}

impl Flow for Build {
    type Output = Core;
    type Error = Error;

    fn step(&mut self, now: SystemTime, event: Event) -> Result<Step<Core>, Error> {
        match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Ready, Event::Start) => {
                let Looks::InEnvironment { env, look, .. } = self.config.looks.clone() else {
                    if let Some(Sourced { value: name, .. }) = self.config.profile.take() {
                        let kind = match self.in_page {
                            true => SettingsErrorKind::ProfileInPage { name },
                            false => SettingsErrorKind::ProfileIsolated { name },
                        };
                        return Err(SettingsError::from(kind).into());
                    }
                    let code = std::mem::take(&mut self.config.settings);
                    return self.core(code, None).map(Step::Done);
                };
                let looking = look(env, &mut self.config);
                self.look(now, looking, Event::Start)
            }
            (State::Looking(looking), event) => self.look(now, looking, event),
            _ => Err(Error::OutOfTurn),
        }
    }
}

impl fmt::Debug for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Build")
            .field("config", &self.config)
            .field("product", &self.product)
            .finish_non_exhaustive()
    }
}
