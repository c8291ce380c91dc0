//! For the program `sts`: it knows of the programs that the library runs, such as those of `credential_process`, and
//! ends them when it ends itself.

use std::process::Command;
use std::sync::OnceLock;

#[cfg(unix)]
pub(super) use on_unix::begin;
#[cfg(unix)]
pub use on_unix::{Watch, watch_programs};

/// Calls `how` with each program before it begins. The first call counts, later ones do nothing.
#[doc(hidden)]
pub fn prepare_programs(how: fn(&mut Command)) {
    let _ = PREPARE.set(how);
}

pub(super) fn prepare(program: &mut Command) {
    if let Some(how) = PREPARE.get() {
        how(program);
    }
}

static PREPARE: OnceLock<fn(&mut Command)> = OnceLock::new();

#[cfg(unix)]
mod on_unix {
    use std::sync::OnceLock;

    use rustix::process::Signal;

    /// Called repeatedly while a program runs. It returns a signal to send to the program and to what that has
    /// started. It is dropped once the program has ended.
    pub type Watch = Box<dyn FnMut() -> Option<Signal>>;

    /// Calls `begin` before each program that begins from now on. The first call counts, later ones do nothing.
    #[doc(hidden)]
    pub fn watch_programs(begin: fn() -> Watch) {
        let _ = BEGIN.set(begin);
    }

    pub(in super::super) fn begin() -> Option<Watch> {
        BEGIN.get().map(|begin| begin())
    }

    static BEGIN: OnceLock<fn() -> Watch> = OnceLock::new();
}
