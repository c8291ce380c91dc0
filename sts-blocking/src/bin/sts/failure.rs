//! What ends a command early: a line for standard error, and an exit status.

use std::error::Error as _;
use std::io;
use std::process::ExitCode;

use sts_blocking::proof::ProofError;
use sts_blocking::sts_proto::perform::in_our_style;
use sts_blocking::{CredentialsError, EndpointError, Error, RetryClass, SettingsErrorKind};

use crate::args::Global;
use crate::mfa::NoCode;
use crate::nesting::without_quotes;
use crate::output::tell;

pub(crate) enum Failure {
    /// An error of the library. Its text has the request id.
    Sts(Error),
    /// An argument, or what is on standard input, cannot be used; the text says which and why.
    Usage(String),
    /// There is no code of an MFA device; the text says which and why.
    NoCode(String),
    /// A service other than STS did not answer; the text says which.
    NoAnswer(String),
    /// Something else failed; the text says what.
    Other(String),
    /// The reader of standard output has enough, which is no error.
    BrokenPipe,
}

impl Failure {
    /// Says what went wrong, in a line, and with `--debug` also what the causes are.
    pub(crate) fn report(&self, global: &Global) -> ExitCode {
        match self {
            Self::Sts(error) => {
                match NoCode::behind(error) {
                    Some(missing) => tell(missing.line()),
                    None => tell(without_quotes(&told(error, global))),
                }
                let mut source = error.source().filter(|_| global.debug);
                while let Some(cause) = source {
                    tell(format_args!("  because {cause}"));
                    source = cause.source();
                }
            }
            Self::Usage(text) | Self::NoAnswer(text) | Self::NoCode(text) | Self::Other(text) => tell(text),
            Self::BrokenPipe => {}
        }
        self.status().into()
    }

    fn status(&self) -> u8 {
        match self {
            Self::BrokenPipe => 0,
            Self::Usage(_) => USAGE,
            Self::NoCode(_) => NO_CREDENTIALS,
            Self::NoAnswer(_) => NO_ANSWER,
            Self::Other(_) => REFUSED,
            Self::Sts(error) => status_of(error),
        }
    }
}

/// What the library says, and what those who run this program have to know besides.
fn told(error: &Error, global: &Global) -> String {
    let text = match error {
        // To them, a call that was made for credentials is no provider.
        Error::Credentials(CredentialsError::Failed(error)) if error.provider() == "the provider" => {
            error.problem().to_owned()
        }
        _ => error.to_string(),
    };
    text + advice(error, global)
}

/// What to do, where the library says it for those who write programs, or not at all.
fn advice(error: &Error, global: &Global) -> &'static str {
    match error {
        Error::Proof(error) if matches!(**error, ProofError::LongTermKeys) => "; name a role with --role",
        Error::Credentials(CredentialsError::NotConfigured(_)) => {
            "; name a profile with --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        }
        Error::Endpoint(error) => match &**error {
            EndpointError::InvalidUrl { .. } if global.endpoint_url.is_none() => {
                "; --endpoint-url sets one for this command"
            }
            EndpointError::MissingRegion
            | EndpointError::RegionNotFound { .. }
            | EndpointError::InvalidRegion { .. }
            | EndpointError::MissingSigningRegion
                if global.region.is_none() =>
            {
                "; --region sets one for this command"
            }
            _ => "",
        },
        Error::Settings(error)
            if global.profile.is_none() && matches!(error.kind(), SettingsErrorKind::NoProfile { .. }) =>
        {
            "; --profile names another"
        }
        _ => "",
    }
}

fn status_of(error: &Error) -> u8 {
    match error {
        // What cannot be signed with is a setting too, as it is where a proof is made.
        Error::Settings(_) | Error::Endpoint(_) | Error::Proof(_) | Error::Sign(_) => USAGE,
        Error::Transport(_) => NO_ANSWER,
        Error::Credentials(CredentialsError::NotConfigured(_)) => NO_CREDENTIALS,
        // A call for credentials counts as the call that it was made for.
        Error::Credentials(_) if error.as_service_error().is_some() => REFUSED,
        // A source that fails for good has said something.
        Error::Credentials(error) if error.retry_class() != RetryClass::Never => NO_ANSWER,
        Error::Credentials(_) => NO_CREDENTIALS,
        _ => REFUSED,
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Sts(error)
    }
}

/// Of writing to standard output.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::Other(format!("standard output cannot be written: {}", in_our_style(&error))),
        }
    }
}

const REFUSED: u8 = 1;
const USAGE: u8 = 2;
const NO_CREDENTIALS: u8 = 3;
const NO_ANSWER: u8 = 4;
