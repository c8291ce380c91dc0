//! Any bytes as the document that a source of credentials gives: reading ends and never panics, and credentials hold
//! what is in the document.
//!
//! The first byte chooses the source; the rest is what the program prints, the endpoint answers or the file holds.

#![no_main]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Response;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sts_fuzz::dates;
use sts_proto::credentials::{Chain, Resolve};
use sts_proto::flow::ProcessOutput;
use sts_proto::settings::{Env, Profiles};
use sts_proto::{Context, Credentials, Effect, Error, Event, Flow, Settings, Step};

fuzz_target!(|data: &[u8]| {
    let [source, document @ ..] = data else { return };
    let source = SOURCES[usize::from(*source) % SOURCES.len()];
    match read(source, document) {
        Ok(credentials) => compare(source, document, &credentials),
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains('\n') && text.len() < 4096, "an error is one short line: {text:?}");
            assert!(format!("{error:?}").len() < 64 * 1024, "debug is bounded");
        }
    }
});

#[derive(Clone, Copy, PartialEq)]
enum Source {
    Process,
    Container,
    InstanceMetadata,
    Login,
    Portal,
}

const SOURCES: [Source; 5] =
    [Source::Process, Source::Container, Source::InstanceMetadata, Source::Login, Source::Portal];

fn read(source: Source, document: &[u8]) -> Result<Credentials, Error> {
    let context = Context::new(&Settings::new().region("eu-west-1"), "fuzz/0").expect("it is a region");
    let mut flow = Resolve::new(Arc::new(chain(source)), Arc::new(context), 7);
    let mut event = Event::Start;
    for _ in 0..50 {
        event = match flow.step(now(), event)? {
            Step::Done(resolved) => return Ok(resolved.credentials),
            Step::Perform(effect) => answer(source, &effect, document),
        };
    }
    panic!("the flow does not end");
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

const LONGEST_EXTENSION: Duration = Duration::from_secs(15 * 60);

fn chain(source: Source) -> Chain {
    let (mut profiles, mut variables) = (Profiles::default(), vec![("HOME", "/h")]);
    let sso = [
        ("sso_start_url", "https://x.awsapps.com/start"),
        ("sso_region", "eu-west-1"),
        ("sso_account_id", "123456789012"),
        ("sso_role_name", "role"),
    ];
    match source {
        Source::Process => profiles.insert_profile("default", [("credential_process", "tool")]),
        Source::Container => variables.push(("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/c")),
        Source::InstanceMetadata => {}
        Source::Login | Source::Portal => profiles.insert_profile("default", sso),
    }
    Chain::new(&Env::from_iter(variables), &profiles, None)
}

fn answer(source: Source, effect: &Effect, document: &[u8]) -> Event {
    let document = Bytes::copy_from_slice(document);
    match effect {
        Effect::Run(_) => Event::Exited(ProcessOutput { status: Some(0), stdout: document }),
        Effect::Read(_) if source == Source::Login => Event::Contents(Some(document)),
        Effect::Read(_) => Event::Contents(Some(Bytes::from_static(
            br#"{"accessToken":"t","expiresAt":"2030-01-01T00:00:00Z"}"#,
        ))),
        Effect::Send(request, _) => Event::Response(Response::new(match (source, request.uri().path()) {
            (Source::InstanceMetadata, path) if path.ends_with("/token") => Bytes::from_static(b"t"),
            (Source::InstanceMetadata, path) if path.ends_with("/security-credentials/") => {
                Bytes::from_static(b"role")
            }
            (Source::Login, _) => Bytes::from_static(
                br#"{"roleCredentials":{"accessKeyId":"a","secretAccessKey":"s","sessionToken":"t","expiration":1800000000000}}"#,
            ),
            _ => document,
        })),
        Effect::Wait(_) => Event::Elapsed,
        Effect::AskMfaCode(_) => panic!("no source asks for a code"),
    }
}

fn compare(source: Source, document: &[u8], credentials: &Credentials) {
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    let value: Value = serde_json::from_slice(document).expect("credentials come from a document");
    let (of, names) = match source {
        Source::Process => (&value, ["AccessKeyId", "SecretAccessKey", "SessionToken"]),
        Source::Container | Source::InstanceMetadata => (&value, ["AccessKeyId", "SecretAccessKey", "Token"]),
        Source::Portal => (&value["roleCredentials"], ["accessKeyId", "secretAccessKey", "sessionToken"]),
        Source::Login => return assert!(value["accessToken"].is_string() && value["expiresAt"].is_string()),
    };
    let [id, secret, token] = names.map(|name| of[name].as_str());
    assert_eq!(Some(credentials.access_key_id.as_str()), id);
    assert_eq!(Some(credentials.secret_access_key.expose()), secret);
    assert_eq!(
        credentials.session_token.as_ref().map(|token| token.expose()),
        token.filter(|it| !it.is_empty())
    );
    let account = match source {
        Source::Portal => Some("123456789012"),
        _ => value["AccountId"].as_str().filter(|id| !id.is_empty()),
    };
    assert_eq!(credentials.account_id.as_deref(), account);
    let end = match source {
        Source::Portal => of["expiration"].as_i64().and_then(|millis| {
            dates::instant(millis.div_euclid(1000), millis.rem_euclid(1000) as u32 * 1_000_000)
        }),
        _ => of["Expiration"].as_str().and_then(dates::read),
    };
    // Not all that can be read here is read there, and the metadata service's old ones are given a longer life.
    if let Some(end) =
        end.filter(|end| source != Source::InstanceMetadata || *end > now() + LONGEST_EXTENSION)
    {
        assert_eq!(credentials.expiration, Some(end));
    }
}
