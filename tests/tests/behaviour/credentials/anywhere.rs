//! Sessions of IAM Roles Anywhere, for holders of X.509 certificates. The keys in the folder are made for these tests.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::DecodePrivateKey;
use rcgen::{KeyPair, PKCS_ECDSA_P384_SHA384};
use sts_proto::credentials::Source;
use sts_proto::credentials::roles_anywhere::{Config, Holder, PemFiles};
use sts_proto::sigv4::x509::{Algorithm, Identity, Key};
use sts_proto::{Error, Settings};
use sts_tests::driver::{Driver, Make, Setup, through_both};
use sts_tests::home::Home;
use sts_tests::pki::Pki;
use sts_tests::sts::Server;

use super::call;

const RSA: &str = include_str!("anywhere/rsa.pem");
const RSA_PKCS1: &str = include_str!("anywhere/rsa-pkcs1.pem");
const RSA_ENCRYPTED: &str = include_str!("anywhere/rsa-encrypted.pem");
const EC: &str = include_str!("anywhere/ec.pem");
const EC_SEC1: &str = include_str!("anywhere/ec-sec1.pem");

/// An authority, a service that trusts it, and a folder for what it issues.
struct World {
    pki: Pki,
    sts: Server,
    home: Home,
    files: AtomicUsize,
}

impl World {
    fn new() -> Self {
        let (pki, sts) = (Pki::new(), Server::builder().min_duration_seconds(1).start());
        sts.trust(&pki.ca_pem());
        Self { pki, sts, home: Home::new(), files: AtomicUsize::new(0) }
    }

    /// In files of their own, since they are read when a session is asked for.
    fn files(&self, certificate: &str, key: &str) -> PemFiles {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        let write = |name: &str, text: &str| self.home.write(&format!("{number}-{name}.pem"), text);
        PemFiles::new(write("c", certificate), write("k", key))
    }

    fn config(&self, holder: impl Into<Holder>) -> Config {
        let arn = |kind: &str| format!("arn:aws:rolesanywhere:eu-west-1:123456789012:{kind}/1");
        let config = Config::new(holder, self.sts.role_arn("demo"), arn("profile"), arn("trust-anchor"));
        config.endpoint_url(self.sts.url())
    }

    /// A client that needs nothing else.
    fn client(&self, make: Make, config: Config) -> Driver {
        let sender = make(&Setup::new(Settings::new()).credentials_only()).unwrap();
        let provider = sender.gives(Source::RolesAnywhere(config));
        let settings = Settings::new().region("eu-west-1").endpoint_url(self.sts.url());
        make(&Setup::new(settings).provider(provider)).unwrap()
    }

    /// The statuses of the requests for sessions so far.
    fn asked(&self) -> Vec<u16> {
        let arrivals = self.sts.requests();
        let sessions = arrivals.iter().filter(|arrival| arrival.target.starts_with("/sessions?"));
        sessions.map(|arrival| arrival.status.as_u16()).collect()
    }
}

fn key(pem: &str) -> KeyPair {
    KeyPair::from_pem(pem).expect("a key")
}

fn session(result: Result<sts_proto::operations::GetCallerIdentityOutput, Error>) -> String {
    let arn = result.unwrap_or_else(|error| panic!("{error}")).arn;
    arn.rsplit('/').next().unwrap_or_default().to_owned()
}

/// A key that is nowhere in a file.
#[derive(Debug)]
struct Elsewhere;

impl Key for Elsewhere {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Ecdsa
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Box<dyn StdError + Send + Sync>> {
        let signature: Signature = SigningKey::from_pkcs8_der(&key(EC).serialize_der())?.try_sign(message)?;
        Ok(signature.to_der().as_bytes().to_vec())
    }
}

#[test]
fn holders_of_certificates_get_sessions() {
    through_both(|make| {
        let world = World::new();
        let below = world.pki.below();
        let own = |serial: u64, pem: &str| world.pki.holder(serial, &key(pem), 2200);
        let chained = below.holder(7, &key(EC), 2200);
        let all = [chained.as_str(), &below.ca_pem(), EC].concat();
        let in_own_file = world.home.write("chain.pem", below.ca_pem());
        let whole = world.home.write("whole.pem", chained.clone() + &below.ca_pem());
        let elsewhere = Identity::new(own(8, EC).as_bytes(), Elsewhere).unwrap();
        let from_pem = Identity::from_pem(own(u64::MAX, RSA).as_bytes(), RSA.as_bytes()).unwrap();
        for (name, holder, expected) in [
            ("rsa", world.files(&own(1, RSA), RSA).into(), "1"),
            ("rsa, pkcs #1", world.files(&own(2, RSA), RSA_PKCS1).into(), "2"),
            ("ec", world.files(&own(3, EC), EC).into(), "3"),
            ("ec, sec 1 behind its parameters", world.files(&own(4, EC), EC_SEC1).into(), "4"),
            (
                "a chain behind the certificate",
                world.files(&(chained.clone() + &below.ca_pem()), EC).into(),
                "7",
            ),
            ("a chain in a file", world.files(&chained, EC).chain(in_own_file).into(), "7"),
            ("the whole chain in a file", world.files(&chained, EC).chain(whole).into(), "7"),
            ("all in one file", world.files(&all, &all).into(), "7"),
            ("a key elsewhere", Holder::from(elsewhere), "8"),
            ("from pem", Holder::from(from_pem), "18446744073709551615"),
        ] {
            println!("{name}");
            world.sts.forget_requests();
            let sts = world.client(make, world.config(holder));
            assert_eq!(session(call(&sts)), expected, "{name}");
            assert_eq!(session(call(&sts)), expected, "{name}");
            assert_eq!(world.asked(), [201], "{name}: one session does for all calls");
            assert_eq!(sts.credentials().unwrap().account_id.as_deref(), Some("123456789012"), "{name}");
        }
    });
}

#[test]
fn sessions_are_kept_fresh_and_files_are_read_for_each() {
    through_both(|make| {
        let world = World::new();
        let write = |certificate: String, key: &str| {
            PemFiles::new(world.home.write("c.pem", certificate), world.home.write("k.pem", key))
        };
        let files = write(world.pki.holder(1, &key(EC), 2200), EC);
        let sts = world.client(make, world.config(files).session_name("nightly"));
        assert_eq!(session(call(&sts)), "nightly");
        let first = sts.credentials().unwrap();
        // Another certificate for another key takes the place of the first.
        write(world.pki.holder(2, &key(RSA), 2200), RSA);
        sts.credentials_expired(&first);
        assert_eq!(session(call(&sts)), "nightly");
        assert_ne!(sts.credentials().unwrap().access_key_id, first.access_key_id);
        let serials: Vec<_> =
            world.sts.requests().iter().filter_map(|arrival| signer(&arrival.headers)).collect();
        assert_eq!(serials, ["AWS4-X509-ECDSA-SHA256 Credential=1", "AWS4-X509-RSA-SHA256 Credential=2"]);

        let short = world.config(world.files(&world.pki.holder(3, &key(EC), 2200), EC)).duration_seconds(1);
        let sts = world.client(make, short);
        let ids: BTreeSet<_> = (0..3)
            .map(|_| {
                session(call(&sts));
                std::thread::sleep(Duration::from_millis(1100));
                sts.credentials().unwrap().access_key_id
            })
            .collect();
        assert!(ids.len() >= 2, "{ids:?}");
    });
}

fn signer(headers: &http::HeaderMap) -> Option<String> {
    let text = headers.get("authorization")?.to_str().ok()?;
    text.starts_with("AWS4-X509-").then(|| text.split('/').next().unwrap_or_default().to_owned())
}

/// A machine that has just started may think that it is another day.
#[test]
fn a_wrong_clock_is_corrected() {
    through_both(|make| {
        for offset in [-3_600_000, 86_400_000] {
            let world = World::new();
            world.sts.set_clock_offset_ms(offset);
            let sts = world.client(make, world.config(world.files(&world.pki.holder(1, &key(EC), 2200), EC)));
            assert_eq!(session(call(&sts)), "1");
            assert_eq!(world.asked(), [403, 201]);
        }
    });
}

#[test]
fn what_cannot_be_used_says_what_to_do() {
    through_both(|make| {
        let world = World::new();
        let own = |pem: &str| world.pki.holder(1, &key(pem), 2200);
        let p384 = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        let file = |name: &str, text: &str| world.home.write(name, text);
        let files = |certificate: &str, key: &str| world.files(certificate, key);
        let pem = |der: &[u8]| {
            use base64::Engine;
            let text = base64::engine::general_purpose::STANDARD.encode(der);
            format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
        };
        let nested: Vec<u8> = [0x30, 0x84, 0xff, 0xff, 0xff, 0xff].repeat(1000);
        let cut = own(EC).lines().take(4).collect::<Vec<_>>().join("\n");
        let good = || world.config(files(&own(EC), EC));
        let role = |name: &str| world.sts.role_arn(name);
        let named = |arn: String| {
            let arns = |kind: &str| format!("arn:aws:rolesanywhere:eu-west-1:123456789012:{kind}/1");
            Config::new(files(&own(EC), EC), arn, arns("profile"), arns("trust-anchor"))
                .endpoint_url(world.sts.url())
        };
        let of = |holder: PemFiles| world.config(holder);
        for (name, config, parts, sent) in [
            (
                "an unknown role",
                named(role("other")),
                &["http 403 AccessDeniedException", "the profile has the role"][..],
                1,
            ),
            (
                "another authority",
                of(files(&Pki::new().holder(1, &key(EC), 2200), EC)),
                &["http 403", "has issued the certificate"],
                1,
            ),
            (
                "a chain that is missing",
                of(files(&world.pki.below().holder(1, &key(EC), 2200), EC)),
                &["http 403", "the given chain"],
                1,
            ),
            (
                "expired",
                of(files(&world.pki.holder(1, &key(EC), 2001), EC)),
                &["http 403", "expired at 2001-01-01T00:00:00Z, renew it"],
                1,
            ),
            ("too long", good().duration_seconds(50_000), &["http 400 ValidationException", "duration"], 1),
            (
                "another profile",
                Config::new(
                    files(&own(EC), EC),
                    role("demo"),
                    "arn:x",
                    "arn:aws:rolesanywhere:eu-west-1:1:trust-anchor/1",
                )
                .endpoint_url(world.sts.url()),
                &["http 404", "check the arns"],
                1,
            ),
            (
                "nothing listens",
                good().endpoint_url("http://127.0.0.1:1"),
                &["127.0.0.1:1", "check the network"],
                0,
            ),
            ("another key", of(files(&own(EC), RSA)), &["-k.pem", "belongs to another certificate"], 0),
            (
                "another key of the kind",
                of(files(&own(EC), &KeyPair::generate().unwrap().serialize_pem())),
                &["-k.pem", "belongs to another certificate"],
                0,
            ),
            (
                "encrypted",
                of(files(&own(RSA), RSA_ENCRYPTED)),
                &["-k.pem", "is encrypted", "openssl pkey"],
                0,
            ),
            (
                "a curve without a library",
                of(files(&world.pki.holder(1, &p384, 2200), &p384.serialize_pem())),
                &["-k.pem", "P-256", "trait Key"],
                0,
            ),
            (
                "an empty certificate",
                of(files("", EC)),
                &["-c.pem", "no certificate", "BEGIN CERTIFICATE"],
                0,
            ),
            ("an empty key", of(files(&own(EC), "")), &["-k.pem", "no private key", "BEGIN PRIVATE KEY"], 0),
            ("files exchanged", of(files(EC, &own(EC))), &["-c.pem", "no certificate"], 0),
            (
                "a damaged key",
                of(files(&own(EC), &EC.replace("MIG", "MI!"))),
                &["-k.pem", "cannot be used"],
                0,
            ),
            ("a cut certificate", of(files(&cut, EC)), &["-c.pem", "damaged"], 0),
            ("lengths beyond the end", of(files(&pem(&nested), EC)), &["-c.pem", "damaged"], 0),
            ("no structure", of(files(&pem(b"planted"), EC)), &["-c.pem", "damaged"], 0),
            (
                "no more than a serial number",
                of(files(&pem(&[0x30, 5, 0x30, 3, 2, 1, 1]), EC)),
                &["-c.pem", "damaged"],
                0,
            ),
            ("a bundle of roots", of(files(&own(EC).repeat(17), EC)), &["-c.pem", "more than 16"], 0),
            (
                "not text",
                of(PemFiles::new(file("binary", "\u{0}\u{1}\n\n"), file("k", EC))),
                &["binary", "no certificate"],
                0,
            ),
            (
                "a missing file",
                of(PemFiles::new(world.home.path("gone.pem"), file("k", EC))),
                &["gone.pem does not exist", "check the path"],
                0,
            ),
            (
                "a folder",
                of(PemFiles::new(world.home.path(".aws"), file("k", EC))),
                &[".aws cannot be read"],
                0,
            ),
            (
                "no region",
                Config::new(files(&own(EC), EC), role("demo"), "p", "arn:aws"),
                &["names no region", "set a region"],
                0,
            ),
        ] {
            world.sts.forget_requests();
            let printed = format!("{config:?}");
            let sts = world.client(make, config);
            let error = call(&sts).expect_err(name);
            let text = error.to_string();
            assert!(text.contains("iam roles anywhere") && !text.contains('\n'), "{name}: {text}");
            for part in parts {
                assert!(text.contains(part), "{name}: {part} is not in {text}");
            }
            assert_eq!(world.asked().len(), sent, "{name}: {:?}", world.asked());
            let all = format!("{text} {error:?} {printed} {}", sts.explain());
            for secret in
                [RSA, EC, RSA_ENCRYPTED].iter().flat_map(|pem| pem.lines().skip(1).take(1)).chain(["planted"])
            {
                assert!(!all.contains(secret), "{name}: {all}");
            }
        }
    });
}
