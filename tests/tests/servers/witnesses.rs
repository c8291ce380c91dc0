//! Proofs and tokens as the clients of their consumers make them, which know nothing of ours: at the same second ours are the
//! same, and the verifier takes theirs.
//!
//! `STS_PYTHON` names a Python with the `aws` of awscli beside it, and with hvac, pymongo-auth-aws, google-auth and
//! aws-msk-iam-sasl-signer-python, each if it is to be asked.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sts_proto::endpoint::{Endpoint, EndpointParams};
use sts_proto::operations::AssumeRole;
use sts_proto::proof::verify::{Reason, Verifier};
use sts_proto::proof::{Eks, Google, MongoDb, Proof, Vault};
use sts_proto::token::Msk;
use sts_proto::wire::time::parse;
use sts_proto::{Credentials, Settings};
use sts_tests::driver::Setup;
use sts_tests::peer::Peer;
use sts_tests::sts::Server;

use super::python;

const REGION: &str = "us-west-2";

#[test]
fn other_clients_make_the_same_proofs() {
    let Some(python) = python::python("awscli") else { return };
    let sts = Server::start();
    let alice = Credentials::new(sts.access_key_id(), sts.secret_access_key());
    let settings = Settings::new().region("us-east-1").endpoint_url(sts.url()).credentials(alice.clone());
    let [driver, _] = Setup::new(settings).drivers().expect("the settings are good");
    let session = driver.send(AssumeRole::new(sts.role_arn("demo"), "me")).expect("a session").credentials;
    for keys in [alice, session] {
        let token = keys.session_token.as_ref().map(|token| token.expose());
        let facts = json!({
            "access_key_id": keys.access_key_id,
            "secret_access_key": keys.secret_access_key.expose(),
            "session_token": token,
            "region": REGION,
        });
        let output = python::run(&python, "witnesses.py", &facts);
        let made: BTreeMap<String, Value> = serde_json::from_slice(&output.stdout).expect("json");
        assert!(made.contains_key("eks"), "awscli makes no token");
        for (name, theirs) in &made {
            match &**name {
                "eks" => {
                    eks(&keys, text(theirs));
                    eks_is_verified(&sts, text(theirs));
                }
                "vault" => vault(&keys, theirs),
                "mongodb" => mongodb(&keys, theirs),
                "google" => google(&keys, text(theirs)),
                "msk" => msk(&keys, theirs),
                other => panic!("no such witness: {other}"),
            }
        }
        eprintln!("the same: {:?}", made.keys());
    }
}

fn eks(keys: &Credentials, theirs: &str) {
    let url = decoded(URL_SAFE_NO_PAD.decode(&theirs["k8s-aws-v1.".len()..]));
    let now = date(&url, "X-Amz-Date=");
    let ours = Eks::new("demo").prove(&endpoint(REGION), keys, now).expect("it can be made");
    let ours_url = decoded(URL_SAFE_NO_PAD.decode(&ours.token.expose()["k8s-aws-v1.".len()..]));
    assert_eq!(items(&ours_url), items(&url));
    assert_eq!(ours.token.expose().len(), theirs.len());
    let checked = Verifier::eks("demo").expect("a name").check_token(theirs, now).expect("it breaks no rule");
    let sent = checked.request().uri().to_string();
    assert_eq!(items(&sent), items(&url));
}

/// The embedded STS says whose token of the AWS CLI it is, and whose it is not once it was changed anywhere.
fn eks_is_verified(sts: &Server, theirs: &str) {
    let network = Peer::network_of(sts);
    let setup = Setup::new(Settings::new().region(REGION)).without_credentials().transport(&network);
    let [driver, _] = setup.drivers().expect("the settings are good");
    let verifier = Verifier::eks("demo").expect("a name").accounts([sts.account()]);
    let identity = driver.run(verifier.token(theirs)).expect("the token is good");
    assert!(identity.canonical_arn.contains(":user/") || identity.canonical_arn.ends_with(":role/demo"));
    let other = Verifier::eks("other").expect("a name");
    assert_eq!(driver.run(other.token(theirs)), Err(Reason::Status(403)));
    let url = URL_SAFE_NO_PAD.decode(&theirs["k8s-aws-v1.".len()..]).expect("base64");
    for at in 0..url.len() {
        let mut changed = url.clone();
        changed[at] ^= 1;
        let changed = format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(&changed));
        assert!(driver.run(verifier.token(&changed)).is_err(), "{at}");
    }
}

fn vault(keys: &Credentials, theirs: &Value) {
    let headers = |payload: &Value| -> BTreeMap<String, Value> {
        let json = decoded(STANDARD.decode(text(&payload["iam_request_headers"])));
        let headers: BTreeMap<String, Value> = serde_json::from_str(&json).expect("json");
        let plain = |value: Value| if value.is_array() { value[0].clone() } else { value };
        headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), plain(value))).collect()
    };
    let signed = headers(theirs);
    let now = parse_date(text(&signed["x-amz-date"]));
    let login = Vault::new("dev-role").server_id("vault.example.com");
    // hvac goes to the global endpoint.
    let params =
        EndpointParams { region: Some("us-east-1"), use_global_endpoint: true, ..Default::default() };
    let endpoint = Endpoint::resolve(&params).expect("a region");
    let ours = login.prove(&endpoint, keys, now).expect("it can be made");
    let ours: Value = serde_json::from_str(ours.expose()).expect("json");
    for name in ["role", "iam_http_request_method", "iam_request_url", "iam_request_body"] {
        assert_eq!(ours[name], theirs[name], "{name}");
    }
    assert_eq!(headers(&ours), signed);
    let servers = Verifier::audience("X-Vault-AWS-IAM-Server-ID", "vault.example.com").expect("a header");
    servers.check_request(theirs.to_string().as_bytes(), now).expect("it breaks no rule");
}

fn mongodb(keys: &Credentials, theirs: &Value) {
    let bytes = |name: &str| STANDARD.decode(text(&theirs[name])).expect("base64");
    let conversation = MongoDb::new(bytes("nonce").try_into().expect("32 bytes"));
    assert_eq!(conversation.first(), bytes("first"));
    let reply = conversation.reply(&bytes("server")).expect("an answer to it");
    let second = bytes("second");
    let at = second.windows(3).position(|part| part == b"\x02d\0").expect("a date") + 7;
    let now = parse_date(std::str::from_utf8(&second[at..at + 16]).expect("text"));
    let ours = reply.prove(&endpoint(REGION), keys, now).expect("it can be made");
    assert_eq!(ours.expose(), second);
}

/// The same but for the signature, since the target is signed here.
fn google(keys: &Credentials, theirs: &str) {
    let read = |token: &str| -> (Value, BTreeMap<String, String>) {
        let json = percent_encoding::percent_decode_str(token).decode_utf8().expect("utf-8");
        let token: Value = serde_json::from_str(&json).expect("json");
        let headers = token["headers"].as_array().expect("a list").iter();
        let header =
            |pair: &Value| (text(&pair["key"]).to_ascii_lowercase(), text(&pair["value"]).to_owned());
        let headers = headers.map(header).collect();
        (token, headers)
    };
    let (token, mut headers) = read(theirs);
    let now = parse_date(&headers["x-amz-date"]);
    let ours = Google::new(headers["x-goog-cloud-target-resource"].clone());
    let ours = ours.prove(&endpoint(REGION), keys, now).expect("it can be made");
    let (our_token, mut our_headers) = read(ours.expose());
    let signed = our_headers.remove("authorization").expect("a signature");
    assert!(signed.contains(";x-goog-cloud-target-resource,"), "{signed}");
    assert!(headers.remove("authorization").is_some());
    assert_eq!(our_headers, headers);
    assert_eq!((&our_token["url"], &our_token["method"]), (&token["url"], &token["method"]));
}

fn msk(keys: &Credentials, theirs: &Value) {
    let url = decoded(URL_SAFE_NO_PAD.decode(text(&theirs["token"])));
    let agent = url.rsplit_once("&User-Agent=").expect("an agent").1;
    let agent = percent_encoding::percent_decode_str(agent).decode_utf8().expect("utf-8");
    let ours = Msk::new().user_agent(agent).prove(&endpoint(REGION), keys, date(&url, "X-Amz-Date="));
    let ours = ours.expect("it can be made");
    assert_eq!(items(&decoded(URL_SAFE_NO_PAD.decode(ours.token.expose()))), items(&url));
    let expiry = theirs["expiry_ms"].as_u64().expect("a number");
    assert_eq!(ours.expires, SystemTime::UNIX_EPOCH + Duration::from_millis(expiry));
}

fn endpoint(region: &str) -> Endpoint {
    let params = EndpointParams { region: Some(region), ..Default::default() };
    Endpoint::resolve(&params).expect("a region")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn decoded(bytes: Result<Vec<u8>, base64::DecodeError>) -> String {
    String::from_utf8(bytes.expect("base64")).expect("text")
}

/// The parts of a URL, in any order.
fn items(url: &str) -> Vec<String> {
    let text = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
    let mut items: Vec<_> = url.split(['?', '&']).map(text).collect();
    items.sort_unstable();
    items
}

fn date(url: &str, name: &str) -> SystemTime {
    parse_date(url.split(name).nth(1).and_then(|rest| rest.get(..16)).expect("a date"))
}

/// `20240517T090807Z`
fn parse_date(text: &str) -> SystemTime {
    let part = |from: usize, to: usize| text.get(from..to).expect("a date");
    let (day, time) = ((part(0, 4), part(4, 6), part(6, 8)), (part(9, 11), part(11, 13), part(13, 15)));
    parse(&format!("{}-{}-{}T{}:{}:{}Z", day.0, day.1, day.2, time.0, time.1, time.2)).expect("a date")
}
