//! Fetches of credentials.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use sts_proto::{Credentials, CredentialsError};
use sts_tests::driver::{Setup, through_both};
use sts_tests::peer::{Peer, answer};
use tracing::{Level, info_span, subscriber::with_default};

use super::subscriber::{Keeper, Told};
use super::{OUTER, event, same, setup, taken};

/// A client whose provider gives credentials for two seconds, and nothing after that.
fn sealed_after_the_first(sts: Setup) -> Setup {
    let asked = Arc::new(AtomicUsize::new(0));
    sts.provider(move || match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Ok(Credentials::new("ASIAEXAMPLE", "planted-secret")
            .with_session_token("planted-token")
            .with_expiration(SystemTime::now() + Duration::from_secs(2))),
        _ => Err(CredentialsError::new("the vault", "it is sealed").into()),
    })
}

pub(super) fn fetches_in_the_foreground_and_in_the_background() {
    let mut told = Vec::new();
    through_both(|make| {
        let keeper = Keeper::default();
        let sts = make(&sealed_after_the_first(setup(&Peer::sts()))).unwrap();
        with_default(keeper.clone(), || {
            info_span!(target: "sts_tests", "outer").in_scope(|| {
                while keeper.kept().events.len() < 4 {
                    let _ = sts.credentials();
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
        });
        let (_, mut events) = taken(&keeper);
        events.truncate(4);
        let shown = events[1].fields.insert("credentials", String::new()).unwrap();
        assert!(shown.starts_with("access key …MPLE, valid for "), "{shown}");
        told.push(events);
    });
    let event = |level, span, of: &[_]| Told { span, ..event(level, of) };
    // What is done in the background outlasts the span in which it begins.
    let expected = [
        event(Level::DEBUG, Some(OUTER), &[("background", "false"), ("message", "fetching credentials")]),
        event(
            Level::DEBUG,
            Some(OUTER),
            &[("background", "false"), ("credentials", ""), ("message", "fetched credentials")],
        ),
        event(Level::DEBUG, None, &[("background", "true"), ("message", "fetching credentials")]),
        event(
            Level::WARN,
            None,
            &[
                ("background", "true"),
                ("error", "no credentials from the vault: it is sealed"),
                ("message", "fetching credentials failed"),
                ("retry.class", "never"),
            ],
        ),
    ];
    assert_eq!(same(told), expected);
}

pub(super) fn credentials_that_are_kept_in_use_are_a_warning() {
    let mut told = Vec::new();
    through_both(|make| {
        // The metadata of an instance that has nothing newer than what has expired.
        let peer = Peer::new(|request| match request.uri().path() {
            path if path.ends_with("/token") => answer(200, "token"),
            path if path.ends_with("/role") => answer(200, EXPIRED),
            _ => answer(200, "role"),
        });
        let env =
            [("AWS_CONFIG_FILE", "/nowhere/config"), ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials")];
        let sts = make(&Setup::of_environment(env).region("eu-west-1").transport(&peer)).unwrap();
        let keeper = Keeper::default();
        with_default(keeper.clone(), || sts.credentials()).unwrap();
        let (spans, mut events) = taken(&keeper);
        assert!(spans.is_empty());
        assert_eq!(events.len(), 3);
        for event in &mut events[1..] {
            let shown = event.fields.insert("credentials", String::new()).unwrap();
            assert!(shown.starts_with("access key …MPLE, valid for "), "{shown}");
        }
        told.push(events);
    });
    let events = same(told);
    assert_eq!((events[1].level, events[2].level), (Level::WARN, Level::DEBUG));
    assert!(events[1].fields["message"].contains("kept in use"), "{events:?}");
    assert_eq!(events[2].fields["message"], "fetched credentials");
}

const EXPIRED: &str = r#"{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"ASIAEXAMPLE",
    "SecretAccessKey":"planted-secret","Token":"planted-token","Expiration":"2020-01-01T00:00:00Z"}"#;
