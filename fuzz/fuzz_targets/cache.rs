//! Any sequence of looks, fetches and refusals over a clock that jumps: a cache never panics, lets one fetch at a time
//! begin, and gives nothing that has expired.

#![no_main]

use std::time::{Duration, SystemTime};

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use sts_proto::credentials::{Cache, Lookup};
use sts_proto::{Credentials, CredentialsError};

#[derive(Arbitrary, Debug)]
enum Act {
    /// So many seconds pass; a negative number of them as well.
    Pass(i32),
    Begin,
    /// Credentials that last so long from now on, or have ended so long ago; or for ever.
    Fetched(Option<i32>),
    Failed,
    Abandon,
    Refuse,
    RefuseAnother,
}

fuzz_target!(|input: (u64, u32, Vec<Act>)| {
    let (seed, start, acts) = input;
    let mut cache = Cache::new(seed.into());
    let mut now = SystemTime::UNIX_EPOCH + Duration::from_secs(start.into());
    let mut fetching = false;
    for act in acts {
        match act {
            Act::Pass(seconds) => now = shifted(now, seconds),
            Act::Begin => {
                let begins = cache.begin(now);
                assert!(!(begins && fetching), "one fetch at a time");
                fetching |= begins;
            }
            Act::Fetched(life) => {
                let mut keys = Credentials::new("AKID", "s");
                keys.expiration = life.map(|life| shifted(now, life));
                let kept = cache.finish(now, Ok(keys.clone()));
                assert_eq!(kept.is_ok(), keys.expiration.is_none_or(|end| end > now), "{life:?}");
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
                if let Lookup::Fresh(held) | Lookup::Stale(held) = cache.look(now) {
                    cache.refuse(now, &held);
                }
            }
            Act::RefuseAnother => {
                cache.refuse(now, &Credentials::new("OTHER", "s"));
            }
        }
        if let Lookup::Fresh(held) | Lookup::Stale(held) = cache.look(now) {
            assert!(held.expiration.is_none_or(|end| end > now), "{held:?} at {now:?}");
        }
    }
});

fn shifted(at: SystemTime, seconds: i32) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs().into());
    let shifted = if seconds < 0 { at.checked_sub(distance) } else { at.checked_add(distance) };
    shifted.unwrap_or(at)
}
