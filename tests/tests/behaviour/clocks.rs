//! Clocks that are wrong, and credentials that expire on their way, through both clients. What takes minutes is tested in
//! virtual time, in the core.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Credentials, Presign, Settings};
use sts_tests::driver::{Setup, through_both};
use sts_tests::peer::{IDENTITY, Peer, answer};

#[test]
fn one_answer_with_a_wrong_date_makes_no_credentials_look_expired() {
    for (status, body) in
        [(200, IDENTITY), (403, "<R><Error><Code>AccessDenied</Code></Error></R>"), (503, "")]
    {
        for days in [2, -2] {
            through_both(|make| {
                let (answered, fetched) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
                let peer = Peer::new(move |_| match answered.fetch_add(1, Ordering::Relaxed) {
                    0 => dated(answer(status, body), days),
                    _ => dated(answer(200, IDENTITY), 0),
                });
                let fetches = Arc::clone(&fetched);
                let provider = move || {
                    fetches.fetch_add(1, Ordering::Relaxed);
                    Ok(Credentials::new("ASIA1", "planted").with_expiration(SystemTime::now() + HOUR))
                };
                let setup =
                    Setup::new(Settings::new().region("us-east-1")).provider(provider).transport(&peer);
                let driver = make(&setup).expect("sound");
                for call in 0..3 {
                    let called = driver.send(GetCallerIdentity::new());
                    assert!(called.is_ok(), "{driver}, {status}, {days} days, call {call}: {called:?}");
                }
                assert_eq!(fetched.load(Ordering::Relaxed), 1, "{driver}, {status}, {days} days");
            });
        }
    }
}

#[test]
fn one_answer_with_a_wrong_date_makes_no_wrong_url() {
    for days in [2, -2] {
        through_both(|make| {
            let peer = Peer::new(move |_| dated(answer(200, IDENTITY), days));
            let keys = Credentials::new("AKID", "planted");
            let setup = Setup::new(Settings::new().region("us-east-1").credentials(keys)).transport(&peer);
            let driver = make(&setup).expect("sound");
            assert!(driver.send(GetCallerIdentity::new()).is_ok());
            let before = SystemTime::now() - Duration::from_secs(1);
            let url =
                driver.presign(&GetCallerIdentity::new(), &Presign::new(HOUR)).expect("it can be signed");
            let query = url.uri().query().expect("it has one").to_owned();
            let date = query.split("X-Amz-Date=").nth(1).and_then(|rest| rest.split('&').next());
            let date = sts_proto::wire::time::parse(date.expect("it is dated")).expect("a date");
            assert!(before <= date && date <= SystemTime::now(), "{query}");
        });
    }
}

/// A process that stands still may find that what it was given is over.
#[test]
fn credentials_that_expire_on_their_way_are_fetched_again() {
    through_both(|make| {
        let fetched = Arc::new(AtomicUsize::new(0));
        let fetches = Arc::clone(&fetched);
        let provider = move || {
            let first = fetches.fetch_add(1, Ordering::Relaxed) == 0;
            let life = if first { Duration::from_millis(100) } else { HOUR };
            let keys = Credentials::new("ASIA1", "planted").with_expiration(SystemTime::now() + life);
            if first {
                std::thread::sleep(2 * life);
            }
            Ok(keys)
        };
        let setup =
            Setup::new(Settings::new().region("us-east-1")).provider(provider).transport(&Peer::sts());
        let called = make(&setup).expect("sound").send(GetCallerIdentity::new());
        assert!(called.is_ok(), "{called:?}");
        assert_eq!(fetched.load(Ordering::Relaxed), 2);
    });
}

/// By a clock that is this many days ahead.
fn dated(answered: sts_tests::peer::Answered, days: i64) -> sts_tests::peer::Answered {
    let mut response = answered?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
    let date = i64::try_from(now).expect("a time") + days * 86_400;
    response.headers_mut().insert("date", date.into());
    Ok(response)
}

const HOUR: Duration = Duration::from_secs(3600);
