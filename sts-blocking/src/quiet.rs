//! Keeps secrets out of the log while a request is on its way.
//!
//! ureq-proto logs every byte that is sent and received at the level `trace`, secrets included, and has no switch
//! for it. So while an exchange runs, the maximum level of `log` is held at `debug`, if that line would be written at
//! all. Afterwards it is what it was.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use log::{Level, LevelFilter};

/// For as long as it lives, the bytes of an exchange are not logged.
pub(crate) struct Quiet {
    holds: bool,
}

impl Quiet {
    /// Costs two loads where nothing is logged at `trace`.
    pub(crate) fn begin() -> Self {
        // In this order: who sees no holder sees the level that the last one put back.
        if HOLDERS.load(Ordering::Acquire) == 0 && !log::log_enabled!(target: BYTES, Level::Trace) {
            return Self { holds: false };
        }
        let _one_at_a_time = CHANGE.lock().unwrap_or_else(PoisonError::into_inner);
        if log::max_level() == LevelFilter::Trace {
            log::set_max_level(LevelFilter::Debug);
        }
        HOLDERS.fetch_add(1, Ordering::Release);
        Self { holds: true }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if !self.holds {
            return;
        }
        let _one_at_a_time = CHANGE.lock().unwrap_or_else(PoisonError::into_inner);
        // If somebody else has changed the level meanwhile, it stays theirs.
        if HOLDERS.load(Ordering::Acquire) == 1 && log::max_level() == LevelFilter::Debug {
            log::set_max_level(LevelFilter::Trace);
        }
        HOLDERS.fetch_sub(1, Ordering::Release);
    }
}

/// What the lines with the bytes are logged as.
const BYTES: &str = "ureq_proto::util";

/// How many exchanges hold the level.
static HOLDERS: AtomicUsize = AtomicUsize::new(0);
/// Taken while the level or the number of holders changes.
static CHANGE: Mutex<()> = Mutex::new(());

#[cfg(test)]
mod tests {
    use super::*;

    struct Everything;

    impl log::Log for Everything {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, _: &log::Record<'_>) {}

        fn flush(&self) {}
    }

    /// The only test in this crate that touches the level.
    #[test]
    fn the_level_is_held_while_anybody_needs_it_and_then_put_back() {
        assert!(!Quiet::begin().holds, "without a logger there is nothing to hold");
        log::set_logger(&Everything).unwrap();
        log::set_max_level(LevelFilter::Debug);
        assert!(!Quiet::begin().holds, "debug does not show the bytes");
        log::set_max_level(LevelFilter::Trace);
        let first = Quiet::begin();
        let second = Quiet::begin();
        assert!(!log::log_enabled!(target: BYTES, Level::Trace));
        drop(first);
        assert!(!log::log_enabled!(target: BYTES, Level::Trace));
        drop(second);
        assert_eq!(log::max_level(), LevelFilter::Trace);
        let third = Quiet::begin();
        log::set_max_level(LevelFilter::Warn);
        drop(third);
        assert_eq!(log::max_level(), LevelFilter::Warn);
        log::set_max_level(LevelFilter::Off);
    }
}
