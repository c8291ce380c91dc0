//! What a subscriber of `tracing` sees of credentials. One test, in a process of its own: `tracing` remembers for the
//! whole process who listens.
#![cfg(feature = "tracing")]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use sts_async::sts_proto::settings::Env;
use sts_async::{Builder, Client, Credentials, CredentialsError, SendTimeouts, Transport, TransportFuture};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber, subscriber};

type Fields = BTreeMap<&'static str, String>;
type Events = Vec<(Level, Fields)>;

/// Keeps the events.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<Events>>);

impl Subscriber for Everything {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("sts_async")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Collect(Fields::new());
        event.record(&mut fields);
        self.0.lock().unwrap().push((*event.metadata().level(), fields.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Collect(Fields);

impl Visit for Collect {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

fn fields(of: &[(&'static str, &str)]) -> Fields {
    of.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

#[test]
fn what_is_done_for_credentials_is_seen_and_they_are_not() {
    fetches_are_seen_those_in_the_background_too();
    credentials_that_are_kept_in_use_are_a_warning();
}

/// The events of what a client does for its credentials, once there are so many.
fn events_of(client: &Client, count: usize) -> Events {
    let all = Everything::default();
    subscriber::with_default(all.clone(), || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            while all.0.lock().unwrap().len() < count {
                let _ = client.credentials().await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
    });
    let events = std::mem::take(&mut *all.0.lock().unwrap());
    assert!(!format!("{events:?}").contains("planted"), "{events:?}");
    events
}

fn fetches_are_seen_those_in_the_background_too() {
    let asked = AtomicUsize::new(0);
    let provider = move || {
        let first = asked.fetch_add(1, Ordering::Relaxed) == 0;
        std::future::ready(if first {
            Ok(Credentials::new("ASIAEXAMPLE", "planted-secret")
                .with_session_token("planted-token")
                .with_expiration(SystemTime::now() + Duration::from_secs(2)))
        } else {
            Err(CredentialsError::new("the vault", "it is sealed").into())
        })
    };
    let sts = Client::builder().region("eu-west-1").credentials_provider(provider).build().unwrap();
    let (levels, events): (Vec<_>, Vec<_>) = events_of(&sts, 4).into_iter().unzip();
    assert_eq!(levels[..4], [Level::DEBUG, Level::DEBUG, Level::DEBUG, Level::WARN]);
    assert_eq!(events[0], fields(&[("background", "false"), ("message", "fetching credentials")]));
    assert_eq!((&*events[1]["background"], &*events[1]["message"]), ("false", "fetched credentials"));
    assert!(events[1]["credentials"].starts_with("access key …MPLE, valid for "), "{events:?}");
    assert_eq!(events[2], fields(&[("background", "true"), ("message", "fetching credentials")]));
    let failed = [
        ("background", "true"),
        ("error", "no credentials from the vault: it is sealed"),
        ("message", "fetching credentials failed"),
        ("retry.class", "never"),
    ];
    assert_eq!(events[3], fields(&failed));
}

/// An instance's metadata that has nothing newer than what has expired.
struct Unwell;

impl Transport for Unwell {
    fn send(&self, request: http::Request<Bytes>, _: SendTimeouts) -> TransportFuture<'_> {
        let body: &[u8] = match request.uri().path() {
            path if path.ends_with("/token") => b"token",
            path if path.ends_with("/role") => EXPIRED,
            _ => b"role",
        };
        Box::pin(async move { Ok(http::Response::new(Bytes::from_static(body))) })
    }
}

const EXPIRED: &[u8] = br#"{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"ASIAEXAMPLE",
    "SecretAccessKey":"planted-secret","Token":"planted-token","Expiration":"2020-01-01T00:00:00Z"}"#;

fn credentials_that_are_kept_in_use_are_a_warning() {
    let env =
        [("AWS_CONFIG_FILE", "/nowhere/config"), ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials")];
    let sts = Builder::from_snapshot(Env::from_iter(env)).unwrap().region("eu-west-1").transport(Unwell);
    let events = events_of(&sts.build().unwrap(), 3);
    let [_, (Level::WARN, kept), (Level::DEBUG, _)] = &events[..] else { panic!("{events:?}") };
    assert!(kept["message"].contains("kept in use"), "{kept:?}");
    assert!(kept["credentials"].starts_with("access key …MPLE, valid for "), "{kept:?}");
}
