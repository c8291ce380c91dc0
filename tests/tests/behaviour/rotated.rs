//! Files that another program replaces while the client runs, through both clients: keys, and certificates to trust.

use std::fs;
use std::sync::Arc;

use sts_proto::operations::GetCallerIdentity;
use sts_proto::{ErrorCode, TransportErrorKind};
use sts_tests::driver::{Setup, through_both};
use sts_tests::home::Home;
use sts_tests::peer::{IDENTITY, Peer, answer, signer};
use sts_tests::pki::Pki;
use sts_tests::scripted::{Script, Scripted};

/// What the files hold once the old keys are refused.
struct Row {
    name: &'static str,
    config: &'static str,
    credentials: &'static str,
    /// The access key that signs the last call, if that succeeds.
    signer: Option<&'static str>,
}

const ROWS: &[Row] = &[
    Row { name: "other keys", config: "", credentials: NEW, signer: Some("AKIDNEW") },
    Row { name: "the same keys", config: "", credentials: OLD, signer: None },
    Row { name: "nothing, for the moment", config: "", credentials: "", signer: None },
    Row { name: "half of it", config: "", credentials: HALF, signer: None },
    Row { name: "what cannot be understood", config: "", credentials: "[def", signer: None },
    Row { name: "keys of another profile alone", config: "", credentials: OTHER, signer: None },
    Row {
        name: "a role instead",
        config: ROLE,
        credentials: "[base]\naws_access_key_id = AKIDNEW\n\
        aws_secret_access_key = planted\n",
        signer: None,
    },
    Row { name: "keys elsewhere", config: IN_CONFIG, credentials: "", signer: Some("AKIDNEW") },
];

#[test]
fn keys_of_a_shared_file_are_read_again_when_they_are_refused() {
    for code in ["ExpiredToken", "ExpiredTokenException", "InvalidToken", "InvalidClientTokenId"] {
        for row in ROWS {
            through_both(|make| {
                let home = Arc::new(Home::new());
                home.write(".aws/credentials", OLD);
                let driver = setup(&home, row, code).0;
                let driver = make(&driver).expect("sound");
                let called = driver.send(GetCallerIdentity::new());
                let what = format!("{}, {code}: {called:?}", row.name);
                match row.signer {
                    Some(id) => {
                        assert!(called.is_ok(), "{what}");
                        assert_eq!(driver.credentials().expect("it has some").access_key_id, id, "{what}");
                        assert!(driver.explain().to_string().contains("key"), "{what}");
                    }
                    None => {
                        let error = called.expect_err(&what);
                        assert_eq!(
                            (error.code(), error.attempts()),
                            (Some(&ErrorCode::from(code)), 1),
                            "{what}"
                        );
                        // They are not taken for others' meanwhile.
                        assert_eq!(
                            driver.credentials().expect("it has some").access_key_id,
                            "AKIDOLD",
                            "{what}"
                        );
                    }
                }
            });
        }
    }
}

#[test]
fn what_is_refused_for_another_reason_is_not_read_again() {
    let row = &ROWS[0];
    through_both(|make| {
        let home = Arc::new(Home::new());
        home.write(".aws/credentials", OLD);
        let (setup, peer) = setup(&home, row, "AccessDenied");
        let driver = make(&setup).expect("sound");
        assert!(driver.send(GetCallerIdentity::new()).is_err());
        assert_eq!(peer.signers(), ["AKIDOLD"]);
    });
}

#[test]
fn keys_that_a_role_is_assumed_with_are_read_again_too() {
    for code in ["ExpiredToken", "InvalidToken", "InvalidClientTokenId"] {
        through_both(|make| {
            let home = Arc::new(Home::with_config(ROLE));
            home.write(".aws/credentials", OLD_BASE);
            let peer = {
                let (home, refusal) = (Arc::clone(&home), refusal(code));
                Peer::new(move |request| match &*signer(request) {
                    "AKIDOLD" => {
                        home.write(".aws/credentials", OLD_BASE.replace("OLD", "NEW"));
                        answer(403, refusal.clone())
                    }
                    "AKIDNEW" => answer(200, SESSION),
                    _ => answer(200, IDENTITY),
                })
            };
            let setup = Setup::of_environment(home.variables(&[])).transport(&peer);
            let driver = make(&setup).expect("sound");
            let called = driver.send(GetCallerIdentity::new());
            assert!(called.is_ok(), "{code}: {called:?}");
            assert_eq!(peer.signers(), ["AKIDOLD", "AKIDNEW", "ASIAROLE"], "{code}");
        });
    }
}

#[test]
fn a_program_that_signs_for_another_service_has_them_read_again() {
    through_both(|make| {
        let home = Arc::new(Home::new());
        home.write(".aws/credentials", OLD);
        let driver =
            make(&Setup::of_environment(home.variables(&[])).transport(&Peer::sts())).expect("sound");
        let old = driver.credentials().expect("it has some");
        home.write(".aws/credentials", NEW);
        assert_eq!(driver.credentials().expect("it has some").access_key_id, "AKIDOLD");
        driver.credentials_expired(&old);
        assert_eq!(driver.credentials().expect("it has some").access_key_id, "AKIDNEW");
    });
}

/// A peer that has the files replaced and refuses the old keys.
fn setup(home: &Arc<Home>, row: &'static Row, code: &str) -> (Setup, Peer) {
    let peer = {
        let (home, refusal) = (Arc::clone(home), refusal(code));
        Peer::new(move |request| match &*signer(request) {
            "AKIDOLD" => {
                home.write(".aws/config", row.config);
                let new = home.write(".aws/credentials.new", row.credentials);
                fs::rename(new, home.path(".aws/credentials")).expect("a file can be renamed");
                answer(403, refusal.clone())
            }
            _ => answer(200, IDENTITY),
        })
    };
    (Setup::of_environment(home.variables(&[])).transport(&peer), peer)
}

fn refusal(code: &str) -> String {
    format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>")
}

const OLD: &str = "[default]\naws_access_key_id = AKIDOLD\naws_secret_access_key = planted\n";
const NEW: &str = "[default]\naws_access_key_id = AKIDNEW\naws_secret_access_key = planted\n";
const HALF: &str = "[default]\naws_access_key_id = AKIDNEW\n";
const OTHER: &str = "[other]\naws_access_key_id = AKIDNEW\naws_secret_access_key = planted\n";
const IN_CONFIG: &str = "[default]\naws_access_key_id = AKIDNEW\naws_secret_access_key = planted\n";
const ROLE: &str = "[default]\nrole_arn = arn:aws:iam::123456789012:role/demo\nsource_profile = base\n";
const OLD_BASE: &str = "[base]\naws_access_key_id = AKIDOLD\naws_secret_access_key = planted\n";
const SESSION: &str = "<R><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId>\
    <SecretAccessKey>planted</SecretAccessKey><SessionToken>planted</SessionToken><Expiration>4102444799</Expiration>\
    </Credentials></AssumeRoleResult></R>";

/// Beside keys, the certificates to trust may be replaced while a client runs.
#[test]
fn a_ca_bundle_is_read_again_when_a_server_is_not_trusted() {
    let (old, new) = (Pki::new(), Pki::new());
    let both = old.ca_pem() + &new.ca_pem();
    for (name, by_then, trusted) in [
        ("the new authority", new.ca_pem(), true),
        ("both", both, true),
        ("the old one still", old.ca_pem(), false),
        ("nothing, for the moment", String::new(), false),
        ("half of it", new.ca_pem()[..100].to_owned(), false),
    ] {
        through_both(|make| {
            let server = Script::Answer(200, "text/xml", IDENTITY.as_bytes().to_vec());
            let server = Scripted::start_tls(server, new.good());
            let url = format!("https://localhost:{}", server.port());
            let home = Home::new();
            let bundle = home.write("roots.pem", old.ca_pem());
            let bundle = bundle.to_str().expect("a plain name").to_owned();
            home.write(".aws/credentials", OLD);
            let variables = home.variables(&[("AWS_ENDPOINT_URL", &url), ("AWS_CA_BUNDLE", &bundle)]);
            let driver = make(&Setup::of_environment(variables)).expect("sound");
            let refused = driver.send(GetCallerIdentity::new()).expect_err("it is not trusted yet");
            let kind = |error: &sts_proto::Error| error.as_transport_error().map(|error| error.kind());
            assert_eq!(kind(&refused), Some(TransportErrorKind::Tls), "{name}");
            home.write("roots.pem", &by_then);
            let called = driver.send(GetCallerIdentity::new());
            match trusted {
                true => assert_eq!(called.expect(name).metadata.attempts(), 1, "{name}"),
                false => assert_eq!(kind(&called.expect_err(name)), Some(TransportErrorKind::Tls), "{name}"),
            }
            // What was read once is kept.
            home.write("roots.pem", "");
            assert_eq!(driver.send(GetCallerIdentity::new()).is_ok(), trusted, "{name}");
        });
    }
}
