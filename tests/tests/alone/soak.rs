//! Ten thousand calls through each client, 64 at a time, against a server that misbehaves at random: every call is
//! accounted for, and no connection, task or thread is left behind. That no memory is, `bounds` counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Credentials, Error, Output, Phase, Settings, Timeouts, TransportErrorKind as Kind};
use sts_tests::driver::{Driver, Setup};
use sts_tests::scripted::{Script, Scripted};
use tokio::runtime::Runtime;

pub(crate) fn nothing_is_lost_and_nothing_is_left_behind() {
    for make in [Setup::blocking, Setup::asynchronous] {
        ten_thousand_calls(make);
        an_outage_is_not_made_worse(make);
    }
    a_dropped_future_leaves_all_sane();
    blocking_ends_at_the_deadline();
}

const CALLS: usize = 10_000;
const CALLERS: usize = 64;
const SEED: u64 = 4711;

fn ten_thousand_calls(make: fn(&Setup) -> Result<Driver, Error>) {
    let server = Scripted::choosing(misbehave);
    let threads_before = status("Threads");
    let driver = make(&Setup::new(settings(&server, PATIENT))).expect("the settings can be used");
    let name = driver.to_string();
    let runtime = match &driver {
        Driver::Blocking(_) => None,
        Driver::Async(_, runtime) => Some(Arc::clone(runtime)),
    };

    let begun = Instant::now();
    let tally = Arc::new(Tally::default());
    call_many(&driver, &tally, CALLS);
    let took = begun.elapsed();
    let quota = quota(&driver);

    let ends = tally.ends.lock().unwrap().clone();
    let (successes, attempts) = (ends.get("success").copied().unwrap_or(0), tally.attempts());
    println!("soak {name}: {CALLS} calls in {} s: {ends:?}, {attempts} attempts", took.as_secs());
    println!("soak {name}: retry quota left {quota}");
    assert_eq!(ends.values().sum::<usize>(), CALLS, "{name}: calls that ended");
    let typed = ["success", "Throttling", "InternalFailure", "Closed"];
    assert!(ends.keys().all(|end| typed.contains(&end.as_str())), "{name}: {ends:?}");
    assert_eq!(server.requests(), attempts, "{name}: requests that the server read, and attempts");
    assert_eq!(server.successes(), successes, "{name}: answers, and calls that succeeded");
    assert!(attempts > CALLS + CALLS / 20, "{name}: hardly anything was retried");

    drop(driver);
    eventually(&format!("{name}: no connection is open"), || server.connections() == 0);
    if let Some(runtime) = runtime {
        eventually("no task is alive", || runtime.metrics().num_alive_tasks() == 0);
        drop_runtime(runtime);
    }
    eventually(&format!("{name}: no thread is left"), || status("Threads") <= threads_before);
    println!("soak {name}: 0 connections, 0 tasks, {} threads as before", status("Threads"));
}

/// Where every answer is a failure, retries end when the quota is used up: 500 tokens, 14 for each.
fn an_outage_is_not_made_worse(make: fn(&Setup) -> Result<Driver, Error>) {
    let server = Scripted::start(Script::Kept(500, Vec::new(), refusal("InternalFailure")));
    let driver = make(&Setup::new(settings(&server, PATIENT))).expect("the settings can be used");
    let tally = Arc::new(Tally::default());
    call_many(&driver, &tally, 1000);
    let ends = tally.ends.lock().unwrap().clone();
    assert_eq!(ends, BTreeMap::from([("InternalFailure".to_owned(), 1000)]), "{driver}");
    assert_eq!((tally.attempts(), server.requests(), quota(&driver)), (1035, 1035, 10), "{driver}");
    println!("soak {driver}: 1000 calls in an outage are 1035 requests");
}

/// Of a hundred requests: 3 are throttled, 5 fail, 4 meet a closed connection, 10 are slow.
fn misbehave(number: usize) -> Script {
    let dice = mix(SEED ^ number as u64);
    let good = || Script::Kept(200, Vec::new(), IDENTITY.into());
    match dice % 100 {
        0..3 => Script::Kept(400, Vec::new(), refusal("Throttling")),
        3..8 => Script::Kept(500, Vec::new(), refusal("InternalFailure")),
        8..12 => Script::Raw(Vec::new()),
        12..22 => Script::Late(Duration::from_millis(dice >> 32 & 0xf | 4), Box::new(good())),
        _ => good(),
    }
}

/// SplitMix64.
fn mix(seed: u64) -> u64 {
    let mut bits = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// What became of the calls.
#[derive(Default)]
struct Tally {
    ends: Mutex<BTreeMap<String, usize>>,
    attempts: AtomicUsize,
}

impl Tally {
    fn count(&self, result: Result<impl Output, Error>) {
        let (end, attempts) = match result {
            Ok(output) => ("success".to_owned(), output.metadata().attempts()),
            Err(error) => {
                let end = match (error.code(), error.as_transport_error()) {
                    (Some(code), _) => code.as_str().to_owned(),
                    (None, Some(error)) => format!("{:?}", error.kind()),
                    (None, None) => error.to_string(),
                };
                (end, error.attempts())
            }
        };
        *self.ends.lock().unwrap().entry(end).or_default() += 1;
        self.attempts.fetch_add(attempts as usize, Ordering::SeqCst);
    }

    fn attempts(&self) -> usize {
        self.attempts.load(Ordering::SeqCst)
    }
}

/// So many calls, on threads for the blocking client and as tasks for the async one.
fn call_many(driver: &Driver, tally: &Arc<Tally>, calls: usize) {
    let left = Arc::new(AtomicUsize::new(calls));
    let take = |left: &AtomicUsize| {
        left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    };
    match driver {
        Driver::Blocking(client) => std::thread::scope(|scope| {
            for _ in 0..CALLERS {
                scope.spawn(|| {
                    while take(&left) {
                        tally.count(client.send(GetCallerIdentity::new()));
                    }
                });
            }
        }),
        Driver::Async(client, runtime) => {
            let tasks: Vec<_> = (0..CALLERS)
                .map(|_| {
                    let (client, tally, left) = (client.clone(), Arc::clone(tally), Arc::clone(&left));
                    runtime.spawn(async move {
                        while take(&left) {
                            tally.count(client.send(GetCallerIdentity::new()).await);
                        }
                    })
                })
                .collect();
            runtime.block_on(async {
                for task in tasks {
                    task.await.expect("a caller does not panic");
                }
            });
        }
    }
}

/// A future that is dropped while its request is on its way closes the connection, pays nothing, and the next call
/// succeeds; one that is dropped during its second attempt has paid for that.
fn a_dropped_future_leaves_all_sane() {
    let fail = || Script::Kept(500, Vec::new(), refusal("InternalFailure"));
    let good = || Script::Kept(200, Vec::new(), IDENTITY.into());
    for (name, scripts, quota_after) in [
        ("first attempt", vec![Script::Silence, good()], 500),
        (
            "body",
            vec![Script::RawThenSilence(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<".to_vec()), good()],
            500,
        ),
        ("second attempt", vec![fail(), Script::Silence, good()], 486),
    ] {
        let server = Scripted::in_turn(scripts.clone());
        let driver = Setup::new(settings(&server, PATIENT)).asynchronous().expect("the settings can be used");
        let Driver::Async(client, runtime) = &driver else { unreachable!("it is the async one") };
        let hangs = scripts.len() - 1;
        runtime.block_on(async {
            let call = tokio::spawn({
                let client = client.clone();
                async move { client.send(GetCallerIdentity::new()).await.map(drop) }
            });
            while server.played() < hangs {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            call.abort();
            assert!(call.await.unwrap_err().is_cancelled());
        });
        eventually(&format!("{name}: the server sees the connection closed"), || server.connections() == 0);
        assert_eq!(quota(&driver), quota_after, "{name}");
        for round in 1..=20 {
            let output = driver.send(GetCallerIdentity::new()).expect(name);
            assert_eq!(output.metadata.attempts(), 1, "{name}");
            assert_eq!(quota(&driver), (quota_after + round).min(500), "{name}");
        }
        let Driver::Async(client, runtime) = driver else { unreachable!("it is the async one") };
        drop(client);
        eventually("no task is alive", || runtime.metrics().num_alive_tasks() == 0);
        drop_runtime(runtime);
        println!(
            "soak async: dropped in its {name}: connection closed, retry quota {quota_after}, next calls succeed"
        );
    }
}

/// Whatever hangs, and with whatever retries, the call is over when its time is.
fn blocking_ends_at_the_deadline() {
    let call = Duration::from_millis(1500);
    for (name, script, attempt, phase) in [
        ("silence", Script::Silence, LONG, Phase::Response),
        ("silence, attempt after attempt", Script::Silence, Duration::from_millis(400), Phase::Response),
        (
            "half a body",
            Script::RawThenSilence(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<".to_vec()),
            LONG,
            Phase::Body,
        ),
        (
            "a trickle",
            Script::Trickle(b"HTTP/1.1 200 OK\r\n".to_vec(), b"x".repeat(999), Duration::from_millis(50)),
            LONG,
            Phase::Response,
        ),
    ] {
        let server = Scripted::start(script);
        let timeouts = Timeouts { connect: attempt, attempt, call };
        let retry = sts_proto::Retry::standard().max_attempts(10);
        let setup = Setup::new(settings(&server, timeouts).retry(retry));
        let driver = setup.blocking().expect("the settings can be used");
        let begun = Instant::now();
        let error = driver.send(GetCallerIdentity::new()).expect_err(name);
        let took = begun.elapsed();
        let kind = error.as_transport_error().map(|error| error.kind());
        assert_eq!(kind, Some(Kind::Timeout(phase)), "{name}: {error}");
        assert!(took > call - Duration::from_millis(300), "{name}: too early, after {took:?}");
        let attempts = call.as_millis() / attempt.as_millis() + 1;
        assert!(u128::from(error.attempts()) <= attempts, "{name}: {error}");
        assert!(took < LONG, "{name}: too late, after {took:?}");
        println!("soak blocking: {name} ends after {} of {} ms", took.as_millis(), call.as_millis());
    }
}

fn quota(driver: &Driver) -> u32 {
    match driver {
        Driver::Blocking(client) => client.context().retry_quota(),
        Driver::Async(client, _) => client.context().retry_quota(),
    }
}

/// Waits for the runtime's threads.
fn drop_runtime(runtime: Arc<Runtime>) {
    if let Some(runtime) = Arc::into_inner(runtime) {
        runtime.shutdown_timeout(Duration::from_secs(10));
    }
}

/// A number of /proc/self/status.
fn status(field: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("this is Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).expect("the field is there")
}

fn eventually(what: &str, is: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_secs(60), "never came true: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn settings(server: &Scripted, timeouts: Timeouts) -> Settings {
    let keys = Credentials::new("AKIDEXAMPLE", "secret");
    Settings::new().region("us-east-1").credentials(keys).endpoint_url(server.url()).timeouts(timeouts)
}

/// No call takes as long, on a busy machine either.
const LONG: Duration = Duration::from_secs(60);

/// So that a slow machine is none of the faults.
const PATIENT: Timeouts = Timeouts {
    connect: Duration::from_secs(20),
    attempt: Duration::from_secs(20),
    call: Duration::from_secs(60),
};

const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>u</UserId>\
    <Account>1</Account><Arn>a</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>";

fn refusal(code: &str) -> Vec<u8> {
    format!("<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>").into()
}
