//! Any sequence of look-ups, fetches and refusals with clocks that jump and disagree: a cache never panics, starts one
//! fetch at a time, and never returns credentials that have expired by both clocks.

#![no_main]

use std::time::{Duration, SystemTime};

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use sts_proto::credentials::{Cache, Cached};
use sts_proto::{Clocks, Credentials, CredentialsError};

#[derive(Arbitrary, Debug)]
enum Act {
    /// The clock moves by this many seconds, forwards or backwards.
    Pass(i32),
    /// The service's clock is this many seconds ahead from here on, or behind.
    Ahead(i32),
    Begin,
    /// A fetch returns credentials that expire after this many seconds (in the past if negative), or never.
    Fetched(Option<i32>),
    Failed,
    Abandon,
    Refuse,
    RefuseAnother,
}

fuzz_target!(|input: (u64, u32, Vec<Act>)| {
    let (seed, start, acts) = input;
    let mut cache = Cache::new(seed.into());
    let mut local = SystemTime::UNIX_EPOCH + Duration::from_secs(start.into());
    let mut ahead = 0;
    let mut fetching = false;
    for act in acts {
        let now = Clocks::new(local, shifted(local, ahead));
        match act {
            Act::Pass(seconds) => local = shifted(local, seconds),
            Act::Ahead(seconds) => ahead = seconds,
            Act::Begin => {
                let begins = cache.begin(now);
                assert!(!(begins && fetching), "two fetches at a time");
                fetching |= begins;
            }
            Act::Fetched(life) => {
                let mut keys = Credentials::new("AKID", "s");
                keys.expiration = life.map(|life| shifted(local, life));
                let kept = cache.finish(now, Ok(keys.clone()));
                assert_eq!(kept.is_ok(), keys.expiration.is_none_or(|end| end > now.both()), "{life:?}");
                fetching = false;
            }
            Act::Failed => {
                assert!(cache.finish(now, Err(CredentialsError::new("fuzz", "no"))).is_err());
                fetching = false;
            }
            Act::Abandon => {
                cache.abandon();
                fetching = false;
            }
            Act::Refuse => {
                if let Cached::Fresh(held) | Cached::Stale(held) = cache.look(now) {
                    cache.refuse(now, &held);
                }
            }
            Act::RefuseAnother => {
                cache.refuse(now, &Credentials::new("OTHER", "s"));
            }
        }
        let now = Clocks::new(local, shifted(local, ahead));
        if let Cached::Fresh(held) | Cached::Stale(held) = cache.look(now) {
            assert!(held.expiration.is_none_or(|end| end > now.both()), "{held:?} at {now:?}");
        }
        // What both clocks call good is given, or is being replaced.
        if let (Some(held), Cached::Absent | Cached::Failed(_)) = (cache.held(now), cache.look(now)) {
            assert!(held.expiration.is_some_and(|end| end <= now.either()), "{held:?} at {now:?}");
        }
    }
});

fn shifted(at: SystemTime, seconds: i32) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs().into());
    let shifted = if seconds < 0 { at.checked_sub(distance) } else { at.checked_add(distance) };
    shifted.unwrap_or(at)
}
