use std::time::Duration;

use bytes::Bytes;
use rustls::version::{TLS12, TLS13};
use sts_proto::settings::SettingsError;
use sts_proto::settings::proxy::Proxies;
use sts_proto::{Error, SendTimeouts, TransportErrorKind};

use crate::transport::testing::Pki;
use crate::transport::{HyperTransport, TlsSettings, Transport};

async fn send(port: u16, tls: &TlsSettings) -> Result<http::Response<Bytes>, TransportErrorKind> {
    let transport = HyperTransport::configured(tls, &Proxies::default()).unwrap();
    let long = Duration::from_secs(20);
    let request = http::Request::post(format!("https://localhost:{port}/"));
    let request = request.body(Bytes::from_static(b"Action=Test")).unwrap();
    let sent = transport.send(request, SendTimeouts { connect: long, attempt: long }).await;
    sent.map_err(|error| error.kind())
}

#[tokio::test]
async fn roots_are_trusted_instead_of_the_usual_ones_or_besides() {
    let (pki, other) = (Pki::new(), Pki::new());
    for version in [&TLS12, &TLS13] {
        let port = pki.serve(version, false).await;
        let pem = |pki: &Pki| Some(pki.ca_pem().into_bytes());
        for (ca_bundle, extra_roots, trusted) in [
            (pem(&pki), None, true),
            (None, pem(&pki), true),
            (pem(&other), pem(&pki), true),
            (pem(&other), None, false),
            (pem(&other), pem(&other), false),
            (None, pem(&other), false),
        ] {
            let tls = TlsSettings { ca_bundle, extra_roots, ..TlsSettings::default() };
            match send(port, &tls).await {
                Ok(answer) => assert!(trusted && answer.body() == "hello"),
                Err(kind) => assert!(!trusted && kind == TransportErrorKind::Tls, "{kind:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_asks_is_shown_the_certificate() {
    let (pki, other) = (Pki::new(), Pki::new());
    let pair = |pki: &Pki| {
        let (chain, key) = pki.pair();
        Some((chain.into_bytes(), key.into()))
    };
    for version in [&TLS12, &TLS13] {
        let port = pki.serve(version, true).await;
        for (client_certificate, known) in [(pair(&pki), true), (pair(&other), false), (None, false)] {
            let ca_bundle = Some(pki.ca_pem().into_bytes());
            let tls = TlsSettings { ca_bundle, client_certificate, ..TlsSettings::default() };
            assert_eq!(send(port, &tls).await.is_ok(), known);
        }
    }
}

#[test]
fn a_certificate_needs_its_own_key() {
    let pki = Pki::new();
    let ((chain, key), (_, another)) = (pki.pair(), pki.pair());
    let build = |chain: &str, key: &str| {
        crate::Builder::isolated().region("eu-west-1").client_certificate(chain, key).build()
    };
    build(&chain, &key).unwrap();
    let broken = key.replace("MI", "AA");
    for (chain, key) in [
        (&*chain, &*another),
        (&chain, ""),
        ("", &key),
        (&chain, &broken),
        (&chain, &chain),
        (&key, &key),
        ("x", "y"),
    ] {
        let error = build(chain, key).unwrap_err();
        assert!(matches!(error, Error::Settings(SettingsError::ClientCertificate)), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("BEGIN"));
    }
}
