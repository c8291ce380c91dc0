//! What sessions are good for, and for how long; and URLs that are as good as keys.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;
use sts_proto::operations::{AssumeRole, GetCallerIdentity};
use sts_proto::sigv4::{Scope, Signer};
use sts_proto::{Credentials, Operation, Presign};
use sts_tests::driver::Driver;
use sts_tests::exchange;

use crate::peer::{Peer, REGION, SESSION, Use};
use crate::report::{Report, request_id};

/// Makes a client of the keys that `action` returned, and calls something with it.
pub(crate) fn is_used(
    peer: &Peer,
    driver: &Driver,
    action: &str,
    how: Use,
    keys: Credentials,
    report: &mut Report,
) {
    let case = format!("the session of {action}");
    let outcome = match how {
        Use::Identity(arn) => identity(&peer.client_like(driver, keys), arn),
        Use::Role => role(peer, &peer.client_like(driver, keys)),
        Use::Buckets => buckets(peer, driver, &keys),
        Use::Nothing => return report.left_out(&case, "the server takes it nowhere"),
    };
    report.record(driver, &case, outcome);
}

fn identity(client: &Driver, arn: &str) -> Result<String, String> {
    let me = client.send(GetCallerIdentity::new()).map_err(|error| error.to_string())?;
    match me.arn.ends_with(arn) {
        true => Ok(request_id(&me.metadata)),
        false => Err(format!("it is {}", me.arn)),
    }
}

fn role(peer: &Peer, client: &Driver) -> Result<String, String> {
    let output = client.send(AssumeRole::new(&peer.role, "chained")).map_err(|error| error.to_string())?;
    match output.assumed_role_user.and_then(|user| user.arn) {
        Some(arn) if arn.ends_with(":assumed-role/demo/chained") => Ok(request_id(&output.metadata)),
        arn => Err(format!("it became {arn:?}")),
    }
}

/// The level below operations: any `http::Request`, signed for another service.
fn buckets(peer: &Peer, driver: &Driver, keys: &Credentials) -> Result<String, String> {
    let mut request = Request::get(&peer.url).body(Bytes::new()).map_err(|error| error.to_string())?;
    let scope = Scope::new(REGION, "s3");
    let signer = Signer::new(keys, &scope, SystemTime::now()).normalize_path(false).double_encode(false);
    signer.content_sha256(true).sign(&mut request).map_err(|error| error.to_string())?;
    let response = exchange::send(driver, request).map_err(|error| error.to_string())?;
    let listed = response.body().windows(23).any(|part| part == b"<ListAllMyBucketsResult");
    match response.status().is_success() && listed {
        true => Ok("its buckets are listed".to_owned()),
        false => Err(format!("s3 answers with http {}", response.status().as_u16())),
    }
}

/// A session of two seconds works, and then it does not.
pub(crate) fn two_seconds(peer: &Peer, driver: &Driver, report: &mut Report) {
    let outcome = (|| {
        let operation = AssumeRole::new(&peer.role, SESSION).duration_seconds(2);
        let keys = driver.send(operation).map_err(|error| format!("not issued: {error}"))?.credentials;
        let expiration = keys.expiration.ok_or("it has no end")?;
        let client = peer.client_like(driver, keys);
        client.send(GetCallerIdentity::new()).map_err(|error| format!("refused too soon: {error}"))?;
        let left = expiration.duration_since(SystemTime::now()).unwrap_or(Duration::ZERO);
        if left > Duration::from_secs(3) {
            return Err(format!("it expires in {left:?}"));
        }
        std::thread::sleep(left + Duration::from_millis(1500));
        match client.send(GetCallerIdentity::new()) {
            Ok(_) => Err("it works after its end".to_owned()),
            Err(error) => match error.as_service_error().and_then(|refusal| refusal.wire_code()) {
                // MiniStack forgets what has expired whenever it issues something, to whichever test.
                Some(code @ ("ExpiredToken" | "InvalidClientTokenId")) => Ok(code.to_owned()),
                _ => Err(format!("refused, but not as expired: {error}")),
            },
        }
    })();
    report.record(driver, "a session of two seconds", outcome);
}

/// A URL that gives the caller's identity, for long-term keys and for a session; and not after a change.
pub(crate) fn presigned_url(peer: &Peer, driver: &Driver, report: &mut Report) {
    let signed = |keys: &Credentials| {
        let options = Presign::new(Duration::from_secs(60));
        GetCallerIdentity::new()
            .presign(&peer.endpoint(), keys, SystemTime::now(), &options)
            .map_err(|error| error.to_string())
    };
    let answer = |request: Request<Bytes>, arn: &str| {
        let response = exchange::send(driver, request).map_err(|error| error.to_string())?;
        let me = GetCallerIdentity::parse(&response).map_err(|error| error.to_string())?;
        match me.arn.ends_with(arn) {
            true => Ok(request_id(&me.metadata)),
            false => Err(format!("it is {}", me.arn)),
        }
    };

    let outcome = signed(&peer.keys).and_then(|request| answer(request, peer.known.user));
    report.record(driver, "a presigned url", outcome);

    let session = driver.send(peer.assume_role()).map(|output| output.credentials);
    let outcome = session
        .map_err(|error| error.to_string())
        .and_then(|keys| signed(&keys))
        .and_then(|request| answer(request, &format!(":assumed-role/demo/{SESSION}")));
    report.record(driver, "a presigned url of a session", outcome);

    let outcome = signed(&peer.keys).and_then(|mut request| {
        let longer = request.uri().to_string().replace("X-Amz-Expires=60", "X-Amz-Expires=61");
        *request.uri_mut() = longer.parse().map_err(|_| "not a uri any more")?;
        match answer(request, "") {
            Ok(_) => Err("it is accepted".to_owned()),
            Err(refusal) if refusal.contains("SignatureDoesNotMatch") => {
                Ok("SignatureDoesNotMatch".to_owned())
            }
            Err(other) => Err(other),
        }
    });
    report.record(driver, "a presigned url whose lifetime was changed", outcome);
}
