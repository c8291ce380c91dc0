//! What both clients do when a flow asks for something other than a request.

mod files;
#[cfg(unix)]
mod programs;
#[cfg(unix)]
mod terminal;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Effect, Event, Settings, TransportErrorKind as Kind};
use sts_tests::driver::{Driver, Setup, through_both};
use sts_tests::home::Home;
use sts_tests::peer::Peer;

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

#[test]
fn a_question_that_panics_is_asked_once_a_call() {
    let home = Home::with_config(
        "[default]\nrole_arn = arn:aws:iam::123456789012:role/demo\nsource_profile = base\nmfa_serial = arn:mfa\n\
         [profile base]\naws_access_key_id = AKID\naws_secret_access_key = planted\n",
    );
    through_both(|make| {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let setup = Setup::of_environment(home.variables(&[])).transport(&Peer::sts()).mfa_code(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            std::panic::panic_any("planted")
        });
        let error = make(&setup).unwrap().send(GetCallerIdentity::new()).unwrap_err();
        assert!(error.to_string().contains("mfa device arn:mfa: mfa_code panicked"), "{error}");
        assert!(!format!("{error:?}").contains("planted"), "{error:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    });
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
