//! Refusals of every kind, what the codes mean, what the server says about waiting, and how often is tried.

use std::time::{Duration, SystemTime};

use sts_proto::operations::{AssumeRoleWithWebIdentity, GetCallerIdentity};
use sts_proto::{Phase, Retry, Timeouts, TransportErrorKind as Kind};
use sts_tests::scripted::Script;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::row::{End, Expect, PATIENT, Row, document, ok, refusal};

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = statuses();
    rows.extend(codes());
    rows.extend(hints());
    rows.extend(attempts());
    rows.extend(unusable());
    rows
}

/// Statuses without a document that is the service's, and with one.
fn statuses() -> Vec<Row> {
    let html = |status| ("HTML", Script::Answer(status, "text/html", b"<html><h1>oops</h1></html>".to_vec()));
    let doctype =
        |status| ("DOCTYPE", Script::Answer(status, "text/html", b"<!DOCTYPE html><html/>".to_vec()));
    let json =
        |status| ("JSON", Script::Answer(status, "application/json", b"{\"message\":\"no\"}".to_vec()));
    let empty = |status| ("nothing", Script::Answer(status, "text/xml", Vec::new()));
    let never = [
        (301, html(301)),
        (302, empty(302)),
        (303, html(303)),
        (307, html(307)),
        (308, json(308)),
        (400, html(400)),
        (400, json(400)),
        (400, empty(400)),
        (401, empty(401)),
        (403, html(403)),
        (403, json(403)),
        (404, doctype(404)),
        (407, html(407)),
        (408, empty(408)),
        (413, html(413)),
        (501, html(501)),
        (505, json(505)),
        (599, empty(599)),
    ];
    let transient = [
        (500, html(500)),
        (500, json(500)),
        (500, empty(500)),
        (502, doctype(502)),
        (502, json(502)),
        (503, html(503)),
        (503, empty(503)),
        (504, json(504)),
        (504, empty(504)),
    ];
    let tries = |status| if matches!(status, 500 | 502 | 503 | 504) { 3 } else { 1 };
    let mut rows: Vec<Row> = never
        .into_iter()
        .chain(transient)
        .map(|(status, (body, script))| {
            let expect = Expect::refused(status, None, tries(status));
            Row::scripted(format!("{status} with {body}"), vec![script], expect)
        })
        .collect();
    // Waits of up to a second, then up to two.
    let throttled = Expect::refused(429, None, 3).between(0, 5000);
    rows.push(Row::scripted("429 with nothing", vec![empty(429).1], throttled));
    let cases: [(u16, &'static str, u32); 9] = [
        (400, "ValidationError", 1),
        (403, "AccessDenied", 1),
        (404, "InvalidAction", 1),
        (408, "RequestTimeout", 3),
        (413, "RequestEntityTooLarge", 1),
        (500, "InternalFailure", 3),
        (501, "NotImplemented", 1),
        (503, "ServiceUnavailable", 3),
        (599, "SomethingNew", 1),
    ];
    rows.extend(cases.map(|(status, code, attempts)| {
        let expect = Expect::refused(status, code, attempts);
        Row::scripted(format!("{status} {code}"), vec![refusal(status, code, "no")], expect)
    }));
    rows
}

fn codes() -> Vec<Row> {
    let throttled = |attempts| Expect::success(attempts).between(0, 5000);
    let then = |script: Script| vec![script, ok()];
    let web = |name, message: &str, expect| {
        let refused = refusal(400, "InvalidIdentityToken", message);
        web_identity(name, vec![refused.clone(), refused, web_success()], expect)
    };
    vec![
        Row::scripted(
            "400 Throttling, then success",
            then(refusal(400, "Throttling", "Rate exceeded")),
            throttled(2),
        ),
        Row::scripted("503 SlowDown, then success", then(refusal(503, "SlowDown", "no")), throttled(2)),
        Row::scripted("429, then success", then(refusal(429, "Other", "no")), throttled(2)),
        Row::scripted(
            "500 twice, then success",
            vec![refusal(500, "InternalFailure", "no"), refusal(502, "Bad", "no"), ok()],
            Expect::success(3),
        ),
        Row::scripted(
            "500, then a refusal for good",
            vec![refusal(500, "InternalFailure", "no"), refusal(403, "AccessDenied", "no")],
            Expect::refused(403, "AccessDenied", 2),
        ),
        web_identity(
            "IDPCommunicationError, then success",
            vec![refusal(400, "IDPCommunicationError", "no"), web_success()],
            Expect::success(2),
        ),
        web(
            "InvalidIdentityToken because the key could not be had, then success",
            "Couldn't retrieve verification key from your identity provider, please reference \
             AssumeRoleWithWebIdentity documentation for requirements",
            Expect::success(3),
        ),
        web(
            "InvalidIdentityToken for good",
            "No OpenIDConnect provider found in your account",
            Expect::refused(400, "InvalidIdentityToken", 1),
        ),
        Row::scripted(
            "ExpiredToken",
            vec![refusal(403, "ExpiredToken", "The security token included in the request is expired")],
            Expect::refused(403, "ExpiredToken", 1),
        ),
    ]
}

fn hints() -> Vec<Row> {
    let busy = |headers: Vec<(&'static str, String)>| {
        vec![Script::Kept(503, headers, document("ServiceUnavailable", "no")), ok()]
    };
    let soon = OffsetDateTime::from(SystemTime::now()) + Duration::from_secs(600);
    let date = soon.to_offset(time::UtcOffset::UTC).format(&Rfc2822).expect("a date can be written");
    let date = date.replace("+0000", "GMT");
    vec![
        Row::scripted(
            "retry-after in seconds",
            busy(vec![("Retry-After", "1".to_owned())]),
            Expect::success(2).between(1000, 2000),
        ),
        // Ten minutes are too long: five seconds more than the wait would be.
        Row::scripted(
            "retry-after as a date, far away",
            busy(vec![("Retry-After", date)]),
            Expect::success(2).between(5000, 6000),
        ),
        Row::scripted(
            "x-amz-retry-after in milliseconds",
            busy(vec![("x-amz-retry-after", "700".to_owned())]),
            Expect::success(2).between(700, 1700),
        ),
        Row::scripted(
            "both: x-amz-retry-after goes first",
            busy(vec![("Retry-After", "5".to_owned()), ("x-amz-retry-after", "300".to_owned())]),
            Expect::success(2).between(300, 1300),
        ),
        Row::scripted(
            "retry-after that is none",
            busy(vec![("Retry-After", "soon".to_owned())]),
            Expect::success(2),
        ),
        Row::calling(
            "retry-after behind the call's deadline: no wait is begun",
            busy(vec![("Retry-After", "4".to_owned())]),
            |settings| settings.timeouts(Timeouts { call: Duration::from_secs(3), ..PATIENT }),
            GetCallerIdentity::new,
            Expect::refused(503, "ServiceUnavailable", 1).between(0, 2500),
        ),
    ]
}

fn attempts() -> Vec<Row> {
    let broken = || refusal(500, "InternalFailure", "no");
    let limited = |call| {
        move |settings: sts_proto::Settings| {
            let timeouts = Timeouts { connect: PATIENT.connect, attempt: Duration::from_millis(700), call };
            settings.timeouts(timeouts)
        }
    };
    let gone = Expect::transport(Kind::Timeout(Phase::Response), 2);
    vec![
        Row::retrying(
            "retries off",
            Retry::off(),
            vec![broken()],
            Expect::refused(500, "InternalFailure", 1),
        ),
        Row::retrying(
            "one attempt, a connection that closes",
            Retry::standard().max_attempts(1),
            vec![Script::Raw(Vec::new())],
            Expect::transport(Kind::Closed, 1),
        ),
        Row::retrying(
            "five attempts, the fifth succeeds",
            Retry::standard().max_attempts(5),
            vec![broken(), broken(), broken(), broken(), ok()],
            Expect::success(5),
        ),
        Row::retrying(
            "adaptive: throttled, then success",
            Retry::adaptive(),
            vec![refusal(400, "Throttling", "Rate exceeded"), ok()],
            Expect::success(2).between(0, 6000),
        ),
        Row::calling(
            "the call's deadline ends the second attempt",
            vec![Script::Silence],
            limited(Duration::from_millis(1200)),
            GetCallerIdentity::new,
            gone.between(1140, 3000),
        ),
    ]
}

/// A success that is none stays one.
fn unusable() -> Vec<Row> {
    let unusable = || Expect::new(End::Unusable, 1);
    [
        ("200 with nothing", ""),
        ("200 with HTML", "<html><body>sign in</body></html>"),
        ("200 with JSON", "{\"GetCallerIdentityResponse\":{}}"),
        ("200 with half a document", "<GetCallerIdentityResponse><GetCallerIdentityResult>"),
    ]
    .map(|(name, body)| Row::scripted(name, vec![Script::Answer(200, "text/xml", body.into())], unusable()))
    .into()
}

fn web_identity(name: &str, scripts: Vec<Script>, expect: Expect) -> Row {
    let operation = || AssumeRoleWithWebIdentity::new("arn:aws:iam::123456789012:role/web", "me", "jwt");
    Row::calling(name, scripts, |settings| settings.without_credentials(), operation, expect)
}

fn web_success() -> Script {
    let body = "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\
        <AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
        <Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>\
        </AssumeRoleWithWebIdentityResponse>";
    Script::Answer(200, "text/xml", body.into())
}
