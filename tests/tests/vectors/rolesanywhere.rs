//! Requests for sessions of IAM Roles Anywhere, signed with certificates, and what is made of the answers.

use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use ring::signature;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;
use sts_proto::credentials::roles_anywhere::{Config, RolesAnywhere};
use sts_proto::sigv4::x509::{Algorithm, Identity, Key};
use sts_proto::{Effect, Event, Flow, Step};

use crate::place;
use crate::report::Case;

pub(crate) fn check(vector: &Value, case: &mut Case) -> Result<(), String> {
    if vector.get("answer").is_some() { answer(vector, case) } else { request(vector, case) }
}

fn request(vector: &Value, case: &mut Case) -> Result<(), String> {
    let expect = &vector["expect"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let members = vector["body_members"].as_object().ok_or("no members")?;
    let own = read(&vector["certificate"])?;
    let mut chain = own.clone();
    for file in vector["chain"].as_array().into_iter().flatten() {
        chain.extend(read(file)?);
    }
    let key = read(&vector["key"])?;
    let text_signed = Arc::new(Mutex::new(Vec::new()));
    let (identity, by_library) = match Identity::from_pem(&chain, &key) {
        Ok(identity) => (identity, true),
        // The library has no such signature: a key behind the trait.
        Err(_) if vector["key"] == "ec384.key.pem" => {
            let identity = Identity::new(&chain, Recorder(Arc::clone(&text_signed)));
            (identity.map_err(|error| error.to_string())?, false)
        }
        Err(error) => return Err(error.to_string()),
    };
    case.equal("serial", identity.serial(), &*text(&expect["serial"]));
    let mut config = Config::new(
        identity.clone(),
        text(&vector["roleArn"]),
        text(&vector["profileArn"]),
        text(&vector["trustAnchorArn"]),
    );
    config = config.duration_seconds(members["durationSeconds"].as_u64().ok_or("no duration")? as u32);
    if let Some(name) = members.get("roleSessionName") {
        config = config.session_name(text(name));
    }
    for (name, value) in members.get("instanceProperties").and_then(Value::as_object).into_iter().flatten() {
        config = config.instance_property(name, text(value));
    }
    let now = UNIX_EPOCH + Duration::from_secs(vector["time"].as_u64().ok_or("no time")?);
    let request = config.request(&identity, now).map_err(|error| error.to_string())?;

    case.equal("url", &*request.uri().to_string(), &*text(&expect["url"]));
    let body = String::from_utf8_lossy(request.body()).into_owned();
    let json = |text: &str| serde_json::from_str::<Value>(text).map_err(|error| error.to_string());
    case.equal("body", &json(&body)?, &Value::Object(members.clone()));
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    for (name, value) in expect["headers"].as_object().into_iter().flatten() {
        // The vectors' client has a type of its own, which is signed as it is sent.
        let value =
            if name == "Content-Type" { "application/json" } else { value.as_str().unwrap_or_default() };
        case.equal(name, &header(&name.to_ascii_lowercase()), &Some(value));
    }
    let recorded = text(&expect["canonical_request"]);
    let canonical = recorded.replace(
        &format!("content-type:{}\n", text(&expect["headers"]["Content-Type"])),
        "content-type:application/json\n",
    );
    // JSON may escape what is not ASCII, or not.
    let canonical = canonical.replace(&sha256(&text(&expect["body"])), &sha256(&body));
    let to_sign = text(&expect["string_to_sign"]);
    let (start, _) = to_sign.rsplit_once('\n').ok_or("no string to sign")?;
    let to_sign = format!("{start}\n{}", sha256(&canonical));
    let authorization = header("authorization").ok_or("unsigned")?;
    let (scope, signature) = authorization.split_once("Signature=").ok_or("no signature")?;
    let (expected, _) =
        expect["authorization"].as_str().and_then(|a| a.split_once("Signature=")).ok_or("none")?;
    case.equal("authorization", scope, expected);
    if !by_library {
        let signed = text_signed.lock().map_err(|_| "poisoned")?.clone();
        case.equal("string to sign", &*String::from_utf8_lossy(&signed), &*to_sign);
        case.count("with a key behind the trait");
        return Ok(());
    }
    let certificate = CertificateDer::from_pem_slice(&own).map_err(|error| error.to_string())?;
    let public = public_key(&certificate).ok_or("no public key")?;
    let algorithm: &dyn signature::VerificationAlgorithm = match expect["algorithm"].as_str() {
        Some("AWS4-X509-RSA-SHA256") => &signature::RSA_PKCS1_2048_8192_SHA256,
        _ => &signature::ECDSA_P256_SHA256_ASN1,
    };
    let verify = |text: &str, signature: &[u8]| {
        signature::UnparsedPublicKey::new(algorithm, &public).verify(text.as_bytes(), signature).is_ok()
    };
    let recorded = from_hex(expect["signature"].as_str().unwrap_or_default());
    case.require(verify(&text(&expect["string_to_sign"]), &recorded), "the recorded signature is another's");
    case.require(verify(&to_sign, &from_hex(signature)), "the signature is another's");
    case.count("signed and verified");
    Ok(())
}

fn answer(vector: &Value, case: &mut Case) -> Result<(), String> {
    let arn = |name: &str| format!("arn:aws:rolesanywhere:us-east-1:123456789012:{name}/1");
    let certificate = read(&"rsa2048.pem".into())?;
    let identity =
        Identity::new(&certificate, Recorder(Arc::default())).map_err(|error| error.to_string())?;
    let config =
        Config::new(identity, "arn:aws:iam::123456789012:role/one", arn("profile"), arn("trust-anchor"));
    let mut flow = RolesAnywhere::new(config, 7);
    let now = UNIX_EPOCH + Duration::from_secs(1_234_566_990);
    let Ok(Step::Perform(Effect::Send(..))) = flow.step(now, Event::Start) else {
        return Err("nothing is sent".to_owned());
    };
    let answer = &vector["answer"];
    let body = Bytes::from(answer["body"].as_str().unwrap_or_default().to_owned());
    let status = answer["status"].as_u64().ok_or("no status")? as u16;
    let response = http::Response::builder().status(status).body(body).map_err(|error| error.to_string())?;
    let ok = &vector["result"]["Ok"];
    match flow.step(now, Event::Response(response)) {
        Ok(Step::Done(credentials)) => {
            case.equal("access key", &Some(&*credentials.access_key_id), &ok["access_key"].as_str());
            case.equal(
                "secret key",
                &Some(credentials.secret_access_key.expose()),
                &ok["secret_key"].as_str(),
            );
            let token = credentials.session_token.as_ref().map(|token| token.expose());
            case.equal("token", &token, &ok["token"].as_str());
            case.require(credentials.expiration.is_some_and(|end| end > now), "no end");
        }
        Ok(other) => return Err(format!("unexpected: {other:?}")),
        Err(error) => {
            case.require(ok.is_null(), error.to_string());
            case.require(error.to_string().contains("iam roles anywhere"), error.to_string());
        }
    }
    case.count("answers");
    Ok(())
}

/// Keeps what it is asked to sign.
#[derive(Debug)]
struct Recorder(Arc<Mutex<Vec<u8>>>);

impl Key for Recorder {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Ecdsa
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        *self.0.lock().map_err(|_| "poisoned")? = message.to_vec();
        Ok(vec![0])
    }
}

fn read(file: &Value) -> Result<Vec<u8>, String> {
    let folder = place::folder("rolesanywhere")?;
    let path = folder.join("pki").join(file.as_str().unwrap_or_default());
    std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
}

/// The key in a certificate, as ring reads it: the text of the last BIT STRING but one.
fn public_key(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let certificate = value(certificate, 0x30)?.0;
    let mut rest = value(certificate, 0x30)?.0;
    // Version, serial number, algorithm, issuer, validity, subject.
    for tag in [0xa0, 0x02, 0x30, 0x30, 0x30, 0x30] {
        rest = value(rest, tag)?.1;
    }
    let (info, _) = value(rest, 0x30)?;
    let (_, bits) = value(info, 0x30)?;
    Some(value(bits, 0x03)?.0.get(1..)?.to_vec())
}

fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, length], rest) = der.split_first_chunk()?;
    assert_eq!(found, tag);
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        _ => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
    };
    rest.split_at_checked(length)
}

fn sha256(text: &str) -> String {
    let hash = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Vec<u8> {
    let pair = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal digits");
    (0..text.len()).step_by(2).map(pair).collect()
}
