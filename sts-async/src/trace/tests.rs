use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use sts_proto::{Credentials, SendTimeouts, TransportError, TransportErrorKind};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber, subscriber};

use crate::operations::AssumeRole;
use crate::{Client, Transport, TransportFuture};

type Fields = BTreeMap<&'static str, String>;
type Spans = Vec<(&'static str, Level, Fields)>;
type Events = Vec<(Level, Fields)>;

/// Keeps what it is told of this crate.
#[derive(Default)]
struct Kept {
    spans: Spans,
    events: Events,
    /// The span that is entered; an event outside has none.
    inside: Option<u64>,
    entered_twice: bool,
}

#[derive(Clone, Default)]
struct Keeper(Arc<Mutex<Kept>>, Arc<AtomicU64>);

/// Where fields go.
struct Into<'a>(&'a mut Fields);

impl Visit for Into<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Subscriber for Keeper {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("sts_async")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::new();
        span.record(&mut Into(&mut fields));
        let metadata = span.metadata();
        self.0.lock().unwrap().spans.push((metadata.name(), *metadata.level(), fields));
        Id::from_u64(self.1.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let index = usize::try_from(span.into_u64()).unwrap() - 1;
        values.record(&mut Into(&mut self.0.lock().unwrap().spans[index].2));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::new();
        event.record(&mut Into(&mut fields));
        let mut kept = self.0.lock().unwrap();
        assert!(kept.inside.is_some(), "outside of its span: {fields:?}");
        kept.events.push((*event.metadata().level(), fields));
    }

    fn enter(&self, span: &Id) {
        let mut kept = self.0.lock().unwrap();
        kept.entered_twice |= kept.inside.replace(span.into_u64()).is_some();
    }

    fn exit(&self, span: &Id) {
        let mut kept = self.0.lock().unwrap();
        kept.entered_twice |= kept.inside.take() != Some(span.into_u64());
    }
}

/// Answers with these in turn, each after a moment in which other tasks run.
struct Script(Mutex<VecDeque<Result<http::Response<Bytes>, TransportError>>>);

impl Transport for Script {
    fn send(&self, _: http::Request<Bytes>, _: SendTimeouts) -> TransportFuture<'_> {
        Box::pin(async {
            tokio::task::yield_now().await;
            self.0.lock().unwrap().pop_front().unwrap()
        })
    }
}

fn answer(status: u16, body: &'static str) -> Result<http::Response<Bytes>, TransportError> {
    Ok(http::Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).unwrap())
}

fn client(script: impl IntoIterator<Item = Result<http::Response<Bytes>, TransportError>>) -> Client {
    let mut credentials = Credentials::new("AKID", "planted-secret-key");
    credentials.session_token = Some("planted-session-token".into());
    Client::builder()
        .region("eu-west-1")
        .credentials(credentials)
        .transport(Script(Mutex::new(script.into_iter().collect())))
        .build()
        .unwrap()
}

fn role() -> AssumeRole {
    AssumeRole::new("arn:aws:iam::123456789012:role/demo", "planted-name")
        .external_id("planted-external-id")
        .token_code("planted-code")
}

const REFUSED: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\
    <Message>planted-external-id and planted-secret-key</Message></Error><RequestId>r-9</RequestId></ErrorResponse>";
const THROTTLED: &str =
    "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code></Error></ErrorResponse>";
const ROLE: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>planted-id</AccessKeyId>\
    <SecretAccessKey>planted-key</SecretAccessKey><SessionToken>planted-token</SessionToken>\
    <Expiration>2026-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser><Arn>a</Arn>\
    <AssumedRoleId>b</AssumedRoleId></AssumedRoleUser></AssumeRoleResult>\
    <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></AssumeRoleResponse>";

/// What is kept of two calls at once with this script.
fn kept_of(script: impl Fn() -> Vec<Result<http::Response<Bytes>, TransportError>>) -> (Spans, Events) {
    let keeper = Keeper::default();
    subscriber::with_default(keeper.clone(), || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let call = || {
                let client = client(script());
                tokio::spawn(async move { drop(client.assume_role(role()).await) })
            };
            let (one, two) = (call(), call());
            one.await.unwrap();
            two.await.unwrap();
        });
    });
    let kept = std::mem::take(&mut *keeper.0.lock().unwrap());
    assert!(!kept.entered_twice && kept.inside.is_none());
    assert!(!format!("{:?} {:?}", kept.spans, kept.events).contains("planted"), "{:?}", kept.events);
    assert_eq!(kept.spans.len(), 2);
    (kept.spans, kept.events)
}

fn fields(of: &[(&'static str, &str)]) -> Fields {
    of.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

const PLACE: [(&str, &str); 7] = [
    ("otel.kind", "client"),
    ("otel.name", "STS/AssumeRole"),
    ("rpc.method", "AssumeRole"),
    ("rpc.service", "STS"),
    ("rpc.system", "aws-api"),
    ("server.address", "sts.eu-west-1.amazonaws.com"),
    ("server.port", "443"),
];

/// Without the wait, which is random, and with whether there was one.
fn without_wait(mut event: Fields) -> (Fields, bool) {
    let wait = event.remove("retry.wait_ms").map(|wait| wait.parse::<u64>().unwrap());
    (event, wait.is_some())
}

#[test]
fn a_call_that_succeeds_after_all() {
    let refused = || Err(TransportError::new(TransportErrorKind::Refused, "planted"));
    let (spans, events) = kept_of(|| vec![refused(), answer(503, "planted"), answer(200, ROLE)]);
    for (name, level, found) in spans {
        assert_eq!((name, level), ("sts.call", Level::INFO));
        let mut expected = PLACE.to_vec();
        expected.extend([
            ("aws.request_id", "r-1"),
            ("http.response.status_code", "200"),
            ("sts.attempts", "3"),
        ]);
        assert_eq!(found, fields(&expected));
    }
    assert_eq!(events.len(), 6);
    for (level, event) in events {
        let (event, waits) = without_wait(event);
        let expected: &[_] = match &*event["attempt"] {
            "1" => &[
                ("attempt", "1"),
                ("error.type", "refused"),
                ("message", "attempt failed, will be retried"),
                ("retry.class", "transient"),
            ],
            "2" => &[
                ("attempt", "2"),
                ("error.type", "503"),
                ("http.response.status_code", "503"),
                ("message", "attempt failed, will be retried"),
                ("retry.class", "transient"),
            ],
            _ => &[("attempt", "3"), ("http.response.status_code", "200"), ("message", "attempt succeeded")],
        };
        assert_eq!(event, fields(expected));
        let failed = event.contains_key("error.type");
        assert_eq!((level, waits), (if failed { Level::WARN } else { Level::DEBUG }, failed));
    }
}

#[test]
fn a_call_that_is_refused_for_good() {
    let (spans, events) = kept_of(|| vec![answer(400, THROTTLED), answer(403, REFUSED)]);
    for (_, _, found) in spans {
        let mut expected = PLACE.to_vec();
        expected.extend([
            ("aws.request_id", "r-9"),
            ("error.type", "AccessDenied"),
            ("http.response.status_code", "403"),
            ("sts.attempts", "2"),
        ]);
        assert_eq!(found, fields(&expected));
    }
    let mut found: Vec<_> = events.into_iter().map(|(_, event)| without_wait(event)).collect();
    found.sort_by_key(|(event, _)| event["attempt"].clone());
    assert_eq!(found.len(), 4);
    assert_eq!((&*found[0].0["retry.class"], found[0].1), ("throttling", true));
    let last = fields(&[
        ("attempt", "2"),
        ("error.type", "AccessDenied"),
        ("http.response.status_code", "403"),
        ("message", "attempt failed"),
        ("retry.class", "never"),
    ]);
    assert_eq!(found[3], (last, false));
}

#[test]
fn a_call_that_never_got_an_answer() {
    let (spans, events) =
        kept_of(|| vec![Err(TransportError::new(TransportErrorKind::Tls, "planted-certificate"))]);
    assert_eq!((&*spans[0].2["error.type"], &*spans[0].2["sts.attempts"]), ("tls", "1"));
    assert!(!spans[0].2.contains_key("http.response.status_code"));
    assert_eq!((events.len(), &*events[0].1["error.type"]), (2, "tls"));
}
