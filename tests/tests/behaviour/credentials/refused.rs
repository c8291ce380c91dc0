//! Credentials that the service refuses as expired.

use std::time::Duration;

use sts_tests::driver::through_both;
use sts_tests::peer::Peer;
use sts_tests::provider::Provider;

use super::{Asked, call, keys, sealed, setup};

#[test]
fn a_hundred_calls_that_are_refused_as_expired_are_one_fetch() {
    through_both(|make| {
        let (peer, asked) = (Peer::refusing("KEY1"), Asked::default());
        let provider =
            asked.provider(Duration::from_millis(50), |time| Ok(keys(&format!("KEY{time}"), 3600)));
        let sts = make(&setup(&peer).provider(provider)).unwrap();
        for result in sts.crowd(call) {
            assert!(result.unwrap().metadata.attempts() <= 2);
        }
        assert_eq!(asked.times(), 2);
        assert_eq!(peer.signers().iter().filter(|id| *id == "KEY2").count(), 100);
    });
}

#[test]
fn a_refusal_reaches_the_client_that_keeps_the_credentials() {
    through_both(|make| {
        let (peer, asked) = (Peer::refusing("KEY1"), Asked::default());
        let numbered = |time| Ok(keys(&format!("KEY{time}"), 3600));
        let provider = asked.provider(Duration::ZERO, numbered);
        let inner = make(&setup(&peer).provider(provider)).unwrap();
        // By way of one more client, of a shared and of a boxed provider.
        let middle = inner.with_provider(Provider::from(&inner).shared());
        let outer = setup(&peer).provider(&middle).beside(&inner).unwrap();
        call(&outer).unwrap();
        assert_eq!((peer.signers(), asked.times()), (vec!["KEY1".to_owned(), "KEY2".to_owned()], 2));
        call(&inner).unwrap();
        assert_eq!(asked.times(), 2);
    });
}

#[test]
fn a_program_that_signs_for_others_says_itself_what_was_refused() {
    through_both(|make| {
        let (peer, asked) = (Peer::sts(), Asked::default());
        let provider = asked.provider(Duration::ZERO, |time| Ok(keys(&format!("KEY{time}"), 3600)));
        // Of a client that may have no region, too.
        let sts = make(&setup(&peer).provider(provider).credentials_only()).unwrap();
        let first = sts.credentials().unwrap();
        sts.credentials_expired(&first);
        let second = sts.credentials().unwrap();
        assert_eq!((first.access_key_id.as_str(), second.access_key_id.as_str()), ("KEY1", "KEY2"));
        // It has no effect for others than the client keeps.
        sts.credentials_expired(&first);
        assert_eq!((sts.credentials().unwrap().access_key_id.as_str(), asked.times()), ("KEY2", 2));
        let given = make(&setup(&peer).credentials(keys("KEY1", 3600))).unwrap();
        given.credentials_expired(&keys("KEY1", 3600));
        assert_eq!(given.credentials().unwrap().access_key_id, "KEY1");
    });
}

#[test]
fn a_refusal_stands_where_there_are_no_newer_credentials() {
    through_both(|make| {
        // A source that fails, one that has nothing else, and keys that were given once and for all.
        let (peer, asked) = (Peer::refusing("KEY"), Asked::default());
        let give = |time| if time == 1 { Ok(keys("KEY", 3600)) } else { Err(sealed()) };
        let provider = asked.provider(Duration::ZERO, give);
        let sts = make(&setup(&peer).provider(provider)).unwrap();
        assert!(call(&sts).unwrap_err().says_credentials_expired());
        assert_eq!((peer.signers().len(), asked.times()), (1, 2));

        let (peer, asked) = (Peer::refusing("KEY"), Asked::default());
        let provider = asked.provider(Duration::ZERO, |_| Ok(keys("KEY", 3600)));
        let sts = make(&setup(&peer).provider(provider)).unwrap();
        for _ in 0..5 {
            assert!(call(&sts).unwrap_err().says_credentials_expired());
        }
        assert_eq!((peer.signers().len(), asked.times()), (5, 2));

        let peer = Peer::refusing("KEY");
        let sts = make(&setup(&peer).credentials(keys("KEY", 3600))).unwrap();
        assert!(call(&sts).unwrap_err().says_credentials_expired());
        assert_eq!(peer.signers().len(), 1);
    });
}
