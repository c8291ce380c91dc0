//! Any files with a certificate and its key, and any answer of IAM Roles Anywhere: what is read ends in a session or in an
//! error of one line, the serial number is that of the certificate, and nothing is read or sent without end.
//!
//! The first byte chooses what the rest is: PEM texts of certificates and key, separated by a byte 0xFF; a certificate in
//! DER; or an answer, with the status in the upper bits.

#![no_main]

use std::error::Error as StdError;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use libfuzzer_sys::fuzz_target;
use sts_proto::credentials::roles_anywhere::{Config, Holder, PemFiles, RolesAnywhere};
use sts_proto::sigv4::Scope;
use sts_proto::sigv4::x509::{Algorithm, Identity, Key};
use sts_proto::{Credentials, Effect, Error, Event, Flow, Step};

fuzz_target!(|data: &[u8]| {
    let [kind, rest @ ..] = data else { return };
    match kind & 3 {
        0 => {
            let mut parts = rest.splitn(2, |byte| *byte == 0xff);
            let (certificates, key) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            identity(certificates);
            let files = PemFiles::new("/c", "/k").chain("/c");
            let result = run(files, |effect| match effect {
                Effect::Read(path) => {
                    let text = if path.ends_with("k") { key } else { certificates };
                    Event::Contents(Some(Bytes::copy_from_slice(text)))
                }
                effect => panic!("no library can sign here, and yet {effect:?}"),
            });
            assert!(result.is_err());
        }
        1 => {
            let pem = format!(
                "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
                STANDARD.encode(rest)
            );
            identity(pem.as_bytes());
        }
        _ => {
            let status = [200, 201, 403, 404, 429, 500][usize::from(kind >> 2) % 6];
            let identity = Identity::new(CERTIFICATE.as_bytes(), Fixed).expect("it is one");
            let result = run(identity, |effect| match effect {
                Effect::Send(request, _) => {
                    assert_eq!(request.headers()["x-amz-x509"], "MAUwAwIBBw==");
                    let response =
                        Response::builder().status(status).header("date", "Tue, 14 Nov 2023 23:13:20 GMT");
                    Event::Response(response.body(Bytes::copy_from_slice(rest)).expect("a response"))
                }
                effect => panic!("the identity is at hand, and yet {effect:?}"),
            });
            assert!(result.is_err() || status < 300);
        }
    }
});

/// What is read of certificates, compared with what another reader sees.
fn identity(certificates: &[u8]) {
    let identity = match Identity::new(certificates, Fixed) {
        Ok(identity) => identity,
        Err(error) => return one_line(&error.to_string()),
    };
    let mut request = Request::post("https://h/").body("").expect("a request");
    let scope = Scope::new("r", "rolesanywhere");
    identity.sign(&mut request, &scope, SystemTime::UNIX_EPOCH).expect("the key signs anything");
    let header = |name: &str| request.headers().get(name).map(|value| value.to_str().expect("text"));
    let own = STANDARD.decode(header("x-amz-x509").expect("signed")).expect("base64");
    if let Some(serial) = serial(&own) {
        assert_eq!(identity.serial(), serial.to_string());
    }
    assert!(
        identity.serial().bytes().all(|digit| digit.is_ascii_digit()) && !identity.serial().starts_with('0')
    );
    for text in header("x-amz-x509-chain").into_iter().flat_map(|chain| chain.split(',')) {
        assert_ne!(STANDARD.decode(text).expect("base64"), own);
    }
}

/// The serial number of a certificate whose lengths are written as DER has them, if it is not too large a number.
fn serial(certificate: &[u8]) -> Option<u128> {
    let mut rest = inside(inside(certificate)?)?;
    if rest.first() == Some(&0xa0) {
        rest = rest.get(2 + usize::from(*rest.get(1)?)..)?;
    }
    let length = rest.get(1).copied().filter(|length| *length <= 16)?;
    Some(rest.get(2..2 + usize::from(length))?.iter().fold(0, |sum, byte| sum << 8 | u128::from(*byte)))
}

/// What is in a sequence; what follows it stays.
fn inside(der: &[u8]) -> Option<&[u8]> {
    let skipped = match der.get(1)? {
        0..0x80 => 2,
        long => 2 + usize::from(long & 0x7f),
    };
    der.get(skipped..)
}

fn run(holder: impl Into<Holder>, mut perform: impl FnMut(Effect) -> Event) -> Result<Credentials, Error> {
    let config = Config::new(holder, "arn:aws:iam::1:role/r", "p", "arn:aws:rolesanywhere:eu-west-1:1:a");
    let mut flow = RolesAnywhere::new(config, 7);
    let mut now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let mut event = Event::Start;
    for _ in 0..30 {
        event = match flow.step(now, event) {
            Ok(Step::Done(credentials)) => return Ok(credentials),
            Ok(Step::Perform(Effect::Wait(wait))) => {
                now += wait;
                Event::Elapsed
            }
            Ok(Step::Perform(effect)) => perform(effect),
            Err(error) => {
                one_line(&error.to_string());
                assert!(matches!(flow.step(now, Event::Start), Err(Error::OutOfTurn)));
                return Err(error);
            }
        };
    }
    panic!("the flow does not end");
}

fn one_line(text: &str) {
    assert!(!text.contains('\n') && text.len() < 64 * 1024, "an error must be one short line: {text:?}");
}

#[derive(Debug)]
struct Fixed;

impl Key for Fixed {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rsa
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, Box<dyn StdError + Send + Sync>> {
        Ok(vec![7])
    }
}

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAUwAwIBBw==\n-----END CERTIFICATE-----\n";
