//! What answers and events a target may give to a flow, as its input chooses.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderValue, Response};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use sts_proto::flow::ProcessOutput;
use sts_proto::{Event, Phase, Secret, TransportError, TransportErrorKind};

/// Part of every secret, each of which is `PLANTED/KEY`, so that a server that quotes it quotes a secret of
/// this call.
pub const PLANTED: &str = "PLANTED";

/// Panics where a secret is shown.
pub fn check_no_secret(text: &str) {
    assert!(!text.contains(PLANTED), "a secret is shown: {text}");
}

/// A response of a service to a call.
pub fn response(now: SystemTime, input: &mut Unstructured<'_>) -> Result<Event> {
    let (status, body) = *input.choose(ANSWERS)?;
    let body = if body.is_empty() {
        let length = input.int_in_range(0..=200)?.min(input.len());
        Bytes::copy_from_slice(input.bytes(length)?)
    } else {
        Bytes::from_static(body.as_bytes())
    };
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().expect("the table holds statuses");
    for _ in 0..input.int_in_range(0..=3)? {
        let name = *input.choose(HEADERS)?;
        let value = match input.int_in_range(0..=2)? {
            0 => (*input.choose(VALUES)?).to_vec(),
            1 => input.arbitrary::<u32>()?.to_string().into_bytes(),
            _ => date(now, input.arbitrary::<i32>()?).into_bytes(),
        };
        response
            .headers_mut()
            .insert(name, HeaderValue::try_from(value).expect("it has no control character"));
    }
    Ok(Event::Response(response))
}

/// The time `seconds` from `now` in the format of a `date` header.
fn date(now: SystemTime, seconds: i32) -> String {
    let distance = Duration::from_secs(seconds.unsigned_abs().into());
    let at = if seconds < 0 { now.checked_sub(distance) } else { now.checked_add(distance) };
    let readable = at.filter(|at| {
        at.duration_since(SystemTime::UNIX_EPOCH).is_ok_and(|since| since.as_secs() < 253_402_300_800)
    });
    httpdate::fmt_http_date(readable.unwrap_or(SystemTime::UNIX_EPOCH))
}
/// Why there is no response.
pub fn failure(input: &mut Unstructured<'_>) -> Result<Event> {
    let kind = *input.choose(&[
        TransportErrorKind::Closed,
        TransportErrorKind::Timeout(Phase::Response),
        TransportErrorKind::UnknownHost,
        TransportErrorKind::Tls,
        TransportErrorKind::TooLarge,
        TransportErrorKind::Other,
    ])?;
    Ok(Event::Failed(TransportError::new(kind, "the reason")))
}

/// An event that does not fit.
pub fn out_of_turn(input: &mut Unstructured<'_>) -> Result<Event> {
    Ok(match input.int_in_range(0..=7)? {
        0 => Event::Start,
        1 => Event::Response(Response::new(Bytes::new())),
        2 => Event::Contents(None),
        3 => Event::Exited(ProcessOutput {
            status: Some(0),
            stdout: Bytes::from_static(b"PLANTED"),
            stderr: Bytes::from_static(b"PLANTED"),
        }),
        4 => Event::MfaCode(Secret::from("PLANTED")),
        5 => Event::Elapsed,
        6 => Event::Joined,
        _ => Event::Failed(TransportErrorKind::Closed.into()),
    })
}

/// One of these texts, or bytes from the input.
pub fn text(input: &mut Unstructured<'_>, usual: &[&'static str]) -> Result<Bytes> {
    if input.ratio(7, 8)? {
        return Ok(Bytes::from_static(input.choose(usual)?.as_bytes()));
    }
    let length = input.int_in_range(0..=200)?.min(input.len());
    Ok(Bytes::copy_from_slice(input.bytes(length)?))
}

/// What an output is made of: numbers below the one that is asked for, as the bytes choose, and zeros after them.
pub fn source(bytes: &[u8]) -> impl FnMut(u64) -> u64 {
    let mut input = Unstructured::new(bytes);
    move |below| input.int_in_range(0..=below.saturating_sub(1)).unwrap_or_default()
}

/// Statuses and bodies; an empty body is replaced by one from the input.
const ANSWERS: &[(u16, &str)] = &[
    (500, ""),
    (200, ""),
    (200, IDENTITY),
    (200, SESSION),
    (
        400,
        "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>",
    ),
    (
        403,
        "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>PLANTED/KEY PLANTED/KEY</Message></Error></ErrorResponse>",
    ),
    (
        403,
        "<ErrorResponse><Error><Code>RequestTimeTooSkewed</Code><Quoted>PLANTED/KEY PLANTED/KEY</Quoted></Error></ErrorResponse>",
    ),
    (
        400,
        "<ErrorResponse><Error><Code>RequestExpired</Code></Error><RequestId>PLANTED/KEY</RequestId></ErrorResponse>",
    ),
    (
        400,
        "<ErrorResponse><Error><Code>IDPCommunicationError</Code><Message>PLANTED%2FKEY</Message></Error></ErrorResponse>",
    ),
    (503, "PLANTED"),
    (429, ""),
    (302, ""),
    (403, ""),
];

const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>u</UserId><Account>1</Account>\
    <Arn>a</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>";
const SESSION: &str = "<R><AssumeRoleResult><Credentials><AccessKeyId>a</AccessKeyId><SecretAccessKey>PLANTED\
    </SecretAccessKey><SessionToken>PLANTED</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>\
    </AssumeRoleResult></R>";

const HEADERS: &[&str] =
    &["date", "retry-after", "x-amz-retry-after", "age", "x-amzn-requestid", "x-amz-id-2"];
const VALUES: &[&[u8]] = &[
    b"0",
    b"PLANTED/KEY",
    b"PLANTED/KEY\xff",
    b"18446744073709551615",
    b"-1",
    b"1.5",
    b"Sat, 01 Jan 2000 00:00:00 GMT",
    b"Thu, 31 Dec 2099 23:59:59 GMT",
    b"Fri, 31 Dec 9999 23:59:59 GMT",
    b"",
];
/// What may be in files.
pub const FILES: &[&str] = &["token", "", "a\nb", LOGIN, "\u{e9}"];
/// What sources of credentials may answer, and programs print.
pub const DOCUMENTS: &[&str] = &[
    "role",
    "token",
    r#"{"Version":1,"AccessKeyId":"a","SecretAccessKey":"s"}"#,
    r#"{"Version":1,"AccessKeyId":"a","SecretAccessKey":"s","SessionToken":"t","Expiration":"2024-01-01T00:00:00Z"}"#,
    r#"{"Code":"Success","AccessKeyId":"a","SecretAccessKey":"s","Token":"t","Expiration":"2024-01-01T00:00:00Z"}"#,
    r#"{"Code":"AssumeRoleUnauthorizedAccess","Message":"no"}"#,
    r#"{"roleCredentials":{"accessKeyId":"a","secretAccessKey":"s","sessionToken":"t","expiration":1800000000000}}"#,
    "<R><AssumeRoleResult><Credentials><AccessKeyId>a</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t\
     </SessionToken><Expiration>2024-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></R>",
    "<R><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>a</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
     <SessionToken>t</SessionToken><Expiration>2024-01-01T00:00:00Z</Expiration></Credentials>\
     </AssumeRoleWithWebIdentityResult></R>",
    "<ErrorResponse><Error><Code>IDPCommunicationError</Code></Error></ErrorResponse>",
    "<ErrorResponse><Error><Code>ExpiredTokenException</Code></Error></ErrorResponse>",
    "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>",
    "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>",
];
const LOGIN: &str = r#"{"accessToken":"t","expiresAt":"2030-01-01T00:00:00Z"}"#;
