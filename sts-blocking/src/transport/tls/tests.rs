use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};
use sts_proto::settings::{Roots, Settings, SettingsErrorKind};
use sts_proto::{Retry, TransportErrorKind as Kind};

use crate::loopback::{Connection, IDENTITY, Server, answer, builder, text};
use crate::{Builder, Error};

const ROOT: &[u8] = include_bytes!("testdata/ca.pem");
const SERVER: &[u8] = include_bytes!("testdata/server.pem");
const SERVER_KEY: &[u8] = include_bytes!("testdata/server.key");
const CLIENT: &[u8] = include_bytes!("testdata/client.pem");
const CLIENT_KEY: &[u8] = include_bytes!("testdata/client.key");

/// What the settings are refused for.
fn refused_for(error: &Error) -> &SettingsErrorKind {
    let Error::Settings(error) = error else { panic!("{error:?}") };
    error.kind()
}

/// An STS over one version of TLS, which may ask for a certificate of ours.
fn server(version: &'static SupportedProtocolVersion, asks: bool) -> Server {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
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
        assert_eq!(call(secure(&server).ca_bundle(CLIENT).extra_roots(ROOT)).unwrap(), "0123");
        let named = Builder::isolated().settings(settings.roots(Roots::File(bundle)));
        assert_eq!(call(named).unwrap(), "0123");
        assert_eq!(kind(&call(secure(&server).ca_bundle(CLIENT)).unwrap_err()), Kind::Tls);
    }
}

#[cfg(all(feature = "webpki-roots", feature = "_rustls"))]
#[test]
fn by_default_only_mozillas_roots_are_trusted() {
    let server = server(&TLS13, false);
    assert_eq!(kind(&call(secure(&server)).unwrap_err()), Kind::Tls);
    assert_eq!(kind(&call(secure(&server).roots(Roots::Mozilla)).unwrap_err()), Kind::Tls);
    assert_eq!(call(secure(&server).roots(Roots::Mozilla).extra_roots(ROOT)).unwrap(), "0123");
}

#[cfg(any(feature = "platform-roots", not(feature = "_rustls")))]
#[test]
fn the_platforms_roots_are_trusted_where_the_program_says_so() {
    let server = server(&TLS13, false);
    let platform = || secure(&server).roots(Roots::Platform);
    assert_eq!(kind(&call(platform()).unwrap_err()), Kind::Tls);
    assert_eq!(call(platform().extra_roots(ROOT)).unwrap(), "0123");
}

/// Whatever else is compiled in is not used instead.
#[test]
fn roots_that_are_not_compiled_in_are_an_error() {
    let text = |error: Error| text(&error);
    let rustls = cfg!(feature = "_rustls");
    if rustls && !cfg!(feature = "webpki-roots") {
        let error = call(secure(&server(&TLS13, false))).unwrap_err();
        assert_eq!(kind(&error), Kind::Unsupported);
        assert!(text(error).contains("enable the features webpki-roots and"));
    }
    if !rustls || !cfg!(feature = "webpki-roots") {
        let error = builder("https://sts.invalid").roots(Roots::Mozilla).build().unwrap_err();
        assert!(text(error).contains("enable the features webpki-roots and"));
    }
    if rustls && !cfg!(feature = "platform-roots") {
        let error = builder("https://sts.invalid").roots(Roots::Platform).build().unwrap_err();
        assert!(text(error).contains("enable the feature platform-roots"));
    }
    assert!(builder("http://sts.invalid").build().is_ok(), "http needs none");
}

#[test]
fn bundles_that_cannot_be_used() {
    let build = |builder: Builder| builder.build().unwrap_err();
    let error = build(builder("https://sts.invalid").extra_roots("no pem"));
    assert!(matches!(refused_for(&error), SettingsErrorKind::ExtraRoots));
    let settings = |path: &str| Settings::new().region("eu-west-1").roots(Roots::File(path.into()));
    let error = build(Builder::isolated().settings(settings("/no/such/bundle.pem")));
    assert!(matches!(refused_for(&error), SettingsErrorKind::CaBundleFile { path, .. }
        if path == std::path::Path::new("/no/such/bundle.pem")));
    assert!(error.to_string().contains("cannot be read (no such file"), "{error}");
    let replaced = Builder::isolated().settings(settings("/no/such/bundle.pem")).ca_bundle(ROOT);
    assert!(replaced.build().is_ok());
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

#[test]
fn a_pair_that_belongs_together_is_taken() {
    assert!(
        builder("https://sts.invalid").ca_bundle(ROOT).client_certificate(CLIENT, CLIENT_KEY).build().is_ok()
    );
}

#[test]
fn a_pair_that_does_not_belong_together_is_refused_before_anything_is_sent() {
    for (chain, key) in [
        (CLIENT, SERVER_KEY),
        (CLIENT, CLIENT),
        (CLIENT_KEY, CLIENT_KEY),
        (CLIENT, b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        (CLIENT, b"\xff"),
        (b"", CLIENT_KEY),
    ] {
        let error = builder("https://sts.invalid")
            .ca_bundle(ROOT)
            .client_certificate(chain, key)
            .build()
            .unwrap_err();
        assert!(matches!(refused_for(&error), SettingsErrorKind::ClientCertificate), "{error}");
    }
}
