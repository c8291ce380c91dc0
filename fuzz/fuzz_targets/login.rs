//! Any files and answers for the flow that renews a login and writes it back: it ends, and what it writes is JSON that it
//! reads itself, in which nothing is lost that another program wrote.
//!
//! The first byte chooses the kind of login, and how each effect ends. The rest has three parts, separated by a byte 0xFF: the
//! file at first, the answer of the service, and the file later. `@` in a file stands for a private key.

#![no_main]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Response;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sts_proto::credentials::{Chain, Resolve};
use sts_proto::settings::{Env, Profiles};
use sts_proto::{Context, Effect, Error, Event, Flow, Settings, Step, TransportErrorKind};

fuzz_target!(|data: &[u8]| {
    let [kind, rest @ ..] = data else { return };
    let parts: Vec<&[u8]> = rest.splitn(3, |byte| *byte == 0xff).collect();
    let [first, answer, later] = parts[..] else { return };
    let files = [first, later].map(|file| String::from_utf8_lossy(file).replace('@', KEY).into_bytes());
    let of_sso = kind & 1 == 1;
    let (found, written) = run(of_sso, *kind, &files, answer);
    let Some(written) = written else { return };
    let json: Value = serde_json::from_str(&written).expect("what is written is JSON");
    let kept = |file: &Vec<u8>| {
        // A byte order mark is passed over.
        let file = file.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file);
        serde_json::from_slice(file).is_ok_and(|file| is_kept(&file, &json, of_sso))
    };
    assert!(files.iter().any(kept), "something is lost: {written}");
    // Whatever came of writing it, it is what the next program reads.
    let again = run(of_sso, 0, &[(); 2].map(|()| written.clone().into_bytes()), b"");
    if let (Some(found), false) = (found, of_sso) {
        assert_eq!(again.0.as_ref(), Some(&found), "{written}");
    }
});

/// The access key id that comes of it, and what is written.
fn run(of_sso: bool, kind: u8, files: &[Vec<u8>; 2], answer: &[u8]) -> (Option<String>, Option<String>) {
    let mut profiles = Profiles::default();
    match of_sso {
        true => {
            let role = [("sso_session", "s"), ("sso_account_id", "123456789012"), ("sso_role_name", "r")];
            profiles.insert_profile("default", role);
            profiles.insert_sso_session("s", [("sso_region", "eu-west-1"), ("sso_start_url", "https://h")]);
        }
        false => profiles.insert_profile("default", [("login_session", "me"), ("region", "eu-west-1")]),
    }
    let chain = Chain::profile(&Env::from_iter([("HOME", "/h")]), &profiles, "default");
    let context = Context::new(&Settings::new().region("eu-west-1"), "fuzz/0").expect("a valid region");
    let mut flow = Resolve::new(Arc::new(chain), Arc::new(context), 7);
    let mut now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let (mut event, mut reads, mut written) = (Event::Start, 0, None);
    for _ in 0..100 {
        let effect = match flow.step(now, event) {
            Ok(Step::Perform(effect)) => effect,
            Ok(Step::Done(resolved)) => {
                assert!(resolved.credentials.expiration.is_some_and(|end| end > now), "it has expired");
                return (Some(resolved.credentials.access_key_id), written);
            }
            Err(error) => {
                let text = error.to_string();
                assert!(
                    !text.contains('\n') && text.len() < 64 * 1024,
                    "an error must be one short line: {text:?}"
                );
                assert!(matches!(flow.step(now, Event::Start), Err(Error::OutOfTurn)));
                return (None, written);
            }
        };
        event = match effect {
            Effect::Read(path) => {
                assert!(path.starts_with("/h/.aws") && path.extension() == Some("json".as_ref()));
                let file = usize::from(reads > usize::from(kind >> 4 & 3));
                reads += 1;
                match kind & 2 == 2 && reads == 3 {
                    true => Event::Contents(None),
                    false => Event::Contents(Some(Bytes::copy_from_slice(&files[file]))),
                }
            }
            Effect::Replace(path, contents) => {
                assert!(path.starts_with(Path::new("/h/.aws")) && written.is_none(), "it is written once");
                written = Some(contents.expose().to_owned());
                match kind & 4 == 4 {
                    true => Event::Failed(TransportErrorKind::Other.into()),
                    false => Event::Replaced,
                }
            }
            Effect::Send(request, _) => {
                let portal = request.uri().path().ends_with("/credentials");
                let refused = kind & 8 == 8 && !portal;
                let body = if portal { ROLE.as_bytes() } else { answer };
                let mut response = Response::new(Bytes::copy_from_slice(body));
                if refused {
                    *response.status_mut() = http::StatusCode::BAD_REQUEST;
                }
                if !portal {
                    assert!(serde_json::from_slice::<Value>(request.body()).is_ok(), "what is sent is JSON");
                    assert_eq!(request.headers().contains_key("dpop"), !of_sso);
                }
                Event::Response(response)
            }
            Effect::Wait(wait) => {
                now += wait;
                Event::Elapsed
            }
            effect => panic!("a login must not ask for {effect:?}"),
        };
    }
    panic!("the flow does not end");
}

/// Whether all members of a file that are not this client's are in another.
fn is_kept(before: &Value, after: &Value, of_sso: bool) -> bool {
    let ours: &[&str] = match of_sso {
        true => &["accessToken", "expiresAt", "refreshToken", "region"],
        false => &["accessToken", "refreshToken"],
    };
    let keys = ["accessKeyId", "secretAccessKey", "sessionToken", "expiresAt"];
    let same = |before: &Value, after: &Value, ours: &[&str]| {
        let members = before.as_object().into_iter().flatten();
        members
            .filter(|(name, _)| !ours.contains(&name.as_str()))
            .all(|(name, value)| after.get(name) == Some(value))
    };
    same(before, after, ours) && (of_sso || same(&before["accessToken"], &after["accessToken"], &keys))
}

const ROLE: &str = r#"{"roleCredentials":{"accessKeyId":"a","secretAccessKey":"s","sessionToken":"t","expiration":1800000000000}}"#;
/// Made for tests.
const KEY: &str = "-----BEGIN EC PRIVATE KEY-----\\nMHcCAQEEINgJsfoMn5NmrX2lSBFyPwPHx2wjdpaTb7/DnmJk0WYIoAoGCCqGSM49\\nAwEHoUQDQgAEwGZ4738OtPyA4oY0iHSM7oLyA5ykNMzuQFaWWBG4L0NwRaw9KBfR\\n4V4WDfsapNz4mVzvHBix5v5RqRbGfq6wpw==\\n-----END EC PRIVATE KEY-----\\n";
