//! What a subscriber of `tracing` sees. One test, in a process of its own: `tracing` remembers for the whole process
//! who listens.
#![cfg(feature = "tracing")]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use sts_blocking::sts_proto::settings::Env;
use sts_blocking::{
    Builder, Client, Credentials, CredentialsError, SendTimeouts, Transport, TransportError,
    TransportErrorKind as Kind,
};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

type Fields = BTreeMap<String, String>;

/// Keeps the fields of spans and events.
#[derive(Clone, Default)]
struct Everything {
    span: Arc<Mutex<Fields>>,
    events: Arc<Mutex<Vec<(Level, Fields)>>>,
}

impl Subscriber for Everything {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("sts_blocking")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = self.span.lock().unwrap();
        fields.insert("name".to_owned(), span.metadata().name().to_owned());
        span.record(&mut Collect(&mut fields));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Collect(&mut self.span.lock().unwrap()));
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::new();
        event.record(&mut Collect(&mut fields));
        self.events.lock().unwrap().push((*event.metadata().level(), fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Collect<'a>(&'a mut Fields);

impl Visit for Collect<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

/// Answers with these, one after the other: a status and a body, or nothing.
struct Scripted(AtomicUsize, &'static [Option<(u16, &'static str)>]);

impl Transport for Scripted {
    fn send(
        &self,
        _: http::Request<Bytes>,
        _: SendTimeouts,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let (status, body) = self.1[self.0.fetch_add(1, Ordering::Relaxed)].ok_or(Kind::Closed)?;
        let response = http::Response::builder().status(status).header("x-amzn-requestid", "req-1");
        Ok(response.body(Bytes::from_static(body.as_bytes())).unwrap())
    }
}

const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>AIDA</UserId>\
    <Account>0123</Account><Arn>arn:aws:iam::0123:user/a</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>";

const REFUSED: &str = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no planted-secret</Message></Error>\
    <RequestId>req-1</RequestId></ErrorResponse>";

fn watch(script: &'static [Option<(u16, &'static str)>]) -> (Fields, Vec<(Level, Fields)>) {
    let all = Everything::default();
    let sts = Client::builder()
        .region("eu-west-1")
        .endpoint_url("http://sts.example.com:4566")
        .credentials(Credentials::new("AKIDEXAMPLE", "planted-secret").with_session_token("planted-token"))
        .transport(Scripted(AtomicUsize::new(0), script))
        .build()
        .unwrap();
    let _ = tracing::subscriber::with_default(all.clone(), || sts.get_caller_identity());
    let (span, events) = (all.span.lock().unwrap().clone(), all.events.lock().unwrap().clone());
    let shown = format!("{span:?} {events:?}");
    assert!(!shown.contains("planted") && !shown.contains("AKID"), "{shown}");
    (span, events)
}

fn has(fields: &Fields, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(fields.get(*name).map(String::as_str), Some(*value), "{name} in {fields:?}");
    }
}

#[test]
fn calls_are_seen_and_secrets_are_not() {
    a_span_for_the_call_and_an_event_for_each_attempt();
    a_refusal_has_its_code();
    fetches_are_seen_those_in_the_background_too();
    credentials_that_are_kept_in_use_are_a_warning();
}

fn a_span_for_the_call_and_an_event_for_each_attempt() {
    let (span, events) = watch(&[None, Some((503, "")), Some((200, IDENTITY))]);
    has(
        &span,
        &[
            ("name", "sts.call"),
            ("otel.name", "STS/GetCallerIdentity"),
            ("otel.kind", "client"),
            ("rpc.system", "aws-api"),
            ("rpc.service", "STS"),
            ("rpc.method", "GetCallerIdentity"),
            ("server.address", "sts.example.com"),
            ("server.port", "4566"),
            ("http.response.status_code", "200"),
            ("aws.request_id", "req-1"),
            ("sts.attempts", "3"),
        ],
    );
    assert!(!span.contains_key("error.type"));
    let [(first, closed), (second, unavailable), (third, fine)] = &events[..] else { panic!("{events:?}") };
    assert_eq!([*first, *second, *third], [Level::WARN, Level::WARN, Level::DEBUG]);
    has(closed, &[("attempt", "1"), ("error.type", "closed"), ("retry.class", "transient")]);
    assert!(closed["retry.wait_ms"].parse::<u64>().unwrap() <= 50);
    assert!(!closed.contains_key("http.response.status_code"));
    has(unavailable, &[("attempt", "2"), ("error.type", "503"), ("http.response.status_code", "503")]);
    has(fine, &[("attempt", "3"), ("http.response.status_code", "200"), ("message", "attempt succeeded")]);
}

fn a_refusal_has_its_code() {
    let (span, events) = watch(&[Some((403, REFUSED))]);
    has(
        &span,
        &[("error.type", "AccessDenied"), ("http.response.status_code", "403"), ("sts.attempts", "1")],
    );
    let [(Level::WARN, event)] = &events[..] else { panic!("{events:?}") };
    has(event, &[("error.type", "AccessDenied"), ("retry.class", "never"), ("attempt", "1")]);
    assert!(!event.contains_key("retry.wait_ms"));
}

fn fetches_are_seen_those_in_the_background_too() {
    let all = Everything::default();
    let asked = AtomicUsize::new(0);
    let provider = move || match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Ok(Credentials::new("ASIAEXAMPLE", "planted-secret")
            .with_session_token("planted-token")
            .with_expiration(SystemTime::now() + Duration::from_secs(2))),
        _ => Err(CredentialsError::new("the vault", "it is sealed").into()),
    };
    let sts = Client::builder().region("eu-west-1").credentials_provider(provider).build().unwrap();
    tracing::subscriber::with_default(all.clone(), || {
        while all.events.lock().unwrap().len() < 4 {
            let _ = sts.credentials();
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let events = all.events.lock().unwrap().clone();
    assert!(!format!("{events:?}").contains("planted"), "{events:?}");
    let (levels, events): (Vec<_>, Vec<_>) = events.into_iter().unzip();
    assert_eq!(levels[..4], [Level::DEBUG, Level::DEBUG, Level::DEBUG, Level::WARN]);
    has(&events[0], &[("message", "fetching credentials"), ("background", "false")]);
    has(&events[1], &[("message", "fetched credentials"), ("background", "false")]);
    assert!(events[1]["credentials"].starts_with("access key …MPLE, valid for "), "{events:?}");
    has(&events[2], &[("message", "fetching credentials"), ("background", "true")]);
    has(
        &events[3],
        &[
            ("message", "fetching credentials failed"),
            ("background", "true"),
            ("retry.class", "never"),
            ("error", "no credentials from the vault: it is sealed"),
        ],
    );
}

/// An instance's metadata that has nothing newer than what has expired.
struct Unwell;

impl Transport for Unwell {
    fn send(
        &self,
        request: http::Request<Bytes>,
        _: SendTimeouts,
    ) -> Result<http::Response<Bytes>, TransportError> {
        Ok(http::Response::new(Bytes::from_static(match request.uri().path() {
            path if path.ends_with("/token") => b"token",
            path if path.ends_with("/role") => EXPIRED,
            _ => b"role",
        })))
    }
}

const EXPIRED: &[u8] = br#"{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"ASIAEXAMPLE",
    "SecretAccessKey":"planted-secret","Token":"planted-token","Expiration":"2020-01-01T00:00:00Z"}"#;

fn credentials_that_are_kept_in_use_are_a_warning() {
    let all = Everything::default();
    let env =
        [("AWS_CONFIG_FILE", "/nowhere/config"), ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials")];
    let sts = Builder::from_snapshot(Env::from_iter(env)).unwrap().region("eu-west-1").transport(Unwell);
    let sts = sts.build().unwrap();
    tracing::subscriber::with_default(all.clone(), || sts.credentials().unwrap());
    let events = all.events.lock().unwrap().clone();
    assert!(!format!("{events:?}").contains("planted"), "{events:?}");
    let [_, (Level::WARN, kept), (Level::DEBUG, _)] = &events[..] else { panic!("{events:?}") };
    assert!(kept["message"].contains("kept in use"), "{kept:?}");
    assert!(kept["credentials"].starts_with("access key …MPLE, valid for "), "{kept:?}");
}
