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
fn a_wrong_clock_is_measured_and_corrected_once() {
    // The server's clock is an hour ahead of ours.
    let server = |now: SystemTime| now + Duration::from_secs(3600);
    let dated = |now: SystemTime, event: Event| match event {
        Event::Response(mut response) => {
            let since = server(now).duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
            response.headers_mut().insert("date", since.to_string().parse().unwrap());
            Event::Response(response)
        }
        event => event,
    };
    let judge = |now: SystemTime, request: &Request<Bytes>| {
        let hour = request.headers()["x-amz-date"].to_str().unwrap()[9..11].to_owned();
        let event = if hour == "23" { success() } else { refusal(403, "SignatureDoesNotMatch") };
        (BRIEF, dated(now, event))
    };
    let shared = with(Retry::standard());
    let (waits, _, result) =
        play(Call::new(GetCallerIdentity::new(), Arc::clone(&shared), 5), start(), judge);
    assert_eq!((result.unwrap().metadata.attempts(), waits), (2, vec![Duration::ZERO]));
    let (_, _, result) = play(Call::new(GetCallerIdentity::new(), shared, 6), start(), judge);
    assert_eq!(result.unwrap().metadata.attempts(), 1, "the next call knows");

    // Once is enough: a refusal that remains is the answer.
    let stubborn =
        |now: SystemTime, _: &Request<Bytes>| (BRIEF, dated(now, refusal(403, "SignatureDoesNotMatch")));
    let (_, _, result) =
        play(Call::new(GetCallerIdentity::new(), with(Retry::standard()), 5), start(), stubborn);
    assert_eq!(result.unwrap_err().attempts(), 2);
    // It can be switched off, and so can all retries.
    for retry in [Retry::standard().correct_clock(false), Retry::off()] {
        let (_, _, result) = play(Call::new(GetCallerIdentity::new(), with(retry), 5), start(), judge);
        assert_eq!(result.unwrap_err().attempts(), 1);
    }
}

/// A web page may not see the date of an answer, and some servers write none.
#[test]
fn where_an_answer_has_no_date_the_message_of_a_refusal_has_one() {
    let at = |now: SystemTime| crate::wire::time::format(now).unwrap().replace(['-', ':'], "");
    let mut told = 0;
    let judge = |now: SystemTime, request: &Request<Bytes>| {
        let server = now + Duration::from_secs(3600);
        let date = request.headers()["x-amz-date"].to_str().unwrap().to_owned();
        let apart = server.duration_since(crate::wire::time::parse(&date).unwrap()).unwrap_or_default();
        if apart <= Duration::from_secs(900) {
            return (BRIEF, success());
        }
        told += 1;
        let earliest = at(server - Duration::from_secs(900));
        let message =
            format!("Signature expired: {date} is now earlier than {earliest} ({} - 15 min.)", at(server));
        let error = format!(
            "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>{message}</Message></Error></ErrorResponse>"
        );
        (BRIEF, answer(403, &[], &error))
    };
    let judge = std::cell::RefCell::new(judge);
    let judge = |now: SystemTime, request: &Request<Bytes>| (judge.borrow_mut())(now, request);
    let shared = with(Retry::standard());
    for attempts in [2, 1] {
        let call = Call::new(GetCallerIdentity::new(), Arc::clone(&shared), 5);
        let (waits, _, result) = play(call, start(), judge);
        assert_eq!((result.unwrap().metadata.attempts(), waits.len()), (attempts, attempts as usize - 1));
    }
    let confirmed = shared.service_time(start()).duration_since(start()).unwrap();
    assert_eq!(confirmed.as_secs_f64().round(), 3600.0, "the refusal confirms it");
    assert_eq!(told, 1);
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
fn an_aged_answer_says_nothing_of_the_time() {
    let shared = with(Retry::standard());
    let call = Call::new(GetCallerIdentity::new(), Arc::clone(&shared), 5);
    let aged = [("date", "Tue, 14 Nov 2023 12:00:00 GMT"), ("age", "1")];
    let (_, _, result) = play(call, start(), |_, _| (BRIEF, answer(403, &aged, "")));
    assert_eq!(result.unwrap_err().attempts(), 1);
    assert_eq!(shared.shared().clock().offset(), Offset::default());
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
fn a_date_from_nowhere_does_no_harm() {
    for date in
        ["Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "0", "-62167219200", "nonsense"]
    {
        let shared = with(Retry::standard());
        for seed in 0..3 {
            let mut first = true;
            let call = Call::new(GetCallerIdentity::new(), Arc::clone(&shared), seed);
            let (_, _, result) = play(call, start(), |_, _| {
                let event =
                    if std::mem::take(&mut first) { answer(503, &[("date", date)], "") } else { success() };
                (BRIEF, event)
            });
            assert_eq!(result.unwrap().metadata.attempts(), 2, "{date}");
        }
    }
}

#[test]
fn a_wait_that_lasts_too_long_ends_the_call_with_its_cause() {
    let mut call = Call::new(GetCallerIdentity::new(), with(Retry::standard()), 5);
    call.step(start(), Event::Start).unwrap();
    assert!(call.step(start(), refusal(400, "Throttling")).is_ok());
    let error = call.step(start() + Duration::from_secs(3600), Event::Elapsed).unwrap_err();
    assert_eq!((error.code(), error.attempts()), (Some(&crate::error::ErrorCode::Throttling), 1));
}

#[test]
fn a_clock_that_steps_back_does_not_lengthen_the_call() {
    let mut call = Call::new(GetCallerIdentity::new(), with(Retry::standard().max_attempts(1000)), 5);
    call.step(start(), Event::Start).unwrap();
    let mut now = start() - Duration::from_secs(3600);
    let begun = now;
    let mut event = answer(503, &[], "");
    while let Ok(step) = call.step(now, event) {
        event = match step {
            Step::Perform(Effect::Wait(wait)) => {
                now += wait;
                Event::Elapsed
            }
            _ => {
                now += BRIEF;
                answer(503, &[], "")
            }
        };
    }
    assert!(now.duration_since(begun).unwrap() <= Duration::from_secs(60));
}

#[test]
fn only_a_refusal_is_blamed_on_the_clock() {
    let dated = |status, body: &'static str| {
        move || answer(status, &[("date", "Tue, 14 Nov 2023 12:00:00 GMT")], body)
    };
    for event in [dated(302, ""), dated(200, "<html/>")] {
        let call = Call::new(GetCallerIdentity::new(), with(Retry::standard()), 5);
        let (_, _, result) = play(call, start(), |_, _| (BRIEF, event()));
        assert_eq!(result.unwrap_err().attempts(), 1);
    }
    // And a failure of the service stays one, whatever it says of the clock.
    let call = Call::new(GetCallerIdentity::new(), with(Retry::standard()), 5);
    let (_, _, result) = play(call, start(), |_, _| (BRIEF, refusal(503, "RequestExpired")));
    assert_eq!(result.unwrap_err().attempts(), 3);
}

#[test]
fn a_url_is_presigned_with_the_corrected_clock() {
    let shared = with(Retry::standard());
    let call = Call::new(GetCallerIdentity::new(), Arc::clone(&shared), 5);
    let (..) =
        play(call, start(), |_, _| (BRIEF, answer(403, &[("date", "Tue, 14 Nov 2023 12:00:00 GMT")], "")));
    let options = crate::operation::Presign::new(Duration::from_secs(60));
    let request = shared.presign(&GetCallerIdentity::new(), &options, start()).unwrap();
    assert!(request.uri().query().unwrap().contains("X-Amz-Date=20231114T1[12]".split('[').next().unwrap()));
    assert!(!request.uri().query().unwrap().contains("X-Amz-Date=20231114T22"), "{}", request.uri());
}

/// The event with this date.
fn dated(now: SystemTime, ahead: i64, event: Event) -> Event {
    let Event::Response(mut response) = event else { panic!("{event:?}") };
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64 + ahead;
    response.headers_mut().insert("date", since.to_string().parse().unwrap());
    Event::Response(response)
}

/// What a service says whose clock is right: the request's date has to be within five minutes.
fn judged(now: SystemTime, request: &Request<Bytes>) -> Event {
    let date = request.headers()["x-amz-date"].to_str().unwrap();
    let date = crate::wire::time::parse(date).unwrap();
    let apart = now.duration_since(date).unwrap_or_else(|error| error.duration());
    let event =
        if apart <= Duration::from_secs(300) { success() } else { refusal(403, "RequestTimeTooSkewed") };
    dated(now, 0, event)
}

/// The dates of a call's attempts, counted from `start`, and its end.
fn dates(
    shared: &Arc<Context>,
    begin: SystemTime,
    mut serve: impl FnMut(usize, SystemTime, &Request<Bytes>) -> (Duration, Event),
) -> (Vec<i64>, SystemTime, Result<u32, Error>) {
    let mut dates = Vec::new();
    let call = Call::new(GetCallerIdentity::new(), Arc::clone(shared), 5);
    let (_, end, result) = play(call, begin, |now, request| {
        let date = crate::wire::time::parse(request.headers()["x-amz-date"].to_str().unwrap()).unwrap();
        let seconds =
            |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64;
        dates.push(seconds(date) - seconds(start()));
        serve(dates.len(), now, request)
    });
    (dates, end, result.map(|output| output.metadata.attempts()))
}

fn patient() -> Arc<Context> {
    let hours = Duration::from_secs(10 * 3600);
    let timeouts = Timeouts { connect: BRIEF, attempt: hours, call: hours };
    let keys = Credentials::new("AKID", SECRET);
    context(Settings::new().credentials(keys).timeouts(timeouts))
}

#[test]
fn a_process_that_stood_still_takes_its_clock_for_what_it_was() {
    for ahead in [0, 3600, -3600] {
        for stood_still in [1, 200, 239, 240, 600, 899] {
            for answered_after in [0, stood_still / 2, stood_still] {
                let shared = patient();
                let server =
                    |now: SystemTime, more: u64, event| dated(now + Duration::from_secs(more), ahead, event);
                // The offset is known by then.
                let first = dates(&shared, start(), |_, now, _| (Duration::ZERO, server(now, 0, success())));
                assert!(first.2.is_ok());
                let known = shared.shared().clock().offset();
                let late = dates(&shared, start(), |_, now, _| {
                    (Duration::from_secs(stood_still), server(now, answered_after, success()))
                });
                assert!(late.2.is_ok());
                assert_eq!(shared.shared().clock().offset(), known, "{ahead} {stood_still} {answered_after}");
            }
        }
    }
}

#[test]
fn what_was_refused_for_its_age_after_the_process_stood_still_is_dated_now() {
    // However long that was, and whether the server read the request before or after.
    for stood_still in [301, 600, 899, 901, 1200, 8 * 3600] {
        for retry in [Retry::standard(), Retry::standard().correct_clock(false)] {
            let timeouts = patient().timeouts();
            let keys = Credentials::new("AKID", SECRET);
            let shared = context(Settings::new().credentials(keys).timeouts(timeouts).retry(retry));
            let (dates, _, result) = dates(&shared, start(), |number, now, request| match number {
                1 => {
                    let late = Duration::from_secs(stood_still);
                    (late, judged(now + late, request))
                }
                _ => (Duration::ZERO, judged(now, request)),
            });
            assert_eq!(dates, [0, stood_still as i64]);
            assert_eq!(result.unwrap(), 2, "{stood_still}");
        }
    }
    // Within another attempt than the first, and more than once.
    let shared = patient();
    let (dates, _, result) = dates(&shared, start(), |number, now, request| {
        let late = Duration::from_secs(if number < 3 { 1200 } else { 0 });
        (late, judged(now + late, request))
    });
    assert_eq!((dates, result.unwrap()), (vec![0, 1200, 2400], 3));
}

#[test]
fn a_refusal_for_another_reason_that_comes_soon_is_not_dated_anew() {
    let shared = patient();
    let (dates, _, result) = dates(&shared, start(), |_, now, _| {
        let late = Duration::from_secs(239);
        (late, dated(now + late, 0, refusal(403, "AccessDenied")))
    });
    assert_eq!((dates.len(), result.unwrap_err().attempts()), (1, 1));
}

#[test]
fn one_answer_with_a_wrong_date_stops_no_call() {
    let wrong: [fn() -> Event; 8] = [
        success,
        || refusal(403, "AccessDenied"),
        || refusal(403, "RequestTimeTooSkewed"),
        || refusal(403, "SignatureDoesNotMatch"),
        || refusal(400, "Throttling"),
        || answer(503, &[], ""),
        || answer(302, &[], ""),
        || answer(200, &[], "<html/>"),
    ];
    for (index, wrong) in wrong.iter().enumerate() {
        for ahead in [2 * 86_400, -2 * 86_400, 301, -301, 3600, -3600, 10 * 365 * 86_400] {
            let shared = with(Retry::standard());
            // It may be the one that is refused; then it is sent once more with that date, and once more with the right one.
            let (_, end, first) = dates(&shared, start(), |number, now, request| {
                (BRIEF, if number == 1 { dated(now, ahead, wrong()) } else { judged(now, request) })
            });
            assert!(first.is_ok() || [6, 7].contains(&index), "{index} {ahead}: {first:?}");
            let call = |begin| dates(&shared, begin, |_, now, request| (BRIEF, judged(now, request)));
            let options = crate::operation::Presign::new(Duration::from_secs(60));
            let request = shared.presign(&GetCallerIdentity::new(), &options, end).unwrap();
            let query = request.uri().query().unwrap();
            assert!(query.contains("X-Amz-Date=20231114T2213"), "{index} {ahead}: {query}");
            let (_, end, second) = call(end);
            assert!(second.unwrap() <= 2, "{index} {ahead}");
            let (dates, _, third) = call(end);
            assert_eq!((dates, third.unwrap()), (vec![0], 1), "{index} {ahead}: it is forgotten");
        }
    }
}

#[test]
fn a_clock_that_is_set_while_an_answer_is_on_its_way_does_no_harm() {
    // By this machine's clock the answer comes an hour after or before the request was sent.
    for forward in [true, false] {
        let hour = Duration::from_secs(3600);
        let shared = patient();
        let mut call = Call::new(GetCallerIdentity::new(), Arc::clone(&shared), 5);
        let later = if forward { start() + hour } else { start() - hour };
        let (request, _) = sent(call.step(start(), Event::Start).unwrap());
        // The clock was wrong and is right.
        let Ok(Step::Perform(Effect::Wait(Duration::ZERO))) = call.step(later, judged(later, &request))
        else {
            panic!("it gives up");
        };
        let (request, _) = sent(call.step(later, Event::Elapsed).unwrap());
        let step = call.step(later, judged(later, &request));
        assert!(matches!(step, Ok(Step::Done(_))), "{step:?}");
    }
}
