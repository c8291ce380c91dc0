//! What performing an [`Effect`](crate::flow::Effect) takes besides the system calls: the same decisions, bounds and
//! texts for every driver.
//!
//! - [`Lookups`] and [`Addresses`] are for [`Effect::Send`](crate::flow::Effect::Send): how many threads look names up, and
//!   how long each address of a name is tried.
//! - [`Kept`] is for it as well: when the connections that are kept for later are given up.
//! - [`AnswerBound`] and [`ReadFirst`] are for it, too: how much is read for one answer, and that an early one is heard.
//! - [`FetchAnswer`], [`fetch_headers`] and [`fetch_failed`] are for it in a web page.
//! - [`ReadFile`] performs [`Effect::Read`](crate::flow::Effect::Read): whether a file may be opened, how much of it is
//!   read, whether to read it again, and what the flow is told.
//! - [`ReplaceFile`] performs [`Effect::Replace`](crate::flow::Effect::Replace): what to do in which order, and what to undo.
//! - [`RunProgram`] performs [`Effect::Run`](crate::flow::Effect::Run): how long to wait for a program and its output;
//!   [`started_by`] finds what else there is to end.
//! - [`Bell`] is for [`Effect::Join`](crate::flow::Effect::Join): what futures wait at.
//! - [`MaybeSend`], [`MaybeSync`] and [`BoxFuture`] are what goes from thread to thread, where there are several.
//! - [`mfa_code`] performs [`Effect::AskMfaCode`](crate::flow::Effect::AskMfaCode) by asking the program.

mod addresses;
mod answer;
mod bell;
mod buffer;
mod fetch;
mod file;
mod file_calls;
mod kept;
mod lookup;
mod one_thread;
mod program;
mod program_calls;
mod read_first;
mod replace;
mod started;
mod tail;

use std::error::Error as StdError;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use addresses::{Addresses, host_and_port};
pub use answer::AnswerBound;
pub use bell::Bell;
pub use buffer::Buffer;
pub use fetch::{FetchAnswer, fetch_failed, fetch_headers};
pub(crate) use file::TOO_LARGE;
pub use file::{FileKind, ReadFile, Seen};
pub use kept::{Kept, Lent, MAX_IDLE};
pub use lookup::{Lookup, LookupWork, Lookups};
pub use one_thread::{BoxFuture, MaybeSend, MaybeSync};
pub use program::{RunProgram, Stream, Wait};
#[cfg(feature = "credentials")]
pub(crate) use program::{Unfinished, Why};
pub use read_first::ReadFirst;
pub use replace::{Obstacle, ReplaceFile, Replacing};
pub use started::started_by;

use crate::flow::Event;
use crate::secret::Secret;
use crate::text::to_ascii_lowercase;
use crate::transport::{TransportError, TransportErrorKind};

/// Answers with the current code of the MFA device with this serial number, or with why there is none.
pub type AskMfaCode = dyn Fn(&str) -> Result<Secret, Box<dyn StdError + Send + Sync>> + Send + Sync;

/// What a program answers where it is asked for a code: an `Option`, or a `Result` whose error says why there is none.
pub trait MfaAnswer {
    /// The code, or why there is none.
    fn code(self) -> Result<Secret, Box<dyn StdError + Send + Sync>>;
}

impl MfaAnswer for Option<Secret> {
    fn code(self) -> Result<Secret, Box<dyn StdError + Send + Sync>> {
        self.ok_or_else(|| NO_CODE.into())
    }
}

impl<E: Into<Box<dyn StdError + Send + Sync>>> MfaAnswer for Result<Secret, E> {
    fn code(self) -> Result<Secret, Box<dyn StdError + Send + Sync>> {
        self.map_err(Into::into)
    }
}

/// Asks for the code of the MFA device with this serial number, if there is anything to ask. A panic counts as a failure: a
/// person has seen the question, and is not to be asked again at once.
pub fn mfa_code(ask: Option<&AskMfaCode>, serial: &str) -> Event {
    let asked = ask.map(|ask| catch_unwind(AssertUnwindSafe(|| ask(serial))));
    let problem = match asked {
        Some(Ok(Ok(code))) => return Event::MfaCode(code),
        Some(Ok(Err(problem))) => problem,
        Some(Err(_)) => "mfa_code panicked; the program's error output says where".into(),
        None => "the client has no way to ask for it; set mfa_code when building the client".into(),
    };
    Event::Failed(TransportError::new(TransportErrorKind::Unsupported, problem))
}

/// Why there is no code where the program was asked for it.
pub(crate) const NO_CODE: &str = "no code was given; mfa_code has to answer with the current one";

fn failed(kind: TransportErrorKind, problem: impl Into<String>) -> Event {
    Event::Failed(TransportError::new(kind, problem.into()))
}

/// An error of the operating system in the style of this crate's: one line in lower case, without the number that the
/// standard library appends. For the program `sts` too.
#[doc(hidden)]
pub fn in_our_style(error: &dyn Display) -> String {
    let text = error.to_string();
    let text = text.lines().next().unwrap_or_default();
    to_ascii_lowercase(text.split(" (os error").next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn an_mfa_code_or_why_there_is_none() {
        let ask: &AskMfaCode = &|serial| (serial == "arn:mfa").then(|| "123456".into()).code();
        let says: &AskMfaCode = &|_| Err::<Secret, _>("the drawer is locked").code();
        let Event::MfaCode(code) = mfa_code(Some(ask), "arn:mfa") else { panic!("there is none") };
        assert_eq!(code.expose(), "123456");
        let panics: &AskMfaCode = &|_| std::panic::panic_any("planted");
        for (ask, words) in [
            (None, "set mfa_code"),
            (Some(ask), "no code was given"),
            (Some(says), "the drawer is locked"),
            (Some(panics), "mfa_code panicked"),
        ] {
            let Event::Failed(error) = mfa_code(ask, "another") else { panic!("there is a code") };
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
