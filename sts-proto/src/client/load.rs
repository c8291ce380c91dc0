use std::path::Path;
use std::time::SystemTime;

use crate::error::Error;
use crate::flow::{Effect, Event, Flow, Step};
use crate::perform::TOO_LARGE;
use crate::secret::Given;
use crate::settings::{
    CONFIG, CREDENTIALS, Env, FileState, Files, Platform, Profiles, Section, Settings, SettingsError,
    SettingsErrorKind, Sourced, reason,
};
use crate::wire::MAX_BODY;

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
/// | signature, with the feature `sigv4a` | `auth_scheme_preference`, `sigv4a_signing_region_set` |
/// | roots to trust | `ca_bundle` |
/// | retries | `retry_mode`, `max_attempts` |
///
/// Credentials are not looked for: a [`Chain`](crate::credentials::Chain) of the profiles says where they are.
///
/// Fails with [`Error::Settings`] where a profile that was named is not there, where a line of the profile cannot be
/// understood, where a file that a variable names cannot be read, and where a setting has an invalid value. A
/// file that is not there counts as empty, and so does a profile `default`. A file in its usual place that cannot be read
/// counts as not there, and what cannot be understood in other sections does no harm: the settings list both.
#[derive(Debug)]
pub struct Load {
    env: Env,
    profile: Option<Sourced<String>>,
    /// What code sets.
    code: Box<Settings>,
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
    ReadingCredentials(Files, Contents),
    Over,
}

/// What is in a file.
#[derive(Debug)]
enum Contents {
    Read(Given),
    Absent,
    NotRead(String),
}

impl Loaded {
    /// The profile that the settings are of, if a file has it.
    pub fn profile(&self) -> Option<&Section> {
        self.profiles.profile(&self.profile).ok().flatten()
    }
}

impl Load {
    /// With what this snapshot of the environment says.
    pub fn new(env: Env) -> Self {
        Self { env, profile: None, code: Box::default(), platform: Platform::current(), state: State::Ready }
    }

    /// With this profile, whatever the environment says.
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.profile = Some(Sourced::in_code(name.into()));
        self
    }

    /// The same with what names it, where code names one.
    pub(super) fn named(mut self, profile: Option<Sourced<String>>) -> Self {
        self.profile = profile;
        self
    }

    /// With this set in code, which goes before what is found. It is not looked for, so that a value elsewhere that cannot be
    /// used does no harm.
    pub fn under(mut self, code: Settings) -> Self {
        self.code = Box::new(code);
        self
    }

    /// With files where this platform has them, in place of the one that this was compiled for.
    pub fn platform(mut self, platform: Platform) -> Self {
        self.platform = platform;
        self
    }

    fn read_config(&mut self) -> Result<Step<Loaded>, Error> {
        let files = Files::new(&self.env, self.platform)?;
        let Some(path) = files.config.clone() else { return self.read_credentials(files, Contents::Absent) };
        self.state = State::ReadingConfig(files);
        Ok(Step::Perform(Effect::Read(path)))
    }

    fn read_credentials(&mut self, files: Files, config: Contents) -> Result<Step<Loaded>, Error> {
        let Some(path) = files.credentials.clone() else {
            return Ok(Step::Done(self.loaded(files, config, Contents::Absent)?));
        };
        self.state = State::ReadingCredentials(files, config);
        Ok(Step::Perform(Effect::Read(path)))
    }

    /// What came of reading a file, which `variable` may name.
    fn contents(&self, variable: &'static str, path: Option<&Path>, event: Event) -> Result<Contents, Error> {
        let path = path.unwrap_or(Path::new(""));
        let reason = match event {
            Event::Contents(None) => return Ok(Contents::Absent),
            Event::Contents(Some(contents)) if contents.len() <= MAX_BODY => {
                return Ok(Contents::Read(contents.into()));
            }
            Event::Contents(Some(_)) => TOO_LARGE.to_owned(),
            Event::Failed(error) => reason(path, &error),
            _ => return Err(Error::OutOfTurn),
        };
        if self.env.has(variable) {
            let kind = SettingsErrorKind::ProfileFile { path: path.to_path_buf(), reason };
            return Err(SettingsError::from(kind).into());
        }
        // Not asked for, and perhaps not needed.
        Ok(Contents::NotRead(reason))
    }

    fn loaded(
        &mut self,
        files: Files,
        config: Contents,
        credentials: Contents,
    ) -> Result<Loaded, SettingsError> {
        let mut profiles = Profiles::parse(
            (files.config.as_deref().unwrap_or(Path::new("")), config.bytes()),
            (files.credentials.as_deref().unwrap_or(Path::new("")), credentials.bytes()),
        )?;
        for (path, contents) in [(&files.config, &config), (&files.credentials, &credentials)] {
            if let (Some(path), Contents::NotRead(reason)) = (path, contents) {
                profiles.not_read(path.clone(), reason.clone());
            }
        }
        let states = [config.state(), credentials.state()];
        let (settings, profile) =
            Settings::from_files(&self.env, self.profile.as_ref(), &profiles, files, &self.code, states)?;
        Ok(Loaded { settings: std::mem::take(&mut *self.code).over(settings), profiles, profile })
    }
}

impl Contents {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Read(contents) => contents,
            Self::Absent | Self::NotRead(_) => &[],
        }
    }

    fn state(self) -> FileState {
        match self {
            Self::Read(_) => FileState::Read,
            Self::Absent => FileState::Absent,
            Self::NotRead(reason) => FileState::NotRead(reason),
        }
    }
}

impl Flow for Load {
    type Output = Loaded;
    type Error = Error;

    fn step(&mut self, _now: SystemTime, event: Event) -> Result<Step<Loaded>, Error> {
        match (std::mem::replace(&mut self.state, State::Over), event) {
            (State::Ready, Event::Start) => self.read_config(),
            (State::ReadingConfig(files), event) => {
                let config = self.contents(CONFIG, files.config.as_deref(), event)?;
                self.read_credentials(files, config)
            }
            (State::ReadingCredentials(files, config), event) => {
                let credentials = self.contents(CREDENTIALS, files.credentials.as_deref(), event)?;
                Ok(Step::Done(self.loaded(files, config, credentials)?))
            }
            _ => Err(Error::OutOfTurn),
        }
    }
}

#[cfg(test)]
mod tests;
