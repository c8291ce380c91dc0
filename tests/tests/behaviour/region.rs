//! The region of a client that was given none.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Outcome, Timeouts};
use sts_tests::driver::{Setup, through_both};
use sts_tests::peer::{IDENTITY, Peer, answer};

/// The metadata service of an instance, which takes a moment and knows this region or none; and how many tokens it gave.
fn instance(region: Option<&'static str>) -> (Peer, Arc<AtomicUsize>) {
    let tokens = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&tokens);
    let peer = Peer::new(move |request| {
        let path = request.uri().path();
        if path.starts_with("/latest/") {
            std::thread::sleep(Duration::from_millis(100));
        }
        match (path, region) {
            ("/latest/api/token", _) => {
                counter.fetch_add(1, Ordering::SeqCst);
                answer(200, "token")
            }
            ("/latest/meta-data/placement/region", Some(region)) => answer(200, region),
            ("/", _) => answer(200, IDENTITY),
            _ => answer(404, ""),
        }
    });
    (peer, tokens)
}

fn setup(peer: &Peer) -> Setup {
    let env = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "planted"),
        ("AWS_CONFIG_FILE", "/nowhere/config"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials"),
    ];
    Setup::of_environment(env).transport(peer)
}

#[test]
fn a_hundred_callers_ask_once_for_the_region() {
    through_both(|make| {
        for region in [Some("eu-central-1"), None] {
            let (peer, tokens) = instance(region);
            let sts = make(&setup(&peer)).unwrap();
            for result in sts.crowd(|sts| sts.send(GetCallerIdentity::new())) {
                assert_eq!(result.is_ok(), region.is_some(), "{:?}", result.err());
            }
            assert_eq!(tokens.load(Ordering::SeqCst), 1);
        }
    });
}

#[test]
fn a_call_waits_for_the_region_no_longer_than_it_may() {
    through_both(|make| {
        let (peer, _) = instance(Some("eu-central-1"));
        let sts = make(&setup(&peer)).unwrap();
        let hurried = sts.with_timeouts(Timeouts { call: Duration::from_millis(20), ..Timeouts::default() });
        let error = hurried.send(GetCallerIdentity::new()).unwrap_err();
        assert!(error.as_transport_error().is_some(), "{error:?}");
        assert!(matches!(sts.explain().credentials[0].outcome, Outcome::Used(_)));
        sts.send(GetCallerIdentity::new()).unwrap();
    });
}
