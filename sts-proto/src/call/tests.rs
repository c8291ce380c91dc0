mod clock;

use bytes::Bytes;
use http::{Request, Response};

use super::headers::TRACE_ID;
use super::*;
use crate::error::CredentialsError;
use crate::flow::{Effect, SendTimeouts, Timeouts};
use crate::keys::Credentials;
use crate::operation::read_answer;
use crate::operations::{AssumeRoleWithWebIdentity, GetCallerIdentity};
use crate::retry::{Offset, Retry};
use crate::settings::Settings;
use crate::transport::{Phase, TransportError, TransportErrorKind};

const SECRET: &str = "planted-secret";
const TOKEN: &str = "planted-token";

fn context(settings: Settings) -> Arc<Context> {
    Arc::new(Context::new(&settings.region("eu-west-1"), "test/1").unwrap())
}

fn signed() -> Arc<Context> {
    context(Settings::new().credentials(Credentials::new("AKID", SECRET).with_session_token(TOKEN)))
}

fn sent<T>(step: Step<T>) -> (Request<Bytes>, SendTimeouts) {
    match step {
        Step::Perform(Effect::Send(request, timeouts)) => (request, timeouts),
        _ => panic!("nothing is sent"),
    }
}

#[test]
fn an_attempt_is_dated_numbered_and_signed() {
    let mut call = Call::new(GetCallerIdentity::new(), signed(), u128::MAX);
    let (request, timeouts) = sent(call.step(SystemTime::UNIX_EPOCH, Event::Start).unwrap());
    let header = |name: &str| request.headers().get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("amz-sdk-invocation-id"), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    assert_eq!(header("amz-sdk-request"), "attempt=1; max=3");
    assert_eq!(header("x-amz-date"), "19700101T000000Z");
    assert!(
        header("authorization").contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token,")
    );
    assert_eq!(timeouts, SendTimeouts::default());
    assert!(request.headers()["authorization"].is_sensitive());
    assert!(request.headers()["x-amz-security-token"].is_sensitive());
}

#[test]
fn a_trace_is_passed_on_unsigned() {
    let env = crate::settings::Env::from_iter([
        ("AWS_LAMBDA_FUNCTION_NAME", "f"),
        ("_X_AMZN_TRACE_ID", "Root=1"),
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
    ]);
    let context = context(Settings::from_env(&env).unwrap());
    let call = || Call::new(GetCallerIdentity::new(), Arc::clone(&context), 1);
    for (mut call, expected) in [
        (call(), Some("Root=1")),
        (call().trace_id(Some(HeaderValue::from_static("Root=2"))), Some("Root=2")),
        (call().trace_id(None), None),
    ] {
        let (request, _) = sent(call.step(SystemTime::UNIX_EPOCH, Event::Start).unwrap());
        assert_eq!(request.headers().get(TRACE_ID).map(|id| id.to_str().unwrap()), expected);
        assert!(!request.headers()["authorization"].to_str().unwrap().contains("trace"));
    }
}

#[test]
fn an_unsigned_operation_needs_no_credentials_and_uses_none() {
    for context in [context(Settings::new()), signed()] {
        let mut call = Call::new(AssumeRoleWithWebIdentity::new("arn", "me", "jwt"), context, 1);
        let (request, _) = sent(call.step(SystemTime::UNIX_EPOCH, Event::Start).unwrap());
        assert!(!request.headers().contains_key("authorization"));
        assert!(!request.headers().contains_key("x-amz-security-token"));
    }
    let mut call = Call::new(GetCallerIdentity::new(), context(Settings::new()), 1);
    let error = call.step(SystemTime::UNIX_EPOCH, Event::Start).unwrap_err();
    assert!(error.to_string().starts_with("no credentials to sign GetCallerIdentity with"), "{error}");
}

#[test]
fn an_unsigned_operation_is_presigned_to_a_plain_url() {
    let options = crate::operation::Presign::new(Duration::from_secs(60));
    let operation = AssumeRoleWithWebIdentity::new("arn", "me", "jwt");
    for context in [context(Settings::new()), signed()] {
        let request = context.presign(&operation, &options, SystemTime::UNIX_EPOCH).unwrap();
        assert!(request.uri().query().unwrap().ends_with("WebIdentityToken=jwt"), "{}", request.uri());
    }
    let error = context(Settings::new()).presign(&GetCallerIdentity::new(), &options, SystemTime::UNIX_EPOCH);
    assert!(matches!(error, Err(Error::Credentials(CredentialsError::NotConfigured(_)))));
}

#[test]
fn time_is_shared_out() {
    let timeouts = Timeouts { call: Duration::from_secs(2), ..Timeouts::default() };
    let context = context(Settings::new().credentials(Credentials::new("AKID", SECRET)).timeouts(timeouts));
    let mut call = Call::new(GetCallerIdentity::new(), context, 1);
    let (_, given) = sent(call.step(SystemTime::UNIX_EPOCH, Event::Start).unwrap());
    assert_eq!((given.connect, given.attempt), (Duration::from_secs(2), Duration::from_secs(2)));
}

/// There, no deadline can be said.
#[test]
#[cfg(unix)] // Clocks elsewhere hold less.
fn a_call_at_the_end_of_the_clock_is_bounded_too() {
    let timeouts = Timeouts { call: Duration::from_secs(2), ..Timeouts::default() };
    let end = SystemTime::UNIX_EPOCH + Duration::from_secs(i64::MAX as u64);
    for (asked_for, waits) in [("0", true), ("2500", false)] {
        let context = context(Settings::new().timeouts(timeouts));
        let mut call = Call::new(AssumeRoleWithWebIdentity::new("arn", "me", TOKEN), context, 1);
        let (_, given) = sent(call.step(end, Event::Start).unwrap());
        assert_eq!((given.connect, given.attempt), (timeouts.call, timeouts.call));
        let step = call.step(end, answer(503, &[("x-amz-retry-after", asked_for)], ""));
        assert_eq!(matches!(step, Ok(Step::Perform(Effect::Wait(_)))), waits, "{step:?}");
    }
}

#[test]
fn an_event_that_does_not_fit_ends_the_call_and_nothing_panics() {
    let mut call = Call::new(GetCallerIdentity::new(), signed(), 1);
    for event in [Event::Elapsed, Event::Start] {
        assert!(matches!(call.step(SystemTime::UNIX_EPOCH, event), Err(Error::OutOfTurn)));
    }
    assert_eq!(format!("{call:?}"), r#"Call { action: "GetCallerIdentity", state: Over, .. }"#);
}

#[test]
fn what_the_server_quotes_of_our_secrets_is_taken_out() {
    let mut call = Call::new(GetCallerIdentity::new(), signed(), 1);
    call.step(SystemTime::UNIX_EPOCH, Event::Start).unwrap();
    let body = format!("<Error><Code>X</Code><Message>{TOKEN} {SECRET}</Message></Error>");
    let mut response = http::Response::new(Bytes::from(body));
    *response.status_mut() = http::StatusCode::FORBIDDEN;
    let error = call.step(SystemTime::UNIX_EPOCH, Event::Response(response)).unwrap_err();
    assert_eq!(error.as_service_error().unwrap().message(), Some("[redacted]"));
}

#[test]
fn what_a_broken_answer_has_left_is_not_the_output_of_the_next() {
    let mut asking = Asking::new(GetCallerIdentity::new());
    let mut read = |body: &str| {
        let (status, headers) = (http::StatusCode::OK, http::HeaderMap::new());
        let read = read_answer("GetCallerIdentity", status, &headers, body.as_bytes(), &mut asking);
        read.map(drop).unwrap_err().to_string()
    };
    let me = "<UserId>u</UserId><Account>1</Account><Arn>a</Arn>";
    let broken = read(&format!("<R><GetCallerIdentityResult>{me}</GetCallerIdentityResult>"));
    assert!(broken.contains("well-formed"), "{broken}");
    let empty = read("<R></R>");
    assert!(empty.contains("no result"), "{empty}");
}

/// Drives a call through virtual time: `serve` answers each request, waits pass at once. What was waited, and the end.
fn play<O: Operation>(
    mut call: Call<O>,
    start: SystemTime,
    mut serve: impl FnMut(SystemTime, &Request<Bytes>) -> (Duration, Event),
) -> (Vec<Duration>, SystemTime, Result<O::Output, Error>) {
    let (mut now, mut event, mut waits) = (start, Event::Start, Vec::new());
    for _ in 0..100 {
        event = match call.step(now, event) {
            Ok(Step::Done(output)) => return (waits, now, Ok(output)),
            Err(error) => return (waits, now, Err(error)),
            Ok(Step::Perform(Effect::Send(request, timeouts))) => {
                let (took, event) = serve(now, &request);
                // A driver gives up where the attempt's time ends.
                now += took.min(timeouts.attempt);
                let late = || Event::Failed(TransportErrorKind::Timeout(Phase::Response).into());
                if took <= timeouts.attempt { event } else { late() }
            }
            Ok(Step::Perform(Effect::Wait(wait))) => {
                now += wait;
                waits.push(wait);
                Event::Elapsed
            }
            Ok(Step::Perform(effect)) => panic!("{effect:?}"),
        };
    }
    panic!("the call does not end");
}

fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Event {
    let mut response = Response::new(Bytes::from(body.to_owned()));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    Event::Response(response)
}

fn refusal(status: u16, code: &str) -> Event {
    answer(status, &[("x-amzn-requestid", "rid")], &format!("<Error><Code>{code}</Code></Error>"))
}

fn success() -> Event {
    let me = "<UserId>u</UserId><Account>1</Account><Arn>a</Arn>";
    answer(200, &[], &format!("<R><GetCallerIdentityResult>{me}</GetCallerIdentityResult></R>"))
}

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

const BRIEF: Duration = Duration::from_millis(20);

fn with(retry: Retry) -> Arc<Context> {
    context(Settings::new().credentials(Credentials::new("AKID", SECRET)).retry(retry))
}

#[test]
fn what_may_pass_is_tried_again_and_the_effort_is_told() {
    let shared = with(Retry::standard());
    let mut seen = Vec::new();
    let (waits, _, result) =
        play(Call::new(GetCallerIdentity::new(), Arc::clone(&shared), 5), start(), |_, request| {
            let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
            seen.push((header("amz-sdk-request"), header("amz-sdk-invocation-id"), header("x-amz-date")));
            (
                BRIEF,
                match seen.len() {
                    1 => refusal(400, "Throttling"),
                    2 => Event::Failed(TransportErrorKind::Closed.into()),
                    _ => success(),
                },
            )
        });
    let output = result.unwrap();
    assert_eq!(output.metadata.attempts(), 3);
    assert_eq!(output.metadata.total_retry_delay(), waits.iter().sum::<Duration>());
    let numbers: Vec<&str> = seen.iter().map(|(number, ..)| number.as_str()).collect();
    assert_eq!(numbers, ["attempt=1; max=3", "attempt=2; max=3", "attempt=3; max=3"]);
    assert!(seen.iter().all(|(_, id, _)| *id == seen[0].1), "one invocation");
    assert!(waits[0] < Duration::from_secs(1) && waits[1] < Duration::from_millis(100), "{waits:?}");
    // 5 and 14 were paid, the 14 came back.
    assert_eq!(shared.retry_quota(), 495);
}

#[test]
fn what_will_not_pass_is_not_tried_again() {
    for event in [
        || refusal(403, "AccessDenied"),
        || refusal(400, "ExpiredTokenException"),
        || answer(501, &[], ""),
        || answer(302, &[], ""),
        || answer(200, &[], "<html/>"),
        || Event::Failed(TransportErrorKind::Tls.into()),
        || Event::Failed(TransportErrorKind::TooLarge.into()),
    ] {
        let shared = with(Retry::standard());
        let (waits, _, result) =
            play(Call::new(GetCallerIdentity::new(), Arc::clone(&shared), 5), start(), |_, _| {
                (BRIEF, event())
            });
        let error = result.unwrap_err();
        assert_eq!((waits.len(), error.attempts(), shared.retry_quota()), (0, 1, 500), "{error}");
    }
}

#[test]
fn the_last_error_is_told_with_the_number_of_attempts() {
    for (most, shown) in [(1, ""), (2, "2 attempts"), (5, "5 attempts")] {
        let call = Call::new(GetCallerIdentity::new(), with(Retry::standard().max_attempts(most)), 5);
        let (waits, _, result) =
            play(call, start(), |_, _| (BRIEF, answer(503, &[("x-amzn-requestid", "rid")], "")));
        let error = result.unwrap_err();
        assert_eq!((error.attempts(), waits.len()), (most, most as usize - 1));
        assert!(error.to_string().contains(shown) && error.to_string().contains("rid"), "{error}");
        let call = Call::new(GetCallerIdentity::new(), with(Retry::standard().max_attempts(most)), 5);
        let (_, _, result) =
            play(call, start(), |_, _| (BRIEF, Event::Failed(TransportErrorKind::Refused.into())));
        let error = result.unwrap_err();
        assert!(error.attempts() == most && error.to_string().contains(shown), "{error}");
    }
}

#[test]
fn the_error_says_which_time_out_is_over() {
    let second = Duration::from_secs(1);
    let timeouts = |connect, attempt, call| Timeouts {
        connect: connect * second,
        attempt: attempt * second,
        call: call * second,
    };
    let (silent, connecting) = (Phase::Response, Phase::Connect);
    for (timeouts, phase, after, expected) in [
        (
            timeouts(1, 2, 9),
            silent,
            2,
            "the answer did not begin in time: the attempt's time-out of 2s is over",
        ),
        (
            timeouts(1, 2, 9),
            Phase::Body,
            2,
            "the answer did not end in time: the attempt's time-out of 2s is over",
        ),
        (timeouts(1, 9, 2), silent, 2, "the answer did not begin in time: the call's time-out of 2s is over"),
        (timeouts(1, 9, 9), connecting, 1, "connecting took too long: the time-out to connect of 1s is over"),
        (timeouts(9, 2, 9), connecting, 2, "connecting took too long: the attempt's time-out of 2s is over"),
        (timeouts(9, 9, 2), connecting, 2, "connecting took too long: the call's time-out of 2s is over"),
        // A transport that has given up by itself.
        (timeouts(9, 9, 9), silent, 2, "the answer did not begin in time"),
    ] {
        let settings = Settings::new().credentials(Credentials::new("AKID", SECRET)).timeouts(timeouts);
        let call = Call::new(
            GetCallerIdentity::new(),
            context(settings.retry(Retry::standard().max_attempts(1))),
            1,
        );
        // The transport may name what it tried itself.
        let late =
            TransportError::from(TransportErrorKind::Timeout(phase)).while_calling("Other", "other.test");
        let late = || Event::Failed(late.clone());
        let (_, _, result) = play(call, start(), |_, _| (after * second, late()));
        let error = result.unwrap_err().to_string();
        assert_eq!(
            error,
            format!("GetCallerIdentity got no answer from sts.eu-west-1.amazonaws.com: {expected}")
        );
    }
}

#[test]
fn no_wait_is_begun_that_cannot_end_in_time() {
    for seed in 0..200 {
        let timeouts =
            Timeouts { call: Duration::from_secs(3), attempt: Duration::from_secs(1), ..Timeouts::default() };
        let settings = Settings::new().credentials(Credentials::new("AKID", SECRET)).timeouts(timeouts);
        let call = Call::new(
            GetCallerIdentity::new(),
            context(settings.retry(Retry::standard().max_attempts(50))),
            seed,
        );
        let (_, end, result) =
            play(call, start(), |_, _| (Duration::from_millis(300), refusal(400, "Throttling")));
        assert_ne!(result.unwrap_err().retry_class(), RetryClass::Never);
        assert!(end.duration_since(start()).unwrap() <= Duration::from_secs(3));
    }
}

#[test]
fn an_empty_quota_ends_retries_and_success_fills_it_again() {
    let shared = with(Retry::standard());
    let fail = |seed| {
        play(Call::new(GetCallerIdentity::new(), Arc::clone(&shared), seed), start(), |_, _| {
            (BRIEF, answer(500, &[], ""))
        })
        .2
    };
    let attempts: Vec<u32> = (0..20).map(|seed| fail(seed).unwrap_err().attempts()).collect();
    assert_eq!(attempts.iter().filter(|attempts| **attempts == 3).count(), 17);
    assert_eq!(attempts.last(), Some(&1));
    assert_eq!(shared.retry_quota(), 500 - 35 * 14);
    for seed in 0..10 {
        play(Call::new(GetCallerIdentity::new(), Arc::clone(&shared), seed), start(), |_, _| {
            (BRIEF, success())
        })
        .2
        .unwrap();
    }
    assert_eq!(shared.retry_quota(), 20);
}

#[test]
fn the_server_may_ask_for_a_longer_wait() {
    for (name, value, least, most) in [
        ("retry-after", "3", 3.0, 3.1),
        ("retry-after", "3600", 5.0, 5.1),
        ("retry-after", "Tue, 14 Nov 2023 22:13:23 GMT", 2.9, 3.1),
        ("retry-after", "soon", 0.0, 0.1),
        ("x-amz-retry-after", "1500", 1.5, 1.6),
    ] {
        let call = Call::new(GetCallerIdentity::new(), with(Retry::standard().max_attempts(2)), 5);
        let (waits, ..) = play(call, start(), |_, _| (BRIEF, answer(503, &[(name, value)], "")));
        let wait = waits[0].as_secs_f64();
        assert!((least..most).contains(&wait), "{name}: {value} made {wait}");
    }
}

#[test]
fn a_page_names_the_client_in_a_header_of_its_own_which_is_signed() {
    let settings = Settings::new().region("eu-west-1").credentials(Credentials::new("AKID", "secret"));
    for in_page in [true, false] {
        let context = Context::new(&settings, "sts-test/1.0").unwrap().in_page(in_page);
        let mut call = Call::new(GetCallerIdentity::new(), Arc::new(context), 5);
        let (request, _) = sent(call.step(start(), Event::Start).unwrap());
        let (one, other) = ("x-amz-user-agent", "user-agent");
        let (here, not_here) = if in_page { (one, other) } else { (other, one) };
        assert!(request.headers()[here].to_str().unwrap().starts_with("sts-test/1.0 "));
        assert!(!request.headers().contains_key(not_here));
        let authorization = request.headers()["authorization"].to_str().unwrap();
        assert_eq!(
            authorization.contains("SignedHeaders=content-type;host;x-amz-date;x-amz-user-agent,"),
            in_page
        );
    }
}

#[test]
fn in_adaptive_mode_throttling_slows_the_client_down() {
    let shared = with(Retry::adaptive());
    let mut now = start();
    let mut throttled = 0;
    for seed in 0..50 {
        let (_, end, _) =
            play(Call::new(GetCallerIdentity::new(), Arc::clone(&shared), seed), now, |_, _| {
                throttled += 1;
                (BRIEF, if throttled <= 3 { refusal(400, "Throttling") } else { success() })
            });
        now = end;
    }
    let took = now.duration_since(start()).unwrap();
    assert!(
        took > Duration::from_secs(5),
        "50 calls took {took:?}, unlimited they would take about a second"
    );
}

#[test]
fn the_same_seed_makes_the_same_waits() {
    let waits = |seed| {
        play(
            Call::new(GetCallerIdentity::new(), with(Retry::standard().max_attempts(9)), seed),
            start(),
            |_, _| (BRIEF, answer(500, &[], "")),
        )
        .0
    };
    assert_eq!(waits(1), waits(1));
    assert_ne!(waits(1), waits(2));
}

#[test]
fn each_attempt_is_reported() {
    let mut call = Call::new(GetCallerIdentity::new(), with(Retry::standard()), 5);
    assert_eq!(call.last_attempt(), None);
    call.step(start(), Event::Start).unwrap();
    let step = call.step(start(), refusal(503, "SlowDown")).unwrap();
    let Step::Perform(Effect::Wait(wait)) = step else { panic!("no wait") };
    let report = call.last_attempt().unwrap().clone();
    assert_eq!(
        report,
        Attempt {
            number: 1,
            status: Some(503),
            class: Some(RetryClass::Throttling),
            error_type: Some("SlowDown".into()),
            request_id: Some("rid".into()),
            wait: Some(wait)
        }
    );
    call.step(start(), Event::Elapsed).unwrap();
    call.step(start(), success()).unwrap();
    let report = call.last_attempt().unwrap().clone();
    assert_eq!(
        report,
        Attempt { number: 2, status: Some(200), class: None, error_type: None, request_id: None, wait: None }
    );
}

#[test]
fn a_call_may_last_for_ever() {
    let timeouts = Timeouts { call: Duration::MAX, attempt: Duration::MAX, connect: Duration::MAX };
    let settings = Settings::new().credentials(Credentials::new("AKID", SECRET)).timeouts(timeouts);
    let mut failures = 2;
    let (waits, _, result) =
        play(Call::new(GetCallerIdentity::new(), context(settings), 1), start(), |_, _| {
            failures -= 1;
            (BRIEF, if failures < 0 { success() } else { answer(503, &[], "") })
        });
    assert_eq!((waits.len(), result.unwrap().metadata.attempts()), (2, 3));
}

#[test]
fn what_an_unusable_success_quotes_is_taken_out_too() {
    let call = Call::new(GetCallerIdentity::new(), signed(), 1);
    let body = format!("<R><ResponseMetadata><RequestId>{TOKEN}</RequestId></ResponseMetadata></R>");
    let (_, _, result) = play(call, start(), |_, _| (BRIEF, answer(200, &[("x-amz-id-2", TOKEN)], &body)));
    let error = result.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(TOKEN), "{error:?}");
    assert_eq!(error.request_id(), Some("[redacted]"));
}

#[test]
fn a_wait_that_lasts_too_long_ends_the_call_with_its_cause() {
    let mut call = Call::new(GetCallerIdentity::new(), with(Retry::standard()), 5);
    call.step(start(), Event::Start).unwrap();
    assert!(call.step(start(), refusal(400, "Throttling")).is_ok());
    let error = call.step(start() + Duration::from_secs(3600), Event::Elapsed).unwrap_err();
    assert_eq!((error.code(), error.attempts()), (Some(&crate::error::ErrorCode::Throttling), 1));
}
