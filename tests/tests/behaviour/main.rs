//! What the clients do for a program, each case through both.

mod answer_size;
mod bad_credentials;
mod bad_input;
mod effects;
mod lambda;
mod operations;
mod proxy;
mod settings_files;
