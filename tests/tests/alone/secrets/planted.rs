//! The secrets that are planted, and what looks for them.

use std::error::Error as _;
use std::fmt::Debug;

use sts_proto::{Credentials, Error};

/// Part of every planted secret; with what a form escapes, so that an escaped copy is found too.
pub(crate) const PLANTED: &str = "PLANTED";

pub(crate) fn secret(name: &str) -> String {
    format!("{PLANTED}/{name}+=")
}

pub(crate) fn keys() -> Credentials {
    Credentials::new("AKIDEXAMPLE", secret("key")).with_session_token(secret("token"))
}

/// Fails if a secret is in `text`.
#[track_caller]
pub(crate) fn clean(text: &str) {
    assert!(!text.contains(PLANTED), "a secret is in: {text}");
}

#[track_caller]
pub(crate) fn clean_debug(value: &impl Debug) {
    clean(&format!("{value:?}"));
    clean(&format!("{value:#?}"));
}

#[track_caller]
pub(crate) fn clean_error(error: &Error) {
    clean(&error.to_string());
    clean_debug(error);
    let mut cause = error.source();
    while let Some(error) = cause {
        clean(&error.to_string());
        clean_debug(&error);
        cause = error.source();
    }
}
