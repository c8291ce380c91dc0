//! What a server that verifies has to refuse, and how the refusal is read.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;
use sts_proto::operations::{AssumeRole, AssumeRoleWithWebIdentity};
use sts_proto::{Credentials, Error, RetryClass, Secret, sigv4};
use sts_tests::driver::Driver;
use sts_tests::exchange;

use crate::peer::{Peer, SESSION, WebIdentity};
use crate::report::Report;

pub(crate) fn all(
    peer: &Peer,
    driver: &Driver,
    anonymous: &Driver,
    token: Option<&Secret>,
    report: &mut Report,
) {
    if let (WebIdentity::Verified, Some(token)) = (peer.known.web_identity, token) {
        let operation = AssumeRoleWithWebIdentity::new(
            &peer.web_role,
            SESSION,
            changed(token, token.expose().len() - SIGNATURE),
        );
        let outcome = anonymous.send(operation).map(drop);
        report.record(driver, "a changed web identity token", refused(outcome, None));
    }
    let Some(codes) = peer.known.refusals else {
        return report.left_out("refusals", "the server does not verify");
    };

    let keys = Credentials::new(&*peer.keys.access_key_id, changed(&peer.keys.secret_access_key, EARLY));
    let outcome = peer.call(&peer.client_like(driver, keys)).map(drop);
    report.record(driver, "a wrong secret", refused(outcome, Some(codes.wrong_secret)));

    let outcome = driver.send(AssumeRole::new(&peer.role, SESSION)).map(|output| output.credentials);
    let outcome = outcome.map_err(|error| error.to_string()).and_then(|mut keys| {
        keys.session_token = keys.session_token.as_ref().map(|token| changed(token, EARLY));
        let outcome = peer.call(&peer.client_like(driver, keys)).map(drop);
        refused(outcome, Some(codes.changed_token))
    });
    report.record(driver, "a changed session token", outcome);

    let request = signed(peer, SystemTime::now());
    let outcome = answered(peer, driver, request.clone());
    report.record(
        driver,
        "a request signed by hand",
        outcome.map(|()| "accepted".into()).map_err(|e| e.to_string()),
    );

    let longer = [request.body(), &b"&DurationSeconds=901"[..]].concat();
    let request = request.map(|_| Bytes::from(longer));
    report.record(
        driver,
        "a changed body",
        refused(answered(peer, driver, request), Some(codes.changed_body)),
    );

    let Some(code) = codes.wrong_clock else {
        return report.left_out("a wrong clock", "the server does not look at the date");
    };
    let hour = Duration::from_secs(3600);
    let now = SystemTime::now();
    for (case, now) in [("a clock that is slow", now - hour), ("a clock that is fast", now + hour)] {
        let outcome = answered(peer, driver, signed(peer, now));
        let class = outcome.as_ref().err().map(Error::retry_class);
        let outcome = match refused(outcome, Some(code)) {
            Ok(_) if class != Some(RetryClass::ClockSkew) => Err(format!("{code} is taken for {class:?}")),
            outcome => outcome,
        };
        report.record(driver, case, outcome);
    }
}

/// The server's simplest request, signed without the client.
fn signed(peer: &Peer, now: SystemTime) -> Request<Bytes> {
    let mut request = peer.request();
    let endpoint = peer.endpoint();
    let scope = endpoint.scope().expect("there is a region");
    sigv4::sign(&mut request, &peer.keys, scope, now).expect("the request can be signed");
    request
}

fn answered(peer: &Peer, driver: &Driver, request: Request<Bytes>) -> Result<(), Error> {
    peer.read(&exchange::send(driver, request)?).map(drop)
}

/// That it was refused: with a status that says so, and a code, the one that is expected.
fn refused(outcome: Result<(), Error>, expected: Option<&str>) -> Result<String, String> {
    let error = match outcome {
        Ok(()) => return Err("it is accepted".to_owned()),
        Err(error) => error,
    };
    let Some(refusal) = error.as_service_error() else {
        return Err(format!("not a refusal: {error}"));
    };
    let status = refusal.metadata().status().as_u16();
    match refusal.wire_code() {
        Some(code)
            if matches!(status, 400 | 401 | 403) && expected.is_none_or(|expected| expected == code) =>
        {
            Ok(format!("{code}, http {status}"))
        }
        _ => Err(format!("expected {expected:?}: {error}")),
    }
}

/// The same but for the character at `index`.
fn changed(secret: &Secret, index: usize) -> Secret {
    let text = secret.expose();
    let other = if text.as_bytes().get(index) == Some(&b'A') { "B" } else { "A" };
    Secret::new(format!("{}{other}{}", &text[..index], &text[index + 1..]))
}

/// RGW's session tokens are encrypted and nothing more. A change near the beginning is one of the structure; a
/// later one may hit a name, and another code comes.
const EARLY: usize = 20;
/// From the end of a JWT: a character of the signature, so that everything else is as it was.
const SIGNATURE: usize = 20;
