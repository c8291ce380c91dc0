//! The effects beside sending: files and programs.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::SystemTime;

use sts_proto::settings::Env;

mod files;
mod pipe;
mod program;

pub(crate) use files::{read, replace};
pub(crate) use program::run;
pub(crate) use sts_proto::perform::AskMfaCode;

/// The environment of this process, as it is now.
pub(crate) fn environment() -> Env {
    Env::from_iter(std::env::vars_os()).or_home(std::env::home_dir())
}

/// By this machine's clock.
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// A number that no other call has, from the randomly keyed hasher of the standard library. It is for ids and for spreading
/// waits, not for keys.
pub(crate) fn seed() -> u128 {
    let half = || u128::from(RandomState::new().build_hasher().finish());
    half() << 64 | half()
}
