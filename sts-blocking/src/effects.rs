//! The effects beside sending: files and programs.

mod files;
mod pipe;
mod program;

pub(crate) use files::{read, replace};
pub(crate) use program::run;
pub(crate) use sts_proto::perform::AskMfaCode;

sts_proto::common_process_calls!(std::env);
