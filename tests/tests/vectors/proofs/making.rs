//! What is made: the signature (check 1), its meaning (2), and its bytes where they are fixed (3).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, Request};
use serde_json::Value;
use sts_proto::endpoint::{Endpoint, EndpointParams};
use sts_proto::proof::{
    ApiVersion, Chainguard, Conjur, Consul, Datadog, Eks, EksToken, Google, Hcp, Infisical, LakeFs, MongoDb,
    Proof, ProofError, Snowflake, Teleport, Vault,
};
use sts_proto::sigv4::{Scope, Signer};
use sts_proto::token::{Dsql, ElastiCache, MemoryDb, Msk, Rds};
use sts_proto::{Credentials, Secret};

use super::shape::{self, Query};
use super::{keys, text, time};
use crate::report::Case;

pub(super) fn check(record: &Value, case: &mut Case) -> Result<(), String> {
    let vector = Vector {
        params: &record["params"],
        expect: &record["expect"],
        keys: keys(&record["credentials"])?,
        now: time(record, "time")?,
        region: record["region"].as_str(),
    };
    if !vector.expect["request"].is_null() {
        vector.check_signature(case)?;
        case.count("signed");
    }
    match text(record, "consumer")? {
        "eks" => eks(&vector, case),
        "vault" => vault(&vector, case),
        "consul" => consul(&vector, case),
        "teleport" => teleport(&vector, case),
        "chainguard" => chainguard(&vector, case),
        "mongodb" => mongodb(&vector, case),
        "gcp" => google(&vector, case),
        "hcp" => hcp(&vector, case),
        "snowflake" => snowflake(&vector, case),
        "datadog" => datadog(&vector, case),
        "infisical" => infisical(&vector, case),
        "conjur" => conjur(&vector, case),
        "lakefs" => lakefs(&vector, case),
        "rds" => {
            let (host, user) = (vector.param("host")?, vector.param("user")?);
            let port =
                vector.params["port"].as_u64().and_then(|port| u16::try_from(port).ok()).ok_or("no port")?;
            vector.token(&Rds::new(host, port, user), case)
        }
        "dsql" => {
            let mut token = Dsql::new(vector.param("host")?);
            if vector.flag("admin") {
                token = token.admin();
            }
            if let Some(expires) = vector.params["expires"].as_u64() {
                token = token.lifetime(Duration::from_secs(expires));
            }
            vector.token(&token, case)
        }
        "elasticache" => {
            let token = ElastiCache::new(vector.param("cache")?, vector.param("user")?);
            let token = if vector.flag("serverless") { token.serverless() } else { token };
            vector.token(&token, case)
        }
        "memorydb" => vector.token(&MemoryDb::new(vector.param("cache")?, vector.param("user")?), case),
        "msk" => msk(&vector, case),
        other => Err(format!("a consumer that this test does not know: {other}")),
    }
}

struct Vector<'a> {
    params: &'a Value,
    expect: &'a Value,
    keys: Credentials,
    now: SystemTime,
    region: Option<&'a str>,
}

impl Vector<'_> {
    fn param(&self, name: &str) -> Result<&str, String> {
        text(self.params, name)
    }

    fn flag(&self, name: &str) -> bool {
        self.params[name].as_bool().unwrap_or(false)
    }

    fn refused(&self) -> bool {
        self.expect["error"].is_string()
    }

    /// The endpoint of the region with the expected host, else that host as an endpoint URL.
    fn endpoint(&self) -> Result<Endpoint, String> {
        let request = &self.expect["request"];
        let host = request["host"].as_str().unwrap_or_default();
        for bits in 0..8 {
            let params = EndpointParams {
                region: self.region,
                use_fips: bits & 1 != 0,
                use_dual_stack: bits & 2 != 0,
                use_global_endpoint: bits & 4 != 0,
                endpoint_url: None,
            };
            match Endpoint::resolve(&params) {
                Ok(endpoint) if endpoint.host() == host => return Ok(endpoint),
                _ => {}
            }
        }
        let url = text(request, "url")?;
        let url = url.split_once('?').map_or(url, |(before, _)| before);
        let params = EndpointParams { region: self.region, endpoint_url: Some(url), ..Default::default() };
        Endpoint::resolve(&params).map_err(|error| error.to_string())
    }

    /// The endpoint of the region, where the proof is for a host of its own.
    fn any_endpoint(&self) -> Result<Endpoint, String> {
        let params = EndpointParams { region: self.region.or(Some("us-east-1")), ..Default::default() };
        Endpoint::resolve(&params).map_err(|error| error.to_string())
    }

    fn made<P: Proof>(&self, proof: &P) -> Result<P::Output, String> {
        proof.prove(&self.endpoint()?, &self.keys, self.now).map_err(|error| error.to_string())
    }

    /// Signs what the vector says was signed.
    fn check_signature(&self, case: &mut Case) -> Result<(), String> {
        let (expect, request) = (self.expect, &self.expect["request"]);
        if expect["signature"].is_null() {
            return Ok(());
        }
        let mut url = text(request, "url")?.to_owned();
        for pair in expect["unsigned_query"].as_array().into_iter().flatten() {
            let name = pair[0].as_str().unwrap_or_default();
            url = url
                .split('&')
                .filter(|item| !item.starts_with(&format!("{name}=")))
                .collect::<Vec<_>>()
                .join("&");
        }
        let mut ours = Request::builder()
            .method(text(request, "method")?)
            .uri(&url)
            .body(text(request, "body")?.to_owned())
            .map_err(|error| error.to_string())?;
        for (name, value) in shape::headers(&expect["signed_headers"])? {
            let name = HeaderName::try_from(name).map_err(|error| error.to_string())?;
            ours.headers_mut().insert(name, HeaderValue::try_from(value).map_err(|error| error.to_string())?);
        }
        let (region, service) =
            (text(expect, "signing_region")?.to_owned(), text(expect, "service")?.to_owned());
        let scope = Scope::new(region, service);
        let signer = Signer::new(&self.keys, &scope, self.now);
        let explained = match expect["expires"].as_u64() {
            Some(expires) => signer.explain_presign(&ours, Duration::from_secs(expires)),
            None => signer.explain(&ours),
        };
        let explained = explained.map_err(|error| error.to_string())?;
        case.equal("canonical request", &*explained.canonical_request, text(expect, "canonical_request")?);
        case.equal("string to sign", &*explained.string_to_sign, text(expect, "string_to_sign")?);
        case.equal("signature", &*explained.signature, text(expect, "signature")?);
        Ok(())
    }

    /// A token that is a URL without its scheme.
    fn token<P: Proof<Output = Secret>>(&self, token: &P, case: &mut Case) -> Result<(), String> {
        let made = token.prove(&self.any_endpoint()?, &self.keys, self.now);
        if self.refused() {
            case.require(made.is_err(), "it is not refused");
            return Ok(());
        }
        let made = made.map_err(|error| error.to_string())?;
        let expected = text(self.expect, "token")?;
        self.same_url(case, made.expose(), expected)?;
        case.equal("length", &made.expose().len(), &expected.len());
        Ok(())
    }

    fn same_url(&self, case: &mut Case, ours: &str, expected: &str) -> Result<(), String> {
        let ((ours, our_query), (expected, query)) = (shape::split(ours)?, shape::split(expected)?);
        case.equal("url", &*ours, &*expected);
        case.equal("query", &our_query, &query);
        let pairs =
            self.expect["query"].as_array().into_iter().chain(self.expect["unsigned_query"].as_array());
        let part = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let listed: Query = pairs.flatten().map(|pair| (part(&pair[0]), part(&pair[1]))).collect();
        case.equal("listed query", &our_query, &listed);
        Ok(())
    }
}

fn eks(vector: &Vector<'_>, case: &mut Case) -> Result<(), String> {
    let expect = vector.expect;
    let cluster = Eks::new(vector.param("cluster_name")?);
    let made = cluster.prove(&vector.endpoint()?, &vector.keys, vector.now);
    if vector.refused() || expect["over_limit"] == true {
        let max = EksToken::MAX_LENGTH;
        let too_long = matches!(made, Err(ProofError::TooLong { max: told, .. }) if told == max);
        case.require(if vector.refused() { made.is_err() } else { too_long }, "it is not refused");
        return Ok(());
    }
    let made = made.map_err(|error| error.to_string())?;
    let (token, expected) = (made.token.expose(), text(expect, "token")?);
    let url = |token: &str| shape::base64url(token.strip_prefix("k8s-aws-v1.").ok_or("no prefix")?);
    vector.same_url(case, &url(token)?, &url(expected)?)?;
    case.equal("length", &token.len(), &expected.len());
    case.equal("expiry", &made.expires, &time(expect, "expiry")?);

    let info = vector.params["exec_info"].as_str();
    let (version, warning) = ApiVersion::of_exec_info(info);
    let mut credential = shape::json(made.exec_credential(version).expose())?;
    case.equal("token of the exec credential", &credential["status"]["token"], &Value::from(token));
    credential["status"]["token"] = expected.into();
    case.equal("exec credential", &credential, &expect["exec_credential"]);
    let warned = warning.map(|warning| format!("{warning:?}").to_ascii_lowercase());
    match expect["exec_warning"].as_str() {
        None => case.equal("warning", &warned, &None),
        Some(class @ ("unrecognized" | "deprecated" | "empty")) => {
            case.equal("warning", warned.as_deref().unwrap_or_default(), class)
        }
        Some(_) => {
            case.require(warned.is_some(), "nothing is warned of");
            true
        }
    };
    Ok(())
}

fn vault(vector: &Vector<'_>, case: &mut Case) -> Result<(), String> {
    let mut login = Vault::new(vector.param("role")?);
    if let Some(id) = vector.params["server_id"].as_str().filter(|id| !id.is_empty()) {
        login = login.server_id(id);
    }
    if let Some(made) = made_or_refused(vector, &login, case)? {
        four_fields(&shape::json(made.expose())?, &vector.expect["payload"], case)?;
        let path = Vault::path(vector.params["mount"].as_str().unwrap_or("aws"));
        case.equal("path", &*path, vector.expect["path"].as_str().unwrap_or(&path));
    }
    Ok(())
}

fn consul(vector: &Vector<'_>, case: &mut Case) -> Result<(), String> {
    let mut login = Consul::new();
    if let Some(id) = vector.params["server_id"].as_str().filter(|id| !id.is_empty()) {
        login = login.server_id(id);
    }
    if let Some(made) = made_or_refused(vector, &login, case)? {
        four_fields(&shape::json(made.expose())?, &vector.expect["payload"], case)?;
    }
    Ok(())
}

/// `None` if it is refused and has to be.
fn made_or_refused<P: Proof>(
    vector: &Vector<'_>,
    proof: &P,
    case: &mut Case,
) -> Result<Option<P::Output>, String> {
    if vector.refused() {
        case.require(vector.made(proof).is_err(), "it is not refused");
        return Ok(None);
    }
    vector.made(proof).map(Some)
}

fn four_fields(ours: &Value, expected: &Value, case: &mut Case) -> Result<(), String> {
    for name in ["role", "iam_http_request_method", "iam_request_url", "iam_request_body"] {
        case.equal(name, &ours[name], &expected[name]);
    }
    let headers =
        |payload| shape::headers(&shape::json(&shape::base64(text(payload, "iam_request_headers")?)?)?);
    case.equal("headers", &headers(ours)?, &headers(expected)?);
    let count = |payload: &Value| payload.as_object().map(serde_json::Map::len);
    case.equal("number of members", &count(ours), &count(expected));
    Ok(())
}

fn teleport(vector: &Vector<'_>, case: &mut Case) -> Result<(), String> {
    let answer = Teleport::new(vector.param("challenge")?);
    if let Some(made) = made_or_refused(vector, &answer, case)? {
        same_http(vector, made.expose(), case)?;
    }
    Ok(())
}

fn chainguard(vector: &Vector<'_>, case: &mut Case) -> Result<(), String> {
    let signed = shape::headers(&vector.expect["signed_headers"])?;
    let signed = |name: &str| signed.get(name).cloned().ok_or_else(|| format!("{name} is not signed"));
    let identity = Chainguard::new(signed("chainguard-audience")?, signed("chainguard-identity")?);
    if let Some(made) = made_or_refused(vector, &identity, case)? {
        same_http(vector, &shape::base64url_padded(made.expose())?, case)?;
        let token = shape::base64url_padded(text(vector.expect, "token")?)?;
        case.equal(
            "token",
            &shape::http(&token)?.1.len(),
            &shape::http(&shape::base64url_padded(made.expose())?)?.1.len(),
        );
    }
    Ok(())
}

fn same_http(vector: &Vector<'_>, ours: &str, case: &mut Case) -> Result<(), String> {
    let ours = shape::http(ours)?;
    let expected = shape::http(&shape::base64(text(vector.expect, "request_bytes")?)?)?;
    let unsigned = shape::headers(&vector.expect["unsigned_headers"])?;
    let without = |mut headers: shape::Headers| {
        headers.retain(|name, _| !unsigned.contains_key(name));
        headers
    };
    case.equal("request line", &ours.0, &expected.0);
    case.equal("headers", &without(ours.1), &without(expected.1));
    case.equal("body", &ours.2, &expected.2);
    Ok(())
}

fn mongodb(vector: &Vector<'_>, case: &mut Case) -> Result<(), String> {
    let nonce = shape::bytes(vector.param("client_nonce")?)?;
    let conversation = MongoDb::new(nonce.try_into().map_err(|_| "a nonce of another length")?);
    case.equal("first", &*STANDARD.encode(conversation.first()), text(vector.expect, "first")?);
    let reply = conversation.reply(&shape::bytes(vector.param("server_payload")?)?);
    let made = reply.and_then(|reply| {
        let endpoint =
            Endpoint::resolve(&EndpointParams { region: Some("us-west-2"), ..Default::default() })?;
        case.equal("region", Some(reply.region()).as_slice(), vector.region.as_slice());
        reply.prove(&endpoint, &vector.keys, vector.now)
    });
    if vector.refused() {
        case.require(made.is_err(), "it is not refused");
    } else {
        let made = made.map_err(|error| error.to_string())?;
        case.equal("second", &*STANDARD.encode(made.expose()), text(vector.expect, "second")?);
    }
    Ok(())
}

fn google(vector: &Vector<'_>, case: &mut Case) -> Result<(), String> {
    if let Some(made) = made_or_refused(vector, &Google::new(vector.param("audience")?), case)? {
        same_request(&shape::json(&shape::percent(made.expose())?)?, &vector.expect["payload"], case)?;
    }
    Ok(())
}

fn hcp(vector: &Vector<'_>, case: &mut Case) -> Result<(), String> {
    if let Some(made) = made_or_refused(vector, &Hcp::new(vector.param("provider")?), case)? {
        same_request(&shape::json(made.expose())?, &vector.expect["payload"], case)?;
    }
    Ok(())
}

fn snowflake(vector: &Vector<'_>, case: &mut Case) -> Result<(), String> {
    if let Some(made) = made_or_refused(vector, &Snowflake::new(), case)? {
        same_request(&shape::json(&shape::base64(made.expose())?)?, &vector.expect["payload"], case)?;
    }
    Ok(())
}

/// URL, method and headers in JSON.
fn same_request(ours: &Value, expected: &Value, case: &mut Case) -> Result<(), String> {
    case.equal("method", &ours["method"], &expected["method"]);
    case.equal("url", &shape::url(text(ours, "url")?)?, &shape::url(text(expected, "url")?)?);
    case.equal("headers", &shape::headers(&ours["headers"])?, &shape::headers(&expected["headers"])?);
    let count = |payload: &Value| payload.as_object().map(serde_json::Map::len);
    case.equal("number of members", &count(ours), &count(expected));
    Ok(())
}

fn datadog(vector: &Vector<'_>, case: &mut Case) -> Result<(), String> {
    let Some(made) = made_or_refused(vector, &Datadog::new(vector.param("org_uuid")?), case)? else {
        return Ok(());
    };
    let parts = |token: &str| -> Result<_, String> {
        let [body, headers, method, url] = token.split('|').collect::<Vec<_>>()[..] else {
            return Err("not four parts".to_owned());
        };
        let headers = shape::headers(&shape::json(&shape::base64(headers)?)?)?;
        Ok((shape::base64(body)?, headers, method.to_owned(), shape::url(&shape::base64(url)?)?))
    };
    let (ours, mut expected) = (parts(made.expose())?, parts(text(vector.expect, "token")?)?);
    for name in shape::headers(&vector.expect["unsigned_headers"])?.keys() {
        expected.1.remove(name);
    }
    case.equal("token", &ours, &expected);
    Ok(())
}

fn infisical(vector: &Vector<'_>, case: &mut Case) -> Result<(), String> {
    let login = Infisical::new(vector.param("identity_id")?);
    let Some(made) = made_or_refused(vector, &login, case)? else { return Ok(()) };
    let (ours, expected) = (shape::json(made.expose())?, &vector.expect["payload"]);
    for name in ["identityId", "iamRequestBody", "iamHttpRequestMethod"] {
        case.equal(name, &ours[name], &expected[name]);
    }
    let mut headers = shape::headers(&shape::json(&shape::base64(text(&ours, "iamRequestHeaders")?)?)?)?;
    // Every signed header is listed here, and the witness leaves one out (§9: Infisical).
    for name in vector.expect["signed_not_sent"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        case.require(headers.remove(name).is_some(), format!("{name} is not listed"));
    }
    case.equal("headers", &headers, &shape::headers(&vector.expect["headers_json"])?);
    case.equal("path", Infisical::PATH, vector.expect["path"].as_str().unwrap_or(Infisical::PATH));
    Ok(())
}

fn conjur(vector: &Vector<'_>, case: &mut Case) -> Result<(), String> {
    if let Some(made) = made_or_refused(vector, &Conjur::new(), case)? {
        let ours = shape::headers(&shape::json(made.expose())?)?;
        case.equal("headers", &ours, &shape::headers(&vector.expect["payload"])?);
    }
    Ok(())
}

fn lakefs(vector: &Vector<'_>, case: &mut Case) -> Result<(), String> {
    const ID: &str = "x-lakefs-server-id";
    let mut headers = shape::headers(&vector.params["headers"]).unwrap_or_default();
    let id = headers.remove(ID).map_or_else(|| vector.param("server_id").map(str::to_owned), Ok)?;
    let mut login = LakeFs::new(id);
    for (name, value) in headers {
        login = login.header(name, value);
    }
    if let Some(expires) = vector.params["expires"].as_u64() {
        login = login.lifetime(Duration::from_secs(expires));
    }
    if let Some(made) = made_or_refused(vector, &login, case)? {
        let mut ours = shape::json(&shape::base64(made.expose())?)?;
        let mut expected = vector.expect["payload"].clone();
        // Without a session token, an absent one, an empty one and none at all are the same to the server.
        for payload in [&mut ours, &mut expected] {
            if payload["security_token"].is_null() {
                payload["security_token"] = "".into();
            }
        }
        case.equal("payload", &ours, &expected);
    }
    Ok(())
}

fn msk(vector: &Vector<'_>, case: &mut Case) -> Result<(), String> {
    let token = Msk::new().user_agent(vector.param("user_agent")?);
    let made =
        token.prove(&vector.any_endpoint()?, &vector.keys, vector.now).map_err(|error| error.to_string())?;
    let expected = shape::base64url(text(vector.expect, "token")?)?;
    vector.same_url(case, &shape::base64url(made.token.expose())?, &expected)?;
    let expires = made.expires.duration_since(UNIX_EPOCH).map_err(|error| error.to_string())?.as_millis();
    case.equal("expiry", &Some(expires), &vector.expect["expiry_ms"].as_u64().map(u128::from));
    Ok(())
}
