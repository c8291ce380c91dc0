use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};
use sts_proto::settings::{Settings, SettingsError};
use sts_proto::{Retry, TransportErrorKind as Kind};

use super::identity::provider;
use crate::testing::{Connection, IDENTITY, Server, answer, builder, text};
use crate::{Builder, Error};

const ROOT: &[u8] = include_bytes!("testdata/ca.pem");
const SERVER: &[u8] = include_bytes!("testdata/server.pem");
const SERVER_KEY: &[u8] = include_bytes!("testdata/server.key");
const CLIENT: &[u8] = include_bytes!("testdata/client.pem");
const CLIENT_KEY: &[u8] = include_bytes!("testdata/client.key");

/// An STS over one version of TLS, which may ask for a certificate of ours.
fn server(version: &'static SupportedProtocolVersion, asks: bool) -> Server {
    let provider = Arc::new(provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let config = config.with_protocol_versions(&[version]).unwrap();
    let config = if asks {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ROOT).unwrap()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        config.with_client_cert_verifier(verifier.build().unwrap())
    } else {
        config.with_no_client_auth()
    };
    let chain = vec![CertificateDer::from_pem_slice(SERVER).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(SERVER_KEY).unwrap();
    let config = Arc::new(config.with_single_cert(chain, key).unwrap());
    Server::start(move |connection, heard| {
        let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut connection = Connection(StreamOwned::new(tls, connection.0));
        while let Some(head) = connection.request() {
            heard(head);
            connection.write(&answer(IDENTITY));
        }
    })
}

fn secure(server: &Server) -> Builder {
    builder(&server.url().replace("http:", "https:")).retry(Retry::off())
}

fn call(builder: Builder) -> Result<String, Error> {
    Ok(builder.build()?.get_caller_identity()?.account)
}

fn kind(error: &Error) -> Kind {
    error.as_transport_error().unwrap().kind()
}

#[test]
fn both_versions_and_each_way_to_trust() {
    for version in [&TLS12, &TLS13] {
        let server = server(version, false);
        let bundle = std::env::temp_dir().join(format!("sts-blocking-bundle-{}", std::process::id()));
        std::fs::write(&bundle, ROOT).unwrap();
        let settings = || Settings::new().region("eu-west-1").without_credentials();
        let settings = settings().credentials(sts_proto::Credentials::new("AKID", "s"));
        let settings = settings.endpoint_url(server.url().replace("http:", "https:"));
        assert_eq!(call(secure(&server).ca_bundle(ROOT)).unwrap(), "0123");
        assert_eq!(call(secure(&server).extra_roots(ROOT)).unwrap(), "0123");
        assert_eq!(call(secure(&server).ca_bundle(CLIENT).extra_roots(ROOT)).unwrap(), "0123");
        let named = crate::Builder::isolated().settings(settings.ca_bundle_path(&bundle));
        assert_eq!(call(named).unwrap(), "0123");
        assert_eq!(kind(&call(secure(&server).ca_bundle(CLIENT)).unwrap_err()), Kind::Tls);
    }
}

#[cfg(any(feature = "webpki-roots", feature = "platform-roots"))]
#[test]
fn nobody_else_is_trusted() {
    assert_eq!(kind(&call(secure(&server(&TLS13, false))).unwrap_err()), Kind::Tls);
}

#[test]
fn bundles_that_cannot_be_used() {
    let error = call(builder("https://sts.invalid").extra_roots("no pem")).unwrap_err();
    assert!(matches!(error, Error::Settings(SettingsError::CaBundle)));
    let settings = Settings::new().region("eu-west-1").ca_bundle_path("/no/such/bundle.pem");
    let error = crate::Builder::isolated().settings(settings.clone()).build().unwrap_err();
    assert!(matches!(&error, Error::Settings(SettingsError::CaBundleFile { path, .. })
        if path == std::path::Path::new("/no/such/bundle.pem")));
    assert!(error.to_string().contains("cannot be read (no such file"), "{error}");
    assert!(crate::Builder::isolated().settings(settings).ca_bundle(ROOT).build().is_ok());
}

#[test]
fn a_client_certificate_is_shown_where_it_is_asked_for() {
    for version in [&TLS12, &TLS13] {
        let server = server(version, true);
        let with = secure(&server).ca_bundle(ROOT).client_certificate(CLIENT, CLIENT_KEY);
        assert_eq!(call(with).unwrap(), "0123");
        // Says so after the handshake of TLS 1.3, at the same time as the request is written.
        for _ in 0..20 {
            let error = call(secure(&server).ca_bundle(ROOT)).unwrap_err();
            assert_eq!(kind(&error), Kind::Tls, "{}", text(&error));
        }
        assert_eq!(server.heard().len(), 1);
    }
}
