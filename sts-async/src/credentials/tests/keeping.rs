use std::sync::Mutex;
use std::time::Instant;

use sts_proto::{SendTimeouts, Timeouts};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use super::peer::{EXPIRED, IDENTITY, response, signer};
use super::*;
use crate::{Transport, TransportFuture};

/// A hundred calls at once.
async fn crowd(sts: &Client) -> Vec<Result<u32, Error>> {
    let mut tasks = JoinSet::new();
    for _ in 0..100 {
        let sts = sts.clone();
        tasks.spawn(async move { sts.get_caller_identity().await.map(|me| me.metadata.attempts()) });
    }
    tasks.join_all().await
}

/// A provider that takes a moment and counts.
fn counting(
    asked: &Asked,
    give: impl Fn(usize) -> Result<Credentials, Error> + Clone + Send + Sync + 'static,
) -> impl CredentialsProvider {
    let asked = asked.clone();
    move || {
        let (asked, give) = (asked.clone(), give.clone());
        async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            give(asked.again())
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_callers_are_one_fetch() {
    let (peer, asked) = (Peer::sts(), Asked::default());
    let sts = client(&peer, counting(&asked, |time| Ok(keys(&format!("KEY{time}"), 3600))));
    // Other time-outs make no difference.
    let hurried = sts.with_timeouts(Timeouts::default());
    let (one, other) = tokio::join!(crowd(&sts), crowd(&hurried));
    assert!(one.iter().chain(&other).all(Result::is_ok));
    assert_eq!((asked.times(), peer.signers()), (1, vec!["KEY1".to_owned(); 200]));
    assert_eq!(sts.credentials().await.unwrap().access_key_id, "KEY1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_failure_is_shared_and_soon_tried_again() {
    let (peer, asked) = (Peer::sts(), Asked::default());
    let give = |time| if time == 1 { Err(sealed()) } else { Ok(keys("KEY", 3600)) };
    let sts = client(&peer, counting(&asked, give));
    for result in crowd(&sts).await {
        let error = result.unwrap_err();
        assert!(matches!(&error, Error::Credentials(_)), "{error:?}");
        assert_eq!(error.to_string(), "no credentials from the vault: it is sealed");
    }
    assert_eq!((asked.times(), peer.signers().len()), (1, 0));
    tokio::time::sleep(Duration::from_millis(1000)).await;
    sts.get_caller_identity().await.unwrap();
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
fn by_hand() -> (impl CredentialsProvider, UnboundedReceiver<()>, UnboundedSender<Result<Credentials, Error>>)
{
    let (asks, asked) = unbounded_channel();
    let (gives, given) = unbounded_channel();
    let given = Arc::new(tokio::sync::Mutex::new(given));
    let provider = move || {
        let (asks, given) = (asks.clone(), Arc::clone(&given));
        async move {
            asks.send(()).unwrap();
            given.lock().await.recv().await.unwrap()
        }
    };
    (provider, asked, gives)
}

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_old_ones_hold_nobody_waits() {
    let ahead = Arc::new(Mutex::new(None));
    let peer = dated(Arc::clone(&ahead));
    let (provider, mut asked, gives) = by_hand();
    let sts = client(&peer, provider);
    gives.send(Ok(keys("OLD", 3600))).unwrap();
    sts.get_caller_identity().await.unwrap();
    asked.recv().await.unwrap();
    // The service's clock is what counts.
    *ahead.lock().unwrap() = Some(Duration::from_secs(3400));
    sts.get_caller_identity().await.unwrap();

    // Nobody gives anything, and all go on.
    assert!(crowd(&sts).await.iter().all(Result::is_ok));
    asked.recv().await.unwrap();
    assert!(asked.try_recv().is_err(), "one refresh");
    assert!(peer.signers().iter().all(|id| id == "OLD"));

    // A refresh that fails does no harm, and is not repeated at once.
    let begun = Instant::now();
    gives.send(Err(sealed())).unwrap();
    assert!(crowd(&sts).await.iter().all(Result::is_ok));
    gives.send(Ok(keys("NEW", 9000))).unwrap();
    while sts.credentials().await.unwrap().access_key_id == "OLD" {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(begun.elapsed() >= Duration::from_millis(500), "{:?}", begun.elapsed());
    assert!(asked.try_recv().is_ok() && asked.try_recv().is_err());
}

#[tokio::test]
async fn a_caller_that_gives_up_takes_nothing_from_the_others() {
    let peer = Peer::sts();
    let (provider, mut asked, gives) = by_hand();
    let sts = client(&peer, provider);
    tokio::select! {
        biased;
        ended = sts.get_caller_identity() => panic!("{ended:?}"),
        heard = asked.recv() => heard.unwrap(),
    }
    let hurried = sts.with_timeouts(Timeouts { call: Duration::from_millis(200), ..Timeouts::default() });
    let begun = Instant::now();
    let error = hurried.get_caller_identity().await.unwrap_err();
    assert!(error.to_string().contains("200ms"), "{error}");
    assert!(begun.elapsed() >= Duration::from_millis(200) && begun.elapsed() < PATIENCE);
    // The fetch of the one that was dropped goes on.
    gives.send(Ok(keys("KEY", 3600))).unwrap();
    hurried.get_caller_identity().await.unwrap();
    assert!(asked.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_provider_that_panics_leaves_nobody_waiting() {
    let (peer, asked) = (Peer::sts(), Asked::default());
    let give = |time| {
        assert!(time > 1, "planted");
        Ok(keys("KEY", 3600))
    };
    let sts = client(&peer, counting(&asked, give));
    for error in crowd(&sts).await.into_iter().map(Result::unwrap_err) {
        assert!(error.to_string().contains("panicked"), "{error}");
    }
    assert_eq!(asked.times(), 1);
    tokio::time::sleep(Duration::from_millis(1000)).await;
    sts.get_caller_identity().await.unwrap();
}

/// What unwinds through a runtime is not the provider's doing.
#[test]
fn a_panic_of_somebody_else_is_not_the_provider_s() {
    let peer = Peer::sts();
    let (provider, mut asked, gives) = by_hand();
    let sts = client(&peer, provider);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let one = runtime();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let one = one;
        one.block_on(async {
            tokio::select! {
                biased;
                ended = sts.get_caller_identity() => panic!("{ended:?}"),
                heard = asked.recv() => heard.unwrap(),
            }
        });
        std::panic::panic_any("planted");
    }));
    assert_eq!(panicked.unwrap_err().downcast_ref::<&str>(), Some(&"planted"));
    gives.send(Ok(keys("KEY", 3600))).unwrap();
    runtime().block_on(sts.get_caller_identity()).unwrap();
}

/// Tells how much of a call's time each request is given.
#[derive(Clone, Default)]
struct Clocked(Arc<Mutex<Vec<Duration>>>);

impl Transport for Clocked {
    fn send(&self, _: http::Request<bytes::Bytes>, timeouts: SendTimeouts) -> TransportFuture<'_> {
        self.0.lock().unwrap().push(timeouts.attempt);
        Box::pin(async { Ok(response(200, IDENTITY)) })
    }
}

#[tokio::test]
async fn what_fetching_takes_is_part_of_the_call() {
    let clocked = Clocked::default();
    let slow = || async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        Ok(keys("KEY", 3600))
    };
    let sts = Client::builder().region("eu-west-1").transport(clocked.clone());
    let sts = sts.credentials_provider(slow).build().unwrap();
    let long = Duration::from_secs(20);
    let sts = sts.with_timeouts(Timeouts { attempt: long, call: long, ..Timeouts::default() });
    sts.get_caller_identity().await.unwrap();
    sts.get_caller_identity().await.unwrap();
    let left = clocked.0.lock().unwrap().clone();
    assert!(left[0] <= Duration::from_millis(19_700), "{left:?}");
    assert!(left[1] > Duration::from_millis(19_700), "{left:?}");
}

#[test]
fn a_fetch_that_ends_with_its_runtime_is_begun_anew() {
    let peer = Peer::sts();
    let (provider, mut asked, gives) = by_hand();
    let sts = client(&peer, provider);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (one, other) = (runtime(), runtime());
    one.block_on(async {
        tokio::select! {
            biased;
            ended = sts.get_caller_identity() => panic!("{ended:?}"),
            heard = asked.recv() => heard.unwrap(),
        }
    });
    // The other one waits for a task that nobody drives any more, until that is dropped.
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| other.block_on(sts.get_caller_identity()).map(drop));
        std::thread::sleep(Duration::from_millis(100));
        gives.send(Ok(keys("KEY", 3600))).unwrap();
        drop(one);
        waiting.join().unwrap().unwrap();
    });
    assert_eq!(peer.signers(), ["KEY"]);
}

/// Refuses one access key.
fn refuses(id: &'static str) -> Peer {
    Peer::new(
        move |request| {
            if signer(request) == id { response(403, EXPIRED) } else { response(200, IDENTITY) }
        },
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_calls_that_are_refused_as_expired_are_one_fetch() {
    let (peer, asked) = (refuses("KEY1"), Asked::default());
    let sts = client(&peer, counting(&asked, |time| Ok(keys(&format!("KEY{time}"), 3600))));
    for result in crowd(&sts).await {
        assert!(result.unwrap() <= 2);
    }
    assert_eq!(asked.times(), 2);
    assert_eq!(peer.signers().iter().filter(|id| *id == "KEY2").count(), 100);
}

#[tokio::test]
async fn a_refusal_reaches_whoever_keeps_the_credentials() {
    let (peer, asked) = (refuses("KEY1"), Asked::default());
    let numbered = |time| Ok(keys(&format!("KEY{time}"), 3600));
    let inner = client(&peer, counting(&asked, numbered));
    // By way of one more client, of a shared and of a boxed provider.
    let shared: Arc<dyn CredentialsProvider> = Arc::new(inner.clone());
    let boxed: Box<dyn CredentialsProvider> = Box::new(inner.with_credentials_provider(shared));
    let outer = client(&peer, boxed);
    outer.get_caller_identity().await.unwrap();
    assert_eq!((peer.signers(), asked.times()), (vec!["KEY1".to_owned(), "KEY2".to_owned()], 2));
    inner.get_caller_identity().await.unwrap();
    assert_eq!(asked.times(), 2);

    // Who signs for others says so himself, by way of a chain too.
    let asked = Asked::default();
    let chain = builder(&peer).credentials_provider(counting(&asked, numbered));
    let chain = ChainProvider::from_builder(chain).unwrap();
    let first = chain.credentials().await.unwrap();
    chain.expired(&first);
    let second = chain.credentials().await.unwrap();
    assert_eq!((first.access_key_id.as_str(), second.access_key_id.as_str()), ("KEY1", "KEY2"));
    // Of others than are kept nothing comes.
    chain.expired(&first);
    assert_eq!((chain.credentials().await.unwrap().access_key_id.as_str(), asked.times()), ("KEY2", 2));
    let given = builder(&peer).credentials(keys("KEY1", 3600)).build().unwrap();
    given.credentials_expired(&keys("KEY1", 3600));
    assert_eq!(given.credentials().await.unwrap().access_key_id, "KEY1");
}

#[tokio::test]
async fn where_nothing_newer_is_to_be_had_the_refusal_stands() {
    // A source that fails, one that has nothing else, and keys that were given once and for all.
    let (peer, asked) = (refuses("KEY"), Asked::default());
    let give = |time| if time == 1 { Ok(keys("KEY", 3600)) } else { Err(sealed()) };
    let sts = client(&peer, counting(&asked, give));
    assert!(sts.get_caller_identity().await.unwrap_err().says_credentials_expired());
    assert_eq!((peer.signers().len(), asked.times()), (1, 2));

    let (peer, asked) = (refuses("KEY"), Asked::default());
    let sts = client(&peer, counting(&asked, |_| Ok(keys("KEY", 3600))));
    for _ in 0..5 {
        assert!(sts.get_caller_identity().await.unwrap_err().says_credentials_expired());
    }
    assert_eq!((peer.signers().len(), asked.times()), (5, 2));

    let peer = refuses("KEY");
    let sts = builder(&peer).credentials(keys("KEY", 3600)).build().unwrap();
    assert!(sts.get_caller_identity().await.unwrap_err().says_credentials_expired());
    assert_eq!(peer.signers().len(), 1);
}
