//! Fetches of credentials.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use serde_json::json;
use sts_proto::{Credentials, CredentialsError};
use sts_tests::driver::{Setup, through_both};
use sts_tests::home::Home;
use sts_tests::peer::{Peer, answer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
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

pub(super) fn a_login_that_was_renewed_is_told() {
    for (status, level, message) in [
        (200, Level::DEBUG, "renewed a login"),
        // The old token is used, since it has not ended.
        (500, Level::WARN, "a login could not be renewed or written"),
    ] {
        let mut told = Vec::new();
        through_both(|make| {
            let home = Home::with_config(
                "[default]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Reader\nmax_attempts = 1\n\
                 [sso-session corp]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\n",
            );
            let ends =
                OffsetDateTime::from(SystemTime::now() + Duration::from_secs(200)).format(&Rfc3339).unwrap();
            std::fs::create_dir_all(home.path(".aws/sso/cache")).unwrap();
            home.write(
                ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json",
                json!({
                    "accessToken": "planted-t0", "expiresAt": ends, "refreshToken": "planted-r0",
                    "clientId": "c", "clientSecret": "planted-s", "registrationExpiresAt": "2100-01-01T00:00:00Z",
                })
                .to_string(),
            );
            let peer = Peer::new(move |request| match request.uri().path() {
                "/token" => answer(status, r#"{"accessToken":"planted-t1","expiresIn":3600}"#),
                _ => answer(
                    200,
                    r#"{"roleCredentials":{"accessKeyId":"ASIAEXAMPLE","secretAccessKey":"planted-secret",
                        "sessionToken":"planted-token","expiration":4000000000000}}"#,
                ),
            });
            let sts = make(&Setup::of_environment(home.variables(&[])).transport(&peer)).unwrap();
            let keeper = Keeper::default();
            with_default(keeper.clone(), || sts.credentials()).unwrap();
            let (_, mut events) = taken(&keeper);
            let is_of_login = |event: &Told| event.fields.contains_key("outcome");
            events.retain(is_of_login);
            for event in &mut events {
                let outcome = event.fields.insert("outcome", String::new()).unwrap();
                assert!(outcome.contains("renew") && !outcome.contains("planted"), "{outcome}");
            }
            told.push(events);
        });
        let expected = event(level, &[("outcome", ""), ("message", message)]);
        assert_eq!(same(told), [Told { span: None, ..expected }]);
    }
}

const EXPIRED: &str = r#"{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"ASIAEXAMPLE",
    "SecretAccessKey":"planted-secret","Token":"planted-token","Expiration":"2020-01-01T00:00:00Z"}"#;
