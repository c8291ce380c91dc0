//! What the targets share: independent readers to compare the crate with, the embedded STS's verifier, and the flows that
//! read documents.

pub mod dates;
pub mod document;
pub mod outputs;
#[path = "../../tests/src/readers.rs"]
pub mod readers;
pub mod request;
pub mod verifier;
