//! The program `sts` as its users run it, against the embedded STS.

mod answers;
#[cfg(unix)]
mod beside;
mod captured;
#[cfg(unix)]
mod console;
mod documents;
#[cfg(unix)]
mod endpoint;
mod exec;
mod export;
mod failures;
mod operations;
mod program;
mod proofs;
mod secrets;
#[cfg(unix)]
mod terminal;
