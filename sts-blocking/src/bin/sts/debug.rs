//! `--debug`: what the library traces, on standard error. The library traces no secret.

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::output::tell;

pub(crate) fn log_to_stderr() {
    // There is no other logger in this program.
    if log::set_logger(&Stderr).is_ok() {
        log::set_max_level(LevelFilter::Debug);
    }
}

struct Stderr;

impl Log for Stderr {
    /// What other crates log is not known to be free of secrets.
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sts" && metadata.level() <= Level::Debug
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            tell(record.args());
        }
    }

    fn flush(&self) {}
}
