//! What this workspace's tests share: an embedded STS that checks what it receives, and both clients behind
//! one type.
//!
//! # For other projects
//!
//! Tests that need no server are better off with `sts_proto::testing` (feature `testing` of each client): answers in place of the
//! network. This server is for what that cannot show: signatures, sessions that work and expire, programs in other languages.
//!
//! - As a program, for the AWS CLI, for `sts`, and for programs in any language: `cargo run -q -p sts-tests --example serve`
//!   prints where it is and the keys of its user as `export` lines, and serves until Ctrl-C. `examples/serve.rs` has a session.
//! - In tests in Rust: [`sts::Server::start`], by git, at a commit of your choice:
//!   `sts-tests = { git = "…", rev = "…" }` below `[dev-dependencies]`.
//!
//! The package is not published. It exists for the tests of this workspace: it changes with them, without regard for other
//! users, and brings both clients, a server and a maker of certificates. A version on crates.io would promise more than that.
//!
//! # What is in it
//!
//! [`sts`] is a server, not a mock: it listens on a loopback port, verifies signatures with code that shares
//! nothing with the client's signer, and issues sessions that work and expire. [`simulator`] runs calls in
//! virtual time, without network or clock.

// Not published: what grows here breaks no other program.
#![allow(clippy::exhaustive_enums, clippy::exhaustive_structs)]

pub mod black_hole;
pub mod driver;
pub mod eleven;
pub mod exchange;
pub mod finding;
pub mod home;
pub mod hostile;
pub mod peer;
pub mod pki;
pub mod provider;
pub mod proxy;
pub mod readers;
pub mod scripted;
pub mod simulator;
pub mod site;
pub mod sts;

/// The code in the project's documents, which must compile.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../../README.md")]
    struct Readme;

    #[doc = include_str!("../../MIGRATING.md")]
    struct Migrating;
}
