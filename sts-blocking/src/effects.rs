//! The effects beside sending: files, programs, questions.

use std::path::Path;

use sts_proto::flow::Event;
use sts_proto::{TransportError, TransportErrorKind as Kind};

use crate::client::AskMfaCode;

mod files;
mod pipe;
mod program;

use files::is_absent;
pub(crate) use files::read_file;
pub(crate) use program::run;

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
