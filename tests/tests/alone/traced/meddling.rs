//! Subscribers that do more than listen.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Credentials, Timeouts};
use sts_tests::driver::through_both;
use sts_tests::peer::Peer;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::with_default;
use tracing::{Event, Metadata, Subscriber};

use super::setup;

/// Does something at each event that begins with `message`.
struct Meddler<F> {
    message: &'static str,
    act: F,
}

impl<F: Fn() + 'static> Subscriber for Meddler<F> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sts"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        if message.0 == self.message {
            (self.act)();
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// A lock that is held while a subscriber is told would never be given back to it.
pub(super) fn a_subscriber_may_use_the_client() {
    let (done, waits) = mpsc::channel();
    std::thread::spawn(move || {
        let sts = setup(&Peer::sts()).provider(|| Ok(Credentials::new("ASIAEXAMPLE", "planted-secret")));
        let sts = match sts.blocking().unwrap() {
            sts_tests::driver::Driver::Blocking(client) => client,
            sts_tests::driver::Driver::Async(..) => unreachable!("it is asked for the blocking client"),
        };
        let seen = Arc::new(Mutex::new(Vec::new()));
        let act = {
            let (sts, seen) = (sts.clone(), Arc::clone(&seen));
            move || seen.lock().unwrap().push(sts.credentials().unwrap().access_key_id)
        };
        with_default(Meddler { message: "fetched credentials", act }, || sts.credentials().unwrap());
        let seen = seen.lock().unwrap().clone();
        done.send(seen).ok();
    });
    let seen = waits.recv_timeout(Duration::from_secs(20)).expect("the client does not wait for itself");
    assert_eq!(seen, ["ASIAEXAMPLE"]);
}

/// A fetch whose subscriber panics is over all the same, and its callers are woken.
pub(super) fn a_subscriber_that_panics_harms_no_later_call() {
    through_both(|make| {
        let sts = setup(&Peer::sts()).provider(|| Ok(Credentials::new("ASIAEXAMPLE", "planted-secret")));
        let timeouts = Timeouts { call: Duration::from_secs(10), ..Timeouts::default() };
        let sts = make(&sts).unwrap().with_timeouts(timeouts);
        let first = AtomicBool::new(true);
        let act =
            move || assert!(!first.swap(false, Ordering::Relaxed), "this subscriber panics, as it should");
        let begun = std::time::Instant::now();
        with_default(Meddler { message: "fetched credentials", act }, || {
            sts.send(GetCallerIdentity::new()).unwrap();
        });
        assert!(begun.elapsed() < Duration::from_secs(8), "the call was woken and did not wait to its end");
        sts.send(GetCallerIdentity::new()).unwrap();
    });
}
