//! What ran and how it went, a line each; the end is a panic if anything failed.

use sts_proto::Metadata;
use sts_tests::driver::Driver;

pub(crate) struct Report {
    name: &'static str,
    ran: usize,
    failures: Vec<String>,
}

impl Report {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, ran: 0, failures: Vec::new() }
    }

    /// A case and its outcome: what there is to say of it, or why it failed.
    pub(crate) fn record(&mut self, driver: &Driver, case: &str, outcome: Result<String, String>) {
        self.ran += 1;
        let line = match &outcome {
            Ok(remark) => format!("{} {driver} {case} ok ({remark})", self.name),
            Err(reason) => format!("{} {driver} {case} FAILED: {reason}", self.name),
        };
        crate::say(format_args!("{line}"));
        if outcome.is_err() {
            self.failures.push(line);
        }
    }

    /// A case that is not run.
    pub(crate) fn left_out(&self, case: &str, why: &str) {
        crate::say(format_args!("{} {case} not run: {why}", self.name));
    }

    pub(crate) fn finish(self) {
        let Self { name, ran, failures } = self;
        crate::say(format_args!("{name}: {ran} cases, {} failures", failures.len()));
        assert!(
            failures.is_empty(),
            "{name}: {} of {ran} cases failed:\n{}",
            failures.len(),
            failures.join("\n")
        );
    }
}

/// `request id …`: not a secret, and what one looks for in a server's log.
pub(crate) fn request_id(metadata: &Metadata) -> String {
    match metadata.request_id() {
        Some(id) => format!("request id {id}"),
        None => "no request id".to_owned(),
    }
}
