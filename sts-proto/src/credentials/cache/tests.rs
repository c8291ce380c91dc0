use super::*;

/// A time, in seconds after a fixed day.
fn at(seconds: f64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs_f64(1_900_000_000.0 + seconds)
}

fn keys(id: &str, end: f64) -> Credentials {
    Credentials::new(id, "secret").with_session_token(format!("token of {id}")).with_expiration(at(end))
}

fn holding(seed: u128, life: f64) -> Cache {
    let mut cache = Cache::new(seed);
    assert!(cache.begin(at(0.0)));
    cache.finish(at(0.0), Ok(keys("one", life))).unwrap();
    cache
}

fn fails(cache: &mut Cache, now: SystemTime) {
    assert!(cache.begin(now));
    cache.finish(now, Err(CredentialsError::new("the vault", "it is sealed"))).unwrap_err();
}

/// The pause after the last failure, in seconds.
fn pause(cache: &Cache) -> f64 {
    cache.failure.as_ref().unwrap().pause.as_secs_f64()
}

/// `fresh`, `stale`, `absent` or `failed`.
fn look(cache: &Cache, seconds: f64) -> &'static str {
    match cache.look(at(seconds)) {
        Cached::Fresh(_) => "fresh",
        Cached::Stale(_) => "stale",
        Cached::Absent => "absent",
        Cached::Failed(_) => "failed",
    }
}

#[test]
fn the_moment_of_refresh_is_spread_evenly_between_two_thirds_and_the_buffer() {
    // Life, earliest and latest time, in seconds.
    for (life, first, last) in [(3600.0, 2400.0, 3300.0), (900.0, 600.0, 810.0), (2.0, 1.333, 1.8)] {
        let mut moments: Vec<f64> = (0..4000)
            .map(|seed| holding(seed, life).held.unwrap().refresh_at.unwrap())
            .map(|moment| moment.duration_since(at(0.0)).unwrap().as_secs_f64())
            .collect();
        moments.sort_by(f64::total_cmp);
        let width = last - first;
        assert!(moments[0] >= first - 0.001 && moments[3999] <= last, "{life}: {moments:?}");
        for (tenth, moment) in moments.iter().step_by(400).enumerate() {
            let expected = first + width * tenth as f64 / 10.0;
            assert!((moment - expected).abs() < width * 0.04, "{life}, {tenth}: {moment}, not {expected}");
        }
    }
}

#[test]
fn each_set_has_a_moment_of_its_own() {
    let mut cache = Cache::new(7);
    let mut moments = Vec::new();
    for _ in 0..10 {
        cache.finish(at(0.0), Ok(keys("one", 3600.0))).unwrap();
        moments.push(cache.held.as_ref().unwrap().refresh_at);
    }
    moments.sort();
    moments.dedup();
    assert_eq!(moments.len(), 10);
}

#[test]
fn fresh_then_stale_then_absent() {
    let cache = holding(1, 3600.0);
    for (seconds, expected) in
        [(0.0, "fresh"), (2399.0, "fresh"), (3300.0, "stale"), (3599.9, "stale"), (3600.0, "absent")]
    {
        assert_eq!(look(&cache, seconds), expected, "{seconds}");
    }
}

#[test]
fn what_does_not_expire_is_never_fetched_again() {
    let mut cache = Cache::new(1);
    cache.finish(at(0.0), Ok(Credentials::new("AKID", "secret"))).unwrap();
    assert_eq!((look(&cache, -1e9), look(&cache, 0.0), look(&cache, 1e10)), ("fresh", "fresh", "fresh"));
}

#[test]
fn one_fetches_at_a_time() {
    let mut cache = Cache::new(1);
    assert!(cache.begin(at(0.0)) && !cache.begin(at(0.0)) && !cache.begin(at(1e6)));
    cache.abandon();
    assert!(cache.begin(at(0.0)));
    cache.finish(at(0.0), Ok(keys("one", 3600.0))).unwrap();
    assert!(cache.begin(at(3400.0)) && !cache.begin(at(3401.0)));
}

#[test]
fn what_has_expired_already_is_refused_and_what_was_held_stays() {
    let mut cache = holding(1, 3600.0);
    for late in [0.0, 3.0, 1e9] {
        let error = cache.finish(at(3400.0), Ok(keys("two", 3400.0 - late))).unwrap_err().to_string();
        assert!(error.contains(&format!("expired {late} s ago")) && error.contains("clock"), "{error}");
    }
    assert!(matches!(cache.look(at(3400.0)), Cached::Stale(held) if held.access_key_id == "one"));
}

#[test]
fn what_is_empty_is_refused_and_what_was_held_stays() {
    let mut cache = holding(1, 3600.0);
    let whole = || keys("two", 7200.0);
    for (keys, missing) in [
        (Credentials { access_key_id: " ".to_owned(), ..whole() }, "access key id"),
        (Credentials { secret_access_key: "".into(), ..whole() }, "secret access key"),
        (whole().with_session_token(""), "session token"),
    ] {
        let error = cache.finish(at(3400.0), Ok(keys)).unwrap_err().to_string();
        assert!(error.contains(&format!("the {missing} that it returned is empty")), "{error}");
    }
    assert!(matches!(cache.look(at(3400.0)), Cached::Stale(held) if held.access_key_id == "one"));
}

#[test]
fn pauses_grow_within_bounds_while_the_old_ones_hold() {
    for seed in 0..200 {
        let mut cache = holding(seed, 36_000.0);
        let (mut now, mut growing) = (35_700.0, 1.0);
        while now < 35_998.0 {
            fails(&mut cache, at(now));
            // At most a quarter of the time left, but at least a second.
            let ceiling = f64::min(growing, f64::max((36_000.0 - now) / 4.0, 1.0));
            let pause = pause(&cache);
            assert!(
                (ceiling / 2.0 - 0.01..=ceiling + 0.01).contains(&pause),
                "{pause} of {ceiling} at {now}"
            );
            assert_eq!(look(&cache, now), "stale");
            assert!(!cache.begin(at(now + pause - 0.01)));
            now += pause + 0.01;
            growing = f64::min(growing * 2.0, 60.0);
        }
        assert!(growing == 60.0);
    }
}

#[test]
fn with_nothing_held_a_failure_is_shared_for_less_than_a_second() {
    for seed in 0..200 {
        let mut cache = Cache::new(seed);
        for round in 0..20 {
            let now = f64::from(round) * 2.0;
            fails(&mut cache, at(now));
            assert!(
                matches!(cache.look(at(now + 0.49)), Cached::Failed(CredentialsError::Failed(error)) if error.provider() == "the vault")
            );
            // The service's clock is known to the second only.
            assert!(!cache.begin(at(now + 0.49)) && !cache.begin(at(now - 0.49)));
            assert_eq!(look(&cache, now + 1.0), "absent");
        }
    }
    // Long pauses end when the credentials are dropped.
    let mut cache = holding(1, 3600.0);
    for _ in 0..9 {
        cache.finish(at(3300.0), Err(CredentialsError::new("the vault", "it is sealed"))).unwrap_err();
    }
    assert!(pause(&cache) > 20.0 && !cache.begin(at(3302.0)));
    assert!(cache.refuse(at(3302.0), &keys("one", 0.0)));
    assert_eq!(look(&cache, 3302.0), "absent");
    assert!(cache.begin(at(3302.0)));
    // A success resets the pauses.
    cache.finish(at(3302.0), Ok(keys("two", 7000.0))).unwrap();
    fails(&mut cache, at(6900.0));
    assert!(pause(&cache) <= 1.0);
}

#[test]
fn a_hundred_calls_that_are_refused_at_once_fetch_once() {
    let mut cache = holding(1, 3600.0);
    assert!((0..100).all(|_| cache.refuse(at(10.0), &keys("one", 3600.0))));
    assert_eq!(look(&cache, 10.0), "absent");
    assert_eq!((0..100).filter(|_| cache.begin(at(10.0))).count(), 1);
    cache.finish(at(10.0), Ok(keys("two", 3600.0))).unwrap();
    // Later refusals of the old credentials do not drop the new ones.
    assert!((0..100).all(|_| cache.refuse(at(11.0), &keys("one", 3600.0))));
    assert_eq!(look(&cache, 11.0), "fresh");
    let other_token = Credentials::new("two", "secret").with_session_token("another");
    assert!(cache.refuse(at(11.0), &other_token));
    assert_eq!(look(&cache, 11.0), "fresh");
}

#[test]
fn a_source_that_gives_what_was_refused_is_not_asked_for_each_refusal() {
    let mut cache = holding(1, 3600.0);
    let one = keys("one", 3600.0);
    assert!(cache.refuse(at(10.0), &one));
    cache.finish(at(10.0), Ok(one.clone())).unwrap();
    assert!((11..70).all(|seconds| !cache.refuse(at(f64::from(seconds)), &one)));
    assert_eq!(look(&cache, 69.0), "fresh");
    assert!(cache.refuse(at(70.0), &one));
    assert_eq!(look(&cache, 70.0), "absent");
}

#[test]
fn a_service_that_refuses_everything_does_not_cause_a_fetch_for_each_refusal() {
    let mut cache = holding(1, 3600.0);
    assert!(cache.refuse(at(10.0), &keys("one", 3600.0)));
    cache.finish(at(10.0), Ok(keys("two", 3600.0))).unwrap();
    assert!((11..70).all(|seconds| !cache.refuse(at(f64::from(seconds)), &keys("two", 3600.0))));
    assert_eq!(look(&cache, 69.0), "fresh");
    assert!(cache.refuse(at(70.0), &keys("two", 3600.0)));
    assert_eq!(look(&cache, 70.0), "absent");
}

#[test]
fn sessions_of_seconds_that_are_refused_at_their_end_are_replaced_each_time() {
    let mut cache = holding(1, 2.0);
    let mut held = keys("one", 2.0);
    for now in (1..20).map(|session| f64::from(session) * 1.9) {
        assert!(cache.refuse(at(now), &held), "at {now}");
        held = keys(&format!("from {now}"), now + 2.0);
        cache.finish(at(now), Ok(held.clone())).unwrap();
        assert!(!cache.refuse(at(now + 0.9), &held), "soon after {now}");
    }
}

#[test]
fn a_clock_that_steps_changes_nothing_for_good() {
    let mut cache = holding(1, 3600.0);
    // While the clock is far ahead, all credentials have expired, new ones too.
    assert_eq!(look(&cache, 1e9), "absent");
    assert!(cache.begin(at(1e9)));
    cache.finish(at(1e9), Ok(keys("two", 4000.0))).unwrap_err();
    assert_eq!((look(&cache, 1e9), look(&cache, 10.0)), ("failed", "fresh"));
    // Once the clock is right again, the pause is over and the credentials are valid.
    assert!(cache.begin(at(3400.0)));
    cache.finish(at(3400.0), Ok(keys("three", 7000.0))).unwrap();
    assert_eq!((look(&cache, -1e6), look(&cache, 3401.0)), ("fresh", "fresh"));
}

/// Windows counts in 100 ns.
const MAX_SECONDS: u64 = if cfg!(windows) { 1 << 39 } else { 1 << 55 };

#[test]
fn the_ends_of_time() {
    let mut cache = Cache::new(1);
    let (early, late) = (SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + Duration::from_secs(MAX_SECONDS));
    cache.finish(early, Ok(Credentials::new("a", "b").with_expiration(late))).unwrap();
    assert!(matches!(cache.look(at(0.0)), Cached::Fresh(_)));
    cache.finish(late, Ok(Credentials::new("a", "b").with_expiration(early))).unwrap_err();
    assert!(matches!(cache.look(late), Cached::Failed(_)));
}

#[test]
fn a_fleet_that_starts_at_once_is_spread_within_six_lives() {
    const LIFE: f64 = 3600.0;
    for fleet in 0..20u128 {
        let mut minutes = vec![0u32; 60];
        for client in 0..1000 {
            let mut cache = Cache::new(fleet * 1_000_003 + client);
            let mut now = client as f64 / 1000.0;
            while now < 6.0 * LIFE {
                if now >= 5.0 * LIFE {
                    minutes[((now - 5.0 * LIFE) / 60.0) as usize] += 1;
                }
                cache.finish(at(now), Ok(keys("one", now + LIFE))).unwrap();
                let next = cache.held.as_ref().unwrap().refresh_at.unwrap();
                now = next.duration_since(at(0.0)).unwrap().as_secs_f64();
            }
        }
        let (peak, mean) = (*minutes.iter().max().unwrap(), f64::from(minutes.iter().sum::<u32>()) / 60.0);
        println!("fleet {fleet}: peak {peak}, mean {mean:.1}: {:.2}", f64::from(peak) / mean);
        assert!(f64::from(peak) < 2.5 * mean, "a peak of {peak} with a mean of {mean}");
    }
}

#[test]
fn nothing_secret_is_printed() {
    let mut cache = holding(1, 3600.0);
    cache.refuse(at(1.0), &keys("one", 3600.0));
    cache.finish(at(1.0), Ok(keys("two", 3600.0))).unwrap();
    let shown = format!("{cache:?} {:?}", cache.look(at(2.0)));
    assert!(shown.contains("two") && !shown.contains("secret\"") && !shown.contains("token of"), "{shown}");
}

/// Both clocks; the service's is this much ahead.
fn clocks(seconds: f64, ahead: f64) -> Clocks {
    Clocks::new(at(seconds), at(seconds + ahead))
}

#[test]
fn what_one_clock_calls_expired_is_replaced_if_it_can_be_and_used_if_not() {
    const DAYS: f64 = 172_800.0;
    // The service's clock is right, and this machine's is behind or ahead; or the other way round.
    for (ahead, end) in [(3600.0, 7200.0), (-3600.0, 0.0), (DAYS, 3600.0), (-DAYS, 3600.0 - DAYS)] {
        let mut cache = Cache::new(1);
        assert!(cache.begin(clocks(0.0, ahead)));
        let kept = cache.finish(clocks(0.0, ahead), Ok(keys("one", end)));
        assert!(kept.is_ok(), "{ahead}: {kept:?}");
        // Once fetched, they are good, and not fetched for each look.
        let look = |cache: &Cache, seconds: f64, ahead: f64| match cache.look(clocks(seconds, ahead)) {
            Cached::Fresh(_) => "fresh",
            Cached::Stale(_) => "stale",
            Cached::Absent => "absent",
            Cached::Failed(_) => "failed",
        };
        assert_eq!(look(&cache, 1.0, ahead), "fresh", "{ahead}");
    }
    // Those that were taken when the clocks agreed: an offset says that they are over.
    let mut cache = holding(1, 3600.0);
    for ahead in [DAYS, 3600.0] {
        assert!(matches!(cache.look(clocks(10.0, ahead)), Cached::Absent));
        assert!(cache.held(clocks(10.0, ahead)).is_some());
    }
    // Nothing better is to be had: they are used, and the source is not asked for each look.
    assert!(cache.begin(clocks(10.0, DAYS)));
    cache.finish(clocks(10.0, DAYS), Err(CredentialsError::new("the vault", "it is sealed"))).unwrap_err();
    assert!(matches!(cache.look(clocks(10.1, DAYS)), Cached::Stale(_)));
    assert!(!cache.begin(clocks(10.1, DAYS)));
    // The source gives the same: it is as good as it gets.
    assert!(cache.begin(clocks(12.0, DAYS)));
    cache.finish(clocks(12.0, DAYS), Ok(keys("one", 3600.0))).unwrap();
    assert!(matches!(cache.look(clocks(13.0, DAYS)), Cached::Fresh(_)));
    assert!(matches!(cache.look(clocks(3400.0, DAYS)), Cached::Stale(_)));
    // Once the offset is gone, everything is as it was; where both clocks say so, they have expired.
    assert_eq!((look(&cache, 14.0), look(&cache, 3599.0)), ("fresh", "stale"));
    for ahead in [DAYS, 0.0, -1.0] {
        assert!(cache.held(clocks(3601.0, ahead)).is_none(), "{ahead}");
    }
    assert!(cache.held(clocks(3601.0, -2.0)).is_some());
}

#[test]
fn what_expires_on_its_way_is_thrown_away_and_fetched_again_and_not_for_ever() {
    let mut cache = holding(1, 6.0);
    for (now, expected) in [(10.0, "absent"), (18.0, "absent"), (26.0, "failed")] {
        assert!(cache.begin(at(now)), "{now}");
        cache.finish(at(now + 8.0), Ok(keys("two", now + 6.0))).unwrap_err();
        assert_eq!(look(&cache, now + 8.0), expected, "{now}");
    }
    // One that arrives sets the count back.
    assert!(cache.begin(at(50.0)));
    cache.finish(at(50.0), Ok(keys("three", 56.0))).unwrap();
    assert!(cache.begin(at(55.9)));
    cache.finish(at(63.0), Ok(keys("four", 62.0))).unwrap_err();
    assert_eq!((look(&cache, 63.0), cache.failure().is_none()), ("absent", true));
    // What had expired before it was asked for is a failure.
    assert!(cache.begin(at(64.0)));
    cache.finish(at(80.0), Ok(keys("four", 63.0))).unwrap_err();
    assert_eq!(look(&cache, 80.0), "failed");
}
