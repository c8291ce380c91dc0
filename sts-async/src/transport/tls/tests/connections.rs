use std::time::Duration;

use bytes::Bytes;
use rustls::version::{TLS12, TLS13};
use sts_proto::settings::SettingsErrorKind;
use sts_proto::{SendTimeouts, TransportErrorKind};

use super::refused_for;
use crate::transport::testing::Pki;
use crate::transport::{HyperTransport, Transport};
use crate::{Roots, TlsSettings};

async fn send(port: u16, tls: &TlsSettings) -> Result<http::Response<Bytes>, TransportErrorKind> {
    let transport = HyperTransport::new(tls).unwrap();
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
        let only = |pki: &Pki| TlsSettings::new().with_roots(Roots::Pem(pki.ca_pem().into()));
        let and = |tls: TlsSettings, pki: &Pki| tls.with_extra_roots(pki.ca_pem());
        let mut cases = vec![
            (only(&pki), true),
            (and(only(&other), &pki), true),
            (and(and(only(&other), &pki), &other), true),
            (only(&other), false),
            (and(only(&other), &other), false),
        ];
        // The default roots have to be compiled in.
        if cfg!(any(feature = "webpki-roots", not(feature = "_rustls"))) {
            cases.push((and(TlsSettings::new(), &pki), true));
            cases.push((and(TlsSettings::new(), &other), false));
        }
        for (tls, trusted) in cases {
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
        Some((chain, key))
    };
    for version in [&TLS12, &TLS13] {
        let port = pki.serve(version, true).await;
        for (pair, known) in [(pair(&pki), true), (pair(&other), false), (None, false)] {
            let tls = TlsSettings::new().with_roots(Roots::Pem(pki.ca_pem().into()));
            let tls = match pair {
                Some((chain, key)) => tls.with_client_certificate(chain, key),
                None => tls,
            };
            let sent = send(port, &tls).await;
            assert_eq!(sent.is_ok(), known, "{sent:?}");
        }
    }
}

#[test]
fn a_certificate_needs_its_own_key() {
    let pki = Pki::new();
    let ((chain, key), (_, another)) = (pki.pair(), pki.pair());
    let build = |chain: &str, key: &str| {
        let builder = crate::Builder::isolated().region("eu-west-1").ca_bundle(pki.ca_pem());
        builder.client_certificate(chain, key).build()
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
        assert!(matches!(refused_for(&error), SettingsErrorKind::ClientCertificate), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("BEGIN"));
    }
}
