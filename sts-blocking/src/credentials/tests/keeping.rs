use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Barrier, Mutex};
use std::time::Instant;

use sts_proto::settings::Env;
use sts_proto::{SendTimeouts, Timeouts, TransportError};

use super::*;
use crate::Transport;
use crate::testing::{EXPIRED, IDENTITY, response, signer};

/// Runs this in a hundred threads that begin together.
fn crowd<T: Send>(work: impl Fn() -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(100);
    std::thread::scope(|scope| {
        let begun: Vec<_> = (0..100)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    work()
                })
            })
            .collect();
        begun.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn a_hundred_callers_are_one_fetch() {
    let (peer, asked) = (Peer::sts(), Asked::default());
    let counter = asked.clone();
    let sts = client(&peer, move || {
        std::thread::sleep(Duration::from_millis(100));
        Ok(keys(&format!("KEY{}", counter.again()), 3600))
    });
    // Clones and other time-outs make no difference.
    let hurried = sts.with_timeouts(Timeouts::default());
    let all = crowd(|| [sts.clone().get_caller_identity(), hurried.get_caller_identity()]);
    assert!(all.iter().flatten().all(Result::is_ok));
    assert_eq!((asked.times(), peer.signers()), (1, vec!["KEY1".to_owned(); 200]));
    assert_eq!(sts.credentials().unwrap().access_key_id, "KEY1");
}

#[test]
fn a_failure_is_shared_and_soon_tried_again() {
    let (peer, asked) = (Peer::sts(), Asked::default());
    let counter = asked.clone();
    let sts = client(&peer, move || {
        std::thread::sleep(Duration::from_millis(100));
        if counter.again() == 1 { Err(sealed()) } else { Ok(keys("KEY", 3600)) }
    });
    for result in crowd(|| sts.get_caller_identity()) {
        let error = result.unwrap_err();
        assert!(matches!(&error, Error::Credentials(_)), "{error:?}");
        assert_eq!(error.to_string(), "no credentials from the vault: it is sealed");
    }
    assert_eq!((asked.times(), peer.signers().len()), (1, 0));
    std::thread::sleep(Duration::from_millis(1000));
    sts.get_caller_identity().unwrap();
    assert_eq!(asked.times(), 2);
}

/// Dates the next answer so far ahead, once it is told to.
fn dated(ahead: Arc<Mutex<Option<Duration>>>) -> Peer {
    Peer::new(move |_| {
        let mut response = response(200, IDENTITY);
        if let Some(ahead) = ahead.lock().unwrap().take() {
            let since = (SystemTime::now() + ahead).duration_since(SystemTime::UNIX_EPOCH).unwrap();
            // The core reads seconds too.
            response.headers_mut().insert("date", since.as_secs().into());
        }
        response
    })
}

/// Gives what it is sent, and says when it is asked.
fn by_hand() -> (impl CredentialsProvider, Receiver<()>, Sender<Result<Credentials, Error>>) {
    let (asks, asked) = channel();
    let (gives, given) = channel();
    let (asks, given) = (Mutex::new(asks), Mutex::new(given));
    let provider = move || {
        asks.lock().unwrap().send(()).unwrap();
        given.lock().unwrap().recv().unwrap()
    };
    (provider, asked, gives)
}

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn while_old_ones_hold_nobody_waits() {
    let ahead = Arc::new(Mutex::new(None));
    let peer = dated(Arc::clone(&ahead));
    let (provider, asked, gives) = by_hand();
    let sts = client(&peer, provider);
    gives.send(Ok(keys("OLD", 3600))).unwrap();
    sts.get_caller_identity().unwrap();
    asked.recv_timeout(PATIENCE).unwrap();
    // The service's clock is what counts.
    *ahead.lock().unwrap() = Some(Duration::from_secs(3400));
    sts.get_caller_identity().unwrap();

    // Nobody gives anything, and all go on.
    assert!(crowd(|| sts.get_caller_identity()).iter().all(Result::is_ok));
    asked.recv_timeout(PATIENCE).unwrap();
    assert!(asked.try_recv().is_err(), "one refresh");
    assert!(peer.signers().iter().all(|id| id == "OLD"));

    // A refresh that fails does no harm, and is not repeated at once.
    let begun = Instant::now();
    gives.send(Err(sealed())).unwrap();
    assert!(crowd(|| sts.get_caller_identity()).iter().all(Result::is_ok));
    gives.send(Ok(keys("NEW", 9000))).unwrap();
    while sts.credentials().unwrap().access_key_id == "OLD" {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(begun.elapsed() >= Duration::from_millis(500), "{:?}", begun.elapsed());
    assert_eq!(asked.try_iter().count(), 1);
}

#[test]
fn what_is_not_valid_any_more_is_not_used() {
    let ahead = Arc::new(Mutex::new(Some(Duration::from_secs(3600))));
    let peer = dated(Arc::clone(&ahead));
    let asked = Asked::default();
    let counter = asked.clone();
    let sts = client(&peer, move || match counter.again() {
        1 => Ok(keys("FIRST", 3000)),
        2 => Ok(keys("LATE", 3590)),
        _ => Ok(keys("GOOD", 7200)),
    });
    sts.get_caller_identity().unwrap();
    let error = sts.get_caller_identity().unwrap_err().to_string();
    assert!(error.contains("expired") && error.contains("clock"), "{error}");
    std::thread::sleep(Duration::from_millis(1000));
    sts.get_caller_identity().unwrap();
    assert_eq!((peer.signers(), asked.times()), (vec!["FIRST".to_owned(), "GOOD".to_owned()], 3));
}

#[test]
fn who_waits_does_so_no_longer_than_a_call_may_take() {
    let peer = Peer::sts();
    let (provider, asked, gives) = by_hand();
    let sts = client(&peer, provider);
    let hurried = sts.with_timeouts(Timeouts { call: Duration::from_millis(200), ..Timeouts::default() });
    let first = std::thread::spawn({
        let sts = sts.clone();
        move || sts.get_caller_identity()
    });
    asked.recv_timeout(PATIENCE).unwrap();
    let begun = Instant::now();
    let error = hurried.get_caller_identity().unwrap_err();
    assert!(error.to_string().contains("200ms"), "{error}");
    assert!(begun.elapsed() >= Duration::from_millis(200) && begun.elapsed() < PATIENCE);
    gives.send(Ok(keys("KEY", 3600))).unwrap();
    first.join().unwrap().unwrap();
    hurried.get_caller_identity().unwrap();
}

#[test]
fn who_fetches_waits_no_longer_either_and_the_fetch_goes_on() {
    let peer = Peer::sts();
    let (provider, asked, gives) = by_hand();
    let sts = client(&peer, provider);
    let hurried = sts.with_timeouts(Timeouts { call: Duration::from_millis(200), ..Timeouts::default() });
    let begun = Instant::now();
    let error = hurried.get_caller_identity().unwrap_err();
    assert!(error.to_string().contains("200ms"), "{error}");
    assert!(begun.elapsed() >= Duration::from_millis(200) && begun.elapsed() < PATIENCE);
    gives.send(Ok(keys("KEY", 3600))).unwrap();
    sts.get_caller_identity().unwrap();
    assert_eq!(asked.try_iter().count(), 1);
}

/// Tells how much of a call's time each request is given.
#[derive(Clone, Default)]
struct Clocked(Arc<Mutex<Vec<Duration>>>);

impl Transport for Clocked {
    fn send(
        &self,
        _: http::Request<bytes::Bytes>,
        timeouts: SendTimeouts,
    ) -> Result<http::Response<bytes::Bytes>, TransportError> {
        self.0.lock().unwrap().push(timeouts.attempt);
        Ok(response(200, IDENTITY))
    }
}

#[test]
fn what_fetching_takes_is_part_of_the_call() {
    let clocked = Clocked::default();
    let slow = || {
        std::thread::sleep(Duration::from_millis(300));
        Ok(keys("KEY", 3600))
    };
    let sts = Client::builder().region("eu-west-1").transport(clocked.clone());
    let sts = sts.credentials_provider(slow).build().unwrap();
    let long = Duration::from_secs(20);
    let sts = sts.with_timeouts(Timeouts { attempt: long, call: long, ..Timeouts::default() });
    sts.get_caller_identity().unwrap();
    sts.get_caller_identity().unwrap();
    let left = clocked.0.lock().unwrap().clone();
    assert!(left[0] <= Duration::from_millis(19_700), "{left:?}");
    assert!(left[1] > Duration::from_millis(19_700), "{left:?}");
}

/// For a process's own keys nobody has to wait, and no thread is begun.
#[test]
fn what_is_there_at_once_takes_no_time() {
    let env = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "planted-secret")];
    let builder = Builder::from_snapshot(Env::from_iter(env)).unwrap().region("eu-west-1");
    let sts = builder.transport(Peer::sts()).build().unwrap();
    let sts = sts.with_timeouts(Timeouts { call: Duration::ZERO, ..Timeouts::default() });
    assert_eq!(sts.credentials().unwrap().access_key_id, "AKIDEXAMPLE");
}

#[test]
fn a_provider_that_panics_leaves_nobody_waiting() {
    let (peer, asked) = (Peer::sts(), Asked::default());
    let counter = asked.clone();
    let sts = client(&peer, move || {
        if counter.again() == 1 {
            std::thread::sleep(Duration::from_millis(200));
            panic!("planted");
        }
        Ok(keys("KEY", 3600))
    });
    for error in crowd(|| sts.get_caller_identity()).into_iter().map(Result::unwrap_err) {
        assert!(error.to_string().contains("panicked"), "{error}");
    }
    assert_eq!(asked.times(), 1);
    std::thread::sleep(Duration::from_millis(1000));
    sts.get_caller_identity().unwrap();
}

/// Refuses one access key.
fn refuses(id: &'static str) -> Peer {
    Peer::new(
        move |request| {
            if signer(request) == id { response(403, EXPIRED) } else { response(200, IDENTITY) }
        },
    )
}

#[test]
fn a_hundred_calls_that_are_refused_as_expired_are_one_fetch() {
    let (peer, asked) = (refuses("KEY1"), Asked::default());
    let counter = asked.clone();
    let sts = client(&peer, move || {
        std::thread::sleep(Duration::from_millis(50));
        Ok(keys(&format!("KEY{}", counter.again()), 3600))
    });
    for result in crowd(|| sts.get_caller_identity()) {
        assert!(result.unwrap().metadata.attempts() <= 2);
    }
    assert_eq!(asked.times(), 2);
    assert_eq!(peer.signers().iter().filter(|id| *id == "KEY2").count(), 100);
}

#[test]
fn a_refusal_reaches_whoever_keeps_the_credentials() {
    let (peer, asked) = (refuses("KEY1"), Asked::default());
    let counter = asked.clone();
    let inner = client(&peer, move || Ok(keys(&format!("KEY{}", counter.again()), 3600)));
    // By way of one more client, of a shared and of a boxed provider.
    let shared: Arc<dyn CredentialsProvider> = Arc::new(inner.clone());
    let boxed: Box<dyn CredentialsProvider> = Box::new(inner.with_credentials_provider(shared));
    let outer = client(&peer, boxed);
    outer.get_caller_identity().unwrap();
    assert_eq!((peer.signers(), asked.times()), (vec!["KEY1".to_owned(), "KEY2".to_owned()], 2));
    inner.get_caller_identity().unwrap();
    assert_eq!(asked.times(), 2);

    // Who signs for others says so himself, by way of a chain too.
    let asked = Asked::default();
    let counter = asked.clone();
    let chain =
        builder(&peer).credentials_provider(move || Ok(keys(&format!("KEY{}", counter.again()), 3600)));
    let chain = ChainProvider::from_builder(chain).unwrap();
    let first = chain.credentials().unwrap();
    chain.expired(&first);
    let second = chain.credentials().unwrap();
    assert_eq!((first.access_key_id.as_str(), second.access_key_id.as_str()), ("KEY1", "KEY2"));
    // Of others than are kept nothing comes.
    chain.expired(&first);
    assert_eq!((chain.credentials().unwrap().access_key_id.as_str(), asked.times()), ("KEY2", 2));
    let given = builder(&peer).credentials(keys("KEY1", 3600)).build().unwrap();
    given.credentials_expired(&keys("KEY1", 3600));
    assert_eq!(given.credentials().unwrap().access_key_id, "KEY1");
}

#[test]
fn where_nothing_newer_is_to_be_had_the_refusal_stands() {
    // A source that fails, one that has nothing else, and keys that were given once and for all.
    let (peer, asked) = (refuses("KEY"), Asked::default());
    let counter = asked.clone();
    let sts = client(&peer, move || if counter.again() == 1 { Ok(keys("KEY", 3600)) } else { Err(sealed()) });
    assert!(sts.get_caller_identity().unwrap_err().says_credentials_expired());
    assert_eq!((peer.signers().len(), asked.times()), (1, 2));

    let (peer, asked) = (refuses("KEY"), Asked::default());
    let counter = asked.clone();
    let sts = client(&peer, move || {
        counter.again();
        Ok(keys("KEY", 3600))
    });
    for _ in 0..5 {
        assert!(sts.get_caller_identity().unwrap_err().says_credentials_expired());
    }
    assert_eq!((peer.signers().len(), asked.times()), (5, 2));

    let peer = refuses("KEY");
    let sts = builder(&peer).credentials(keys("KEY", 3600)).build().unwrap();
    assert!(sts.get_caller_identity().unwrap_err().says_credentials_expired());
    assert_eq!(peer.signers().len(), 1);
}
