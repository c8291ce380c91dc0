//! Any entry of the AWS CLI's cache, and any role: a session is used only if an independent reader finds the same one there,
//! and nothing in the cache stops a call. What is written in its place is what the next client uses. Names of files differ
//! where the roles do.
//!
//! The first byte chooses what comes of reading and writing. The rest has five parts, separated by a byte 0xFF: the entry, then
//! the role's ARN, the name of the session, the external id and a policy.

#![no_main]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Response;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sts_proto::credentials::cli_cache::role_file;
use sts_proto::credentials::{Chain, CliCache, Resolve, Resolved};
use sts_proto::operations::AssumeRole;
use sts_proto::settings::{Env, Profiles};
use sts_proto::{Context, Effect, Error, Event, Flow, Settings, Step, TransportErrorKind};

fuzz_target!(|data: &[u8]| {
    let [kind, rest @ ..] = data else { return };
    let parts: Vec<&[u8]> = rest.splitn(5, |byte| *byte == 0xff).collect();
    let [entry, arn, name, external_id, policy] = parts[..] else { return };
    names([arn, name, external_id, policy].map(String::from_utf8_lossy).map(Into::into));
    let (found, written) = run(*kind, entry);
    match &written {
        None => is_held(&found, entry),
        Some(written) => {
            assert_eq!(found.credentials.access_key_id, "ASIASERVICE");
            let (again, anew) = run(0, written.as_bytes());
            assert!(anew.is_none(), "what was written is not used: {written}");
            assert!(again.credentials.same_keys(&found.credentials), "{written}");
            is_held(&again, written.as_bytes());
        }
    }
});

/// What a client gets that shares the cache, and the entry that it writes.
fn run(kind: u8, entry: &[u8]) -> (Resolved, Option<String>) {
    let mut profiles = Profiles::default();
    profiles.insert_profile("base", [("aws_access_key_id", "AKID"), ("aws_secret_access_key", "s")]);
    let role = [("role_arn", "arn:aws:iam::123456789012:role/r"), ("source_profile", "base")];
    profiles.insert_profile("default", role);
    let chain = Chain::profile(&Env::from_iter([("HOME", "/h")]), &profiles, "default");
    let context = Context::new(&Settings::new().region("eu-west-1"), "fuzz/0").expect("a valid region");
    let cache = CliCache::new("/h/.aws/cli/cache");
    let mut flow = Resolve::new(Arc::new(chain), Arc::new(context), 7).cli_cache(Some(cache));
    let (mut event, mut file, mut written) = (Event::Start, None::<PathBuf>, None);
    for _ in 0..10 {
        let effect = match flow.step(now(), event) {
            Ok(Step::Perform(effect)) => effect,
            Ok(Step::Done(resolved)) => {
                assert!(matches!(flow.step(now(), Event::Start), Err(Error::OutOfTurn)));
                return (resolved, written);
            }
            Err(error) => panic!("nothing in the cache stops a call: {error}"),
        };
        event = match effect {
            Effect::Read(path) => {
                assert!(path.starts_with("/h/.aws/cli/cache") && file.is_none(), "{path:?} is read");
                file = Some(path);
                match kind & 3 {
                    3 => Event::Contents(None),
                    2 => Event::Failed(TransportErrorKind::Other.into()),
                    _ => Event::Contents(Some(Bytes::copy_from_slice(entry))),
                }
            }
            Effect::Replace(path, contents) => {
                assert_eq!(file, Some(path));
                written = Some(contents.expose().to_owned());
                match kind & 4 {
                    4 => Event::Failed(TransportErrorKind::Other.into()),
                    _ => Event::Replaced,
                }
            }
            Effect::Send(..) => Event::Response(Response::new(Bytes::from_static(SESSION.as_bytes()))),
            effect => panic!("a role must not ask for {effect:?}"),
        };
    }
    panic!("the flow does not end");
}

/// Whether an entry has these credentials, and for a quarter of an hour.
fn is_held(found: &Resolved, entry: &[u8]) {
    let json: Value = serde_json::from_slice(entry).expect("an entry that is used is JSON");
    let keys = &json["Credentials"];
    let found = &found.credentials;
    assert_eq!(keys["AccessKeyId"], found.access_key_id);
    assert_eq!(keys["SecretAccessKey"], found.secret_access_key.expose());
    assert_eq!(keys["SessionToken"], found.session_token.as_ref().expect("a session has one").expose());
    let end = found.expiration.expect("a session has an end");
    assert!(end >= now() + Duration::from_secs(900), "it ends too soon");
    assert!(keys["Expiration"].is_string());
}

/// Roles that differ in one text have different names, and equal ones the same.
fn names(texts: [String; 4]) {
    let name = |[arn, name, external_id, policy]: &[String; 4]| {
        let role = AssumeRole::new(arn.as_str(), name.as_str());
        role_file(&role.external_id(external_id.as_str()).policy(policy.as_str()), true)
    };
    let Some(file) = name(&texts) else {
        assert!(serde_json::from_str::<Value>(&texts[3]).is_err(), "a policy is not read: {:?}", texts[3]);
        return;
    };
    let digits = file.strip_suffix(".json").expect("the AWS CLI's end");
    assert!(digits.len() == 40 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{file}");
    assert_eq!(name(&texts).as_ref(), Some(&file));
    for index in 0..3 {
        let mut other = texts.clone();
        other[index].push('x');
        assert_ne!(name(&other).as_ref(), Some(&file), "{index}");
    }
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

const SESSION: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIASERVICE</AccessKeyId>\
    <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2090-01-31T12:00:00Z</Expiration>\
    </Credentials></AssumeRoleResult></AssumeRoleResponse>";
