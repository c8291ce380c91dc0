//! Sessions of two seconds, renewed under 32 callers for a minute.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use sts_proto::operations::GetCallerIdentity;
use sts_tests::driver::Driver;
use sts_tests::home::Home;

use super::peer::{Peer, drivers};

/// Both clients at the same time.
pub(crate) fn a_minute(peer: &Peer) {
    let home = Home::with_config(&format!(
        "[default]\nrole_arn = {}\nsource_profile = base\nrole_session_name = crowd\nduration_seconds = 2\n{}",
        peer.role,
        peer.base_profile()
    ));
    let drivers = drivers(&home.variables(&[("AWS_ENDPOINT_URL_STS", &peer.url)]));
    std::thread::scope(|scope| {
        for driver in &drivers {
            scope.spawn(|| crowd(driver));
        }
    });
}

fn crowd(driver: &Driver) {
    let end = Instant::now() + LENGTH;
    let sessions = Mutex::new(BTreeSet::new());
    let one = || {
        let (mut calls, mut failures, mut slowest) = (0, Vec::new(), Duration::ZERO);
        while Instant::now() < end {
            let begun = Instant::now();
            let outcome = driver.send(GetCallerIdentity::new()).map_err(|error| error.to_string());
            slowest = slowest.max(begun.elapsed());
            calls += 1;
            match outcome {
                Ok(me) if me.arn.ends_with(":assumed-role/demo/crowd") => {}
                Ok(me) => failures.push(format!("it is {}", me.arn)),
                Err(error) => failures.push(error),
            }
            if let Ok(keys) = driver.credentials() {
                sessions.lock().expect("no caller panics with it").insert(keys.access_key_id);
            }
            std::thread::sleep(PAUSE);
        }
        (calls, failures, slowest)
    };
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(one)).collect();
        callers.into_iter().map(|caller| caller.join().expect("no caller panics")).collect()
    });
    let calls: usize = outcomes.iter().map(|(calls, ..)| calls).sum();
    let failures: Vec<_> = outcomes.iter().flat_map(|(_, failures, _)| failures).collect();
    let slowest = outcomes.iter().map(|(.., slowest)| *slowest).max().unwrap_or_default();
    let sessions = sessions.into_inner().expect("no caller panicked with it").len();
    super::say(format_args!(
        "{driver}: {calls} calls of {CALLERS} callers in {LENGTH:?}, {sessions} sessions of two seconds, {} failures, \
         the slowest took {slowest:?}",
        failures.len()
    ));
    assert!(
        failures.is_empty(),
        "{driver}: {} of {calls} calls failed, the first: {}",
        failures.len(),
        failures[0]
    );
    // A session is renewed between 1.3 and 1.8 s, if a caller asks then, and each once for all callers.
    assert!((25..=60).contains(&sessions), "{driver}: {sessions} sessions in {LENGTH:?}");
}

const LENGTH: Duration = Duration::from_secs(60);
const CALLERS: usize = 32;
const PAUSE: Duration = Duration::from_millis(250);
