//! For the program `sts`: what it has to say while another program runs, which is to end where `sts` ends.

use std::sync::OnceLock;

use rustix::process::Signal;

/// Asked again and again while a program runs: a signal to send to it and to what it has started. Dropped once it has ended.
pub type Watch = Box<dyn FnMut() -> Option<Signal>>;

/// Has every program watched from now on. It is called before one begins.
#[doc(hidden)]
pub fn watch_programs(begin: fn() -> Watch) {
    let _ = BEGIN.set(begin);
}

pub(super) fn begin() -> Option<Watch> {
    BEGIN.get().map(|begin| begin())
}

static BEGIN: OnceLock<fn() -> Watch> = OnceLock::new();
