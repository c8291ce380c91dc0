//! Any bytes as a document from a source of credentials: reading ends and never panics, and the credentials
//! equal what the document contains.
//!
//! The first byte chooses the source; the rest is the program's output, the endpoint's response or the file's
//! contents.

#![no_main]

use std::time::Duration;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sts_fuzz::dates;
use sts_fuzz::readers::{SOURCES, Source, now};
use sts_proto::Credentials;

fuzz_target!(|data: &[u8]| {
    let [source, document @ ..] = data else { return };
    let source = SOURCES[usize::from(*source) % SOURCES.len()];
    match source.resolve(Bytes::copy_from_slice(document)) {
        Ok(credentials) => compare(source, document, &credentials),
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains('\n') && text.len() < 4096, "an error must be one short line: {text:?}");
            assert!(format!("{error:?}").len() < 64 * 1024, "debug is bounded");
        }
    }
});

const MAX_EXTENSION: Duration = Duration::from_secs(15 * 60);

fn compare(source: Source, document: &[u8], credentials: &Credentials) {
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    let value: Value = serde_json::from_slice(document).expect("credentials come from a document");
    let (of, names) = match source {
        Source::Process => (&value, ["AccessKeyId", "SecretAccessKey", "SessionToken"]),
        Source::Container | Source::InstanceMetadata => (&value, ["AccessKeyId", "SecretAccessKey", "Token"]),
        Source::Portal => (&value["roleCredentials"], ["accessKeyId", "secretAccessKey", "sessionToken"]),
        Source::RolesAnywhere => {
            (&value["credentialSet"][0]["credentials"], ["accessKeyId", "secretAccessKey", "sessionToken"])
        }
        Source::Login => return assert!(value["accessToken"].is_string() && value["expiresAt"].is_string()),
    };
    let [id, secret, token] = names.map(|name| of[name].as_str());
    assert_eq!(Some(credentials.access_key_id.as_str()), id);
    assert_eq!(Some(credentials.secret_access_key.expose()), secret);
    assert_eq!(
        credentials.session_token.as_ref().map(|token| token.expose()),
        token.filter(|it| !it.is_empty())
    );
    let account = match (source, &value["AccountId"]) {
        (Source::Portal | Source::RolesAnywhere, _) => Some("123456789012".to_owned()),
        (_, Value::String(id)) => Some(id.clone()).filter(|id| !id.is_empty()),
        // Some programs write it so.
        (_, id) => id.as_i64().map(|id| id.to_string()),
    };
    assert_eq!(credentials.account_id, account);
    let end = match source {
        Source::Portal => of["expiration"].as_i64().and_then(|millis| {
            dates::instant(millis.div_euclid(1000), millis.rem_euclid(1000) as u32 * 1_000_000)
        }),
        Source::RolesAnywhere => of["expiration"].as_str().and_then(dates::read),
        _ => of["Expiration"].as_str().and_then(dates::read),
    };
    // The other reader cannot read every date that this one can, and expired credentials from the metadata
    // service get a longer lifetime.
    if let Some(end) = end.filter(|end| source != Source::InstanceMetadata || *end > now() + MAX_EXTENSION) {
        assert_eq!(credentials.expiration, Some(end));
    }
}
