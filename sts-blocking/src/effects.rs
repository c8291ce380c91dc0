//! The effects beside sending: files, programs, questions.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use sts_proto::flow::{Command, Effect, Event, ProcessOutput};
use sts_proto::settings::{Load, Settings};
use sts_proto::wire::MAX_BODY;
use sts_proto::{Error, Flow, Phase, Step, TransportError, TransportErrorKind as Kind};

use crate::engine::AskMfaCode;

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
        Err(error) if error.kind() == ErrorKind::NotFound => Event::Contents(None),
        Err(error) => failed(Kind::Other, error),
    }
}

/// A file, or `None` if it is larger than the bound.
pub(crate) fn read_file(path: &Path) -> io::Result<Option<Bytes>> {
    File::open(path).and_then(bounded)
}

pub(crate) fn run(command: &Command) -> Event {
    // Beyond what the clock can say, there is no deadline.
    let deadline = Instant::now().checked_add(command.timeout);
    let child = std::process::Command::new(&command.program)
        .args(&command.arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return failed(Kind::Other, error),
    };
    let event = match child.stdout.take() {
        Some(stdout) => collect(&mut child, stdout, deadline),
        None => failed(Kind::Other, "the program has no standard output"),
    };
    // Whatever came of it, nothing stays behind. A program that has ended is past killing.
    let _ = child.kill();
    let _ = child.wait();
    event
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

/// Waits for the end of the output and then of the program, until the deadline.
fn collect(child: &mut Child, stdout: ChildStdout, deadline: Option<Instant>) -> Event {
    // Reading a pipe has no time-out, so another thread reads. It ends when the program and all that inherited
    // its output have; after the deadline nobody waits for it.
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(bounded(stdout)));
    let left =
        || deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
    let received = match deadline {
        Some(_) => receiver.recv_timeout(left()),
        None => receiver.recv().map_err(Into::into),
    };
    let stdout = match received {
        Ok(Ok(Some(stdout))) => stdout,
        Ok(Ok(None)) => return failed(Kind::TooLarge, "the program printed more than 1 MiB"),
        Ok(Err(error)) => return failed(Kind::Other, error),
        Err(_) => return failed(Kind::Timeout(Phase::Response), "the program did not end in time"),
    };
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Event::Exited(ProcessOutput { status: status.code(), stdout }),
            Ok(None) if left().is_zero() => {
                return failed(Kind::Timeout(Phase::Response), "the program did not end in time");
            }
            Ok(None) => std::thread::sleep(left().min(Duration::from_millis(5))),
            Err(error) => return failed(Kind::Other, error),
        }
    }
}

/// All that is there, or `None` if that is more than the bound.
fn bounded(from: impl Read) -> io::Result<Option<Bytes>> {
    let mut contents = Vec::new();
    from.take(MAX_BODY as u64 + 1).read_to_end(&mut contents)?;
    Ok((contents.len() <= MAX_BODY).then(|| Bytes::from(contents)))
}

fn failed(kind: Kind, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Event {
    Event::Failed(TransportError::new(kind, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, timeout: Duration) -> Event {
        let arguments = vec!["-c".to_owned(), script.to_owned()];
        run(&Command { program: "sh".to_owned(), arguments, timeout })
    }

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

    #[cfg(unix)]
    #[test]
    fn programs() {
        let long = Duration::from_secs(20);
        assert!(matches!(shell("echo abc; exit 3", long),
            Event::Exited(output) if output.status == Some(3) && output.stdout == "abc\n"));
        assert!(matches!(shell("true", Duration::MAX), Event::Exited(output) if output.status == Some(0)));
        assert!(matches!(shell("kill -9 $$", long), Event::Exited(output) if output.status.is_none()));
        assert_eq!(kind(&shell("head -c 3000000 /dev/zero", long)), Some(Kind::TooLarge));
        let missing = Command { program: "/no/such/program".into(), arguments: Vec::new(), timeout: long };
        assert_eq!(kind(&run(&missing)), Some(Kind::Other));
        let begun = Instant::now();
        let hangs = shell("exec sleep 30", Duration::from_millis(200));
        assert_eq!(kind(&hangs), Some(Kind::Timeout(Phase::Response)));
        let closes_its_output = shell("exec >&-; exec sleep 30", Duration::from_millis(200));
        assert_eq!(kind(&closes_its_output), Some(Kind::Timeout(Phase::Response)));
        assert!(begun.elapsed() < Duration::from_secs(15));
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
