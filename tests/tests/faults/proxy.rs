//! Forward proxies that refuse, hang or are not there, and real ones that let through.

use std::path::Path;

use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Phase, TransportErrorKind as Kind};
use sts_tests::driver::Setup;
use sts_tests::scripted::{Script, Scripted};

use crate::peers::{answered, named_by};
use crate::row::{Expect, Row, SHORT, call, settings};

/// A server that only the proxy could reach.
const BEHIND: &str = "https://sts.behind-the-proxy.invalid";

pub(crate) fn rows() -> Vec<Row> {
    let answer = |status| Script::Answer(status, "text/html", b"<html>no</html>".to_vec());
    let refused = || Expect::transport(Kind::Connect, 3);
    let mut rows = vec![
        scripted("proxy answers 407", answer(407), refused()),
        scripted("proxy answers 403", answer(403), refused()),
        scripted("proxy answers 502", answer(502), refused()),
        scripted("proxy answers 503", answer(503), refused()),
        scripted("proxy closes", Script::Raw(Vec::new()), refused()),
        scripted(
            "proxy hangs",
            Script::Silence,
            Expect::transport(Kind::Timeout(Phase::Connect), 3).between(1000, 4500),
        ),
    ];
    rows.push(Row::new("proxy is not there", |client| {
        let unused = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let proxy = format!("http://user:planted-password@{}", unused.expect("a port is free"));
        let driver = client.make(&Setup::new(settings(BEHIND)).proxy(proxy));
        let ended = call(&driver, GetCallerIdentity::new());
        Expect::transport(Kind::Refused, 3).check(&ended)?;
        Ok(ended.to_string())
    }));
    rows.extend(real());
    rows
}

fn scripted(name: &str, script: Script, expect: Expect) -> Row {
    Row::new(name, move |client| {
        let server = Scripted::start(script.clone());
        let proxy = server.url().replace("http://", "http://user:planted-password@");
        let driver = client.make(&Setup::new(settings(BEHIND).timeouts(SHORT)).proxy(proxy));
        let ended = call(&driver, GetCallerIdentity::new());
        expect.check(&ended)?;
        expect.check_seen(&server)?;
        Ok(ended.to_string())
    })
}

/// squid and tinyproxy, in front of nginx with TLS; and a certificate for the server that wants one.
fn real() -> Vec<Row> {
    let (Some(ca), Some(tls)) = (named_by("STS_PEERS_CA"), named_by("TLS_URL")) else { return Vec::new() };
    let pem = std::fs::read(&ca).unwrap_or_else(|error| panic!("STS_PEERS_CA: {ca}: {error}"));
    let mut proxies = Vec::new();
    if let Some(squid) = named_by("PROXY_URL") {
        proxies.push(("through squid", squid, answered()));
    }
    if let Some(tinyproxy) = named_by("PROXY_AUTH_URL") {
        let wrong = tinyproxy.replace(":s3cret@", ":planted@");
        proxies.push(("through tinyproxy, with a password", tinyproxy, answered()));
        proxies.push((
            "through tinyproxy, with a wrong password",
            wrong,
            Expect::transport(Kind::Connect, 3),
        ));
    }
    let mut rows: Vec<Row> = Vec::new();
    for (name, proxy, expect) in proxies {
        let (tls, pem) = (tls.clone(), pem.clone());
        rows.push(Row::new(name, move |client| {
            let setup = Setup::new(settings(&tls)).ca_bundle(pem.clone()).proxy(proxy.clone());
            let ended = call(&client.make(&setup), GetCallerIdentity::new());
            expect.check(&ended)?;
            Ok(ended.to_string())
        }));
    }
    if let Some(mtls) = named_by("MTLS_URL") {
        let file = |name: &str| std::fs::read(Path::new(&ca).with_file_name(name));
        let pair = file("client.chain").and_then(|chain| Ok((chain, file("client.key")?)));
        let (chain, key) = pair.expect("the client's certificate lies beside the authority's");
        rows.push(Row::new("haproxy gets the certificate that it wants", move |client| {
            let setup = Setup::new(settings(&mtls)).ca_bundle(pem.clone());
            let driver = client.make(&setup.client_certificate(chain.clone(), key.clone()));
            let ended = call(&driver, GetCallerIdentity::new());
            answered().check(&ended)?;
            Ok(ended.to_string())
        }));
    }
    rows
}
