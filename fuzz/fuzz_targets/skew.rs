//! Any message of a refusal for the date of a request, in an answer that has no `date`: the next request is dated by the time
//! that the message names, as another reader finds it. Without one, or where it differs too little, there is no next request.

#![no_main]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use chrono::{NaiveDateTime, TimeDelta};
use http::{Request, Response};
use libfuzzer_sys::fuzz_target;
use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Call, Context, Credentials, Effect, Error, Event, Flow, Settings, Step};

fuzz_target!(|message: &str| {
    // What no document holds, and what readers take for something else.
    let is_plain =
        |c: char| c == '\t' || c == '\n' || !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    if !message.chars().all(is_plain) {
        return;
    }
    // One reader knows a leap second at the end of any minute, the other at the end of a month.
    if message.contains("60Z") {
        return;
    }
    let escaped = message.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let settings = Settings::new()
        .region("eu-west-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"));
    let context = Context::new(&settings, "fuzz/0").expect("the settings can be used");
    let mut call = Call::new(GetCallerIdentity::new(), Arc::new(context), 7);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    assert_eq!(sent(call.step(now, Event::Start)), Some(written(NOW as i64)));
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>RequestTimeTooSkewed</Code><Message>{escaped}</Message></Error></ErrorResponse>"
    );
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = http::StatusCode::FORBIDDEN;
    let next = match call.step(now, Event::Response(response)) {
        Ok(Step::Perform(Effect::Wait(Duration::ZERO))) => call.step(now, Event::Elapsed),
        next => next,
    };
    let next = sent(next);
    assert_eq!(next, told(message).map(written), "{message:?}");
});

/// The seconds since 1970 that the message names: behind its last opening parenthesis, and before a blank or the closing one.
fn told(message: &str) -> Option<i64> {
    let inside = message.split('(').skip(1).last()?;
    let end = inside.find([' ', ')'])?;
    let at = &inside[..end];
    let is_format = at.len() == 16
        && at.bytes().enumerate().all(|(place, byte)| match place {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        });
    let at = NaiveDateTime::parse_from_str(at, "%Y%m%dT%H%M%SZ").ok().filter(|_| is_format)?.and_utc();
    // Years that no clock shows; and a difference that explains no refusal.
    let is_taken = (946_684_800..4_102_444_800).contains(&at.timestamp())
        && at.timestamp().abs_diff(NOW as i64) >= TimeDelta::minutes(4).num_seconds() as u64;
    is_taken.then_some(at.timestamp())
}

/// The date of the request that is to be sent, if one is.
fn sent(step: Result<Step<impl Sized>, Error>) -> Option<String> {
    let request: Request<Bytes> = match step {
        Ok(Step::Perform(Effect::Send(request, _))) => request,
        Ok(Step::Perform(effect)) => panic!("nothing to wait for, and yet {effect:?}"),
        Ok(Step::Done(_)) => panic!("a refusal is no success"),
        Err(_) => return None,
    };
    Some(request.headers()["x-amz-date"].to_str().expect("text").to_owned())
}

fn written(seconds: i64) -> String {
    let at = chrono::DateTime::from_timestamp(seconds, 0).expect("a time");
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// 2024-05-17, noon.
const NOW: u64 = 1_715_947_200;
