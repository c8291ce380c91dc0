//! What both clients do when a flow asks for something other than a request.

mod files;
#[cfg(unix)]
mod programs;

use std::time::{Duration, Instant};

use sts_proto::{Effect, Event, Settings, TransportErrorKind as Kind};
use sts_tests::driver::{Driver, Setup};

#[test]
fn a_wait_is_as_long_as_it_says() {
    for driver in drivers() {
        let begun = Instant::now();
        assert!(matches!(driver.perform(Effect::Wait(Duration::from_millis(50))), Event::Elapsed));
        assert!(begun.elapsed() >= Duration::from_millis(50), "{driver}");
    }
}

#[test]
fn codes_come_from_what_the_builder_names() {
    let ask = |serial: &str| Effect::AskMfaCode(serial.to_owned());
    for driver in drivers() {
        let event = driver.perform(ask("arn:mfa"));
        assert_eq!(kind(&event), Some(Kind::Unsupported), "{driver}");
        assert!(cause(&event).contains("set mfa_code when building the client"), "{driver}: {event:?}");
    }
    let knows = setup().mfa_code(|serial| (serial == "arn:mfa").then(|| "123456".into()));
    for driver in knows.drivers().unwrap() {
        match driver.perform(ask("arn:mfa")) {
            Event::MfaCode(code) => assert_eq!(code.expose(), "123456", "{driver}"),
            event => panic!("{driver}: {event:?}"),
        }
        let event = driver.perform(ask("other"));
        assert_eq!(kind(&event), Some(Kind::Unsupported), "{driver}");
        assert_eq!(
            cause(&event),
            "no code was given; mfa_code has to answer with the current one",
            "{driver}"
        );
    }
}

fn setup() -> Setup {
    Setup::new(Settings::new().region("eu-west-1"))
}

fn drivers() -> [Driver; 2] {
    setup().drivers().unwrap()
}

fn kind(event: &Event) -> Option<Kind> {
    match event {
        Event::Failed(error) => Some(error.kind()),
        _ => None,
    }
}

/// The words of what was the cause of a failure.
fn cause(event: &Event) -> String {
    let Event::Failed(error) = event else { panic!("{event:?}") };
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}
