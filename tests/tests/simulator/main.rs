//! Clients in virtual time.

mod fleet;
mod retries;
