//! Shared by the targets: independent readers to compare with, the embedded STS's verifier, and the flows
//! that read documents.

pub mod dates;
pub mod document;
pub mod outputs;
#[path = "../../tests/src/readers.rs"]
pub mod readers;
pub mod request;
pub mod verifier;
