//! Shared by the targets: independent readers to compare with, the embedded STS's verifier, the flows that read
//! documents, and what flows and outputs are given.

pub mod answers;
pub mod dates;
pub mod document;
pub mod json;
pub mod outputs;
#[path = "../../tests/src/readers.rs"]
pub mod readers;
pub mod request;
pub mod times;
pub mod verifier;
