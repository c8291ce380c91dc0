use std::time::{Duration, Instant, SystemTime};

use sts_proto::{Error, Flow, Step};

use super::*;
use crate::{Builder, Client};

/// Asks for one effect and ends with what came of it.
struct Once(Option<Effect>);

impl Flow for Once {
    type Output = Event;

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

async fn perform(effect: Effect) -> Event {
    builder().build().unwrap().run(Once(Some(effect))).await.unwrap()
}

fn kind(event: &Event) -> Option<TransportErrorKind> {
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

#[cfg(unix)]
mod programs {
    use super::*;

    async fn shell(script: &str, timeout: Duration) -> Event {
        let arguments = vec!["-c".to_owned(), script.to_owned()];
        perform(Effect::Run(Command { program: "sh".to_owned(), arguments, timeout })).await
    }

    const LONG: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn run_without_input_and_leave_output_and_status() {
        for (script, status, expected) in [
            ("printf abc; echo noise >&2; exit 3", Some(3), "abc"),
            ("cat; printf end", Some(0), "end"),
            ("kill -9 $$", None, ""),
        ] {
            match shell(script, LONG).await {
                Event::Exited(output) => {
                    assert_eq!((output.status, &output.stdout[..]), (status, expected.as_bytes()))
                }
                event => panic!("{event:?}"),
            }
        }
    }

    #[tokio::test]
    async fn get_arguments_as_they_are() {
        let arguments = vec!["%s".to_owned(), "a b; $HOME".to_owned()];
        let command = Command { program: "printf".to_owned(), arguments, timeout: LONG };
        match perform(Effect::Run(command)).await {
            Event::Exited(output) => assert_eq!(output.stdout, "a b; $HOME"),
            event => panic!("{event:?}"),
        }
    }

    #[tokio::test]
    async fn may_be_missing_or_write_too_much() {
        let command =
            Command { program: "/no/such/program".to_owned(), arguments: Vec::new(), timeout: LONG };
        assert_eq!(kind(&perform(Effect::Run(command)).await), Some(TransportErrorKind::Other));
        assert_eq!(kind(&shell("exec cat /dev/zero", LONG).await), Some(TransportErrorKind::TooLarge));
    }

    #[tokio::test]
    async fn are_ended_when_their_time_is_over() {
        let file = std::env::temp_dir().join(format!("sts-async-late-{}", std::process::id()));
        let script = format!("exec >&-; sleep 2; echo late > {}", file.display());
        let begun = Instant::now();
        let event = shell(&script, Duration::from_millis(200)).await;
        assert_eq!(kind(&event), Some(TransportErrorKind::Timeout(Phase::Response)));
        assert!(begun.elapsed() < Duration::from_millis(1900));
        tokio::time::sleep(Duration::from_millis(2500).saturating_sub(begun.elapsed())).await;
        assert!(!file.exists());
    }
}
