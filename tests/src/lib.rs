//! What this workspace's tests share: an embedded STS that checks what it receives, and both clients behind
//! one type.
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
