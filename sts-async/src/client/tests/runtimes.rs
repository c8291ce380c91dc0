//! Fetching credentials where futures are dropped, providers panic and runtimes end.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::IDENTITY;
use crate::bytes::Bytes;
use crate::{
    Builder, Client, Credentials, CredentialsFuture, CredentialsProvider, Error, SendTimeouts, Timeouts,
    Transport, TransportFuture, http,
};

#[tokio::test]
async fn a_call_that_is_dropped_takes_nothing_from_the_others() {
    let (provider, mut asked, gives) = by_hand();
    let sts = client(&Canned::default(), provider);
    begin(&sts, &mut asked).await;
    let hurried = sts.with_timeouts(Timeouts { call: Duration::from_millis(200), ..Timeouts::default() });
    let begun = Instant::now();
    let error = hurried.get_caller_identity().await.unwrap_err();
    assert!(error.to_string().contains("200ms"), "{error}");
    assert!(begun.elapsed() >= Duration::from_millis(200) && begun.elapsed() < PATIENCE);
    // The fetch of the one that was dropped goes on.
    gives.send(keys("KEY")).unwrap();
    hurried.get_caller_identity().await.unwrap();
    assert!(asked.try_recv().is_err());
}

#[test]
fn a_panic_elsewhere_is_not_the_provider_s() {
    let canned = Canned::default();
    let (provider, mut asked, gives) = by_hand();
    let sts = client(&canned, provider);
    let one = runtime();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let one = one;
        one.block_on(begin(&sts, &mut asked));
        panic_any("planted");
    }));
    assert_eq!(panicked.unwrap_err().downcast_ref::<&str>(), Some(&"planted"));
    gives.send(keys("KEY")).unwrap();
    runtime().block_on(sts.get_caller_identity()).unwrap();
}

#[test]
fn a_fetch_that_ends_with_its_runtime_is_begun_anew() {
    let canned = Canned::default();
    let (provider, mut asked, gives) = by_hand();
    let sts = client(&canned, provider);
    let (one, other) = (runtime(), runtime());
    one.block_on(begin(&sts, &mut asked));
    // The other one waits for a task that is driven no more, until that is dropped.
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| other.block_on(sts.get_caller_identity()).map(drop));
        std::thread::sleep(Duration::from_millis(100));
        gives.send(keys("KEY")).unwrap();
        drop(one);
        waiting.join().unwrap().unwrap();
    });
    assert_eq!(canned.signers(), ["KEY"]);
}

#[test]
fn a_fetch_that_has_not_run_when_its_runtime_ends_is_begun_anew() {
    let canned = Canned::default();
    let (provider, mut asked, gives) = by_hand();
    let sts = client(&canned, provider);
    let (one, other) = (runtime(), runtime());
    // The task is spawned, and the runtime has no time for it.
    one.block_on(async {
        let mut call = pin!(sts.get_caller_identity());
        assert!(poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await);
    });
    assert!(asked.try_recv().is_err());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| other.block_on(sts.get_caller_identity()).map(drop));
        std::thread::sleep(Duration::from_millis(100));
        gives.send(keys("KEY")).unwrap();
        drop(one);
        waiting.join().unwrap().unwrap();
    });
    assert_eq!(canned.signers(), ["KEY"]);
}

/// Panics before there is a future, and within it.
struct Panics(bool);

impl CredentialsProvider for Panics {
    fn credentials(&self) -> CredentialsFuture<'_> {
        assert!(self.0, "planted");
        Box::pin(async { panic!("planted") })
    }
}

#[tokio::test]
async fn a_provider_may_panic_before_it_gives_a_future() {
    for within in [false, true] {
        let error = client(&Canned::default(), Panics(within)).get_caller_identity().await.unwrap_err();
        assert!(error.to_string().contains("panicked"), "{error}");
    }
}

/// Without a runtime nothing runs beside the caller, and nothing measures the time.
#[test]
fn another_executor_will_do_where_the_provider_and_the_transport_need_no_runtime() {
    let canned = Canned::default();
    let sts = client(&canned, || async { keys("KEY") });
    let mut context = Context::from_waker(Waker::noop());
    let mut call = pin!(sts.get_caller_identity());
    assert!(matches!(call.as_mut().poll(&mut context), Poll::Ready(Ok(_))));
    assert_eq!(canned.signers(), ["KEY"]);
}

/// The call that runs the fetch is polled by that executor; all others wait for it, and one takes it over where it is dropped.
#[test]
fn on_another_executor_callers_wait_for_the_fetch_of_the_first() {
    for given_up in [false, true] {
        let canned = Canned::default();
        let (provider, mut asked, gives) = by_hand();
        let sts = client(&canned, provider);
        let mut context = Context::from_waker(Waker::noop());
        let mut first = Box::pin(sts.get_caller_identity());
        assert!(first.as_mut().poll(&mut context).is_pending());
        let mut second = pin!(sts.get_caller_identity());
        let mut third = pin!(sts.get_caller_identity());
        for call in [&mut second, &mut third] {
            let polled = call.as_mut().poll(&mut context);
            assert!(polled.is_pending(), "{polled:?}");
        }
        asked.try_recv().unwrap();
        if given_up {
            drop(first);
            assert!(second.as_mut().poll(&mut context).is_pending());
            asked.try_recv().unwrap();
            gives.send(keys("KEY")).unwrap();
        } else {
            gives.send(keys("KEY")).unwrap();
            assert!(matches!(first.as_mut().poll(&mut context), Poll::Ready(Ok(_))));
        }
        for call in [&mut second, &mut third] {
            assert!(matches!(call.as_mut().poll(&mut context), Poll::Ready(Ok(_))), "{given_up}");
        }
        assert!(asked.try_recv().is_err(), "one fetch");
    }
}

/// Makes a call, and drops it once the provider is asked.
async fn begin(sts: &Client, asked: &mut UnboundedReceiver<()>) {
    tokio::select! {
        biased;
        ended = sts.get_caller_identity() => panic!("{ended:?}"),
        heard = asked.recv() => heard.unwrap(),
    }
}

fn client(canned: &Canned, provider: impl CredentialsProvider) -> Client {
    let builder = Builder::isolated().region("eu-west-1").transport(canned.clone());
    builder.credentials_provider(provider).build().unwrap()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn keys(id: &str) -> Result<Credentials, Error> {
    Ok(Credentials::new(id, "planted-secret"))
}

/// Keeps what is sent and answers `GetCallerIdentity`.
#[derive(Clone, Default)]
struct Canned(Arc<Mutex<Vec<http::Request<Bytes>>>>);

impl Canned {
    /// The access keys that requests were signed with.
    fn signers(&self) -> Vec<String> {
        let signer = |request: &http::Request<Bytes>| {
            let header = request.headers()["authorization"].to_str().unwrap();
            header.split_once("Credential=").unwrap().1.split('/').next().unwrap().to_owned()
        };
        self.0.lock().unwrap().iter().map(signer).collect()
    }
}

impl Transport for Canned {
    fn send(&self, request: http::Request<Bytes>, _: SendTimeouts) -> TransportFuture<'_> {
        self.0.lock().unwrap().push(request);
        Box::pin(async { Ok(http::Response::new(IDENTITY.into())) })
    }
}

/// A provider that says when it is asked and gives what it is sent.
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
