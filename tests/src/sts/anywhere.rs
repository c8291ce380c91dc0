//! IAM Roles Anywhere on the receiving side: `CreateSession` for the holder of a certificate.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use percent_encoding::percent_decode_str;
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use webpki::{EndEntityCert, Error, KeyUsage, ring};

use super::answer::{Fault, iso8601};
use super::canonical::{Received, from_hex, hash};
use super::identity::{SessionKind, Trust, Wanted};
use super::verify::{format_date, parse_date};
use super::{Shared, locked};

pub(crate) const PATH: &str = "/sessions";
const TOLERANCE: Duration = Duration::minutes(5);
const RSA: &str = "AWS4-X509-RSA-SHA256";
const ECDSA: &str = "AWS4-X509-ECDSA-SHA256";

/// Issues a session.
pub(crate) fn create_session(
    shared: &Shared,
    request: &Request<Bytes>,
    now: OffsetDateTime,
) -> Result<String, Fault> {
    if request.method() != Method::POST {
        return Err(validation("the method is not POST"));
    }
    let serial = verify(shared, request, now)?;
    let query = query(request.uri().query().unwrap_or_default());
    let arn = |name: &str| query.get(name).ok_or_else(|| validation(format!("{name} is missing")));
    let (role_arn, profile, anchor) = (arn("roleArn")?, arn("profileArn")?, arn("trustAnchorArn")?);
    if !profile.contains(":profile/") || !anchor.contains(":trust-anchor/") {
        return Err(Fault::new(404, "ResourceNotFoundException", "Profile or trust anchor not found"));
    }
    let body: Value =
        serde_json::from_slice(request.body()).map_err(|error| validation(error.to_string()))?;
    let seconds = body["durationSeconds"].as_u64().unwrap_or(3600);
    let min = shared.options.min_duration_seconds.unwrap_or(900);
    let seconds = u32::try_from(seconds).ok().filter(|seconds| (min..=43_200).contains(seconds));
    let seconds = seconds.ok_or_else(|| validation("durationSeconds is out of range"))?;
    let session = body["roleSessionName"].as_str().unwrap_or(&serial);
    let mut store = locked(&shared.store);
    let role = store.role(role_arn, Trust::Principals, session).map(|(_, principal)| principal);
    let principal = role.ok_or_else(|| denied("Unable to assume role for the trust anchor"))?;
    let wanted = Wanted {
        principal: principal.clone(),
        kind: SessionKind::Role,
        seconds,
        mfa: false,
        source_identity: None,
        packed: 0,
        minimum_token_size: 0,
    };
    let issued = store.issue(wanted, now);
    let answer = json!({
        "credentialSet": [{
            "assumedRoleUser": {"arn": principal.arn(), "assumedRoleId": principal.user_id()},
            "credentials": {
                "accessKeyId": issued.access_key_id,
                "secretAccessKey": issued.secret,
                "sessionToken": issued.token,
                "expiration": iso8601(issued.expires),
            },
            "roleArn": role_arn,
        }],
        "subjectArn": anchor.replace(":trust-anchor/", ":subject/"),
    });
    Ok(answer.to_string())
}

/// What a refusal is answered with.
pub(crate) fn document(fault: &Fault) -> String {
    json!({"message": fault.message}).to_string()
}

/// Whether an anchor trusts the certificate, and its holder signed just this, for now. Returns the serial number.
fn verify(shared: &Shared, request: &Request<Bytes>, now: OffsetDateTime) -> Result<String, Fault> {
    let headers = request.headers();
    let text = header(headers, "authorization").ok_or_else(|| denied("Missing Authentication Token"))?;
    let (algorithm, items) = text.split_once(' ').unwrap_or_default();
    let items: BTreeMap<&str, &str> = items.split(", ").filter_map(|item| item.split_once('=')).collect();
    let item = |name: &str| items.get(name).copied().unwrap_or_default();
    let [serial, day, region, "rolesanywhere", "aws4_request"] =
        item("Credential").split('/').collect::<Vec<_>>()[..]
    else {
        return Err(denied("Credential should be scoped to rolesanywhere"));
    };
    let signed: Vec<&str> = item("SignedHeaders").split(';').collect();
    let needed = ["content-type", "host", "x-amz-date", "x-amz-x509"].into_iter();
    let needed = needed.chain(headers.contains_key("x-amz-x509-chain").then_some("x-amz-x509-chain"));
    if !signed.is_sorted_by(|name, next| name < next)
        || !needed.into_iter().all(|name| signed.contains(&name))
    {
        return Err(denied("A header is not signed"));
    }
    let date = header(headers, "x-amz-date").unwrap_or_default();
    let at = parse_date(date).filter(|_| date.starts_with(day));
    let at = at.ok_or_else(|| denied("The date is not that of the scope"))?;
    if (at - now).abs() > TOLERANCE {
        return Err(denied(format!("Signature not current: {date}, it is {}", format_date(now))));
    }

    let certificates = certificates(headers).ok_or_else(|| denied("Untrusted certificate"))?;
    let (own, chain) = certificates.split_first().ok_or_else(|| denied("Untrusted certificate"))?;
    let own = EndEntityCert::try_from(own).map_err(|_| denied("Untrusted certificate. Not X.509 v3"))?;
    let anchors = locked(&shared.anchors).clone();
    let anchors: Vec<_> = anchors
        .iter()
        .map(|anchor| webpki::anchor_from_trusted_cert(anchor).expect("an authority"))
        .collect();
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(now.unix_timestamp() as u64));
    own.verify_for_usage(ISSUERS, &anchors, chain, time, KeyUsage::client_auth(), None, None).map_err(
        |error| match error {
            Error::CertExpired { .. } => denied("Untrusted certificate. Certificate expired"),
            _ => denied("Untrusted certificate. Insufficient certificate"),
        },
    )?;
    if decimal(own.serial()) != serial {
        return Err(denied("The serial number is another one"));
    }
    let received = Received {
        method: "POST",
        path: request.uri().path(),
        query: request.uri().query().unwrap_or_default(),
        headers,
        body: request.body(),
    };
    let hash = hash(received.canonical(&signed).as_bytes());
    let to_sign = format!("{algorithm}\n{date}\n{day}/{region}/rolesanywhere/aws4_request\n{hash}");
    let signature = from_hex(item("Signature")).unwrap_or_default();
    let made_with: &[&dyn SignatureVerificationAlgorithm] = match algorithm {
        RSA => &[ring::RSA_PKCS1_2048_8192_SHA256],
        ECDSA => &[ring::ECDSA_P256_SHA256, ring::ECDSA_P384_SHA256],
        _ => return Err(denied("Unsupported algorithm")),
    };
    let is_made_with = |algorithm: &&dyn SignatureVerificationAlgorithm| {
        own.verify_signature(*algorithm, to_sign.as_bytes(), &signature).is_ok()
    };
    match made_with.iter().any(is_made_with) {
        true => Ok(serial.to_owned()),
        false => Err(denied("Signature does not match")),
    }
}

/// The certificate, and those above it.
fn certificates(headers: &HeaderMap) -> Option<Vec<CertificateDer<'static>>> {
    let own = header(headers, "x-amz-x509")?;
    let chain = header(headers, "x-amz-x509-chain").into_iter().flat_map(|chain| chain.split(','));
    let texts = std::iter::once(own).chain(chain);
    texts.map(|text| Some(STANDARD.decode(text).ok()?.into())).collect()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn query(query: &str) -> BTreeMap<&str, String> {
    let items = query.split('&').filter_map(|item| item.split_once('='));
    items.map(|(name, value)| (name, percent_decode_str(value).decode_utf8_lossy().into_owned())).collect()
}

/// A number in decimal digits, by long division.
fn decimal(number: &[u8]) -> String {
    let (mut number, mut digits) = (number.to_vec(), Vec::new());
    while number.iter().any(|byte| *byte != 0) {
        let mut rest = 0_u32;
        for byte in &mut number {
            let value = rest << 8 | u32::from(*byte);
            *byte = (value / 10) as u8;
            rest = value % 10;
        }
        digits.push(char::from(b'0' + rest as u8));
    }
    digits.iter().rev().collect()
}

fn denied(message: impl Into<String>) -> Fault {
    Fault::new(403, "AccessDeniedException", message)
}

fn validation(message: impl Into<String>) -> Fault {
    Fault::new(400, "ValidationException", message)
}

/// What authorities sign certificates with.
const ISSUERS: &[&dyn SignatureVerificationAlgorithm] =
    &[ring::ECDSA_P256_SHA256, ring::ECDSA_P384_SHA384, ring::RSA_PKCS1_2048_8192_SHA256];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers() {
        for (number, expected) in
            [(&[0, 255][..], "255"), (&[1, 0, 0, 0, 0, 0, 0, 0, 0], "18446744073709551616")]
        {
            assert_eq!(decimal(number), expected);
        }
    }
}
