//! Fleets that keep their sessions fresh, in virtual time: through a week with an outage and throttling, and from a start
//! in the same second to an even load.

use std::io::Write;
use std::ops::Range;
use std::slice;
use std::time::{Duration, Instant};

use sts_proto::Timeouts;
use sts_tests::simulator::{Calls, Kept, Minute, Mishaps, Sessions, Uses, Weather};

/// 200 clients with sessions of a quarter of an hour, half of them in each of two regions that fare alike.
#[test]
fn a_week_uses_no_expired_credential() {
    let outage = hours(60)..hours(61);
    let throttled = hours(100)..hours(106);
    let sessions = Sessions {
        clients: 100,
        callers: 1,
        lifetime: minutes(15),
        every: Duration::from_secs(45),
        starts: minutes(1),
        length: hours(7 * 24),
        spells: vec![
            (Duration::ZERO, PLENTY),
            (outage.start, Weather::Outage),
            (outage.end, PLENTY),
            // Twice what they need on average, in fits and starts.
            (throttled.start, Weather::Takes(0.3, 0)),
            (throttled.end, PLENTY),
        ],
        mishaps: Mishaps::default(),
        seed: 7,
    };
    let real = Instant::now();
    let timed = |sessions: Sessions| {
        let kept = sessions.run();
        (kept, busy().unwrap_or_else(|| real.elapsed()))
    };
    let (kept, busy) = std::thread::scope(|scope| {
        let here = scope.spawn(|| timed(sessions.clone()));
        let (other, busy) = timed(Sessions { seed: 8, ..sessions.clone() });
        let (kept, busy_too) = here.join().expect("a fleet");
        (kept.and(other), busy.max(busy_too))
    });
    let real = real.elapsed();

    // What was under way when the service came back needs a moment more.
    let outage = minute(outage.start)..minute(outage.end + minutes(2));
    let throttled = minute(throttled.start)..minute(throttled.end + minutes(2));
    let sum = |minutes: &[Range<usize>]| {
        Uses::sum(
            &minutes.iter().flat_map(|minutes| &kept.uses[minutes.clone()]).copied().collect::<Vec<_>>(),
        )
    };
    let bad = sum(slice::from_ref(&outage));
    let slow = sum(slice::from_ref(&throttled));
    let good = sum(&[0..outage.start, outage.end..throttled.start, throttled.end..kept.uses.len()]);
    let refused: u32 = kept.service.iter().map(|minute| minute.throttled).sum();
    let [refreshed, failed] = kept.refreshed;
    say(&format!(
        "fleet: a week of 200 clients in {:.1} s ({:.1} s of the processor's): {} uses, {refreshed} refreshes, \
         {failed} failed ones, {refused} requests throttled, longest wait {:?}",
        real.as_secs_f64(),
        busy.as_secs_f64(),
        good.all + bad.all + slow.all,
        kept.max_wait
    ));
    for (when, uses) in [("in good times", &good), ("in the outage", &bad), ("while throttled", &slow)] {
        say(&format!(
            "fleet: {when}: {} uses, {} waited, {} with expired credentials, {} without any",
            uses.all, uses.waited, uses.expired, uses.without
        ));
    }
    // On a machine that has nothing else to do.
    assert!(busy < Duration::from_secs(60), "it took {busy:?}");
    assert_eq!(good.expired, 0, "expired credentials were used in good times");
    assert_eq!(slow.expired, 0, "expired credentials were used while throttled");
    assert_eq!(bad.expired, 0, "expired credentials were used in the outage");
    assert_eq!(good.without, 0, "uses failed in good times");
    assert!(slow.without * 100 < slow.all, "{} of {} uses failed while throttled", slow.without, slow.all);
    // Nobody but the first use of each has to wait for the service when it is well.
    assert_eq!(good.waited, Uses::sum(&kept.uses[..2]).waited, "uses waited in good times");
    assert_eq!(kept.max_jobs, 1, "fetches of one client at a time");
    assert!(kept.max_duration <= Timeouts::default().call, "a use took {:?}", kept.max_duration);
    // What was begun in the outage is over by the second minute; then each client needs one session, and some need
    // another one soon.
    let fetches = |minutes: Range<usize>| kept.service[minutes].iter().map(|minute| minute.requests).max();
    let after = fetches(outage.end - 1..outage.end + 15).expect("a quarter of an hour");
    say(&format!("fleet: at most {after} requests for sessions a minute after the outage"));
    assert!(after < 200, "a storm of {after} requests in a minute after the outage");
    // The simulation has to show what it is about.
    assert!(refused > 1000, "{refused} requests were throttled");
    assert!(bad.without > 1000, "{} uses failed within the outage", bad.without);
}

/// The same week, with four callers of each client that make calls too, and everything that can happen to them.
#[test]
fn a_week_of_mishaps_ends_every_call_well() {
    let (outage, throttled) = (hours(60)..hours(61), hours(100)..hours(106));
    let (forgotten, refused) = (hours(10), hours(130)..hours(130) + minutes(10));
    let sessions = Sessions {
        clients: 100,
        callers: 4,
        lifetime: minutes(15),
        every: minutes(4),
        starts: minutes(1),
        length: hours(7 * 24),
        spells: vec![
            (Duration::ZERO, PLENTY),
            (outage.start, Weather::Outage),
            (outage.end, PLENTY),
            (throttled.start, Weather::Takes(0.3, 0)),
            (throttled.end, PLENTY),
        ],
        mishaps: Mishaps {
            calls: 20,
            given_up: 20,
            lost: 20,
            jumps: vec![(hours(20), 7200), (hours(30), -7200), (hours(40), -3600), (hours(50), 3600)],
            forgets: vec![forgotten],
            refuses: vec![refused.clone()],
            ..Mishaps::default()
        },
        seed: 5,
    };
    let real = Instant::now();
    let kept = std::thread::scope(|scope| {
        let here = scope.spawn(|| sessions.run());
        let other = Sessions { seed: 6, ..sessions.clone() }.run();
        here.join().expect("a fleet").and(other)
    });
    let real = real.elapsed();
    let calls = |span: &Range<Duration>| Calls::sum(&kept.calls[minute(span.start)..minute(span.end)]);
    let uses = |span: &Range<Duration>| Uses::sum(&kept.uses[minute(span.start)..minute(span.end)]);
    let whole = Duration::ZERO..sessions.length;
    say(&format!(
        "fleet: a week of mishaps in {:.1} s: {} uses, {} calls, {} callers gave up, {} jobs were lost, refreshes {:?}, \
         longest call {:?}",
        real.as_secs_f64(),
        uses(&whole).all,
        calls(&whole).all,
        kept.given_up,
        kept.lost,
        kept.refreshed,
        kept.max_duration
    ));
    assert_eq!(kept.max_jobs, 1, "fetches of one client at a time");
    assert_eq!(
        kept.outdated, 0,
        "requests were signed with a session that had ended, with another one there"
    );
    assert!(kept.max_duration <= Timeouts::default().call, "a call took {:?}", kept.max_duration);
    assert_eq!(uses(&whole).expired, 0, "expired credentials were used");
    // What was under way when the service came back needs a moment more.
    let [outage, throttled] = [outage, throttled].map(|spell| spell.start..spell.end + minutes(2));
    for good in [
        Duration::ZERO..outage.start,
        outage.end..throttled.start,
        throttled.end..refused.start,
        refused.end..sessions.length,
    ] {
        let (calls, uses) = (calls(&good), uses(&good));
        assert_eq!(calls.succeeded, calls.all, "calls failed in {good:?}");
        assert_eq!(uses.without, 0, "uses failed in {good:?}");
    }
    let calls_while_refused = calls(&refused);
    assert_eq!(calls_while_refused.refused, calls_while_refused.all);
    assert_eq!(uses(&refused).without, 0, "taking credentials is no call, and is not refused");
    // The simulation has to show what it is about.
    assert!(kept.given_up > 1000 && kept.lost > 1000, "{} gave up, {} were lost", kept.given_up, kept.lost);
    assert!(calls(&(forgotten..forgotten + minutes(20))).refusals > 100, "the service forgot no session");
    assert!(calls_while_refused.all > 100, "{} calls were refused", calls_while_refused.all);
}

/// 50 clients of a service of which some answers have a wrong date, on machines that sleep.
#[test]
fn wrong_dates_and_sleep_stop_no_client() {
    let freezes = [
        minutes(60)..minutes(61),
        hours(3)..hours(4),
        hours(6)..hours(16),
        hours(20)..hours(20) + minutes(4),
    ];
    let sessions = Sessions {
        clients: 50,
        callers: 2,
        lifetime: minutes(15),
        every: Duration::from_secs(20),
        starts: minutes(1),
        length: hours(24),
        spells: vec![(Duration::ZERO, PLENTY)],
        mishaps: Mishaps { calls: 30, freezes: freezes.to_vec(), wrong_dates: 3, ..Mishaps::default() },
        seed: 17,
    };
    let kept = sessions.run();
    // A call has a minute, which may be over when the machine wakes up.
    let begun_before_sleep = |minute: usize| {
        freezes
            .iter()
            .any(|freeze| (minute as u64 * 60..=minute as u64 * 60 + 60).contains(&freeze.start.as_secs()))
    };
    let awake: Vec<usize> = (0..kept.calls.len()).filter(|minute| !begun_before_sleep(*minute)).collect();
    let calls = Calls::sum(&awake.iter().map(|minute| kept.calls[*minute]).collect::<Vec<_>>());
    let uses = Uses::sum(&awake.iter().map(|minute| kept.uses[*minute]).collect::<Vec<_>>());
    say(&format!(
        "fleet: with wrong dates and sleep: {} uses, {} without credentials, {} calls, {} failed, refreshes {:?}",
        uses.all,
        uses.without,
        calls.all,
        calls.all - calls.succeeded,
        kept.refreshed
    ));
    assert!(uses.all > 100_000 && calls.all > 50_000, "{uses:?} {calls:?}");
    assert_eq!((uses.without, uses.expired), (0, 0));
    // A call fails where the answer that corrects a wrong date has one itself, in both attempts that are left.
    assert!((calls.all - calls.succeeded) * 10_000 < calls.all, "{calls:?}");
    // Sessions are begun as often as they last: no wrong date makes one look expired. Each sleep may cost one more.
    let lives = 50 * (24 * 4 * 4 / 3 + 5);
    assert!(kept.refreshed[0] < lives, "{} sessions", kept.refreshed[0]);
}

/// 50 clients that call twice a second, and a service that refuses all sessions for ten minutes.
#[test]
fn a_service_that_refuses_all_sessions_is_not_stormed() {
    let refused = minutes(10)..minutes(20);
    let sessions = Sessions {
        clients: 50,
        callers: 4,
        lifetime: LIFETIME,
        every: Duration::from_secs(2),
        starts: Duration::from_secs(1),
        length: minutes(25),
        spells: vec![(Duration::ZERO, PLENTY)],
        mishaps: Mishaps { calls: 100, refuses: vec![refused.clone()], ..Mishaps::default() },
        seed: 13,
    };
    let kept = sessions.run();
    let requests = |minutes: Range<usize>| {
        kept.service[minutes.start.min(kept.service.len())..minutes.end.min(kept.service.len())]
            .iter()
            .map(|minute| minute.requests)
    };
    let refused = minute(refused.start)..minute(refused.end);
    let peak = requests(refused.clone()).max().expect("some minutes");
    let calls = Calls::sum(&kept.calls[refused.clone()]);
    say(&format!("fleet: {} calls refused, at most {peak} requests for sessions a minute", calls.refused));
    assert_eq!(calls.refused, calls.all);
    assert!(calls.all > 50_000, "{} calls", calls.all);
    // One of each client, and of some two: within their first and their last second.
    assert!(peak <= 100, "{peak} requests in a minute");
    assert_eq!(requests(refused.end + 1..kept.calls.len()).sum::<u32>(), 0, "what is accepted again is kept");
    let after = Calls::sum(&kept.calls[refused.end..]);
    assert_eq!(after.succeeded, after.all, "calls failed after it");
}

/// 1,000 clients with sessions of an hour, which begin in the same second.
#[test]
fn a_start_in_the_same_second_evens_out() {
    let outage = hours(8)..hours(9);
    let sessions = Sessions {
        clients: 1000,
        callers: 1,
        lifetime: LIFETIME,
        every: Duration::from_secs(60),
        starts: Duration::from_secs(1),
        length: hours(16),
        spells: vec![(Duration::ZERO, PLENTY), (outage.start, Weather::Outage), (outage.end, PLENTY)],
        mishaps: Mishaps::default(),
        seed: 11,
    };
    let kept = sessions.run();
    let after_start = ratios(&kept, Duration::ZERO..outage.start);
    let after_outage = ratios(&kept, outage.end..sessions.length);
    say(&format!("fleet: 1000 clients, peak minute over mean by lifetime: {}", shown(&after_start)));
    say(&format!("fleet: the same after an hour's outage: {}", shown(&after_outage)));
    for ratios in [after_start, after_outage] {
        assert!(ratios[0] > 2.5, "there was nothing to even out: {ratios:?}");
        // From the end of the sixth lifetime on; the sixth itself is "within six".
        let late = &ratios[5..];
        assert!(late.iter().all(|ratio| *ratio < 2.5), "the peak minute is too high: {ratios:?}");
    }
    let outside =
        [&kept.uses[..minute(outage.start)], &kept.uses[minute(outage.end + minutes(2))..]].concat();
    assert_eq!(Uses::sum(&kept.uses).expired, 0, "expired credentials were used");
    assert_eq!(Uses::sum(&outside).without, 0, "uses failed outside the outage");
}

/// The peak minute over the mean of each whole lifetime in this span.
fn ratios(kept: &Kept, span: Range<Duration>) -> Vec<f64> {
    let (first, last) = (minute(span.start), minute(span.end));
    let ratio = |minutes: &[Minute]| {
        let requests = || minutes.iter().map(|minute| f64::from(minute.requests));
        requests().fold(0.0, f64::max) / (requests().sum::<f64>() / minutes.len() as f64)
    };
    kept.service[first..last].chunks_exact(minute(LIFETIME)).map(ratio).collect()
}

fn shown(ratios: &[f64]) -> String {
    ratios.iter().map(|ratio| format!("{ratio:.2}")).collect::<Vec<_>>().join(", ")
}

/// For how long this thread has had a processor, where the system says so (Linux).
fn busy() -> Option<Duration> {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    times.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn minute(at: Duration) -> usize {
    (at.as_secs() / 60) as usize
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

const fn hours(count: u64) -> Duration {
    minutes(60 * count)
}

const LIFETIME: Duration = hours(1);
/// More than is ever asked of it.
const PLENTY: Weather = Weather::Takes(5000.0, 0);
