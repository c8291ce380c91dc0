use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::files::{CONFIG, CREDENTIALS};
use super::list::{Found, FoundFile};
use super::origin::Sourced;
use super::{Env, Files, Origin, Platform, Profiles, Settings, SettingsError, parse};
use crate::credentials::{Chain, imds};
use crate::secret::Given;
use crate::{Effect, Error, Event, Flow, Step, TransportError, TransportErrorKind};

/// Reads the shared config and credentials files and makes settings of them and of the environment, as every AWS tool
/// does. The only effects that it asks for are [`Effect::Read`].
///
/// The profile is the one that is named in code, else by `AWS_PROFILE`, else `default`. A setting comes from the
/// environment (see [`Settings::from_env`]), else from the profile's key:
///
/// | setting | key |
/// |---|---|
/// | region | `region`; where nobody names one, the instance's metadata may be asked once a call needs it |
/// | endpoint URL | `endpoint_url` in block `sts` of the section that `services` names, `endpoint_url`; neither if `ignore_configured_endpoint_urls` is true |
/// | FIPS, dual stack | `use_fips_endpoint`, `use_dualstack_endpoint` |
/// | global endpoint | `sts_regional_endpoints` |
/// | app id | `sdk_ua_app_id` |
/// | roots to trust | `ca_bundle` |
/// | retries | `retry_mode`, `max_attempts` |
///
/// Credentials are not looked for yet: [`Settings::chain`] says where they will be.
///
/// Fails with [`Error::Settings`] where a file is there and cannot be read or understood, where a profile that was named
/// is not there, and where a value is none that the setting may have. A file that is not there counts as empty, and so
/// does a profile `default`.
#[derive(Debug)]
pub struct Load {
    env: Env,
    profile: Option<String>,
    platform: Platform,
    state: State,
}

#[derive(Debug)]
enum State {
    Ready,
    ReadingConfig(Files),
    ReadingCredentials(Files, Option<Given>),
    Over,
}

impl Load {
    /// With what this snapshot of the environment says.
    pub fn new(env: Env) -> Self {
        Self { env, profile: None, platform: Platform::current(), state: State::Ready }
    }

    /// With this profile, whatever the environment says.
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.profile = Some(name.into());
        self
    }

    /// With files where this platform has them, in place of the one that this was compiled for.
    pub fn platform(mut self, platform: Platform) -> Self {
        self.platform = platform;
        self
    }

    fn read_config(&mut self) -> Result<Step<Settings>, Error> {
        let files = Files::new(&self.env, self.platform)?;
        let Some(path) = files.config.clone() else { return self.read_credentials(files, None) };
        self.state = State::ReadingConfig(files);
        Ok(Step::Perform(Effect::Read(path)))
    }

    fn read_credentials(&mut self, files: Files, config: Option<Given>) -> Result<Step<Settings>, Error> {
        let Some(path) = files.credentials.clone() else {
            return Ok(Step::Done(self.settings(files, config, None)?));
        };
        self.state = State::ReadingCredentials(files, config);
        Ok(Step::Perform(Effect::Read(path)))
    }

    fn settings(
        &self,
        files: Files,
        config: Option<Given>,
        credentials: Option<Given>,
    ) -> Result<Settings, SettingsError> {
        let profiles =
            Profiles::parse(source(&files.config, &config), source(&files.credentials, &credentials))?;
        let name = self.profile_name()?;
        let profile = profiles.profile(&name.value);
        if profile.is_none() && name.value != DEFAULT {
            let files = [files.config, files.credentials].into_iter().flatten().collect();
            return Err(SettingsError::NoProfile { name: name.value, origin: name.origin, files });
        }
        let mut settings = Settings::resolve(&self.env, &profiles, profile)?;
        settings.chain = Some(Arc::new(Chain::new(&self.env, &profiles, self.profile.as_deref())));
        // What is wrong with it matters to those who need it: the chain's candidate says so.
        settings.metadata = imds::Config::new(&self.env, profile);
        settings.found = Some(Found {
            profile_exists: profile.is_some(),
            profile: name,
            config: self.found(CONFIG, files.config, config.is_some()),
            credentials: self.found(CREDENTIALS, files.credentials, credentials.is_some()),
        });
        Ok(settings)
    }

    fn profile_name(&self) -> Result<Sourced<String>, SettingsError> {
        if let Some(name) = &self.profile {
            return Ok(Sourced::in_code(name.clone()));
        }
        Ok(match self.env.get("AWS_PROFILE")? {
            Some(name) => {
                Sourced { value: name.trim().to_owned(), origin: Origin::Environment("AWS_PROFILE") }
            }
            None => Sourced { value: DEFAULT.to_owned(), origin: Origin::Default },
        })
    }

    fn found(&self, variable: &'static str, path: Option<PathBuf>, exists: bool) -> FoundFile {
        let origin = if self.env.has(variable) { Origin::Environment(variable) } else { Origin::Default };
        FoundFile { path, origin, exists }
    }
}

impl Flow for Load {
    type Output = Settings;
    type Error = Error;

    fn step(&mut self, _now: SystemTime, event: Event) -> Result<Step<Settings>, Error> {
        match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Ready, Event::Start) => self.read_config(),
            (State::ReadingConfig(files), Event::Contents(config)) => {
                self.read_credentials(files, config.map(Given::from))
            }
            (State::ReadingCredentials(files, config), Event::Contents(credentials)) => {
                let credentials = credentials.map(Given::from);
                Ok(Step::Done(self.settings(files, config, credentials)?))
            }
            (State::ReadingConfig(files), Event::Failed(error)) => Err(unreadable(files.config, &error)),
            (State::ReadingCredentials(files, _), Event::Failed(error)) => {
                Err(unreadable(files.credentials, &error))
            }
            _ => Err(Error::OutOfTurn),
        }
    }
}

fn source<'a>(path: &'a Option<PathBuf>, contents: &'a Option<Given>) -> (&'a Path, &'a [u8]) {
    (path.as_deref().unwrap_or(Path::new("")), contents.as_deref().unwrap_or_default())
}

fn unreadable(path: Option<PathBuf>, error: &TransportError) -> Error {
    let path = path.unwrap_or_default();
    // The kind speaks of answers; what the driver met with says more.
    let reason = match error.kind() {
        TransportErrorKind::TooLarge => parse::TOO_LARGE.to_owned(),
        _ => error.source().map_or_else(|| error.to_string(), ToString::to_string),
    };
    let reason = reason.lines().next().unwrap_or_default();
    // Said once is enough.
    let reason = reason.strip_prefix(&format!("{}: ", path.display())).unwrap_or(reason).to_owned();
    SettingsError::ProfileFile { path, reason }.into()
}

const DEFAULT: &str = "default";

#[cfg(test)]
mod tests;
