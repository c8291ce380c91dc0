//! Keeps secrets out of the log while a request is on its way.
//!
//! ureq-proto logs every byte that is sent and received at the level `trace`, secrets included, and has no switch for
//! it. So while an exchange runs, the maximum level of `log` is held at `debug`. Afterwards it is `trace` again, unless the
//! program has chosen a level below `debug` meanwhile. Whether a logger would write such a line cannot be asked: the macros of
//! `log` ask for the level only, and a logger may write what its `enabled` refuses.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use log::LevelFilter;
use ureq::Error;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

/// An exchange. While it exists, its bytes are not logged, if its connection is [`Held`].
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

/// A connection, above its TLS, that holds the level whenever ureq is about to log bytes: before it writes into a buffer or
/// reads from one, and after each step that takes time, since the program may have raised the level meanwhile.
#[derive(Debug)]
pub(crate) struct Held(pub(crate) Box<dyn Transport>);

impl Transport for Held {
    fn buffers(&mut self) -> &mut dyn Buffers {
        hold();
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let sent = self.0.transmit_output(amount, timeout);
        hold();
        sent
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let received = self.0.await_input(timeout);
        hold();
        received
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        self.0.is_tls()
    }
}

fn hold() {
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

/// Whether the lines with the bytes would be passed to a logger.
fn is_logged() -> bool {
    log::max_level() >= LevelFilter::Trace
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
        /// What it says does not count.
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            false
        }

        fn log(&self, _: &log::Record<'_>) {}

        fn flush(&self) {}
    }

    /// Runs this test alone in a process of its own, since a process has one level, and other tests exchange meanwhile.
    #[test]
    fn the_level_is_held_while_an_exchange_runs_and_then_put_back() {
        if std::env::var_os("STS_TEST_ALONE").is_none() {
            let name =
                "transport::mute_ureq_log::tests::the_level_is_held_while_an_exchange_runs_and_then_put_back";
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
