//! What performing an [`Effect`](crate::flow::Effect) takes besides the system calls: the same decisions, bounds and
//! texts for every driver.
//!
//! - [`AnswerBound`] is for [`Effect::Send`](crate::flow::Effect::Send): how much is read for one answer.
//! - [`ReadFile`] performs [`Effect::Read`](crate::flow::Effect::Read): whether a file may be opened, how much of it is
//!   read, whether to read it again, and what the flow is told.
//! - [`ReplaceFile`] performs [`Effect::Replace`](crate::flow::Effect::Replace): what to do in which order, and what to undo.
//! - [`RunProgram`] performs [`Effect::Run`](crate::flow::Effect::Run): how long to wait for a program and its output.
//! - [`mfa_code`] makes the event of what the user answered to [`Effect::AskMfaCode`](crate::flow::Effect::AskMfaCode).

mod answer;
mod buffer;
mod file;
mod program;
mod replace;

use std::fmt::Display;

pub use answer::AnswerBound;
pub use buffer::Buffer;
pub(crate) use file::TOO_LARGE;
pub use file::{FileKind, ReadFile, Seen};
pub use program::{RunProgram, Wait};
pub use replace::{Obstacle, ReplaceFile, Replacing};

use crate::flow::Event;
use crate::secret::Secret;
use crate::transport::{TransportError, TransportErrorKind};

/// What came of a question for an MFA code: `None` if there is nothing to ask with, `Some(None)` if no code was given.
pub fn mfa_code(answer: Option<Option<Secret>>) -> Event {
    let problem = match answer {
        Some(Some(code)) => return Event::MfaCode(code),
        Some(None) => NO_CODE,
        None => "the client has no way to ask for it; set mfa_code when building the client",
    };
    failed(TransportErrorKind::Unsupported, problem)
}

/// Why there is no code where the program was asked for it.
pub(crate) const NO_CODE: &str = "no code was given; mfa_code has to answer with the current one";

fn failed(kind: TransportErrorKind, problem: impl Into<String>) -> Event {
    Event::Failed(TransportError::new(kind, problem.into()))
}

/// An error of the operating system in the style of this crate's: one line in lower case, without the number that the
/// standard library appends.
fn in_our_style(error: &dyn Display) -> String {
    let text = error.to_string();
    let text = text.lines().next().unwrap_or_default();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn an_mfa_code_or_why_there_is_none() {
        assert!(
            matches!(mfa_code(Some(Some("123456".into()))), Event::MfaCode(code) if code.expose() == "123456")
        );
        for (answer, words) in [(None, "set mfa_code"), (Some(None), "no code was given")] {
            let Event::Failed(error) = mfa_code(answer) else { panic!("there is a code") };
            assert_eq!(error.kind(), TransportErrorKind::Unsupported);
            assert!(error.source().is_some_and(|source| source.to_string().contains(words)), "{error:?}");
        }
    }

    #[test]
    fn errors_of_the_system_are_one_line() {
        assert_eq!(in_our_style(&"Permission denied (os error 13)\n(more)"), "permission denied");
        assert_eq!(in_our_style(&""), "");
    }
}
