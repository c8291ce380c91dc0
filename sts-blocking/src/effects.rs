//! The effects beside sending: files, programs, questions.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;

use sts_proto::flow::Event;
use sts_proto::settings::Env;
use sts_proto::{Secret, TransportError, TransportErrorKind as Kind};

mod files;
mod pipe;
mod program;

use files::is_absent;
pub(crate) use files::read_file;
pub(crate) use program::run;

/// Answers with the current code of the MFA device that has this serial number, or not at all.
pub(crate) type AskMfaCode = dyn Fn(&str) -> Option<Secret> + Send + Sync;

/// The environment of this process, as it is now.
pub(crate) fn environment() -> Env {
    Env::from_iter(std::env::vars_os())
}

/// A number that no other call has, from the randomly keyed hasher of the standard library. It is for ids and for spreading
/// waits, not for keys.
pub(crate) fn seed() -> u128 {
    let half = || u128::from(RandomState::new().build_hasher().finish());
    half() << 64 | half()
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
