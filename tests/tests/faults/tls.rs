//! TLS that cannot be agreed on, against servers with certificates of an authority of the tests' own.

use std::sync::Arc;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, IsCa, SanType, date_time_ymd};
use rustls::ServerConfig;
use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Phase, TransportErrorKind as Kind};
use sts_tests::driver::Setup;
use sts_tests::pki::{OwnAuthority, Pki};
use sts_tests::scripted::{Script, Scripted};

use crate::row::{Client, Expect, Row, SHORT, call, equal, ok, settings};

pub(crate) fn rows() -> Vec<Row> {
    let refused = || Expect::transport(Kind::Tls, 1);
    let mut rows = own_authority();
    rows.extend(vec![
        served("TLS that works", Pki::good, true, Expect::success(1), 1),
        served("certificate of another name", Pki::wrong_name, true, refused(), 0),
        served("certificate that expired", Pki::expired, true, refused(), 0),
        served("certificate of an unknown authority", Pki::good, false, refused(), 0),
        served("TLS 1.2 only", only_1_2, true, Expect::success(1), 1),
        served("TLS 1.3 only", only_1_3, true, Expect::success(1), 1),
        broken(
            "plain HTTP behind https",
            Script::Unasked(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec()),
            refused(),
        ),
        // handshake_failure, protocol_version, internal_error (RFC 8446 §6).
        broken("alert handshake_failure", alert(40), refused()),
        broken("alert protocol_version", alert(70), refused()),
        broken("alert internal_error", alert(80), refused()),
        cut("handshake cut", Script::Unasked(Vec::new())),
        cut("handshake reset", Script::RawThenReset(Vec::new())),
        stalled(),
    ]);
    rows
}

/// Servers whose certificate is its own authority. It is trusted where it is given itself, byte for byte.
fn own_authority() -> Vec<Row> {
    type Change = fn(&mut CertificateParams);
    let valid: Change = |_| {};
    let plain: Change = |params| params.is_ca = IsCa::NoCa;
    let renamed: Change =
        |params| params.subject_alt_names = vec![SanType::DnsName("elsewhere.invalid".try_into().unwrap())];
    let expired: Change = |params| params.not_after = date_time_ymd(2001, 1, 1);
    let early: Change = |params| params.not_before = date_time_ymd(2199, 1, 1);
    let serving: Change = |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let other_use: Change = |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let bundle: fn(Setup, &OwnAuthority) -> Setup = |setup, own| setup.ca_bundle(own.pem());
    let extra: fn(Setup, &OwnAuthority) -> Setup = |setup, own| setup.extra_roots(own.pem());
    let among: fn(Setup, &OwnAuthority) -> Setup =
        |setup, own| setup.ca_bundle([Pki::new().ca_pem(), own.pem(), Pki::new().ca_pem()].concat());
    let unknown: fn(Setup, &OwnAuthority) -> Setup = |setup, _| setup;
    // Of the same name and with another key.
    let another: fn(Setup, &OwnAuthority) -> Setup =
        |setup, _| setup.ca_bundle(OwnAuthority::new(|_| {}).pem());
    [
        ("in the bundle", valid, bundle, true),
        ("among the extra roots", valid, extra, true),
        ("among others in the bundle", valid, among, true),
        ("that is no authority, in the bundle", plain, bundle, true),
        ("for servers, in the bundle", serving, bundle, true),
        ("of an unknown authority", valid, unknown, false),
        ("of which there is another in the bundle", valid, another, false),
        ("of another name, in the bundle", renamed, bundle, false),
        ("that expired, in the bundle", expired, bundle, false),
        ("that is not valid yet, in the bundle", early, bundle, false),
        ("for clients, in the bundle", other_use, bundle, false),
    ]
    .map(|(name, change, trust, taken)| {
        Row::new(format!("certificate that is its own authority, {name}"), move |client| {
            let own = OwnAuthority::new(change);
            let server = Scripted::start_tls(ok(), own.server());
            let setup = Setup::new(settings(&format!("https://localhost:{}", server.port())));
            let ended = call(&client.make(&trust(setup, &own)), GetCallerIdentity::new());
            if taken { Expect::success(1) } else { Expect::transport(Kind::Tls, 1) }.check(&ended)?;
            equal("requests", server.requests(), usize::from(taken))?;
            Ok(ended.to_string())
        })
    })
    .into()
}

/// A server with TLS, which reads so many `requests`.
fn served(
    name: &'static str,
    server: impl Fn(&Pki) -> Arc<ServerConfig> + Send + Sync + 'static,
    trusted: bool,
    expect: Expect,
    requests: usize,
) -> Row {
    Row::new(name, move |client| {
        let pki = Pki::new();
        let server = Scripted::start_tls(ok(), server(&pki));
        let setup = Setup::new(settings(&format!("https://localhost:{}", server.port())));
        let setup = if trusted { setup.ca_bundle(pki.ca_pem()) } else { setup };
        let ended = call(&client.make(&setup), GetCallerIdentity::new());
        expect.check(&ended)?;
        expect.check_seen(&server)?;
        equal("requests", server.requests(), requests)?;
        Ok(ended.to_string())
    })
}

/// A connection that ends in the handshake: to ureq one that was closed, to hyper one that could not be made.
fn cut(name: &'static str, script: Script) -> Row {
    let [closed, connect] =
        [Kind::Closed, Kind::Connect].map(|kind| broken(name, script.clone(), Expect::transport(kind, 3)));
    Row::new(name, move |client| match client {
        Client::Blocking => (closed.run)(client),
        Client::Async => (connect.run)(client),
    })
}

/// A server that does not get as far as TLS.
fn broken(name: &'static str, script: Script, expect: Expect) -> Row {
    Row::new(name, move |client| {
        let server = Scripted::start(script.clone());
        let url = format!("https://localhost:{}", server.port());
        let ended = call(&client.make(&Setup::new(settings(&url))), GetCallerIdentity::new());
        expect.check(&ended)?;
        expect.check_seen(&server)?;
        Ok(ended.to_string())
    })
}

fn stalled() -> Row {
    Row::new("handshake that stalls", |client| {
        let server = Scripted::start(Script::Silence);
        let url = format!("https://localhost:{}", server.port());
        let driver = client.make(&Setup::new(settings(&url).timeouts(SHORT)));
        let ended = call(&driver, GetCallerIdentity::new());
        let expect = Expect::transport(Kind::Timeout(Phase::Connect), 3).between(1480, 3500);
        expect.check(&ended)?;
        expect.check_seen(&server)?;
        Ok(ended.to_string())
    })
}

fn alert(description: u8) -> Script {
    Script::Unasked(vec![21, 3, 3, 0, 2, 2, description])
}

fn only_1_2(pki: &Pki) -> Arc<ServerConfig> {
    only(pki, &rustls::version::TLS12)
}

fn only_1_3(pki: &Pki) -> Arc<ServerConfig> {
    only(pki, &rustls::version::TLS13)
}

fn only(pki: &Pki, version: &'static rustls::SupportedProtocolVersion) -> Arc<ServerConfig> {
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[version])
        .expect("the provider knows the version")
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(&pki.good().cert_resolver));
    Arc::new(config)
}
