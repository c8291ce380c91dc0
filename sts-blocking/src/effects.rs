//! The effects beside sending: files, programs, questions.

use std::path::Path;
use std::time::SystemTime;

use sts_proto::flow::{Effect, Event};
use sts_proto::settings::{Load, Settings};
use sts_proto::{Error, Flow, Step, TransportError, TransportErrorKind as Kind};

use crate::engine::AskMfaCode;

mod files;
mod pipe;
mod program;

use files::is_absent;
pub(crate) use files::read_file;
pub(crate) use program::run;

/// Reads the settings, which takes files and nothing else.
pub(crate) fn load(mut load: Load) -> Result<Settings, Error> {
    let mut event = Event::Start;
    loop {
        event = match load.step(SystemTime::now(), event)? {
            Step::Done(settings) => return Ok(settings),
            Step::Perform(Effect::Read(path)) => read(&path),
            Step::Perform(_) => Event::Failed(Kind::Unsupported.into()),
        };
    }
}

pub(crate) fn read(path: &Path) -> Event {
    match read_file(path) {
        Ok(Some(contents)) => Event::Contents(Some(contents)),
        Ok(None) => failed(Kind::TooLarge, "the file is larger than 1 MiB"),
        Err(error) if is_absent(&error) => Event::Contents(None),
        Err(error) => failed(Kind::Other, error),
    }
}

pub(crate) fn ask_mfa_code(ask: Option<&AskMfaCode>, serial: &str) -> Event {
    match ask.and_then(|ask| ask(serial)) {
        Some(code) => Event::MfaCode(code),
        None => failed(
            Kind::Unsupported,
            "nobody gave the code of the mfa device: set mfa_code when building the client",
        ),
    }
}

fn failed(kind: Kind, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Event {
    Event::Failed(TransportError::new(kind, source))
}
