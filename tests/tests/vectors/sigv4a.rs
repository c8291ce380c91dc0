//! Signature Version 4a: keys from secrets, and what is sent to STS where the settings prefer it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, Request};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::Value;
use sts_proto::client::Load;
use sts_proto::operations::{AssumeRole, GetCallerIdentity};
use sts_proto::settings::Env;
use sts_proto::sigv4::{Scope, Signer};
use sts_proto::{Context, Credentials, Effect, Event, Flow, Settings, Step};
use sts_tests::sts::Signed;

use crate::report::Case;

/// The public half of a key.
pub(crate) struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Of an object with the coordinates in hexadecimal.
    pub(crate) fn read(json: &str) -> Self {
        Self::of(&serde_json::from_str(json).expect("a public key is JSON"))
    }

    fn of(json: &Value) -> Self {
        let coordinate = |names: [&str; 2]| {
            let text = names.iter().find_map(|name| json[*name].as_str()).expect("a coordinate");
            from_hex(&format!("{text:0>64}"))
        };
        let point = [vec![4], coordinate(["X", "x"]), coordinate(["Y", "y"])].concat();
        Self(VerifyingKey::from_sec1_bytes(&point).expect("a point of the curve"))
    }

    /// Whether `signature`, DER in hexadecimal, is that of `text`.
    pub(crate) fn signed(&self, text: &str, signature: &str) -> bool {
        let signature = Signature::from_der(&from_hex(signature)).expect("DER");
        self.0.verify(text.as_bytes(), &signature).is_ok()
    }
}

pub(crate) fn check(vector: &Value, case: &mut Case) -> Result<(), String> {
    match vector["kind"].as_str() {
        Some("key") => key(vector, case),
        Some("sts") => return sts(vector, case),
        other => return Err(format!("the kind {other:?} is unknown")),
    }
    Ok(())
}

/// A signature with the key that belongs to a secret, verified with the given public key.
fn key(vector: &Value, case: &mut Case) {
    let text = |name: &str| vector[name].as_str().expect("a text").to_owned();
    let keys = Credentials::new(text("access_key_id"), text("secret_access_key"));
    let scope = Scope::new("us-east-1", "sts").in_regions("*");
    let request = Request::get("https://sts.amazonaws.com/").body("").expect("a request");
    let signed = Signer::new(&keys, &scope, UNIX_EPOCH).explain(&request).expect("it can be signed");
    let key = PublicKey::of(&vector["public_key"]);
    case.require(key.signed(&signed.string_to_sign, &signed.signature), "another key has signed");
    case.count("keys");
}

/// A request of a client with these settings.
fn sts(vector: &Value, case: &mut Case) -> Result<(), String> {
    let expect = &vector["expect"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let keys = &vector["credentials"];
    let mut credentials = Credentials::new(
        text(&keys["access_key_id"]).unwrap_or_default(),
        text(&keys["secret_access_key"]).unwrap_or_default(),
    );
    if let Some(token) = text(&keys["session_token"]) {
        credentials = credentials.with_session_token(token);
    }
    let now = UNIX_EPOCH + Duration::from_secs(vector["time"].as_u64().ok_or("no time")?);
    let settings = settings(vector)?.credentials(credentials.clone());
    let settings = match text(&vector["region"]) {
        Some(region) => settings.region(region),
        None => settings,
    };
    let context = Context::new(&settings, "vectors/1").map_err(|error| error.to_string())?;
    let request = sign(&context, vector, now)?;
    case.equal("url", request.uri().to_string().as_str(), expect["url"].as_str().unwrap_or_default());
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let authorization = header("authorization").unwrap_or_default();
    let algorithm = authorization.split(' ').next().unwrap_or_default();
    case.equal("algorithm", algorithm, expect["algorithm"].as_str().unwrap_or_default());
    let names = format!("SignedHeaders={},", expect["signed_headers"].as_str().unwrap_or_default());
    case.require(authorization.contains(&names), format!("{authorization} lacks {names}"));
    let scope = format!("/{},", expect["scope"].as_str().unwrap_or_default());
    case.require(authorization.contains(&scope), format!("{authorization} lacks {scope}"));

    let set = header("x-amz-region-set");
    let recorded = expect["region_set"].as_str();
    match vector["decided"]["region_set"].as_array() {
        Some(decided) => {
            case.require(decided.iter().any(|one| one.as_str() == set), format!("region set {set:?}"));
        }
        None => drop(case.equal("region set", &set, &recorded)),
    }

    let canonical = text(&expect["canonical_request"]).ok_or("no canonical request")?;
    let line = |set: Option<&str>| format!("x-amz-region-set:{}\n", set.unwrap_or_default());
    let canonical = canonical.replace(&line(recorded), &line(set));
    let signed = Signed {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: request.headers().clone(),
        body: String::from_utf8_lossy(request.body()).into_owned(),
    };
    case.equal("canonical request", &signed.canonical(), &canonical);
    let region = text(&vector["region"]);
    let verdict = signed.verify(credentials.secret_access_key.expose(), "sts", region.as_deref(), now.into());
    case.equal("verdict of the embedded STS", &verdict, &Ok(()));
    if set.is_some() {
        let explained = Signer::new(
            &credentials,
            &Scope::new("us-east-1", "sts").in_regions(set.unwrap_or_default()),
            now,
        )
        .explain(&request)
        .map_err(|error| error.to_string())?;
        let (_, signature) = authorization.split_once("Signature=").ok_or("no signature")?;
        let key = PublicKey::of(&expect["public_key"]);
        case.require(key.signed(&explained.string_to_sign, signature), "another key has signed");
        case.count("signed for several regions");
    }
    Ok(())
}

fn sign(context: &Context, vector: &Value, now: SystemTime) -> Result<Request<bytes::Bytes>, String> {
    let none = HeaderMap::new();
    let input = |name: &str| vector["input"][name].as_str().unwrap_or_default().to_owned();
    match vector["operation"].as_str() {
        Some("get_caller_identity") => context.sign(&GetCallerIdentity::new(), &none, now),
        Some("assume_role") => {
            context.sign(&AssumeRole::new(input("RoleArn"), input("RoleSessionName")), &none, now)
        }
        other => return Err(format!("the operation {other:?} is unknown")),
    }
    .map_err(|error| error.to_string())
}

/// What environment and config file say.
fn settings(vector: &Value) -> Result<Settings, String> {
    let variables = vector["env"].as_object().into_iter().flatten();
    let variables =
        variables.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
    let home = ("HOME".to_owned(), "/home".to_owned());
    let mut load = Load::new(Env::from_iter(variables.chain([home])));
    let mut event = Event::Start;
    loop {
        event = match load.step(UNIX_EPOCH, event).map_err(|error| error.to_string())? {
            Step::Done(loaded) => return Ok(loaded.settings),
            Step::Perform(Effect::Read(path)) if path.ends_with("config") => {
                let text = vector["config"].as_str().unwrap_or_default();
                Event::Contents(Some(text.as_bytes().to_vec().into()))
            }
            Step::Perform(Effect::Read(_)) => Event::Contents(None),
            Step::Perform(other) => return Err(format!("unexpected: {other:?}")),
        }
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    let pair = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal digits");
    (0..text.len()).step_by(2).map(pair).collect()
}
