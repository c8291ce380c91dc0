//! Times, clocks and time-outs, as the input of a target chooses.

use std::time::{Duration, SystemTime};

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use sts_proto::Timeouts;

/// A number of seconds, sometimes beyond what a clock can hold.
pub fn jump(input: &mut Unstructured<'_>) -> Result<i64> {
    Ok(match input.arbitrary::<u8>()? {
        0 => i64::MAX,
        1 => i64::MIN,
        2 => input.arbitrary()?,
        // Up to the year 9999, or as far into the past.
        _ => i64::from(input.arbitrary::<i32>()?) * 118,
    })
}

/// The time `seconds` after `now`, limited to what a clock can hold.
pub fn moved(mut now: SystemTime, seconds: i64) -> SystemTime {
    let mut distance = Duration::from_secs(seconds.unsigned_abs());
    while distance > Duration::ZERO {
        let there = if seconds < 0 { now.checked_sub(distance) } else { now.checked_add(distance) };
        now = there.unwrap_or(now);
        distance /= if there.is_some() { u32::MAX } else { 2 };
    }
    now
}

/// Time-outs, usual and unusual ones.
pub fn timeouts(input: &mut Unstructured<'_>) -> Result<Timeouts> {
    const CHOICES: &[Duration] = &[
        Duration::from_secs(60),
        Duration::from_secs(10),
        Duration::from_millis(100),
        Duration::from_secs(86_400),
        Duration::ZERO,
        Duration::MAX,
    ];
    Ok(Timeouts {
        connect: *input.choose(CHOICES)?,
        attempt: *input.choose(CHOICES)?,
        call: *input.choose(CHOICES)?,
    })
}
