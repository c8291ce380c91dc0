//! Keeps secrets out of the log while a request is on its way.
//!
//! ureq-proto logs every byte that is sent and received at the level `trace`, secrets included, and has no switch for
//! it. So while an exchange runs, the maximum level of `log` is held at `debug`, if that line would be written at all.
//! Afterwards it is `trace` again, unless the program has chosen a level below `debug` meanwhile.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use log::{Level, LevelFilter};

/// An exchange. While it exists, its bytes are not logged, as long as [`hold`] is called after each step that took time.
pub(crate) struct Muted(());

impl Muted {
    /// Costs three atomic operations where nothing is logged at `trace`.
    pub(crate) fn begin() -> Self {
        EXCHANGES.fetch_add(1, Ordering::SeqCst);
        // In this order: either the held level is seen, or the one that was put back.
        if HELD.load(Ordering::Acquire) || is_logged() {
            lower();
        }
        Self(())
    }
}

impl Drop for Muted {
    fn drop(&mut self) {
        if EXCHANGES.fetch_sub(1, Ordering::SeqCst) > 1 || !HELD.load(Ordering::Acquire) {
            return;
        }
        let _one_at_a_time = CHANGE.lock().unwrap_or_else(PoisonError::into_inner);
        if EXCHANGES.load(Ordering::SeqCst) == 0 && HELD.load(Ordering::Acquire) {
            if log::max_level() == LevelFilter::Debug {
                log::set_max_level(LevelFilter::Trace);
            }
            HELD.store(false, Ordering::Release);
        }
    }
}

/// To be called during an exchange, since the program may have raised the level after it began.
pub(crate) fn hold() {
    if is_logged() {
        lower();
    }
}

fn lower() {
    let _one_at_a_time = CHANGE.lock().unwrap_or_else(PoisonError::into_inner);
    if log::max_level() == LevelFilter::Trace {
        log::set_max_level(LevelFilter::Debug);
        HELD.store(true, Ordering::Release);
    }
}

/// Whether the lines with the bytes would be written.
fn is_logged() -> bool {
    log::log_enabled!(target: "ureq_proto::util", Level::Trace)
}

/// How many are under way.
static EXCHANGES: AtomicUsize = AtomicUsize::new(0);
/// Whether the level is below what the program has chosen.
static HELD: AtomicBool = AtomicBool::new(false);
/// Taken while the level changes.
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

    /// Runs this test alone in a process of its own, since a process has one level, and other tests exchange meanwhile.
    #[test]
    fn the_level_is_held_while_anybody_needs_it_and_then_put_back() {
        if std::env::var_os("STS_TEST_ALONE").is_none() {
            let name =
                "transport::mute_ureq_log::tests::the_level_is_held_while_anybody_needs_it_and_then_put_back";
            let mut command = std::process::Command::new(std::env::current_exe().unwrap());
            let output = command.args(["--exact", name]).env("STS_TEST_ALONE", "1").output().unwrap();
            let told = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && told.contains("1 passed"), "{told}");
            return;
        }
        drop(Muted::begin());
        assert_eq!(log::max_level(), LevelFilter::Off, "without a logger there is nothing to hold");
        log::set_logger(&Everything).unwrap();
        for level in [LevelFilter::Debug, LevelFilter::Warn] {
            log::set_max_level(level);
            let muted = Muted::begin();
            hold();
            assert_eq!(log::max_level(), level, "it does not show the bytes");
            drop(muted);
            assert_eq!(log::max_level(), level);
        }

        log::set_max_level(LevelFilter::Trace);
        let first = Muted::begin();
        let second = Muted::begin();
        assert!(!is_logged());
        drop(first);
        assert!(!is_logged());
        drop(second);
        assert_eq!(log::max_level(), LevelFilter::Trace);

        let third = Muted::begin();
        log::set_max_level(LevelFilter::Trace);
        hold();
        assert!(!is_logged(), "raised in the middle");
        log::set_max_level(LevelFilter::Warn);
        drop(third);
        assert_eq!(log::max_level(), LevelFilter::Warn, "what the program has chosen stays");

        let fourth = Muted::begin();
        log::set_max_level(LevelFilter::Trace);
        hold();
        drop(fourth);
        assert_eq!(log::max_level(), LevelFilter::Trace);
        log::set_max_level(LevelFilter::Off);
    }
}
