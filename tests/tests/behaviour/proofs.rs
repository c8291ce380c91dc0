//! Requests that are signed and not sent, and proofs of identity, made by both clients.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request};
use serde_json::Value;
use sts_proto::operations::{AssumeRole, AssumeRoleWithWebIdentity, GetCallerIdentity};
use sts_proto::proof::verify::{IdentityKind, Reason, Verifier};
use sts_proto::proof::{Audience, Eks, Vault};
use sts_proto::token::Rds;
use sts_proto::{Credentials, Error, ErrorCode, Operation, Settings};
use sts_tests::driver::{Driver, Setup};
use sts_tests::exchange;
use sts_tests::peer::Peer;
use sts_tests::sts::Server;

fn alice(sts: &Server) -> Settings {
    let keys = Credentials::new(sts.access_key_id(), sts.secret_access_key());
    Settings::new().region("us-east-1").endpoint_url(sts.url()).credentials(keys)
}

fn both(settings: Settings) -> [Driver; 2] {
    Setup::new(settings).drivers().expect("the settings are good")
}

/// Who the service takes the sender for.
fn identity(driver: &Driver, request: Request<Bytes>) -> Result<String, Error> {
    Ok(GetCallerIdentity::parse(&exchange::send(driver, request)?)?.arn)
}

#[test]
fn a_signed_request_is_the_callers_until_it_is_changed() {
    let sts = Server::start();
    let mut headers = HeaderMap::new();
    headers.insert("x-audience", HeaderValue::from_static("a  b "));
    headers.append("x-more", HeaderValue::from_static("1"));
    headers.append("x-more", HeaderValue::from_static("2"));
    headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert(HOST, HeaderValue::from_static("planted.example"));
    headers.insert(USER_AGENT, HeaderValue::from_static("any"));
    for driver in both(alice(&sts)) {
        let request = driver.sign(&GetCallerIdentity::new(), &headers).unwrap();
        assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
        assert_eq!(sts.url().strip_prefix("http://"), request.headers()[HOST].to_str().ok());
        let signed = request.headers()[AUTHORIZATION].to_str().unwrap();
        assert!(signed.contains("SignedHeaders=content-type;host;x-amz-date;x-audience;x-more,"), "{signed}");
        assert!(!format!("{request:?}").contains("Signature="));
        assert!(identity(&driver, request.clone()).unwrap().ends_with("user/alice"));
        for name in ["x-audience", "x-more"] {
            let mut changed = request.clone();
            changed.headers_mut().insert(name, HeaderValue::from_static("other"));
            let error = identity(&driver, changed).unwrap_err();
            assert_eq!(error.code(), Some(&ErrorCode::SignatureDoesNotMatch), "{error}");
        }
    }
}

#[test]
fn an_operation_that_needs_no_signature_stays_unsigned() {
    let sts = Server::start();
    let settings = Settings::new().region("us-east-1").endpoint_url(sts.url());
    let operation = AssumeRoleWithWebIdentity::new(sts.role_arn("demo"), "me", "planted");
    for driver in both(settings) {
        let request = driver.sign(&operation, &HeaderMap::new()).unwrap();
        assert!(!request.headers().contains_key(AUTHORIZATION));
        let error = driver.sign(&GetCallerIdentity::new(), &HeaderMap::new()).unwrap_err();
        assert!(matches!(error, Error::Credentials(_)), "{error}");
        let error = driver.prove(&Eks::new("demo")).unwrap_err();
        assert!(error.to_string().contains("a proof"), "{error}");
    }
}

#[test]
fn a_service_learns_from_a_proof_who_the_caller_is() {
    let sts = Server::start();
    for (index, driver) in both(alice(&sts)).into_iter().enumerate() {
        let session = driver.send(AssumeRole::new(sts.role_arn("demo"), "me")).unwrap().credentials;
        for (settings, name) in
            [(alice(&sts), "user/alice"), (alice(&sts).credentials(session), "assumed-role/demo/me")]
        {
            let caller = &both(settings)[index];

            let token = caller.prove(&Eks::new("my-cluster")).unwrap();
            let url = token.token.expose().strip_prefix("k8s-aws-v1.").unwrap();
            let url = String::from_utf8(URL_SAFE_NO_PAD.decode(url).unwrap()).unwrap();
            let for_cluster = |cluster: &str| {
                Request::get(&url)
                    .header(HOST, &sts.url()[7..])
                    .header("x-k8s-aws-id", cluster)
                    .body(Bytes::new())
            };
            assert!(identity(&driver, for_cluster("my-cluster").unwrap()).unwrap().ends_with(name));
            assert!(identity(&driver, for_cluster("other-cluster").unwrap()).is_err());

            let login = caller.prove(&Vault::new("dev").server_id("vault.example.com")).unwrap();
            let login: Value = serde_json::from_str(login.expose()).unwrap();
            let field = |name: &str| STANDARD.decode(login[name].as_str().unwrap()).unwrap();
            let headers: Value = serde_json::from_slice(&field("iam_request_headers")).unwrap();
            let mut request = Request::post(String::from_utf8(field("iam_request_url")).unwrap());
            for (name, value) in headers.as_object().unwrap() {
                request = request.header(name, value[0].as_str().unwrap());
            }
            let request = request.body(Bytes::from(field("iam_request_body"))).unwrap();
            assert!(identity(&driver, request.clone()).unwrap().ends_with(name));
            let mut elsewhere = request;
            let other = HeaderValue::from_static("vault.example.org");
            elsewhere.headers_mut().insert("x-vault-aws-iam-server-id", other);
            assert!(identity(&driver, elsewhere).is_err());
        }
    }
}

#[test]
fn a_token_of_a_database_is_signed_for_the_clients_region_or_another() {
    let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
    for driver in both(Settings::new().region("eu-west-1").credentials(keys)) {
        let database = Rds::new("DB.example.com", 5432, "jane");
        let token = driver.prove(&database).unwrap();
        assert!(token.expose().starts_with("db.example.com:5432/?Action=connect&DBUser=jane&"));
        assert!(token.expose().contains("%2Feu-west-1%2Frds-db%2F"));
        assert_eq!(format!("{token:?}"), "[redacted]");
        let token = driver.prove(&database.region("eu-west-3")).unwrap();
        assert!(token.expose().contains("%2Feu-west-3%2Frds-db%2F"));
        let error = driver.prove(&Rds::new("planted:5432", 5432, "jane")).unwrap_err();
        assert_eq!(error.to_string(), "the proof cannot be made: the host has a port: give the name alone");
    }
}

/// Clients without credentials, which a verifier does not need.
fn anonymous(peer: &Peer) -> [Driver; 2] {
    let setup = Setup::new(Settings::new().region("us-east-1")).without_credentials();
    setup.transport(peer).drivers().expect("the settings are good")
}

#[test]
fn a_verifier_says_who_the_caller_is() {
    let sts = Server::start();
    let peer = Peer::network_of(&sts);
    let [alice_of_aws, _] = both({
        let keys = Credentials::new(sts.access_key_id(), sts.secret_access_key());
        Settings::new().region("eu-west-1").credentials(keys)
    });
    let [driver, _] = both(alice(&sts));
    let session = driver.send(AssumeRole::new(sts.role_arn("demo"), "me")).unwrap().credentials;
    let [session_of_aws, _] = both(Settings::new().region("eu-west-1").credentials(session));
    for verifying in anonymous(&peer) {
        let clusters = Verifier::eks("my-cluster").unwrap();
        let servers = Verifier::audience("X-Vault-AWS-IAM-Server-ID", "vault.example.com").unwrap();
        let own = Verifier::audience("X-Example-Audience", "billing.example.com").unwrap();
        for (caller, kind, end) in [
            (&alice_of_aws, IdentityKind::User, ":user/alice"),
            (&session_of_aws, IdentityKind::AssumedRole, ":role/demo"),
        ] {
            let token = caller.prove(&Eks::new("my-cluster")).unwrap().token;
            let identity = verifying.run(clusters.token(token.expose())).unwrap();
            assert_eq!((identity.kind, &*identity.account), (kind, "123456789012"));
            assert!(identity.canonical_arn.ends_with(end), "{identity:?}");

            let mut headers = HeaderMap::new();
            headers.insert("x-vault-aws-iam-server-id", HeaderValue::from_static("vault.example.com"));
            let signed = caller.sign(&GetCallerIdentity::new(), &headers).unwrap();
            assert_eq!(verifying.run(servers.http_request(&signed)), Ok(identity.clone()));

            let login = caller.prove(&Vault::new("dev").server_id("vault.example.com")).unwrap();
            assert_eq!(verifying.run(servers.request(login.expose().as_bytes())), Ok(identity.clone()));
            let login = caller.prove(&Audience::new("x-example-audience", "billing.example.com")).unwrap();
            assert_eq!(verifying.run(own.request(login.expose().as_bytes())), Ok(identity));
            assert_eq!(
                verifying.run(servers.request(login.expose().as_bytes())),
                Err(Reason::AudienceMissing)
            );
            // What was made for another server.
            let token = caller.prove(&Eks::new("other-cluster")).unwrap().token;
            assert_eq!(verifying.run(clusters.token(token.expose())), Err(Reason::Status(403)));
            let login = caller.prove(&Vault::new("dev").server_id("vault.example.org")).unwrap();
            assert_eq!(verifying.run(servers.request(login.expose().as_bytes())), Err(Reason::Audience));
            let login = caller.prove(&Vault::new("dev")).unwrap();
            assert_eq!(
                verifying.run(servers.request(login.expose().as_bytes())),
                Err(Reason::AudienceMissing)
            );
        }
    }
}

#[test]
fn a_token_that_was_changed_anywhere_is_not_accepted() {
    let sts = Server::start();
    let keys = Credentials::new(sts.access_key_id(), sts.secret_access_key());
    let [caller, _] = both(Settings::new().region("eu-west-1").credentials(keys));
    let token = caller.prove(&Eks::new("my-cluster")).unwrap().token;
    let url = URL_SAFE_NO_PAD.decode(&token.expose()["k8s-aws-v1.".len()..]).unwrap();
    let verifier = Verifier::eks("my-cluster").unwrap();
    let peer = Peer::network_of(&sts);
    let [verifying, _] = anonymous(&peer);
    assert!(verifying.run(verifier.token(token.expose())).is_ok());
    for at in 0..url.len() {
        for bit in [1, 0x20] {
            let mut changed = url.clone();
            changed[at] ^= bit;
            let changed = format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(&changed));
            let verdict = verifying.run(verifier.token(&changed));
            // An escape may be written in either case.
            let same = matches!(url[at - at.min(2)..=at], [b'%', ..] | [_, b'%', _]) && bit == 0x20;
            assert!(verdict.is_err() || same, "{at} {bit}");
        }
        let mut text = token.expose().as_bytes().to_vec();
        text[at % token.expose().len()] = b'*';
        assert!(verifying.run(verifier.token(std::str::from_utf8(&text).unwrap())).is_err(), "{at}");
    }
    // The lifetime in the token says nothing, and is signed.
    let sent = peer.requests();
    assert!(sent.iter().all(|request| request.uri().host() == Some("sts.eu-west-1.amazonaws.com")));
}
