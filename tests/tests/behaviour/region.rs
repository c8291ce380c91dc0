//! The region of a client that was given none.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Error, Outcome, Presign, Timeouts};
use sts_tests::driver::{Setup, through_both};
use sts_tests::peer::{Answered, IDENTITY, Peer, answer};

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

#[test]
fn why_the_metadata_gives_no_region_is_said() {
    type Told = (&'static str, fn(&str) -> Answered, &'static [&'static str]);
    let rows: &[Told] = &[
        ("switched off", |_| answer(403, ""), &["/placement/region", "403", "service is disabled"]),
        ("broken", |_| answer(500, ""), &["/placement/region", "500", "4 tries"]),
        ("a proxy", |_| answer(200, "<html>"), &["/latest/api/token", "not a token"]),
        (
            "another document",
            |path| answer(200, if path.ends_with("token") { "token" } else { "planted!" }),
            &["/latest/meta-data/placement/region", "not the name of a region"],
        ),
    ];
    for (name, answered, words) in rows {
        through_both(|make| {
            let peer = Peer::new(move |request| answered(request.uri().path()));
            let sts = make(&setup(&peer)).unwrap();
            let error = sts.send(GetCallerIdentity::new()).unwrap_err();
            let text = error.to_string();
            assert!(matches!(error, Error::Endpoint(_)), "{name}: {error:?}");
            for word in words.iter().chain(&["no region", "AWS_REGION", "set one"]) {
                assert!(text.contains(word), "{name}: {word:?} is not said: {text}");
            }
            assert!(
                !text.contains("planted") && !text.contains('\n') && !text.ends_with('.'),
                "{name}: {text}"
            );
        });
    }
}

#[test]
fn metadata_that_cannot_be_asked_is_named_where_the_region_is_needed() {
    for (variable, value, words) in [
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ftp://planted", "AWS_EC2_METADATA_SERVICE_ENDPOINT"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv5", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"),
        ("AWS_EC2_METADATA_V1_DISABLED", "planted", "AWS_EC2_METADATA_V1_DISABLED"),
    ] {
        through_both(|make| {
            let keys = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "planted")];
            let broken = [(variable, value)];
            let setup = |more: &[(&'static str, &'static str)]| {
                let all = keys.iter().chain(&broken).chain(more).copied();
                Setup::of_environment(all).transport(&Peer::sts())
            };
            // Without a region and a URL no client can be built; with a URL alone it cannot sign.
            let built = make(&setup(&[])).map(|_| ()).unwrap_err();
            let url = make(&setup(&[("AWS_ENDPOINT_URL", "http://sts.example")])).unwrap();
            let signed = url.send(GetCallerIdentity::new()).unwrap_err();
            let presigned = url.presign(&GetCallerIdentity::new(), &Presign::new(Duration::from_secs(60)));
            for error in [built, signed, presigned.unwrap_err()] {
                let text = error.to_string();
                assert!(text.contains("no region") && text.contains(words), "{variable}: {text}");
                assert!(!text.contains("planted"), "{variable}: {text}");
            }
            // Nothing is asked where a region is set.
            let sound = make(&setup(&[("AWS_REGION", "eu-west-1")])).unwrap();
            sound.send(GetCallerIdentity::new()).unwrap();
        });
    }
}
