//! Everything that is checked against recorded vectors.

mod chain;
mod endpoint;
mod metadata;
mod profile;
mod sigv4;
mod wire;
