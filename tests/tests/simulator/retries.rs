//! Retries in virtual time: a fleet through an outage and a throttled spell, thousands of random faults held against
//! the published rules, and both drivers held against the simulator.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::Request;
use sts_proto::operations::{GetCallerIdentity, GetCallerIdentityOutput};
use sts_proto::{Call, Context, Credentials, Operation, Retry, Settings, Timeouts};
use sts_tests::simulator::{
    Carrier, Chance, Entry, FAULTS, Fault, Fleet, Note, Recorded, Reply, Rules, Run, Seen, Start, Trace,
    Weather, check, clock, date_of, judge, simulate, timeless,
};

/// 200 clients, a call every five seconds each, for two hours: 20 minutes of outage, 20 minutes at half the capacity
/// that is needed.
fn fleet(retry: Retry) -> Fleet {
    Fleet {
        clients: 200,
        every: Duration::from_secs(5),
        length: minutes(120),
        retry,
        spells: vec![
            (minutes(0), Weather::Takes(100.0, 0)),
            (minutes(20), Weather::Outage),
            (minutes(40), Weather::Takes(100.0, 0)),
            (minutes(70), Weather::Takes(20.0, 0)),
            (minutes(90), Weather::Takes(100.0, 0)),
        ],
        seed: 3,
    }
}

fn report(name: &str, run: &Run, begun: Instant) {
    println!("{name}, in {:.1} s of real time:", begun.elapsed().as_secs_f64());
    for (phase, span) in [
        ("fair", 0..20),
        ("outage", 20..40),
        ("fair again", 40..70),
        ("throttled", 70..90),
        ("fair", 90..120),
    ] {
        println!("    {}", run.line(phase, span));
    }
    println!("    the longest call took {:?}, {} took more than 30 s", run.max_duration, run.slow);
}

fn holds_through_it_all(name: &str, fleet: &Fleet) {
    let begun = Instant::now();
    let run = fleet.run(&Probe::new());
    report(name, &run, begun);
    let calls = run.over(0..120).calls;
    assert_eq!(calls, 288_000, "every call ends");
    assert!(run.max_duration <= Timeouts::default().call, "by its deadline: {:?}", run.max_duration);

    let drained = run.drained.expect("the quotas drain");
    let from = (drained.as_secs() / 60 + 1) as usize;
    assert!(from < 30, "while the outage lasts: {drained:?}");
    let normal = run.load(0..20).1;
    let (_, most) = run.load(from..40);
    println!(
        "    drained {:?} into the outage; from then on {most} requests a minute, normal {normal}",
        drained - minutes(20)
    );
    assert!(f64::from(most) < 1.2 * f64::from(normal), "{most} requests a minute, {normal} are normal");
    assert!(run.load(20..from).1 > most, "before that there were more");

    for (phase, span) in [("the start", 0..20), ("the outage", 42..70), ("the throttled spell", 92..120)] {
        let (tally, (_, most)) = (run.over(span.clone()), run.load(span));
        assert_eq!(tally.succeeded, tally.calls, "after {phase}");
        assert!(f64::from(most) < 1.01 * f64::from(normal), "after {phase} {most} requests a minute");
    }
    // Half an hour of a success every five seconds.
    let least = run.quotas.iter().min().expect("200 clients");
    assert!((360..=500).contains(least), "the quotas fill again: {least}");
}

#[test]
fn a_fleet_of_200_survives_two_hours_in_standard_mode() {
    holds_through_it_all("standard", &fleet(Retry::standard()));
}

#[test]
fn a_fleet_of_200_survives_two_hours_in_adaptive_mode() {
    holds_through_it_all("adaptive", &fleet(Retry::adaptive()));
}

#[test]
fn adaptive_clients_that_are_busy_leave_a_throttling_service_alone() {
    let busy = |retry| Fleet {
        clients: 10,
        every: Duration::from_millis(250),
        length: minutes(20),
        retry,
        spells: vec![
            (minutes(0), Weather::Takes(100.0, 0)),
            (minutes(5), Weather::Takes(10.0, 0)),
            (minutes(15), Weather::Takes(100.0, 0)),
        ],
        seed: 4,
    };
    let [standard, adaptive] = [Retry::standard(), Retry::adaptive()].map(|retry| {
        let run = busy(retry).run(&Probe::new());
        assert!(run.max_duration <= Timeouts::default().call);
        assert_eq!(run.over(0..20).calls, 48_000);
        for (phase, span) in [("fair", 0..5), ("throttled", 5..15), ("fair again", 15..20)] {
            println!("    {}", run.line(phase, span));
        }
        let after = run.over(17..20);
        assert_eq!(after.succeeded, after.calls, "{retry:?}: two minutes after the spell all is well");
        run.over(5..15)
    });
    assert!(adaptive.throttled * 2 < standard.throttled, "{adaptive} with a limiter, {standard} without");
}

#[test]
fn a_clock_that_jumps_costs_each_client_one_attempt() {
    let fleet = Fleet {
        clients: 20,
        length: minutes(30),
        spells: vec![
            (minutes(0), Weather::Takes(100.0, 0)),
            (minutes(10), Weather::Takes(100.0, 3600)),
            (minutes(20), Weather::Takes(100.0, -600)),
        ],
        ..fleet(Retry::standard())
    };
    let run = fleet.run(&GetCallerIdentity::new());
    let (sum, misdated) = (run.over(0..30), run.service.iter().map(|minute| minute.misdated).sum::<u32>());
    println!("two jumps of the clock: {sum}, {misdated} refused for their date");
    assert_eq!((sum.calls, sum.succeeded, misdated), (7200, 7200, 40));
    assert_eq!(sum.attempts, 7240);
}

/// What random faults make of the calls of one client. `salt` changes the calls' seeds and nothing else.
fn play(seed: u64, salt: u64) -> (Rules, Vec<Entry>) {
    let mut chance = Chance::new(seed);
    let timeouts = Timeouts {
        call: Duration::from_secs(*chance.of(&[2, 10, 30, 60])),
        attempt: Duration::from_secs(*chance.of(&[1, 10])),
        ..Timeouts::default()
    };
    let rules = Rules { max_attempts: 1 + chance.below(10) as u32, adaptive: chance.percent(30), timeouts };
    let retry = if rules.adaptive { Retry::adaptive() } else { Retry::standard() };
    let context = context(Settings::new().timeouts(timeouts).retry(retry.max_attempts(rules.max_attempts)));
    let trace = Trace::default();
    let mut seeds = Chance::new(seed << 8 | salt);
    let mut at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let starts: Vec<_> = (0..CALLS)
        .map(|id| {
            at += chance.millis(0, 3000);
            let seed = u128::from(seeds.bits()) << 64 | u128::from(seeds.bits());
            let call = Call::new(GetCallerIdentity::new(), Arc::clone(&context), seed);
            Start { at, id, flow: Recorded::new(call, id, Arc::clone(&context), &trace) }
        })
        .collect();
    let trouble = *chance.of(&[5, 30, 70, 95]);
    let faults = if chance.percent(50) { &FAULTS[..] } else { &FAULTS[MAY_PASS] };
    let clocks = [0, 0, 0, 120, 400, -400, 3600, -10_800];
    let mut ahead = *chance.of(&clocks);
    let serve = |now: SystemTime, _, request: &Request<Bytes>| {
        if chance.percent(2) {
            ahead = *chance.of(&clocks);
        }
        let after = if chance.percent(3) { Duration::from_secs(100) } else { chance.millis(1, 400) };
        let fault = if chance.percent(trouble) { chance.of(faults) } else { judge(now, ahead, request) };
        let mut event = fault.event();
        let hint = |date: SystemTime, chance: &mut Chance| match chance.below(3) {
            0 => ("retry-after", chance.below(10).to_string()),
            1 => ("x-amz-retry-after", chance.below(9000).to_string()),
            _ if ahead == 0 => ("retry-after", date_of(date + chance.millis(0, 9000))),
            _ => ("retry-after", "soon".to_owned()),
        };
        if chance.percent(15) {
            let (name, value) = hint(now + after, &mut chance);
            event = Fault::with(event, name, &value);
        }
        if chance.percent(85) {
            event = Fault::dated(event, clock(now + after, ahead));
        }
        if chance.percent(5) {
            event = Fault::with(event, "age", "1");
        }
        Reply { after, event }
    };
    simulate(starts, serve, |_, _, _| {});
    (rules, trace.entries())
}

#[test]
fn thousands_of_random_faults_keep_to_the_rules() {
    let begun = Instant::now();
    let mut seen = Seen { min_quota: 500, ..Seen::default() };
    for seed in 0..CLIENTS {
        let (rules, trace) = play(seed, 0);
        if let Err(panic) = std::panic::catch_unwind(|| check(&rules, &trace)) {
            println!("seed {seed}, {rules:?}");
            std::panic::resume_unwind(panic);
        }
        seen.add(check(&rules, &trace));
    }
    println!("random faults, in {:.1} s of real time: {seen}", begun.elapsed().as_secs_f64());
    assert_eq!(u64::from(seen.calls), CLIENTS * CALLS);
    let rare = [seen.corrected, seen.unpaid, seen.no_time, seen.held];
    assert!(rare.iter().all(|count| *count >= 20), "all of it happens: {rare:?}");
    assert!(seen.min_quota < 5, "{}", seen.min_quota);
    for ceiling in [50, 100, 200, 400, 800, 1000, 2000, 4000, 8000] {
        let parts = &seen.waits[&ceiling];
        let mean = parts.iter().sum::<f64>() / parts.len() as f64;
        let most = parts.iter().copied().fold(0.0, f64::max);
        println!(
            "    {:5} waits below {ceiling} ms: {mean:.3} of it on average, {most:.3} at most",
            parts.len()
        );
        let error = 4.0 * (1.0 / 12.0 / parts.len() as f64).sqrt();
        assert!((mean - 0.5).abs() < error, "waits below {ceiling} ms are {mean:.3} of it on average");
        assert!(parts.len() >= 50 && most > 0.9, "waits below {ceiling} ms: all of it is used");
    }
}

#[test]
fn the_same_seed_makes_the_same_trace() {
    let waits = |trace: &[Entry]| -> Vec<Duration> {
        let wait = |entry: &Entry| match entry.note {
            Note::Waits(wait) if wait > Duration::ZERO => Some(wait),
            _ => None,
        };
        trace.iter().filter_map(wait).collect()
    };
    let mut compared = 0;
    for seed in 0..100 {
        let ((rules, trace), (_, again), (_, other)) = (play(seed, 0), play(seed, 0), play(seed, 1));
        assert_eq!(trace, again, "seed {seed}");
        let (waits, others) = (waits(&trace), waits(&other));
        // What a limiter asks for is not chance.
        if !rules.adaptive && !waits.is_empty() {
            compared += 1;
            assert_ne!(waits, others, "seed {seed}");
        }
    }
    assert!(compared > 30, "{compared}");
}

#[test]
fn both_drivers_make_the_trace_of_the_simulator() {
    let lengths: Vec<usize> = std::thread::scope(|scope| {
        let scripts: Vec<_> = (0..64).map(|seed| scope.spawn(move || compare_drivers(seed))).collect();
        scripts.into_iter().map(|script| script.join().expect("the traces agree")).collect()
    });
    println!(
        "{} scripts, {} entries, each three times the same",
        lengths.len(),
        lengths.iter().sum::<usize>()
    );
}

/// Lets a script happen three times over; returns the length of the trace.
fn compare_drivers(seed: u64) -> usize {
    let mut chance = Chance::new(seed);
    let script: Vec<&Fault> = (0..chance.below(4)).map(|_| chance.of(&FAULTS)).collect();
    let ahead = *chance.of(&[None, Some(0), Some(3600), Some(-3600)]);
    let settings = Settings::new().retry(Retry::standard().max_attempts(1 + chance.below(3) as u32));
    let carrier = || Carrier::new(&script, ahead);
    let call = |trace: &Trace| {
        let context = context(settings.clone());
        let call = Call::new(GetCallerIdentity::new(), Arc::clone(&context), u128::from(seed) << 64 | 7);
        Recorded::new(call, seed, context, trace)
    };

    let [simulated, blocking, asynchronous] = [Trace::default(), Trace::default(), Trace::default()];
    let (at, service) = (SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000), carrier());
    let start = Start { at, id: seed, flow: call(&simulated) };
    let serve =
        |now, _, _: &Request<Bytes>| Reply { after: Duration::from_millis(1), event: service.answer(now) };
    simulate([start], serve, |_, _, _| {});
    let client = sts_blocking::Builder::isolated().region("eu-west-1").transport(carrier()).build().unwrap();
    let first = client.run(call(&blocking));
    let client = sts_async::Builder::isolated().region("eu-west-1").transport(carrier()).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let second = runtime.block_on(client.run(call(&asynchronous)));

    assert_eq!(first.map_err(|error| error.to_string()), second.map_err(|error| error.to_string()));
    let expected = timeless(&simulated.entries());
    for (driver, trace) in [("blocking", blocking.entries()), ("async", asynchronous.entries())] {
        assert_eq!(timeless(&trace), expected, "{driver}, {script:?}");
        for pair in trace.windows(2) {
            if let Note::Waits(wait) = pair[0].note {
                let waited = pair[1].at.duration_since(pair[0].at).unwrap();
                assert!(waited + Duration::from_millis(2) >= wait, "{driver} waited {waited:?} of {wait:?}");
            }
        }
    }
    expected.len()
}

fn context(settings: Settings) -> Arc<Context> {
    let settings = settings.region("eu-west-1").credentials(Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI"));
    Arc::new(Context::new(&settings, "simulator/1").unwrap())
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

sts_proto::input! {
    /// GetCallerIdentity without a signature: most of what a call costs is to sign it, which is of no use here.
    pub struct Probe {}
}

impl Operation for Probe {
    const ACTION: &'static str = "GetCallerIdentity";
    const SIGNED: bool = false;
    type Output = GetCallerIdentityOutput;
}

/// Each with so many calls.
const CLIENTS: u64 = 300;
const CALLS: u64 = 20;
/// The faults after which a call is tried again, but for the clock's.
const MAY_PASS: std::ops::Range<usize> = 6..37;
