//! The embedded STS's verifier, which shares no code with the signer.

#![allow(dead_code, reason = "the fuzzers use parts of these files")]

#[path = "../../tests/src/sts/answer.rs"]
mod answer;
#[path = "../../tests/src/sts/asymmetric.rs"]
mod asymmetric;
#[path = "../../tests/src/sts/canonical.rs"]
mod canonical;
#[cfg(test)]
#[path = "../../tests/src/sts/signed.rs"]
mod signed;
#[path = "../../tests/src/sts/verify.rs"]
mod verify;

use std::time::SystemTime;

use http::Request;

use canonical::Received;
use verify::{Claim, Rules};

/// Checks that a received request is signed by the owner of `secret`; returns the reason if not.
pub fn verify(
    request: &Request<Vec<u8>>,
    secret: &str,
    service: &str,
    now: SystemTime,
) -> Result<(), String> {
    let received = Received {
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.uri().query().unwrap_or_default(),
        headers: request.headers(),
        body: request.body(),
    };
    let why = |fault: answer::Fault| format!("{}: {}", fault.code, fault.message);
    let claim = Claim::read(&received).map_err(why)?.ok_or("the request is not signed")?;
    claim.verify(&received, secret, &Rules { service, region: None, now: now.into() }).map_err(why)
}
