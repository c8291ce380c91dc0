//! What is sent for an operation.

use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderName, HeaderValue, Request};
use serde_json::Value;
use sts_proto::sigv4::{Scope, Signer};
use sts_proto::{Call, Context, Effect, Error, Event, Flow, Operation, Step};
use sts_tests::sts::Signed;

use super::config::Config;
use super::endpoint::{is_refused, main_region, refusal};
use super::independent::header_form;
use super::inputs::{FromJson, Problem, Visitor, with_operation};
use super::outputs::Shown;
use super::text::{Url, instant, pairs, stamp};
use crate::record::Record;
use crate::report::Case;
use crate::rules::Rule;

struct Vector {
    input: Value,
    model_valid: bool,
    config: Config,
    time: String,
    now: SystemTime,
    expect: Expect,
}

struct Expect {
    method: String,
    url: String,
    host: String,
    /// Sorted by name.
    signed_headers: Vec<(String, String)>,
    unsigned_headers: Vec<String>,
    body: String,
    form: Vec<(String, String)>,
    signature: Option<Signature>,
}

struct Signature {
    region: String,
    name: String,
    canonical_request: String,
    string_to_sign: String,
    authorization: String,
}

pub(crate) fn check(mut record: Record, case: &mut Case) -> Result<(), String> {
    let operation = record.text("operation")?;
    let vector = Vector::read(record)?;
    signer(&vector, case)?;
    verifier(&vector, case)?;
    with_operation(&operation, Client { vector: &vector, case })
}

impl Vector {
    fn read(mut record: Record) -> Result<Self, String> {
        let time = record.text("time")?;
        let vector = Self {
            input: record.value("input")?,
            model_valid: record.flag("model_valid")?,
            config: Config::read(record.record("config")?)?,
            now: instant(&time)?,
            time,
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
        let mut signature = Vec::new();
        for name in ["signing_region", "signing_name", "canonical_request", "string_to_sign", "authorization"]
        {
            signature.extend(record.text_or_null(name)?);
        }
        let signature = match <[String; 5]>::try_from(signature) {
            Ok([region, name, canonical_request, string_to_sign, authorization]) => {
                Some(Signature { region, name, canonical_request, string_to_sign, authorization })
            }
            Err(parts) if parts.is_empty() => None,
            Err(_) => return Err("expect has parts of a signature and lacks others".to_owned()),
        };
        let expect = Self {
            method: record.text("method")?,
            url: record.text("url")?,
            host: record.text("host")?,
            signed_headers: record.texts("signed_headers")?,
            unsigned_headers: record.list("unsigned_headers")?,
            body: record.text("body")?,
            form: record.pairs("form")?,
            signature,
        };
        record.end()?;
        Ok(expect)
    }

    /// Only then do the bytes differ from botocore's.
    fn has_space(&self) -> bool {
        self.form.iter().any(|(name, value)| name.contains(' ') || value.contains(' '))
    }
}

/// The embedded STS's verifier takes what was recorded.
fn verifier(vector: &Vector, case: &mut Case) -> Result<(), String> {
    let expect = &vector.expect;
    let Some(signature) = &expect.signature else { return Ok(()) };
    let signed = [("authorization".to_owned(), signature.authorization.clone())];
    let headers = expect.signed_headers.iter().chain(&signed);
    let request = signed_request(&expect.method, &expect.url, headers, expect.body.clone())?;
    let secret = vector.config.keys()?.secret_access_key.expose();
    let verdict = request.verify(secret, "sts", Some(&signature.region), vector.now.into());
    case.require(!secret.is_empty(), "the vector has no secret key");
    case.equal("verdict of the embedded STS", &verdict, &Ok(()));
    case.count("verified by the embedded STS");
    Ok(())
}

/// A recorded request, for the verifier.
pub(crate) fn signed_request<'a>(
    method: &str,
    url: &str,
    headers: impl IntoIterator<Item = &'a (String, String)>,
    body: String,
) -> Result<Signed, String> {
    let url: http::Uri = url.parse().map_err(|error| format!("{url}: {error}"))?;
    let mut request = Signed {
        method: method.to_owned(),
        path: url.path().to_owned(),
        query: url.query().unwrap_or_default().to_owned(),
        body,
        ..Signed::default()
    };
    for (name, value) in headers {
        let name = HeaderName::try_from(name).map_err(|error| format!("{name}: {error}"))?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|error| format!("{name}: {error}"))?;
        request.headers.insert(name, value);
    }
    Ok(request)
}

/// The signer alone, given the vector's own URL, headers and body.
fn signer(vector: &Vector, case: &mut Case) -> Result<(), String> {
    let expect = &vector.expect;
    let Some(signature) = &expect.signature else { return Ok(()) };
    let mut request = given(&expect.method, &expect.url, &expect.signed_headers, expect.body.clone())?;
    let scope = Scope::new(signature.region.clone(), signature.name.clone());
    let signer = Signer::new(vector.config.keys()?, &scope, vector.now);
    let explained = signer.explain(&request).map_err(|error| format!("the signer: {error}"))?;
    case.equal("canonical request", &explained.canonical_request, &signature.canonical_request);
    case.equal("string to sign", &explained.string_to_sign, &signature.string_to_sign);
    signer.sign(&mut request).map_err(|error| format!("the signer: {error}"))?;
    let authorization = header(&request, "authorization");
    case.equal("authorization by the signer", authorization, &signature.authorization);
    for (name, value) in &expect.signed_headers {
        case.equal(name, header(&request, name), value);
    }
    case.count("signed as given");
    Ok(())
}

/// A request of a vector's parts, but for what the signer sets.
pub(crate) fn given(
    method: &str,
    url: &str,
    headers: &[(String, String)],
    body: String,
) -> Result<Request<String>, String> {
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        if !matches!(name.as_str(), "x-amz-date" | "x-amz-security-token") {
            request = request.header(name, value);
        }
    }
    request.body(body).map_err(|error| format!("http::Request cannot hold it: {error}"))
}

/// The only value of a header; else a text that no header is.
pub(crate) fn header<'r, B>(request: &'r Request<B>, name: &str) -> &'r str {
    let mut values = request.headers().get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().unwrap_or("<not ASCII>"),
        (None, _) => "<absent>",
        _ => "<several>",
    }
}

/// What comes of a client's settings. `None` where a rule says that they have to be refused, and they are.
pub(crate) fn context(config: &Config, case: &mut Case) -> Result<Option<Arc<Context>>, String> {
    let (region, url) = (config.region.as_deref(), config.endpoint_url.as_deref());
    match (Context::new(&config.settings(), "wire/1.0"), refusal(region, url)?) {
        (Ok(context), None) => Ok(Some(Arc::new(context))),
        (Err(Error::Endpoint(error)), Some(rule)) => {
            is_refused(Some(&error), rule, url, case);
            Ok(None)
        }
        (Ok(_), Some(rule)) => Err(format!("there is a context and should be none ({rule:?})")),
        (Err(error), _) => Err(format!("there is no context: {error}")),
    }
}

/// The client, made of the vector's input and configuration.
struct Client<'a> {
    vector: &'a Vector,
    case: &'a mut Case,
}

impl Visitor for Client<'_> {
    fn visit<O: Operation<Output: Shown> + FromJson>(self) -> Result<(), String> {
        let Self { vector, case } = self;
        let expect = &vector.expect;
        case.equal("whether it is signed", &O::SIGNED, &expect.signature.is_some());
        let operation = match O::from_json(vector.input.clone()) {
            Ok(operation) => operation,
            Err(Problem::NotExpressible) if !vector.model_valid => {
                case.rule(Rule::NotExpressible);
                // Where it would have gone is checked all the same.
                let context = context(&vector.config, case)?;
                return context.map_or(Ok(()), |context| address(&context, expect, case));
            }
            Err(Problem::NotExpressible) => {
                return Err("the type cannot hold an input that the model allows".to_owned());
            }
            Err(Problem::Wrong(problem)) => return Err(problem),
        };
        let Some(context) = context(&vector.config, case)? else { return Ok(()) };
        address(&context, expect, case)?;
        let request = sent(operation, &context, vector.now)?;
        contents(&request, expect, case)?;
        headers(&request, expect, case);
        match &expect.signature {
            Some(signature) => signed(&request, &context, signature, vector, case)?,
            None => {
                for name in ["authorization", "x-amz-security-token", "x-amz-date"] {
                    case.equal(name, header(&request, name), "<absent>");
                }
                case.count("unsigned");
            }
        }
        let again = O::from_json(vector.input.clone()).map_err(|_| "the input is gone")?;
        without_keys(again, &request, vector, case)
    }
}

/// Scheme, host, port and path.
fn address(context: &Context, expect: &Expect, case: &mut Case) -> Result<(), String> {
    case.equal("url", &Url::new(&context.endpoint().unwrap().uri().to_string())?, &Url::new(&expect.url)?);
    case.equal(
        "host of the endpoint",
        context.endpoint().unwrap().host().to_str().unwrap_or_default(),
        &expect.host,
    );
    let authority = context.endpoint().unwrap().uri().authority().map(|authority| authority.as_str());
    case.equal("authority of the endpoint", &authority, &Some(expect.host.as_str()));
    Ok(())
}

fn sent<O: Operation>(
    operation: O,
    context: &Arc<Context>,
    now: SystemTime,
) -> Result<Request<Vec<u8>>, String> {
    match Call::new(operation, Arc::clone(context), 0x5eed).step(now, Event::Start) {
        Ok(Step::Perform(Effect::Send(request, _))) => Ok(request.map(|body| body.to_vec())),
        Ok(_) => Err("the call sends nothing".to_owned()),
        Err(error) => Err(format!("the call fails: {error}")),
    }
}

fn contents(request: &Request<Vec<u8>>, expect: &Expect, case: &mut Case) -> Result<(), String> {
    case.equal("method", request.method().as_str(), &expect.method);
    case.equal("url that is called", &Url::new(&request.uri().to_string())?, &Url::new(&expect.url)?);
    let body = std::str::from_utf8(request.body()).map_err(|_| "the body is not text")?;
    case.equal("decoded form", &pairs(body)?, &expect.form);
    if expect.has_space() {
        // botocore writes a space as `+` and nothing else so.
        case.equal("body but for its spaces", body, &expect.body.replace('+', "%20"));
        case.count("bodies with a space");
    } else {
        case.equal("body", body, &expect.body);
        case.count("exact bodies");
    }
    Ok(())
}

/// Those that are expected, each once, and nothing else.
fn headers(request: &Request<Vec<u8>>, expect: &Expect, case: &mut Case) {
    for (name, value) in &expect.signed_headers {
        case.equal(name, header(request, name), value);
    }
    for name in &expect.unsigned_headers {
        case.require(UNSIGNED.contains(&name.as_str()), format!("the unsigned header {name} is not known"));
        // Its length is the transport's to say.
        if name != "content-length" {
            case.require(!header(request, name).starts_with('<'), format!("there is not one header {name}"));
        }
    }
    // The clients of the vectors take compressed answers, or say nothing of them (`REFERENCE.md` §2).
    case.equal("accept-encoding", header(request, "accept-encoding"), "identity");
    for name in request.headers().keys() {
        let expected = expect.signed_headers.iter().any(|(signed, _)| name.as_str() == signed)
            || name == "accept-encoding"
            || expect.unsigned_headers.iter().any(|unsigned| name.as_str() == unsigned)
            || (name == "authorization" && expect.signature.is_some());
        case.require(expected, format!("the header {name} is sent and should not be"));
    }
}

fn signed(
    request: &Request<Vec<u8>>,
    context: &Context,
    signature: &Signature,
    vector: &Vector,
    case: &mut Case,
) -> Result<(), String> {
    let region = match main_region(&signature.region) {
        Some(main) => {
            case.rule(Rule::PseudoRegion);
            main
        }
        None => &signature.region,
    };
    let scope = context.endpoint().unwrap().scope().map_err(|error| error.to_string())?;
    case.equal("signing region", scope.region(), region);
    case.equal("signing name", scope.service(), &signature.name);
    case.equal("date", header(request, "x-amz-date"), &stamp(&vector.time));
    if region == signature.region && !vector.expect.has_space() {
        case.equal("authorization", header(request, "authorization"), &signature.authorization);
        case.count("exact authorizations");
    }

    let keys = vector.config.keys()?;
    let again = header_form(request, keys.secret_access_key.expose())?;
    let date = stamp(&vector.time)[..8].to_owned();
    let names: Vec<_> = vector.expect.signed_headers.iter().map(|(name, _)| name.as_str()).collect();
    case.equal("access key id", &again.access_key_id, &keys.access_key_id);
    case.equal("scope", &again.scope, &format!("{date}/{region}/{}/aws4_request", signature.name));
    case.equal("signed headers", &again.signed_headers, &names.join(";"));
    case.equal("signature", &again.found, &again.computed);
    case.count("signatures recomputed");
    Ok(())
}

/// Without keys an unsigned operation sends the same, and a signed one nothing.
fn without_keys<O: Operation>(
    operation: O,
    request: &Request<Vec<u8>>,
    vector: &Vector,
    case: &mut Case,
) -> Result<(), String> {
    let settings = vector.config.settings().without_credentials();
    let context = Arc::new(Context::new(&settings, "wire/1.0").map_err(|error| error.to_string())?);
    if O::SIGNED {
        let refused = Call::new(operation, context, 0x5eed).step(vector.now, Event::Start);
        case.require(
            matches!(refused, Err(Error::Credentials(sts_proto::CredentialsError::NotConfigured(_)))),
            "without keys it is not refused for that",
        );
    } else {
        let same = sent(operation, &context, vector.now)?;
        case.equal("headers without keys", same.headers(), request.headers());
        case.equal("body without keys", same.body(), request.body());
    }
    Ok(())
}

const UNSIGNED: [&str; 4] = ["amz-sdk-invocation-id", "amz-sdk-request", "content-length", "user-agent"];
