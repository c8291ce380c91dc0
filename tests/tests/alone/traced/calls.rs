//! Calls: a span for each, and an event for each attempt.

use std::sync::Barrier;

use sts_proto::operations::{AssumeRole, GetCallerIdentity};
use sts_proto::{Credentials, Settings, TransportErrorKind as Kind};
use sts_tests::driver::{Driver, Setup, through_both};
use sts_tests::peer::{Answered, IDENTITY, answer};
use tracing::{Level, subscriber::with_default};

use super::subscriber::{Fields, Keeper, Spanned, Told};
use super::{event, failed, fields, numbered, same, scripted, setup, taken};

pub(super) fn a_call_that_succeeds_after_all() {
    let (span, events) = told_of_two(|number| match number {
        0 => failed(Kind::Refused),
        1 => numbered(503, "r-503", "planted"),
        _ => answer(200, ROLE),
    });
    assert_eq!((span.name, span.level), ("sts.call", Level::INFO));
    let expected = [("aws.request_id", "r-1"), ("http.response.status_code", "200"), ("sts.attempts", "3")];
    assert_eq!(span.fields, call(&expected));
    let expected = [
        event(
            Level::WARN,
            &[
                ("attempt", "1"),
                ("error.type", "refused"),
                ("message", "attempt failed, another follows after a wait"),
                ("retry.class", "transient"),
                ("retry.wait_ms", "random"),
            ],
        ),
        event(
            Level::WARN,
            &[
                ("attempt", "2"),
                ("aws.request_id", "r-503"),
                ("error.type", "503"),
                ("http.response.status_code", "503"),
                ("message", "attempt failed, another follows after a wait"),
                ("retry.class", "transient"),
                ("retry.wait_ms", "random"),
            ],
        ),
        event(
            Level::DEBUG,
            &[
                ("attempt", "3"),
                ("aws.request_id", "r-1"),
                ("http.response.status_code", "200"),
                ("message", "attempt succeeded"),
            ],
        ),
    ];
    assert_eq!(events, expected);
}

pub(super) fn a_call_that_is_refused_for_good() {
    let (span, events) = told_of_two(|number| match number {
        0 => numbered(400, "r-8", THROTTLED),
        _ => answer(403, REFUSED),
    });
    let expected = [
        ("aws.request_id", "r-9"),
        ("error.type", "AccessDenied"),
        ("http.response.status_code", "403"),
        ("otel.status_code", "ERROR"),
        ("sts.attempts", "2"),
    ];
    assert_eq!(span.fields, call(&expected));
    let expected = [
        event(
            Level::WARN,
            &[
                ("attempt", "1"),
                ("aws.request_id", "r-8"),
                ("error.type", "Throttling"),
                ("http.response.status_code", "400"),
                ("message", "attempt failed, another follows after a wait"),
                ("retry.class", "throttling"),
                ("retry.wait_ms", "random"),
            ],
        ),
        event(
            Level::WARN,
            &[
                ("attempt", "2"),
                ("aws.request_id", "r-9"),
                ("error.type", "AccessDenied"),
                ("http.response.status_code", "403"),
                ("message", "attempt failed, and no other follows"),
                ("retry.class", "never"),
            ],
        ),
    ];
    assert_eq!(events, expected);
}

pub(super) fn a_call_that_is_never_answered() {
    let (span, events) = told_of_two(|_| failed(Kind::Tls));
    let expected = [("error.type", "tls"), ("otel.status_code", "ERROR"), ("sts.attempts", "1")];
    assert_eq!(span.fields, call(&expected));
    let expected = [
        ("attempt", "1"),
        ("error.type", "tls"),
        ("message", "attempt failed, and no other follows"),
        ("retry.class", "never"),
    ];
    assert_eq!(events, [event(Level::WARN, &expected)]);
}

pub(super) fn a_call_to_an_endpoint_of_one_s_own() {
    let mut told = Vec::new();
    through_both(|make| {
        let (keeper, peer) = (Keeper::default(), scripted(|_| numbered(200, "req-1", IDENTITY)));
        let keys = Credentials::new("AKIDEXAMPLE", "planted-secret");
        let settings = Settings::new().region("eu-west-1").endpoint_url("http://sts.example.com:4566");
        let sts = make(&Setup::new(settings.credentials(keys)).transport(&peer)).unwrap();
        with_default(keeper.clone(), || sts.send(GetCallerIdentity::new())).unwrap();
        told.push(taken(&keeper));
    });
    let (spans, events) = same(told);
    let [span] = &spans[..] else { panic!("{spans:?}") };
    let expected = [
        ("aws.request_id", "req-1"),
        ("http.response.status_code", "200"),
        ("otel.kind", "client"),
        ("otel.name", "STS/GetCallerIdentity"),
        ("rpc.method", "GetCallerIdentity"),
        ("rpc.service", "STS"),
        ("rpc.system", "aws-api"),
        ("server.address", "sts.example.com"),
        ("server.port", "4566"),
        ("sts.attempts", "1"),
    ];
    assert_eq!(span.fields, fields(&expected));
    assert_eq!(events.len(), 1);
}

/// What is told of two calls at the same time, each of which meets this: by one client, if both tell the same.
fn told_of_two(script: fn(usize) -> Answered) -> (Spanned, Vec<Told>) {
    let mut told = Vec::new();
    through_both(|make| {
        let keeper = Keeper::default();
        let clients = [(); 2].map(|()| make(&setup(&scripted(script))).unwrap());
        two_at_once(&keeper, &clients);
        let (spans, mut events) = taken(&keeper);
        assert_eq!(spans.len(), 2);
        assert_eq!(spans[0], spans[1]);
        // Of each attempt there are two.
        events.sort_by(|one, other| one.fields["attempt"].cmp(&other.fields["attempt"]));
        let (once, twice): (Vec<_>, Vec<_>) =
            events.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).unzip();
        assert_eq!(once, twice);
        told.push((spans[0].clone(), once));
    });
    same(told)
}

/// Two calls at the same time: in two threads, or in one thread that goes on with one while the other waits.
fn two_at_once(keeper: &Keeper, clients: &[Driver; 2]) {
    match clients {
        [Driver::Async(one, runtime), Driver::Async(other, _)] => with_default(keeper.clone(), || {
            runtime
                .block_on(async { drop(tokio::join!(one.assume_role(role()), other.assume_role(role()))) });
        }),
        _ => {
            let barrier = Barrier::new(2);
            std::thread::scope(|scope| {
                for client in clients {
                    scope.spawn(|| {
                        with_default(keeper.clone(), || {
                            barrier.wait();
                            drop(client.send(role()));
                        });
                    });
                }
            });
        }
    }
}

fn role() -> AssumeRole {
    AssumeRole::new("arn:aws:iam::123456789012:role/demo", "planted-name")
        .external_id("planted-external-id")
        .token_code("planted-code")
}

/// The fields of the span of a call, with these.
fn call(more: &[(&'static str, &str)]) -> Fields {
    let mut all = fields(&[
        ("otel.kind", "client"),
        ("otel.name", "STS/AssumeRole"),
        ("rpc.method", "AssumeRole"),
        ("rpc.service", "STS"),
        ("rpc.system", "aws-api"),
        ("server.address", "sts.eu-west-1.amazonaws.com"),
        ("server.port", "443"),
    ]);
    all.extend(fields(more));
    all
}

const REFUSED: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\
    <Message>planted-external-id and planted-secret</Message></Error><RequestId>r-9</RequestId></ErrorResponse>";

const THROTTLED: &str =
    "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code></Error></ErrorResponse>";

const ROLE: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>planted-id</AccessKeyId>\
    <SecretAccessKey>planted-key</SecretAccessKey><SessionToken>planted-token</SessionToken>\
    <Expiration>2026-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser><Arn>a</Arn>\
    <AssumedRoleId>b</AssumedRoleId></AssumedRoleUser></AssumeRoleResult>\
    <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></AssumeRoleResponse>";
