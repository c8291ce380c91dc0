//! What the targets share: independent readers to compare the crate with, and the embedded STS's verifier.

pub mod dates;
pub mod document;
pub mod outputs;
pub mod request;
pub mod verifier;
