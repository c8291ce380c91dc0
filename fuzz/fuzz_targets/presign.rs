//! Any request, signed in its query: signing never panics, changes nothing if it fails, keeps the rest of the
//! request, and passes the embedded STS's verifier.
//!
//! The bits of the first byte are the flags, the next four bytes are the lifetime in seconds; then follows
//! the request as text.

#![no_main]

use std::time::{Duration, SystemTime};

use libfuzzer_sys::fuzz_target;
use sts_fuzz::{request, verifier};
use sts_proto::Credentials;
use sts_proto::sigv4::{Scope, SignError, Signer};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fuzz_target!(|data: &[u8]| {
    let Some(([flags, lifetime @ ..], text)) = data.split_first_chunk::<5>() else { return };
    let Some(mut request) = request::parse(text) else { return };
    let flag = |bit: u8| flags & 1 << bit != 0;
    let mut keys = Credentials::new("AKIDEXAMPLE", SECRET);
    if flag(0) {
        keys = keys.with_session_token("FwoGZXIvYXdzE+/=");
    }
    // Up to slightly more than a week.
    let lifetime = u32::from_le_bytes(*lifetime) % 604_900;
    let fits = (1..=604_800).contains(&lifetime);
    let (now, lifetime) =
        (SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000), Duration::from_secs(lifetime.into()));
    let scope = Scope::new("eu-west-1", "sts");
    let signer = Signer::new(&keys, &scope, now);

    let other = signer.clone().normalize_path(flag(2)).double_encode(flag(3));
    let _ = other.session_token_after_signing(flag(4)).presign(&mut request.clone(), lifetime);

    // A second signature, or another hash of the body, has no place in this form.
    request.headers_mut().remove("authorization");
    request.headers_mut().remove("x-amz-content-sha256");
    let before = request.clone();
    let explained = signer.explain_presign(&request, lifetime);
    if let Err(error) = signer.presign(&mut request, lifetime) {
        assert_eq!((request.headers(), request.uri()), (before.headers(), before.uri()));
        assert!(!(fits && error == SignError::Lifetime), "{lifetime:?}");
        assert_eq!(error == SignError::Lifetime, explained.is_err_and(|error| error == SignError::Lifetime));
        return;
    }
    assert!(fits, "{lifetime:?} is not a valid lifetime");
    let explained = explained.expect("a request that can be signed can be explained");
    assert_eq!(request.uri().path(), before.uri().path());
    assert!(request.uri().query().is_some_and(|query| query.ends_with(&explained.signature)));
    assert_eq!(request.headers(), before.headers());
    let mut again = request.clone();
    signer.presign(&mut again, lifetime).expect("it was signed before");
    assert_eq!(again.uri(), request.uri());

    if !request::add_host(&mut request) {
        return;
    }
    // The signer treats header values as bytes, the verifier as text.
    if request.headers().values().all(|value| std::str::from_utf8(value.as_bytes()).is_ok())
        && let Err(why) = verifier::verify(&request, SECRET, "sts", now)
    {
        panic!("{why}\n{}\n{}", request.uri(), explained.canonical_request);
    }
});
