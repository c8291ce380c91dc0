//! `sts` as the `credential_process` of a profile, which may lead back to the same profile.

use std::process::Command;

use crate::failure::Failure;

/// Tells each program that the library runs how many times `sts` has run `sts` by then, and refuses what has no end.
pub(crate) fn bound() -> Result<(), Failure> {
    sts_blocking::prepare_programs(|program: &mut Command| {
        program.env(DEPTH, (depth() + 1).to_string());
    });
    if depth() < MAX_DEPTH {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "sts has run sts {MAX_DEPTH} times, each as a credential_process; perhaps one of the profiles leads back to \
         itself: name another there with --profile"
    )))
}

/// What an error says. Where this `sts` is run by one above, and the error quotes the line of one below, it is that
/// line: quoted at each step, it would not arrive whole.
pub(crate) fn without_quotes(error: &str) -> &str {
    let quoted = error.split_once(" and wrote \"sts: ").filter(|_| depth() > 0);
    let line = quoted.and_then(|(_, rest)| rest.split_once("\" to standard error"));
    line.map_or(error, |(line, _)| line)
}

fn depth() -> u32 {
    let depth: Option<u32> = std::env::var(DEPTH).ok().and_then(|depth| depth.parse().ok());
    depth.unwrap_or_default().min(MAX_DEPTH)
}

const DEPTH: &str = "STS_CREDENTIAL_PROCESS_DEPTH";
/// As many as `aws configure export-credentials` lets follow one another.
const MAX_DEPTH: u32 = 4;
