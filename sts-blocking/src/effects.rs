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

#[cfg(test)]
mod tests {
    use sts_proto::wire::MAX_BODY;

    use super::*;

    fn kind(event: &Event) -> Option<Kind> {
        match event {
            Event::Failed(error) => Some(error.kind()),
            _ => None,
        }
    }

    #[test]
    fn files() {
        let folder = std::env::temp_dir().join(format!("sts-blocking-effects-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("token");
        std::fs::write(&file, "abc").unwrap();
        assert!(matches!(read(&file), Event::Contents(Some(contents)) if contents == "abc"));
        std::fs::write(&file, vec![b'x'; MAX_BODY]).unwrap();
        assert!(matches!(read(&file), Event::Contents(Some(_))));
        std::fs::write(&file, vec![b'x'; MAX_BODY + 1]).unwrap();
        assert_eq!(kind(&read(&file)), Some(Kind::TooLarge));
        assert!(matches!(read(&folder.join("nothing")), Event::Contents(None)));
        assert_eq!(kind(&read(&folder)), Some(Kind::Other));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn questions() {
        let ask = |serial: &str| (serial == "arn:mfa").then(|| "123456".into());
        assert!(
            matches!(ask_mfa_code(Some(&ask), "arn:mfa"), Event::MfaCode(code) if code.expose() == "123456")
        );
        assert_eq!(kind(&ask_mfa_code(Some(&ask), "other")), Some(Kind::Unsupported));
        assert_eq!(kind(&ask_mfa_code(None, "arn:mfa")), Some(Kind::Unsupported));
    }
}
