//! Rows against servers that this project did not write: `faults.sh` and `proxies.sh` of `../shared/servers`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Request;
use serde_json::{Value, json};
use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Credentials, Phase, TransportErrorKind as Kind};
use sts_tests::driver::{Driver, Setup};
use sts_tests::exchange;

use crate::row::{Client, End, Expect, PATIENT, Row, SHORT, call, equal, settings};

/// What has to be there where `CI` is set.
const REQUIRED: [&str; 2] = ["FAULTS_URL", "FAULT_SILENT_URL"];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(url) = named_by("FAULTS_URL") {
        rows.extend(microburst(&url));
    }
    let closed = || Expect::transport(Kind::Closed, 3);
    // haproxy forgets the connection once it has read the headers. ureq writes the body behind them, and if that comes
    // later it meets a reset.
    let silent = Expect::transport(Kind::Timeout(Phase::Response), 3).or(Kind::Closed).between(0, 4500);
    let slow = Expect::transport(Kind::Timeout(Phase::Response), 3).between(2300, 4500);
    // Retry-After: 1, twice.
    let busy = Expect::refused(503, None, 3).between(2000, 4500);
    for (variable, what, expect) in [
        ("FAULT_SILENT_URL", "haproxy drops silently", silent),
        ("FAULT_REJECT_URL", "haproxy rejects", closed()),
        ("FAULT_TARPIT_URL", "haproxy's tarpit", slow),
        ("FAULT_503_URL", "haproxy's 503 with retry-after", busy),
    ] {
        let Some(url) = named_by(variable) else { continue };
        rows.push(Row::new(what, move |client| {
            let driver = client.make(&Setup::new(settings(&url).timeouts(SHORT)));
            let ended = call(&driver, GetCallerIdentity::new());
            expect.check(&ended)?;
            Ok(ended.to_string())
        }));
    }
    let Some(ca) = named_by("STS_PEERS_CA") else { return rows };
    let pem = std::fs::read(&ca).unwrap_or_else(|error| panic!("STS_PEERS_CA: {ca}: {error}"));
    let tls = || Expect::transport(Kind::Tls, 1);
    for (variable, what, expect) in [
        ("TLS_URL", "nginx with TLS", answered()),
        ("TLS12_URL", "haproxy with TLS 1.2", answered()),
        ("TLS_WRONGNAME_URL", "nginx with another name", tls()),
        ("TLS_EXPIRED_URL", "nginx that expired", tls()),
    ] {
        let Some(url) = named_by(variable) else { continue };
        let pem = pem.clone();
        rows.push(Row::new(what, move |client| {
            let driver = client.make(&Setup::new(settings(&url)).ca_bundle(pem.clone()));
            let ended = call(&driver, GetCallerIdentity::new());
            expect.check(&ended)?;
            Ok(ended.to_string())
        }));
    }
    if let Some(url) = named_by("TLS_SHORT_KEEPALIVE_URL") {
        let pem = pem.clone();
        rows.push(Row::new("nginx closes after three requests, and after a second without", move |client| {
            let driver = client.make(&Setup::new(settings(&url)).ca_bundle(pem.clone()));
            for pause in [0, 0, 0, 0, 0, 0, 1500, 0] {
                std::thread::sleep(Duration::from_millis(pause));
                answered().check(&call(&driver, GetCallerIdentity::new()))?;
            }
            Ok("eight calls, an attempt each".to_owned())
        }));
    }
    if let Some(url) = named_by("MTLS_URL") {
        rows.push(Row::new("haproxy wants a certificate of the client", move |client| {
            let driver = client.make(&Setup::new(settings(&url)).ca_bundle(pem.clone()));
            let ended = call(&driver, GetCallerIdentity::new());
            // With TLS 1.3 the alert comes while the request is written. Who writes on meets either the alert or, which
            // is tried again, a closed connection.
            let attempts = ended.attempts.clamp(1, 3);
            Expect::transport(Kind::Tls, attempts).or(Kind::Closed).check(&ended)?;
            Ok(ended.to_string())
        }));
    }
    rows
}

/// The server behind the front ends checks keys and has not heard of these.
pub(crate) fn answered() -> Expect {
    Expect::refused(403, "InvalidClientTokenId", 1)
}

/// Rules, each for the requests that are signed with one access key, which no other row has.
fn microburst(url: &str) -> Vec<Row> {
    let error =
        |code: &str, status: u16, message: &str| json!({"code": code, "status": status, "message": message});
    let closed = || Expect::transport(Kind::Closed, 3);
    // moto takes seconds for the first of all requests.
    drop(call(&Client::Blocking.make(&Setup::new(settings(url))), GetCallerIdentity::new()));
    let throttled = |expect: Expect| expect.between(0, 5000);
    [
        ("passes", json!({"times": 0, "reset": true}), Expect::success(1), 0),
        (
            "Throttling once",
            json!({"times": 1, "error": error("Throttling", 400, "Rate exceeded")}),
            throttled(Expect::success(2)),
            1,
        ),
        (
            "Throttling for ever",
            json!({"error": error("Throttling", 400, "Rate exceeded")}),
            throttled(Expect::refused(400, "Throttling", 3)),
            3,
        ),
        (
            "SlowDown once",
            json!({"times": 1, "error": error("SlowDown", 503, "no")}),
            throttled(Expect::success(2)),
            1,
        ),
        (
            "InternalFailure twice",
            json!({"times": 2, "error": error("InternalFailure", 500, "no")}),
            Expect::success(3),
            2,
        ),
        (
            "ExpiredToken",
            json!({"error": error("ExpiredToken", 403, "The security token included in the request is expired")}),
            Expect::refused(403, "ExpiredToken", 1),
            1,
        ),
        (
            "AccessDenied",
            json!({"error": error("AccessDenied", 403, "no")}),
            Expect::refused(403, "AccessDenied", 1),
            1,
        ),
        ("reset once", json!({"times": 1, "reset": true}), Expect::success(2), 1),
        ("reset for ever", json!({"reset": true}), closed(), 3),
        (
            "latency, in time",
            json!({"latency": {"min": 200, "max": 300}}),
            Expect::success(1).between(200, 3500),
            1,
        ),
        (
            "latency, too long",
            json!({"latency": {"min": 5000, "max": 5000}}),
            Expect::transport(Kind::Timeout(Phase::Response), 3).between(2300, 4500),
            3,
        ),
        ("504 after a while", json!({"timeout_ms": 100}), Expect::refused(504, "RequestTimeout", 3), 3),
        (
            "body aborted in the middle",
            json!({"response": {"abort_frac": 0.5}}),
            closed(),
            3,
        ),
        (
            "body aborted once",
            json!({"times": 1, "response": {"abort_frac": 0.3}}),
            Expect::success(2),
            1,
        ),
        (
            "body truncated, length right",
            json!({"response": {"truncate_frac": 0.5}}),
            Expect::new(End::Unusable, 1),
            1,
        ),
    ]
    .map(|(name, rule, expect, fired)| {
        let url = url.to_owned();
        Row::new(format!("microburst: {name}"), move |client| {
            let key = new_key();
            let keys = Credentials::new(&key, "any");
            let timeouts = if name == "latency, too long" { SHORT } else { PATIENT };
            let driver = client.make(&Setup::new(settings(&url).credentials(keys).timeouts(timeouts)));
            let mut rule = rule.clone();
            rule["headers"] = json!({"authorization": key});
            rule["ttl_s"] = json!(60);
            let id = add(&driver, &url, &rule)?;
            let ended = call(&driver, GetCallerIdentity::new());
            expect.check(&ended)?;
            equal("times that the rule fired", fired_count(&driver, &url, &id)?, fired)?;
            Ok(ended.to_string())
        })
    })
    .into()
}

fn new_key() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("AKIAFAULTS{}N{}E", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst))
}

/// The rule's id.
fn add(driver: &Driver, url: &str, rule: &Value) -> Result<Value, String> {
    let request =
        Request::patch(format!("{url}/_microburst/rules")).header("content-type", "application/json");
    let all = json_of(driver, request.body(json!([rule]).to_string().into()))?;
    let ours = all.as_array().into_iter().flatten().find(|one| one["headers"] == rule["headers"]);
    ours.map(|one| one["id"].clone()).ok_or_else(|| format!("the rule was not taken: {all}"))
}

fn fired_count(driver: &Driver, url: &str, id: &Value) -> Result<usize, String> {
    let request = Request::get(format!("{url}/_microburst/fired?rule_id={id}"));
    let fired = json_of(driver, request.body(bytes::Bytes::new()))?;
    fired.as_array().map(Vec::len).ok_or_else(|| format!("no list: {fired}"))
}

fn json_of(driver: &Driver, request: http::Result<Request<bytes::Bytes>>) -> Result<Value, String> {
    let request = request.map_err(|error| error.to_string())?;
    let response = exchange::send(driver, request).map_err(|error| error.to_string())?;
    serde_json::from_slice(response.body()).map_err(|error| format!("{}: {error}", response.status()))
}

/// The value of a variable; where it is missing that is said.
pub(crate) fn named_by(variable: &'static str) -> Option<String> {
    let value = std::env::var(variable).ok().filter(|value| !value.is_empty());
    if value.is_none() {
        let required = std::env::var_os("CI").is_some() && REQUIRED.contains(&variable);
        assert!(!required, "CI is set, and {variable} is not");
        println!("faults: {variable} is not set, so what needs it is not run");
    }
    value
}
