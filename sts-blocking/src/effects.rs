//! The effects beside sending: files and programs.

mod files;
mod pipe;
mod program;
#[cfg(feature = "cli")]
mod watch;

pub(crate) use files::{read, replace};
pub(crate) use program::run;
#[cfg(all(unix, feature = "cli"))]
pub use program::signal_program;
pub(crate) use sts_proto::perform::AskMfaCode;
#[cfg(feature = "cli")]
pub use watch::prepare_programs;
#[cfg(all(unix, feature = "cli"))]
pub use watch::{Watch, watch_programs};

sts_proto::common_process_calls!(std::env);
