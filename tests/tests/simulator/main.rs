//! Clients in virtual time.

mod fleet;
mod logins;
mod retries;
