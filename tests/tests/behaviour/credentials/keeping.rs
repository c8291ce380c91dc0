//! Fetching credentials once for all calls, beside the calls where older ones hold.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use sts_proto::{Error, Timeouts};
use sts_tests::driver::{Setup, through_both};
use sts_tests::peer::{IDENTITY, Peer, answer};

use super::{Asked, PATIENCE, PAUSE, by_hand, call, keys, sealed, setup};

#[test]
fn a_hundred_callers_are_one_fetch() {
    through_both(|make| {
        let (peer, asked) = (Peer::sts(), Asked::default());
        let provider =
            asked.provider(Duration::from_millis(100), |time| Ok(keys(&format!("KEY{time}"), 3600)));
        let sts = make(&setup(&peer).provider(provider)).unwrap();
        // Clones and other time-outs make no difference.
        let hurried = sts.with_timeouts(Timeouts::default());
        let all = sts.crowd(|sts| [call(&sts.clone()), call(&hurried)]);
        assert!(all.iter().flatten().all(Result::is_ok));
        assert_eq!((asked.times(), peer.signers()), (1, vec!["KEY1".to_owned(); 200]));
        assert_eq!(sts.credentials().unwrap().access_key_id, "KEY1");
    });
}

#[test]
fn a_failure_is_shared_and_soon_tried_again() {
    through_both(|make| {
        let (peer, asked) = (Peer::sts(), Asked::default());
        let give = |time| if time == 1 { Err(sealed()) } else { Ok(keys("KEY", 3600)) };
        let provider = asked.provider(Duration::from_millis(100), give);
        let sts = make(&setup(&peer).provider(provider)).unwrap();
        for result in sts.crowd(call) {
            let error = result.unwrap_err();
            assert!(matches!(&error, Error::Credentials(_)), "{error:?}");
            assert_eq!(error.to_string(), "no credentials from the vault: it is sealed");
        }
        assert_eq!((asked.times(), peer.signers().len()), (1, 0));
        std::thread::sleep(PAUSE);
        call(&sts).unwrap();
        assert_eq!(asked.times(), 2);
    });
}

/// Refuses the next request for its date, with a clock that is this far ahead, once there is something in it.
fn dated(ahead: &Arc<Mutex<Option<Duration>>>) -> Peer {
    let ahead = Arc::clone(ahead);
    Peer::new(move |_| {
        let Some(ahead) = ahead.lock().unwrap().take() else { return answer(200, IDENTITY) };
        let mut response = answer(403, "<R><Error><Code>RequestTimeTooSkewed</Code></Error></R>")?;
        let since = (SystemTime::now() + ahead).duration_since(SystemTime::UNIX_EPOCH).unwrap();
        // The core reads seconds too.
        response.headers_mut().insert("date", since.as_secs().into());
        Ok(response)
    })
}

#[test]
fn calls_go_on_with_credentials_that_hold_while_newer_ones_are_fetched() {
    through_both(|make| {
        let ahead = Arc::new(Mutex::new(None));
        let peer = dated(&ahead);
        let (provider, asked, gives) = by_hand();
        let sts = make(&setup(&peer).provider(provider)).unwrap();
        gives.send(Ok(keys("OLD", 3600))).unwrap();
        call(&sts).unwrap();
        asked.recv_timeout(PATIENCE).unwrap();
        // The service's clock is what counts, once a refusal has shown it.
        *ahead.lock().unwrap() = Some(Duration::from_secs(3400));
        call(&sts).unwrap();

        // The provider gives nothing, and all calls go on.
        assert!(sts.crowd(call).iter().all(Result::is_ok));
        asked.recv_timeout(PATIENCE).unwrap();
        assert!(asked.try_recv().is_err(), "one refresh");
        assert!(peer.signers().iter().all(|id| id == "OLD"));

        // A refresh that fails does no harm, and is not repeated at once.
        let begun = Instant::now();
        gives.send(Err(sealed())).unwrap();
        assert!(sts.crowd(call).iter().all(Result::is_ok));
        gives.send(Ok(keys("NEW", 9000))).unwrap();
        while sts.credentials().unwrap().access_key_id == "OLD" {
            assert!(begun.elapsed() < PATIENCE);
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(begun.elapsed() >= Duration::from_millis(500), "{:?}", begun.elapsed());
        assert_eq!(asked.try_iter().count(), 1);
    });
}

#[test]
fn a_call_that_waits_for_a_fetch_takes_no_longer_than_it_may() {
    through_both(|make| {
        let peer = Peer::sts();
        let (provider, asked, gives) = by_hand();
        let sts = make(&setup(&peer).provider(provider)).unwrap();
        let hurried = sts.with_timeouts(HURRIED);
        let first = std::thread::spawn({
            let sts = sts.clone();
            move || call(&sts)
        });
        asked.recv_timeout(PATIENCE).unwrap();
        let begun = Instant::now();
        let error = call(&hurried).unwrap_err();
        assert!(error.to_string().contains("200ms"), "{error}");
        assert!(begun.elapsed() >= HURRIED.call && begun.elapsed() < PATIENCE);
        gives.send(Ok(keys("KEY", 3600))).unwrap();
        first.join().unwrap().unwrap();
        call(&hurried).unwrap();
    });
}

#[test]
fn a_call_that_begins_a_fetch_takes_no_longer_either_and_the_fetch_goes_on() {
    through_both(|make| {
        let peer = Peer::sts();
        let (provider, asked, gives) = by_hand();
        let sts = make(&setup(&peer).provider(provider)).unwrap();
        let hurried = sts.with_timeouts(HURRIED);
        let begun = Instant::now();
        let error = call(&hurried).unwrap_err();
        assert!(error.to_string().contains("200ms"), "{error}");
        assert!(begun.elapsed() >= HURRIED.call && begun.elapsed() < PATIENCE);
        gives.send(Ok(keys("KEY", 3600))).unwrap();
        call(&sts).unwrap();
        assert_eq!(asked.try_iter().count(), 1);
    });
}

#[test]
fn a_call_that_may_take_for_ever_waits_until_a_fetch_has_ended() {
    through_both(|make| {
        let provider = Asked::default().provider(Duration::from_millis(50), |_| Ok(keys("KEY", 3600)));
        let sts = make(&setup(&Peer::sts()).provider(provider)).unwrap();
        let ever = Timeouts { connect: Duration::MAX, attempt: Duration::MAX, call: Duration::MAX };
        call(&sts.with_timeouts(ever)).unwrap();
    });
}

/// Nothing waits for the process's own keys, and no thread or task fetches them.
#[test]
fn keys_of_the_environment_take_no_time() {
    let env = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "planted-secret")];
    let setup = Setup::of_environment(env).region("eu-west-1").transport(&Peer::sts());
    for sts in setup.drivers().unwrap() {
        let sts = sts.with_timeouts(Timeouts { call: Duration::ZERO, ..Timeouts::default() });
        assert_eq!(sts.credentials().unwrap().access_key_id, "AKIDEXAMPLE", "{sts}");
    }
}

#[test]
fn a_provider_that_panics_fails_all_calls_that_wait() {
    through_both(|make| {
        let (peer, asked) = (Peer::sts(), Asked::default());
        let give = |time| {
            assert!(time > 1, "planted");
            Ok(keys("KEY", 3600))
        };
        let provider = asked.provider(Duration::from_millis(200), give);
        let sts = make(&setup(&peer).provider(provider)).unwrap();
        for error in sts.crowd(call).into_iter().map(Result::unwrap_err) {
            assert!(error.to_string().contains("panicked"), "{error}");
        }
        assert_eq!(asked.times(), 1);
        std::thread::sleep(PAUSE);
        call(&sts).unwrap();
    });
}

const HURRIED: Timeouts = Timeouts { connect: PATIENCE, attempt: PATIENCE, call: Duration::from_millis(200) };
