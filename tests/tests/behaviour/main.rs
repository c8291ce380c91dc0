//! What the clients do for a program, each case through both.

mod answer_size;
mod attempts;
mod bad_credentials;
mod bad_input;
mod clocks;
mod connections;
mod credentials;
mod dialects;
mod effects;
mod encodings;
mod environments;
mod explained;
mod identities;
mod kit;
mod lambda;
mod one_call;
mod operations;
mod proofs;
mod proxy;
#[cfg(unix)]
mod refused_keys;
mod region;
mod requests;
mod rotated;
mod settings_files;
