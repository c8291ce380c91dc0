//! Any request, signed in its headers: signing never panics, changes nothing if it fails, and passes the
//! embedded STS's verifier.
//!
//! The bits of the first byte are the flags, the next four bytes are the time; then follows the request as
//! text.

#![no_main]

use std::time::{Duration, SystemTime};

use http::Request;
use libfuzzer_sys::fuzz_target;
use sts_fuzz::{request, verifier};
use sts_proto::Credentials;
use sts_proto::sigv4::{KeyCache, Scope, Signer};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fuzz_target!(|data: &[u8]| {
    let Some(([flags, time @ ..], text)) = data.split_first_chunk::<5>() else { return };
    let Some(mut request) = request::parse(text) else { return };
    let flag = |bit: u8| flags & 1 << bit != 0;
    let mut keys = Credentials::new("AKIDEXAMPLE", SECRET);
    if flag(0) {
        keys = keys.with_session_token("FwoGZXIvYXdzE+/=");
    }
    // Up to the year 9999.
    let seconds = u64::from(u32::from_le_bytes(*time)) * 59 % 253_402_300_800;
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let scope = Scope::new("eu-west-1", "sts");
    let mut signer = Signer::new(&keys, &scope, now).content_sha256(flag(1));

    // With the options of other services. The verifier does not know these, but signing must not panic.
    let other = signer.clone().normalize_path(flag(2)).double_encode(flag(3));
    let _ = other.session_token_after_signing(flag(4)).sign(&mut request.clone());

    let before = request.clone();
    let explained = signer.explain(&request);
    let mut cache = KeyCache::default();
    if flag(5) {
        signer = signer.key(cache.get(&keys, &scope, now).expect("the time has four digits"));
    }
    if let Err(error) = signer.sign(&mut request) {
        assert_eq!((request.headers(), request.uri()), (before.headers(), before.uri()));
        assert!(!error.to_string().contains('\n'));
        return;
    }
    let explained = explained.expect("a request that can be signed can be explained");
    let authorization = request.headers()["authorization"].to_str().expect("it is ASCII").to_owned();
    assert!(authorization.ends_with(&format!("Signature={}", explained.signature)));
    for name in ["authorization", "x-amz-security-token"] {
        assert!(request.headers().get(name).is_none_or(|value| value.is_sensitive()));
    }
    let mut again = request.clone();
    signer.sign(&mut again).expect("it was signed before");
    assert_eq!(again.headers(), request.headers());

    if !request::add_host(&mut request) {
        return;
    }
    if is_for_the_verifier(&request, flag(1))
        && let Err(why) = verifier::verify(&request, SECRET, "sts", now)
    {
        panic!("{why}\n{}", explained.canonical_request);
    }
});

/// Whether the signer and the verifier agree about such a request.
fn is_for_the_verifier(request: &Request<Vec<u8>>, hash_is_ours: bool) -> bool {
    // A signature in the query, or another hash of the body, has no place in this form.
    let query: Vec<_> =
        form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).collect();
    let presigned = query.iter().any(|(name, _)| name.starts_with("X-Amz-"));
    let hashed = !hash_is_ours && request.headers().contains_key("x-amz-content-sha256");
    // The signer treats header values as bytes, the verifier as text.
    let text = request.headers().values().all(|value| std::str::from_utf8(value.as_bytes()).is_ok());
    // `OPTIONS *` has no path.
    let path = request.uri().path().starts_with('/') || request.uri().path().is_empty();
    !presigned && !hashed && text && path
}
