//! Where credentials come from, and how they are kept fresh.
//!
//! A [`Plan`] says, before anything is read or sent, how to get a set of credentials: one [`Source`] and the roles to assume
//! from it. A [`Chain`] holds the plans that the environment and a profile configure, in order of precedence. [`Resolve`] is
//! the flow that carries out a chain. A [`Cache`] says when to do so again.

mod asking;
pub(crate) mod assume_role;
mod cache;
mod chain;
pub mod cli_cache;
pub mod command_line;
pub mod container;
mod fetch;
pub mod imds;
mod keys_json;
#[cfg(feature = "login")]
pub mod login;
mod mfa_session;
mod plan;
mod process;
mod profile;
mod region;
mod renewal;
mod report;
mod resolve;
#[cfg(feature = "roles-anywhere")]
pub mod roles_anywhere;
pub mod sso;
#[cfg(test)]
mod testing;
mod web_identity;

pub(crate) use cache::expired;
pub use cache::{Cache, Cached};
pub use chain::{Candidate, Chain, Found};
pub use cli_cache::CliCache;
pub(crate) use mfa_session::MfaSession;
pub use plan::{Plan, Role, Source};
pub(crate) use region::RegionSearch;
pub(crate) use renewal::Renewals;
pub use report::Explanation;
pub(crate) use report::{Standing, describe};
pub use resolve::{Resolve, Resolved};
pub use web_identity::WebIdentity;
