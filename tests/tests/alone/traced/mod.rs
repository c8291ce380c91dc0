//! What subscribers of `tracing` are told, the same by both clients.

mod calls;
mod fetches;
mod logged;
mod meddling;
mod subscriber;

use std::sync::atomic::{AtomicUsize, Ordering};

use sts_proto::{Credentials, Settings, TransportError, TransportErrorKind as Kind};
use sts_tests::driver::Setup;
use sts_tests::peer::{Answered, Peer, answer};
use tracing::Level;

pub(crate) use logged::what_no_subscriber_is_told_goes_to_the_log;
use subscriber::{Fields, Keeper, Spanned, Told};

pub(crate) fn both_clients_tell_the_same_of_calls_and_credentials_and_no_secret() {
    calls::a_call_that_succeeds_after_all();
    calls::a_call_that_is_refused_for_good();
    calls::a_call_that_is_never_answered();
    calls::a_call_to_an_endpoint_of_one_s_own();
    fetches::fetches_in_the_foreground_and_in_the_background();
    fetches::credentials_that_are_kept_in_use_are_a_warning();
    fetches::a_login_that_was_renewed_is_told();
    meddling::a_subscriber_may_use_the_client();
    meddling::a_subscriber_that_panics_harms_no_later_call();
}

/// Answers with these, one after the other.
fn scripted(script: fn(usize) -> Answered) -> Peer {
    let number = AtomicUsize::new(0);
    Peer::new(move |_| script(number.fetch_add(1, Ordering::Relaxed)))
}

fn setup(peer: &Peer) -> Setup {
    let keys = Credentials::new("AKIDEXAMPLE", "planted-secret").with_session_token("planted-token");
    Setup::new(Settings::new().region("eu-west-1").credentials(keys)).transport(peer)
}

fn failed(kind: Kind) -> Answered {
    Err(TransportError::new(kind, "planted"))
}

/// An answer with a request id in a header.
fn numbered(status: u16, id: &'static str, body: &'static str) -> Answered {
    let mut answer = answer(status, body)?;
    answer.headers_mut().insert("x-amzn-requestid", http::HeaderValue::from_static(id));
    Ok(answer)
}

/// What was kept, all of which has the target of this crate and nothing of what was planted.
fn taken(keeper: &Keeper) -> (Vec<Spanned>, Vec<Told>) {
    let mut kept = keeper.kept();
    assert!(kept.is_outside(), "{kept:?}");
    let (mut spans, events) = (std::mem::take(&mut kept.spans), std::mem::take(&mut kept.events));
    let shown = format!("{spans:?} {events:?}");
    assert!(!shown.contains("planted") && !shown.contains("AKID") && !shown.contains("ASIA"), "{shown}");
    spans.retain(|span| span.name != OUTER);
    let targets = spans.iter().map(|span| &span.target).chain(events.iter().map(|event| &event.target));
    targets.for_each(|target| assert_eq!(target, "sts"));
    let events = events.into_iter().map(without_wait).collect();
    (spans, events)
}

/// The wait is random.
fn without_wait(mut event: Told) -> Told {
    let max = if event.fields.get("error.type").is_some_and(|kind| kind == "refused") { 50 } else { 1000 };
    if let Some(wait) = event.fields.get_mut("retry.wait_ms") {
        assert!(wait.parse::<u64>().unwrap() <= max, "{wait}");
        "random".clone_into(wait);
    }
    event
}

fn same<T: PartialEq + std::fmt::Debug>(told: Vec<T>) -> T {
    let [blocking, asynchronous] = <[T; 2]>::try_from(told).expect("there are two clients");
    assert_eq!(blocking, asynchronous);
    blocking
}

fn fields(of: &[(&'static str, &str)]) -> Fields {
    of.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

/// An event of a call.
fn event(level: Level, of: &[(&'static str, &str)]) -> Told {
    Told { level, target: "sts".to_owned(), span: Some("sts.call"), fields: fields(of) }
}

const OUTER: &str = "outer";
