//! For the program `sts`: it ends programs that the library runs, such as those of `credential_process`, when it ends itself.

use std::sync::OnceLock;

use rustix::process::Signal;

/// Called repeatedly while a program runs. It returns a signal to send to the program and to what that has started. It is dropped
/// once the program has ended.
pub type Watch = Box<dyn FnMut() -> Option<Signal>>;

/// Calls `begin` before each program that begins from now on. The first call counts, later ones do nothing.
#[doc(hidden)]
pub fn watch_programs(begin: fn() -> Watch) {
    let _ = BEGIN.set(begin);
}

pub(super) fn begin() -> Option<Watch> {
    BEGIN.get().map(|begin| begin())
}

static BEGIN: OnceLock<fn() -> Watch> = OnceLock::new();
