use std::time::{Duration, Instant, SystemTime};

use sts_proto::{Error, Flow, Step};

use super::*;
use crate::{Builder, Client};

/// Asks for one effect and ends with what came of it.
struct Once(Option<Effect>);

impl Flow for Once {
    type Output = Event;
    type Error = Error;

    fn step(&mut self, _: SystemTime, event: Event) -> Result<Step<Event>, Error> {
        Ok(match self.0.take() {
            Some(effect) => Step::Perform(effect),
            None => Step::Done(event),
        })
    }
}

fn builder() -> Builder {
    Client::builder().region("eu-west-1")
}

pub(super) async fn perform(effect: Effect) -> Event {
    builder().build().unwrap().run(Once(Some(effect))).await.unwrap()
}

pub(super) fn kind(event: &Event) -> Option<TransportErrorKind> {
    match event {
        Event::Failed(error) => Some(error.kind()),
        _ => None,
    }
}

#[tokio::test]
async fn files_are_read_within_the_bound() {
    let folder = std::env::temp_dir().join(format!("sts-async-effects-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("token");
    for (size, fits) in [(3, true), (MAX_BODY, true), (MAX_BODY + 1, false)] {
        std::fs::write(&file, vec![b'x'; size]).unwrap();
        let event = perform(Effect::Read(file.clone())).await;
        match &event {
            Event::Contents(Some(contents)) => assert!(fits && contents.len() == size),
            _ => assert!(!fits && kind(&event) == Some(TransportErrorKind::TooLarge), "{event:?}"),
        }
    }
    assert!(matches!(perform(Effect::Read(folder.join("none"))).await, Event::Contents(None)));
    assert_eq!(kind(&perform(Effect::Read(folder.clone())).await), Some(TransportErrorKind::Other));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_wait_is_as_long_as_it_says() {
    let begun = Instant::now();
    assert!(matches!(perform(Effect::Wait(Duration::from_millis(50))).await, Event::Elapsed));
    assert!(begun.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn codes_come_from_whom_the_builder_names() {
    let ask = || Effect::AskMfaCode("arn:mfa".to_owned());
    assert_eq!(kind(&perform(ask()).await), Some(TransportErrorKind::Unsupported));
    let client = builder().mfa_code(|serial| (serial == "arn:mfa").then(|| "123456".into())).build().unwrap();
    let event = client.run(Once(Some(ask()))).await.unwrap();
    assert!(matches!(event, Event::MfaCode(code) if code.expose() == "123456"));
    let refused = client.run(Once(Some(Effect::AskMfaCode("other".to_owned())))).await.unwrap();
    assert_eq!(kind(&refused), Some(TransportErrorKind::Unsupported));
}
