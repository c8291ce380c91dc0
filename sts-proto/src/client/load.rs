use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::Error;
use crate::flow::{Effect, Event, Flow, Step};
use crate::secret::Given;
use crate::settings::{Env, Files, Platform, Profiles, Section, Settings, SettingsError, reason};
use crate::transport::TransportError;

/// Reads the shared config and credentials files and makes settings of them and of the environment, as every AWS tool
/// does. The only effects that it asks for are [`Effect::Read`].
///
/// The profile is the one that is named in code, else by `AWS_PROFILE`, else `default`. A setting comes from the
/// environment (see [`Settings::from_env`]), else from the profile's key:
///
/// | setting | key |
/// |---|---|
/// | region | `region` |
/// | endpoint URL | `endpoint_url` in block `sts` of the section that `services` names, `endpoint_url`; neither if `ignore_configured_endpoint_urls` is true |
/// | FIPS, dual stack | `use_fips_endpoint`, `use_dualstack_endpoint` |
/// | global endpoint | `sts_regional_endpoints` |
/// | app id | `sdk_ua_app_id` |
/// | roots to trust | `ca_bundle` |
/// | retries | `retry_mode`, `max_attempts` |
///
/// Credentials are not looked for: a [`Chain`](crate::credentials::Chain) of the profiles says where they are.
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

/// What the shared files say.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// The settings of the environment and of the profile.
    pub settings: Settings,
    /// All profiles.
    pub profiles: Profiles,
    /// The name of the profile that the settings are of.
    pub profile: String,
}

#[derive(Debug)]
enum State {
    Ready,
    ReadingConfig(Files),
    ReadingCredentials(Files, Option<Given>),
    Over,
}

impl Loaded {
    /// The profile that the settings are of, if a file has it.
    pub fn profile(&self) -> Option<&Section> {
        self.profiles.profile(&self.profile)
    }
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

    fn read_config(&mut self) -> Result<Step<Loaded>, Error> {
        let files = Files::new(&self.env, self.platform)?;
        let Some(path) = files.config.clone() else { return self.read_credentials(files, None) };
        self.state = State::ReadingConfig(files);
        Ok(Step::Perform(Effect::Read(path)))
    }

    fn read_credentials(&mut self, files: Files, config: Option<Given>) -> Result<Step<Loaded>, Error> {
        let Some(path) = files.credentials.clone() else {
            return Ok(Step::Done(self.loaded(files, config, None)?));
        };
        self.state = State::ReadingCredentials(files, config);
        Ok(Step::Perform(Effect::Read(path)))
    }

    fn loaded(
        &self,
        files: Files,
        config: Option<Given>,
        credentials: Option<Given>,
    ) -> Result<Loaded, SettingsError> {
        let profiles =
            Profiles::parse(source(&files.config, &config), source(&files.credentials, &credentials))?;
        let read = [config.is_some(), credentials.is_some()];
        let (settings, profile) =
            Settings::from_files(&self.env, self.profile.as_deref(), &profiles, files, read)?;
        Ok(Loaded { settings, profiles, profile })
    }
}

impl Flow for Load {
    type Output = Loaded;
    type Error = Error;

    fn step(&mut self, _now: SystemTime, event: Event) -> Result<Step<Loaded>, Error> {
        match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Ready, Event::Start) => self.read_config(),
            (State::ReadingConfig(files), Event::Contents(config)) => {
                self.read_credentials(files, config.map(Given::from))
            }
            (State::ReadingCredentials(files, config), Event::Contents(credentials)) => {
                let credentials = credentials.map(Given::from);
                Ok(Step::Done(self.loaded(files, config, credentials)?))
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
    let reason = reason(&path, error);
    SettingsError::ProfileFile { path, reason }.into()
}

#[cfg(test)]
mod tests;
