//! The program `sts` as its users run it, against the embedded STS.

mod answers;
mod documents;
mod exec;
mod export;
mod failures;
mod operations;
mod program;
mod secrets;
#[cfg(unix)]
mod terminal;
