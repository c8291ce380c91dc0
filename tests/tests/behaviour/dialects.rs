//! The actions of other servers through both clients. What each sends and reads is in the vectors.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Response;
use sts_proto::dialects::{minio, seaweedfs};
use sts_proto::operations::{AssumeRole, GetCallerIdentity};
use sts_proto::{Credentials, Error, Presign, RetryClass, Settings};
use sts_tests::driver::{Driver, Setup};
use sts_tests::peer::Peer;
use sts_tests::pki::Pki;
use sts_tests::provider::Provider;
use sts_tests::sts::{CUSTOM_ROLE, CUSTOM_TOKEN, Dialect, LDAP_USER, Server};

const TOKEN: &str = "planted+/&=%token";

fn both(url: &str) -> [Driver; 2] {
    Setup::new(Settings::new().endpoint_url(url)).drivers().expect("the settings are good")
}

fn custom_token() -> minio::AssumeRoleWithCustomToken {
    minio::AssumeRoleWithCustomToken::new(CUSTOM_TOKEN, CUSTOM_ROLE)
}

fn code(error: &Error) -> &str {
    error.code().map_or("no code", |code| code.as_str())
}

/// Nothing that a program prints of an error holds the token, as it is or escaped.
fn assert_clean(error: &Error) {
    let mut texts = vec![error.to_string(), format!("{error:?}")];
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        texts.extend([error.to_string(), format!("{error:?}")]);
        cause = error.source();
    }
    for text in texts {
        assert!(!text.contains("planted") && !text.contains("%25token"), "{text}");
    }
}

#[test]
fn a_certificate_is_a_proof_of_identity() {
    let pki = Pki::new();
    let sts = Server::builder().dialect(Dialect::Minio).tls(pki.asking()).start();
    let setup =
        Setup::new(Settings::new().region("us-east-1").endpoint_url(sts.url())).ca_bundle(pki.ca_pem());
    let (chain, key) = pki.client_named("readonly");
    let shown = setup.clone().client_certificate(chain, key);
    for driver in shown.drivers().unwrap() {
        let operation = minio::AssumeRoleWithCertificate::new().duration_seconds(900);
        let keys = driver.send(operation).unwrap_or_else(|error| panic!("{driver}: {error}")).credentials;
        for session in setup.clone().credentials(keys).drivers().unwrap() {
            let me = session.send(GetCallerIdentity::new()).unwrap();
            assert!(me.arn.ends_with("/readonly"), "{driver}: {}", me.arn);
        }
    }
    for driver in setup.drivers().unwrap() {
        let error = driver.send(minio::AssumeRoleWithCertificate::new()).unwrap_err();
        assert_eq!(code(&error), "InvalidClientCertificate", "{driver}");
    }
    let plain = Server::builder().dialect(Dialect::Minio).start();
    for driver in both(&plain.url()) {
        let error = driver.send(minio::AssumeRoleWithCertificate::new()).unwrap_err();
        assert_eq!(code(&error), "InsecureConnection", "{driver}");
    }
}

#[test]
fn a_query_is_sent_again_below_the_path_of_the_endpoint() {
    let attempts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&attempts);
    let sts = Server::builder()
        .dialect(Dialect::Minio)
        .respond_with(move |_| {
            let first = counted.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
            first.then(|| Response::builder().status(503).body("busy".into()).unwrap())
        })
        .start();
    for driver in both(&format!("{}/minio/sts", sts.url())) {
        sts.forget_requests();
        let output = driver.send(custom_token()).unwrap_or_else(|error| panic!("{driver}: {error}"));
        assert_eq!(output.assumed_user.as_deref(), Some("custom:alice"));
        assert_eq!(output.metadata.attempts(), 2);
        let arrived = sts.requests();
        assert_eq!(arrived.len(), 2);
        for arrived in arrived {
            let begin =
                "/minio/sts?Action=AssumeRoleWithCustomToken&Version=2011-06-15&Token=custom%20token%2B";
            assert!(arrived.target.starts_with(begin), "{driver}: {}", arrived.target);
            assert!(arrived.body.is_empty() && !arrived.headers.contains_key("authorization"));
        }
    }
}

#[test]
fn secrets_of_a_query_are_not_told() {
    // The plugin's refusal quotes the token.
    let sts = Server::builder().dialect(Dialect::Minio).start();
    for driver in both(&sts.url()) {
        let error = driver.send(minio::AssumeRoleWithCustomToken::new(TOKEN, CUSTOM_ROLE)).unwrap_err();
        assert_eq!(code(&error), "AccessDenied");
        assert_clean(&error);
    }
    // A redirect repeats the query and is not followed.
    let there = Server::builder().dialect(Dialect::Minio).start();
    let (begin, url) = (there.url(), sts.url());
    sts.respond_with(move |request| {
        let target = request.uri().path_and_query().unwrap();
        let answer = Response::builder().status(307).header("location", format!("{begin}{target}"));
        Some(answer.body(format!("moved to {target}").into()).unwrap())
    });
    for driver in both(&url) {
        let error = driver.send(minio::AssumeRoleWithCustomToken::new(TOKEN, CUSTOM_ROLE)).unwrap_err();
        assert_eq!(error.metadata().unwrap().status(), 307, "{driver}");
        assert_clean(&error);
    }
    assert!(there.requests().is_empty());
    // Nothing listens there.
    for driver in both("http://127.0.0.1:1") {
        let error = driver.send(minio::AssumeRoleWithCustomToken::new(TOKEN, CUSTOM_ROLE)).unwrap_err();
        assert_eq!(error.retry_class(), RetryClass::Transient, "{driver}: {error}");
        assert_clean(&error);
    }
}

#[test]
fn what_does_not_fit_a_url_is_not_sent() {
    let sts = Server::builder().dialect(Dialect::Minio).start();
    for driver in both(&sts.url()) {
        let token = "planted".repeat(10_000);
        let operation = minio::AssumeRoleWithCustomToken::new(token, CUSTOM_ROLE);
        for error in [
            driver.sign(&operation, &Default::default()).unwrap_err(),
            driver.presign(&operation, &Presign::new(std::time::Duration::from_secs(60))).unwrap_err(),
            driver.send(operation).unwrap_err(),
        ] {
            assert!(matches!(error, Error::Sign(_)), "{driver}: {error}");
            assert_clean(&error);
        }
    }
    assert!(sts.requests().is_empty());
}

#[test]
fn an_action_in_a_closure_gives_a_client_its_credentials() {
    let sts = Server::builder().dialect(Dialect::SeaweedFs).start();
    let (name, password) = LDAP_USER;
    for driver in both(&sts.url()) {
        let role = sts.role_arn("demo");
        let operation = seaweedfs::AssumeRoleWithLdapIdentity::new(name, password, role, "alice");
        let [blocking, _] = both(&sts.url());
        let provider = Provider::Closure(Arc::new(move || Ok(blocking.send(operation.clone())?.credentials)));
        let setup =
            Setup::new(Settings::new().region("us-east-1").endpoint_url(sts.url())).provider(provider);
        let me = setup.beside(&driver).unwrap().send(GetCallerIdentity::new()).unwrap();
        assert!(me.arn.ends_with(":assumed-role/demo/alice"), "{driver}: {}", me.arn);
    }
}

/// Dell ECS: AWS's actions, below a path, with ARNs of its own and a prefix before the names of elements.
#[test]
fn dell_ecs_is_read() {
    let peer = Peer::new(|_| {
        Ok(Response::new(
            r#"<?xml version="1.0" encoding="UTF-8"?>
            <ns2:AssumeRoleResponse xmlns:ns2="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
            <AssumedRoleUser><AssumedRoleId>AROA0123:me</AssumedRoleId>
            <Arn>urn:ecs:sts::ns1:assumed-role/demo/me</Arn></AssumedRoleUser>
            <Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
            <SessionToken>t</SessionToken><Expiration>2030-01-31T12:00:00Z</Expiration></Credentials>
            </AssumeRoleResult></ns2:AssumeRoleResponse>"#
                .into(),
        ))
    });
    let settings = Settings::new()
        .region("us-east-1")
        .endpoint_url("https://ecs.example.net:4443/sts")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret"));
    for driver in Setup::new(settings).transport(&peer).drivers().unwrap() {
        peer.forget();
        let output = driver.send(AssumeRole::new("urn:ecs:iam::ns1:role/demo", "me")).unwrap();
        let user = output.assumed_role_user.unwrap();
        assert_eq!(user.arn.as_deref(), Some("urn:ecs:sts::ns1:assumed-role/demo/me"), "{driver}");
        let sent = peer.requests();
        assert_eq!(sent[0].uri(), "https://ecs.example.net:4443/sts");
        assert_eq!(sent[0].headers()["host"], "ecs.example.net:4443");
        assert!(sent[0].body().starts_with(b"Action=AssumeRole&Version=2011-06-15&RoleArn=urn%3Aecs%3Aiam"));
    }
}
