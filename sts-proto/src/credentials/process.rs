mod said;

use std::error::Error as _;
use std::time::{Duration, SystemTime};

use zeroize::Zeroizing;

use super::command_line;
use crate::error::{CredentialsError, Error};
use crate::flow::{Effect, Event, Flow, ProcessOutput, Step, Timeouts};
use crate::keys::Credentials;
use crate::perform::{Unfinished, Why, in_our_style};
use crate::secret::{Given, Secret};
use crate::text::to_ascii_lowercase;
use crate::transport::{TransportError, TransportErrorKind};
use crate::wire::json::{JsonError, Object};

/// Runs a program that prints credentials (AWS SDKs and Tools Reference Guide, "Process credential provider").
#[derive(Debug)]
pub(super) struct Process {
    command: Secret,
    /// The account, if the program does not print it.
    account_id: Option<String>,
    timeout: Duration,
}

impl Process {
    pub(super) fn new(command: Secret, account_id: Option<String>) -> Self {
        Self { command, account_id, timeout: TIMEOUT }
    }

    /// With the time of a call that waits longer than by default.
    pub(super) fn like(mut self, timeouts: Timeouts) -> Self {
        self.timeout = timeouts.call.saturating_sub(MARGIN).clamp(TIMEOUT, MAX_TIMEOUT);
        self
    }

    fn start(&self) -> Result<Step<Credentials>, Error> {
        let command = command_line::command(self.command.expose(), self.timeout)
            .map_err(|unclosed| failed(format!("its command line cannot be read: {unclosed}")))?;
        let command = command.ok_or_else(|| failed("its command line is empty"))?;
        Ok(Step::Perform(Effect::Run(command)))
    }

    fn not_run(&self, error: TransportError) -> CredentialsError {
        let unfinished = error.source().and_then(|source| source.downcast_ref::<Unfinished>());
        let said =
            unfinished.map(|program| self.said(program.stderr(), program.stdout())).unwrap_or_default();
        let problem = match (unfinished.map(|program| program.why), error.kind()) {
            (Some(Why::Stopped), _) => format!(
                "the program was stopped{said}, as one is that asks at a terminal of which this process does not have the \
                 foreground; run this process in the foreground, or the program by hand before"
            ),
            (_, TransportErrorKind::Timeout(_)) => format!(
                "the program did not end within {} s and was stopped{said}; run it by hand to see why",
                self.timeout.as_secs()
            ),
            (_, TransportErrorKind::TooLarge) => {
                format!("the program printed more than {} bytes{said}", crate::wire::MAX_BODY)
            }
            (_, TransportErrorKind::Unsupported) => "this client cannot run programs".to_owned(),
            _ => format!(
                "the program cannot be run{}; check that it exists and may be executed",
                self.reason(&error).map(|reason| format!(" ({reason})")).unwrap_or_default()
            ),
        };
        failed(problem).because(error)
    }

    /// The driver's reason, unless it quotes a part of the command line, which may hold secrets.
    fn reason(&self, error: &TransportError) -> Option<String> {
        let reason = in_our_style(error.source()?);
        let words: Vec<_> =
            command_line::words(self.command.expose()).into_iter().map(Zeroizing::new).collect();
        // Shorter words occur in any text.
        let quoted = words.iter().any(|word| {
            word.len() >= MIN_QUOTE && reason.contains(&*Zeroizing::new(to_ascii_lowercase(word)))
        });
        (!quoted && !reason.is_empty()).then_some(reason)
    }

    /// What the program wrote to standard error, as the continuation of a sentence; empty if it wrote nothing that may be
    /// shown.
    fn said(&self, stderr: &[u8], stdout: &[u8]) -> String {
        let line = said::last_line(stderr, self.command.expose(), stdout);
        line.map(|line| format!(" and wrote \"{line}\" to standard error")).unwrap_or_default()
    }

    fn read(&mut self, output: ProcessOutput) -> Result<Credentials, CredentialsError> {
        let (printed, errors) = (Given::from(output.stdout), Given::from(output.stderr));
        let said = || self.said(&errors, &printed);
        match output.status {
            Some(0) => {}
            Some(status) => {
                let said = said();
                return Err(failed(format!(
                    "the program ended with status {status}{said}; run it by hand to see why"
                )));
            }
            None => return Err(failed(format!("the program was ended by a signal{}", said()))),
        }
        if printed.trim_ascii().is_empty() {
            let said = said();
            return Err(failed(format!(
                "the program printed nothing{said}; it has to print json with Version 1"
            )));
        }
        let unreadable =
            |error: JsonError| failed(format!("what the program printed cannot be used: {error}"));
        let mut object = Object::parse(&printed).map_err(unreadable)?;
        match object.integer("Version").map_err(unreadable)? {
            Some(1) => {}
            Some(version) => {
                return Err(failed(format!("the program printed json of version {version}, not 1")));
            }
            None => return Err(unreadable(JsonError::Missing("Version"))),
        }
        self.credentials(object).map_err(unreadable)
    }

    fn credentials(&mut self, mut object: Object) -> Result<Credentials, JsonError> {
        let id = object.required("AccessKeyId")?.expose().to_owned();
        let mut credentials = Credentials::new(id, object.required("SecretAccessKey")?);
        credentials.session_token = object.optional("SessionToken");
        credentials.expiration = object.instant("Expiration")?;
        let account_id = object.optional("AccountId").map(|id| id.expose().to_owned());
        credentials.account_id = account_id.or(self.account_id.take());
        Ok(credentials)
    }
}

impl Flow for Process {
    type Output = Credentials;
    type Error = Error;

    fn step(&mut self, _: SystemTime, event: Event) -> Result<Step<Credentials>, Error> {
        match event {
            Event::Start => self.start(),
            Event::Exited(output) => Ok(Step::Done(self.read(output)?)),
            Event::Failed(error) => Err(self.not_run(error).into()),
            _ => Err(Error::OutOfTurn),
        }
    }
}

fn failed(problem: impl Into<Box<str>>) -> CredentialsError {
    CredentialsError::new("credential_process", problem)
}

/// Long enough for the user to confirm something elsewhere. Shorter than a call by default
/// ([`Timeouts`](crate::flow::Timeouts)), so that the error names the program and not the call.
const TIMEOUT: Duration = Duration::from_secs(50);
/// The time of a call beyond that of its program.
const MARGIN: Duration = Duration::from_secs(10);
const MAX_TIMEOUT: Duration = Duration::from_secs(3600);

/// In bytes.
const MIN_QUOTE: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(stdout: &'static str) -> Result<Credentials, Error> {
        ended(Some(0), stdout, "")
    }

    fn ended(status: Option<i32>, stdout: &'static str, stderr: &'static str) -> Result<Credentials, Error> {
        let mut process = Process::new("tool.exe --secret planted".into(), Some("000000000000".to_owned()));
        let now = SystemTime::UNIX_EPOCH;
        let Ok(Step::Perform(Effect::Run(command))) = process.step(now, Event::Start) else {
            panic!("runs nothing")
        };
        assert_eq!(
            (command.program.as_str(), &*command.arguments.join(" ")),
            ("tool.exe", "--secret planted")
        );
        let output = ProcessOutput { status, stdout: stdout.into(), stderr: stderr.into() };
        match process.step(now, Event::Exited(output))? {
            Step::Done(credentials) => Ok(credentials),
            Step::Perform(effect) => panic!("{effect:?}"),
        }
    }

    #[test]
    fn all_members_are_read() {
        let all = r#"{"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"s","SessionToken":"t",
            "Expiration":"2024-05-17T10:08:07Z","AccountId":"123456789012"}"#;
        let credentials = printed(all).unwrap();
        assert_eq!(credentials.session_token, Some("t".into()));
        assert_eq!(credentials.account_id.as_deref(), Some("123456789012"));
        assert!(credentials.expiration.is_some());
        let least = printed(r#"{"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"s"}"#).unwrap();
        let expected = Credentials::new("AKID", "s").with_account_id("000000000000");
        assert_eq!(least, expected);
        let real = printed(r#"{"Version":1.0,"AccessKeyId":"AKID","SecretAccessKey":"s"}"#).unwrap();
        assert_eq!(real, expected);
    }

    #[test]
    fn errors_do_not_quote_the_output() {
        for (stdout, words) in [
            ("", "printed nothing"),
            (" \n", "printed nothing"),
            ("planted", "it is not json"),
            (r#"{"Version":2,"AccessKeyId":"planted"}"#, "version 2"),
            (r#"{"Version":"1"}"#, "Version is not a whole number"),
            (r#"{"AccessKeyId":"planted"}"#, "Version is missing"),
            (r#"{"Version":1,"AccessKeyId":"planted"}"#, "SecretAccessKey is missing"),
            (
                r#"{"Version":1,"AccessKeyId":"a","SecretAccessKey":"planted","Expiration":"soon"}"#,
                "Expiration",
            ),
        ] {
            let error = printed(stdout).unwrap_err().to_string();
            assert!(error.contains(words) && !error.contains("planted"), "{stdout}: {error}");
        }
        for (status, words) in [(Some(3), "status 3"), (None, "signal")] {
            let error = ended(status, "planted", "planted").unwrap_err().to_string();
            assert!(error.contains(words) && !error.contains("planted"), "{error}");
        }
    }

    #[test]
    fn errors_have_the_last_line_of_what_the_program_wrote() {
        for (status, stdout, expected) in [
            (
                Some(1),
                "",
                "ended with status 1 and wrote \"run vault login\" to standard error; run it by hand to see why",
            ),
            (None, "", "ended by a signal and wrote \"run vault login\" to standard error"),
            (
                Some(0),
                "\n",
                "printed nothing and wrote \"run vault login\" to standard error; it has to print json",
            ),
        ] {
            let error = ended(status, stdout, "planted\nrun vault login\n\n").unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("planted"), "{error}");
        }
        let keys = r#"{"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"s"}"#;
        assert!(ended(Some(0), keys, "a warning").is_ok());
    }

    fn not_run(error: TransportError) -> Error {
        let mut process = Process::new("tool.exe --secret planted".into(), None);
        match process.step(SystemTime::UNIX_EPOCH, Event::Failed(error)) {
            Err(error) => error,
            Ok(step) => panic!("{step:?}"),
        }
    }

    #[test]
    fn errors_include_the_reason_and_not_the_command_line() {
        let other = |text: &str| not_run(TransportError::new(TransportErrorKind::Other, text)).to_string();
        assert_eq!(
            other("no such file or directory"),
            "no credentials from credential_process: the program cannot be run (no such file or directory); check that it \
             exists and may be executed"
        );
        let plain = "no credentials from credential_process: the program cannot be run; check that it exists and may be executed";
        let system = other("Permission denied (os error 13)");
        assert!(system.contains("cannot be run (permission denied);"), "{system}");
        for text in ["tool.exe: not found", "--secret is unknown", "planted", "", "\nx"] {
            assert_eq!(other(text), plain, "{text}");
        }
        assert_eq!(not_run(TransportErrorKind::Other.into()).to_string(), plain);
    }

    #[test]
    fn the_time_of_a_program_ends_before_that_of_the_call() {
        assert_eq!(TIMEOUT + MARGIN, Timeouts::default().call);
        for (call, expected) in [(1, 50), (60, 50), (300, 290), (u64::MAX, 3600)] {
            let timeouts = Timeouts { call: Duration::from_secs(call), ..Timeouts::default() };
            let mut process = Process::new("tool".into(), None).like(timeouts);
            let step = process.step(SystemTime::UNIX_EPOCH, Event::Start);
            let Ok(Step::Perform(Effect::Run(command))) = step else { panic!("{step:?}") };
            assert_eq!(command.timeout, Duration::from_secs(expected), "{call}");
        }
        let timeout = TransportErrorKind::Timeout(crate::transport::Phase::Response);
        let text = not_run(timeout.into()).to_string();
        assert!(text.contains("did not end within 50 s"), "{text}");
    }
}
