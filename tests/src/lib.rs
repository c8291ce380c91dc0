//! What this workspace tests itself with: an STS of its own, built in, that checks what it is sent, and both clients
//! behind one face.
//!
//! [`sts`] is a server, not a mock: it listens on a port of the loopback interface, verifies signatures with code that
//! shares nothing with the client's signer, and the sessions that it issues work and expire. [`simulator`] has no network
//! and no clock: calls there go through virtual time.

pub mod driver;
pub mod eleven;
pub mod exchange;
pub mod finding;
pub mod home;
pub mod hostile;
pub mod pki;
pub mod readers;
pub mod scripted;
pub mod simulator;
pub mod sts;

/// The code in the project's README, which has to compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
