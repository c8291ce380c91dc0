//! A log for the whole process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once};

/// Takes down everything that is logged.
pub(crate) struct Log(Mutex<Vec<String>>);

impl Log {
    pub(crate) fn install() -> &'static Self {
        static LOG: Log = Log(Mutex::new(Vec::new()));
        static ONCE: Once = Once::new();
        // Tests of one process share it. To raise the level a second time could be amid another test's call, for which
        // the client has lowered it.
        ONCE.call_once(|| {
            log::set_logger(&LOG).expect("nothing else in this process logs");
            log::set_max_level(log::LevelFilter::Trace);
        });
        &LOG
    }

    /// Whether it says that it takes anything. It takes all in any case: nothing obliges a logger to do as it says.
    pub(crate) fn says(&self, enabled: bool) {
        ENABLED.store(enabled, Ordering::SeqCst);
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl log::Log for Log {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        ENABLED.load(Ordering::SeqCst)
    }

    fn log(&self, record: &log::Record<'_>) {
        self.0.lock().unwrap().push(format!("{} {} {}", record.level(), record.target(), record.args()));
    }

    fn flush(&self) {}
}

static ENABLED: AtomicBool = AtomicBool::new(true);
