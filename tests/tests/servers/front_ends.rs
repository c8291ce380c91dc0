//! TLS: the front ends of `proxies.sh`, and servers without the root that vouches for them.

use std::time::Duration;

use sts_proto::{Error, Settings, TransportErrorKind};
use sts_tests::driver::{Driver, Setup};

use crate::peer::{Known, Peer, REGION};
use crate::report::{Report, request_id};

/// Without the CA bundle no authority vouches for the server.
pub(crate) fn untrusted(peer: &Peer, driver: &Driver, report: &mut Report) {
    let settings = Settings::new().region(REGION).endpoint_url(&peer.url).credentials(peer.keys.clone());
    let setup = Setup::new(settings);
    let client = match driver {
        Driver::Blocking(_) => setup.blocking(),
        Driver::Async(..) => setup.asynchronous(),
    };
    let client = client.expect("the settings can be used");
    report.record(driver, "without the ca bundle", no_tls(peer.call(&client).map(drop)));
}

/// What is in front of `backend`, as far as its variables are there.
pub(crate) fn visit(backend: &Known) {
    let mut report = Report::new("tls");
    let known = Known { name: "tls", ..*backend };
    if Peer::find(&known, "MINISTACK_URL", None).is_none() {
        return report.left_out("all", "there is no server behind the front ends");
    }
    for (variable, check) in CASES {
        let Some(peer) = Peer::find(&known, variable, Some("STS_PEERS_CA")) else { continue };
        for driver in peer.setup(Some(peer.keys.clone())).drivers().expect("the settings can be used") {
            report.record(&driver, variable, check(&peer, &driver));
        }
    }
    report.finish();
}

type Check = fn(&Peer, &Driver) -> Result<String, String>;

const CASES: [(&str, Check); 6] = [
    ("TLS_URL", works),
    ("TLS12_URL", works),
    ("TLS_SHORT_KEEPALIVE_URL", works_for_long),
    ("TLS_WRONGNAME_URL", |peer, driver| no_tls(peer.call(driver).map(drop))),
    ("TLS_EXPIRED_URL", |peer, driver| no_tls(peer.call(driver).map(drop))),
    ("MTLS_URL", lacks_a_certificate),
];

fn works(peer: &Peer, driver: &Driver) -> Result<String, String> {
    peer.call(driver).map(|metadata| request_id(&metadata)).map_err(|error| error.to_string())
}

/// Each connection ends after three requests, and after a second with none.
fn works_for_long(peer: &Peer, driver: &Driver) -> Result<String, String> {
    for _ in 0..7 {
        works(peer, driver)?;
    }
    std::thread::sleep(Duration::from_millis(1500));
    works(peer, driver)
}

fn no_tls(outcome: Result<(), Error>) -> Result<String, String> {
    let kind = |error: &Error| error.as_transport_error().map(|error| error.kind());
    match outcome {
        Ok(()) => Err("it is trusted".to_owned()),
        Err(error) if kind(&error) == Some(TransportErrorKind::Tls) => Ok("refused by the client".to_owned()),
        Err(error) => Err(format!("{:?}: {error}", kind(&error))),
    }
}

/// In TLS 1.3 the server's refusal comes after the handshake, while the client writes its request: a client that
/// writes on sees a connection that is closed.
fn lacks_a_certificate(peer: &Peer, driver: &Driver) -> Result<String, String> {
    use TransportErrorKind::{Closed, Tls};
    let error = match peer.call(driver) {
        Ok(_) => return Err("it is let in".to_owned()),
        Err(error) => error,
    };
    match error.as_transport_error().map(|error| error.kind()) {
        Some(kind @ (Tls | Closed)) => Ok(format!("refused by the server: {kind:?}")),
        kind => Err(format!("{kind:?}: {error}")),
    }
}
