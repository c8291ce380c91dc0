//! Operations as URLs, and EKS tokens.

use std::time::{Duration, SystemTime};

use http::{HeaderName, HeaderValue, Method, Request};
use serde_json::Value;
use sts_proto::sigv4::{Scope, Signer};
use sts_proto::{Operation, Presign};

use super::config::Config;
use super::endpoint::main_region;
use super::independent::query_form;
use super::inputs::{FromJson, Problem, Visitor, with_operation};
use super::outputs::Shown;
use super::request::{context, given, header, signed_request};
use super::text::{Url, base64url, from_base64url, instant, pairs, stamp};
use crate::record::Record;
use crate::report::Case;
use crate::rules::Rule;

struct Vector {
    input: Value,
    model_valid: bool,
    config: Config,
    time: String,
    now: SystemTime,
    lifetime: Duration,
    method: String,
    extra_headers: Vec<(String, String)>,
    expect: Expect,
}

struct Expect {
    method: String,
    url: String,
    host: String,
    query: Vec<(String, String)>,
    /// Sorted by name.
    signed_headers: Vec<(String, String)>,
    signing_region: String,
    signing_name: String,
    canonical_request: String,
    string_to_sign: String,
    signature: String,
    token: Option<String>,
}

pub(crate) fn check(mut record: Record, case: &mut Case) -> Result<(), String> {
    let operation = record.text("operation")?;
    let vector = Vector::read(record)?;
    signer(&vector, case)?;
    verifier(&vector, case)?;
    if let Some(token) = &vector.expect.token {
        let url = token.strip_prefix(TOKEN).ok_or("the token has another prefix")?;
        case.equal("url in the token", &from_base64url(url)?, &vector.expect.url.clone().into_bytes());
    }
    with_operation(&operation, Client { vector: &vector, case })
}

/// The embedded STS's verifier takes what was recorded.
fn verifier(vector: &Vector, case: &mut Case) -> Result<(), String> {
    let expect = &vector.expect;
    let request = signed_request(&expect.method, &expect.url, &expect.signed_headers, String::new())?;
    let secret = vector.config.keys()?.secret_access_key.expose();
    let verdict = request.verify(secret, "sts", Some(&expect.signing_region), vector.now.into());
    case.require(!secret.is_empty(), "the vector has no secret key");
    case.equal("verdict of the embedded STS", &verdict, &Ok(()));
    case.count("verified by the embedded STS");
    Ok(())
}

impl Vector {
    fn read(mut record: Record) -> Result<Self, String> {
        let time = record.text("time")?;
        let vector = Self {
            input: record.value("input")?,
            model_valid: !record.has("model_valid") || record.flag("model_valid")?,
            config: Config::read(record.record("config")?)?,
            now: instant(&time)?,
            time,
            lifetime: Duration::from_secs(record.number("expires")?),
            method: record.text("method")?,
            extra_headers: record.texts("extra_headers")?,
            expect: Expect::read(record.record("expect")?)?,
        };
        // What another client did, in whatever words.
        record.value("peer")?;
        record.end()?;
        Ok(vector)
    }
}

impl Expect {
    fn read(mut record: Record) -> Result<Self, String> {
        let expect = Self {
            method: record.text("method")?,
            url: record.text("url")?,
            host: record.text("host")?,
            query: record.pairs("query")?,
            signed_headers: record.texts("signed_headers")?,
            signing_region: record.text("signing_region")?,
            signing_name: record.text("signing_name")?,
            canonical_request: record.text("canonical_request")?,
            string_to_sign: record.text("string_to_sign")?,
            signature: record.text("signature")?,
            token: if record.has("token") { record.text_or_null("token")? } else { None },
        };
        record.end()?;
        Ok(expect)
    }
}

/// The signer alone, given the vector's own URL and headers. It leaves the items of the earlier signature out.
fn signer(vector: &Vector, case: &mut Case) -> Result<(), String> {
    let expect = &vector.expect;
    let mut request = given(&expect.method, &expect.url, &expect.signed_headers, String::new())?;
    let scope = Scope::new(expect.signing_region.clone(), expect.signing_name.clone());
    let signer = Signer::new(vector.config.keys()?, &scope, vector.now);
    let explained =
        signer.explain_presign(&request, vector.lifetime).map_err(|error| format!("the signer: {error}"))?;
    case.equal("canonical request", &explained.canonical_request, &expect.canonical_request);
    case.equal("string to sign", &explained.string_to_sign, &expect.string_to_sign);
    case.equal("signature by the signer", &explained.signature, &expect.signature);
    signer.presign(&mut request, vector.lifetime).map_err(|error| format!("the signer: {error}"))?;
    let again = explained_query(request.uri().query())?;
    case.equal("query by the signer", &again, &sorted(expect.query.clone()));
    case.count("signed as given");
    Ok(())
}

/// The client, made of the vector's input and configuration.
struct Client<'a> {
    vector: &'a Vector,
    case: &'a mut Case,
}

impl Visitor for Client<'_> {
    fn visit<O: Operation<Output: Shown> + FromJson>(self) -> Result<(), String> {
        let Self { vector, case } = self;
        let operation = match O::from_json(vector.input.clone()) {
            Ok(operation) => operation,
            Err(Problem::NotExpressible) if !vector.model_valid => {
                case.rule(Rule::NotExpressible);
                return Ok(());
            }
            Err(Problem::NotExpressible) => {
                return Err("the type cannot hold an input that the model allows".to_owned());
            }
            Err(Problem::Wrong(problem)) => return Err(problem),
        };
        let Some(context) = context(&vector.config, case)? else { return Ok(()) };
        let method = Method::from_bytes(vector.method.as_bytes()).map_err(|error| error.to_string())?;
        let mut options = Presign::new(vector.lifetime).method(method);
        for (name, value) in &vector.extra_headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?;
            let value = HeaderValue::from_str(value).map_err(|error| error.to_string())?;
            options = options.header(name, value);
        }
        let request = operation
            .presign(context.endpoint().unwrap(), vector.config.keys()?, vector.now, &options)
            .map_err(|error| format!("it cannot be presigned: {error}"))?;
        case.require(request.body().is_empty(), "it has a body");
        let request = request.map(|body| body.to_vec());
        let scope = context.endpoint().unwrap().scope().map_err(|error| error.to_string())?;
        presigned(&request, scope, vector, case)
    }
}

fn presigned(
    request: &Request<Vec<u8>>,
    scope: &Scope,
    vector: &Vector,
    case: &mut Case,
) -> Result<(), String> {
    let expect = &vector.expect;
    let (ours, theirs) = (request.uri().to_string(), Url::new(&expect.url)?);
    let url = Url::new(&ours)?;
    case.equal("method", request.method().as_str(), &expect.method);
    case.equal("scheme", &url.scheme, &theirs.scheme);
    case.equal("host", &url.authority, &theirs.authority);
    case.equal("authority", &url.authority, &expect.host);
    case.equal("path", &url.path, &theirs.path);
    for (name, value) in &expect.signed_headers {
        case.equal(name, header(request, name), value);
    }
    for name in request.headers().keys() {
        let expected = expect.signed_headers.iter().any(|(signed, _)| name.as_str() == signed);
        case.require(expected, format!("the header {name} is to be sent and should not be"));
    }

    let region = main_region(&expect.signing_region).unwrap_or(&expect.signing_region);
    case.equal("signing region", scope.region(), region);
    case.equal("signing name", scope.service(), &expect.signing_name);
    let keys = vector.config.keys()?;
    let again = query_form(request, keys.secret_access_key.expose())?;
    let date = stamp(&vector.time)[..8].to_owned();
    let names: Vec<_> = expect.signed_headers.iter().map(|(name, _)| name.as_str()).collect();
    case.equal("access key id", &again.access_key_id, &keys.access_key_id);
    case.equal("scope", &again.scope, &format!("{date}/{region}/{}/aws4_request", expect.signing_name));
    case.equal("signed headers", &again.signed_headers, &names.join(";"));
    case.equal("signature that is recomputed", &again.found, &again.computed);
    case.count("signatures recomputed");

    if region != expect.signing_region {
        case.rule(Rule::PseudoRegion);
        return Ok(());
    }
    case.equal("query", &explained_query(request.uri().query())?, &sorted(expect.query.clone()));
    case.equal("signature", &again.found, &expect.signature);
    case.count("exact signatures");
    if ours == expect.url {
        case.count("exact urls");
    }
    if let Some(token) = &expect.token {
        let made = format!("{TOKEN}{}", base64url(ours.as_bytes()));
        if ours == expect.url {
            case.equal("token", &made, token);
            case.count("exact tokens");
        }
        case.count("tokens");
    }
    Ok(())
}

/// The pairs of a query, sorted: their order is not fixed.
fn explained_query(query: Option<&str>) -> Result<Vec<(String, String)>, String> {
    Ok(sorted(pairs(query.ok_or("there is no query")?)?))
}

fn sorted(mut pairs: Vec<(String, String)>) -> Vec<(String, String)> {
    pairs.sort();
    pairs
}

const TOKEN: &str = "k8s-aws-v1.";
