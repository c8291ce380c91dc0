//! An environment to the files' paths, and to the profile that is read.

use std::time::SystemTime;

use sts_proto::client::Load;
use sts_proto::settings::{Env, Files, Platform};
use sts_proto::{Effect, Event, Flow, Settings, Step};

use crate::record::Record;

pub(crate) fn check(mut case: Record) -> Result<(), String> {
    let env = Env::from_iter(case.texts("environment")?);
    let platform = match case.text("platform")?.as_str() {
        "linux" | "macos" => Platform::Unix,
        "windows" => Platform::Windows,
        other => return Err(format!("no such platform: {other}")),
    };
    let files = Files::new(&env, platform).map_err(|error| error.to_string())?;
    for (name, ours) in [("configLocation", files.config), ("credentialsLocation", files.credentials)] {
        let theirs = case.text(name)?;
        if ours.as_deref().map(|path| path.as_os_str()) != Some(theirs.as_ref()) {
            return Err(format!("{name} is {ours:?} and should be {theirs:?}"));
        }
    }
    let profile = case.text_if_there("profile")?;
    case.end()?;
    let Some(profile) = profile else { return Ok(()) };
    let settings = load(Load::new(env).platform(platform), &profile)?;
    let name = settings.list().into_iter().find(|setting| setting.name == "profile");
    match name {
        Some(name) if *name.value == *profile => Ok(()),
        other => Err(format!("the profile is {other:?} and should be {profile}")),
    }
}

/// From files that have this profile and no other.
fn load(mut load: Load, profile: &str) -> Result<Settings, String> {
    let mut event = Event::Start;
    for _ in 0..3 {
        match load.step(SystemTime::UNIX_EPOCH, event).map_err(|error| error.to_string())? {
            Step::Done(loaded) => return Ok(loaded.settings),
            Step::Perform(Effect::Read(_)) => {
                event = Event::Contents(Some(format!("[profile {profile}]\n").into()));
            }
            Step::Perform(effect) => return Err(format!("unexpected: {effect:?}")),
        }
    }
    Err("it does not end".to_owned())
}
