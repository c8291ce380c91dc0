//! What a verifier makes of proofs, and of STS's answers.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;
use sts_proto::Credentials;
use sts_proto::endpoint::{Endpoint, EndpointParams};
use sts_proto::proof::verify::{AnswerFormat, Checked, Identity, Reason, Verifier};
use sts_proto::proof::{Eks, Proof};
use sts_tests::sts::Signed;
use time::OffsetDateTime;

use super::shape::{self, Query};
use super::{keys, text, time};
use crate::report::Case;

pub(super) fn check(record: &Value, case: &mut Case) -> Result<(), String> {
    let config = &record["config"];
    match text(record, "form")? {
        "eks" => {
            let verifier = Verifier::eks(text(config, "cluster")?).map_err(|error| error.to_string())?;
            let verifier = with_policy(verifier, config)?;
            let token = text(&record["proof"], "token")?;
            compare(record, verifier.check_token(token, time(config, "now")?), case)
        }
        "request" => {
            let header = &config["header"];
            let verifier = match header.is_null() {
                true => Verifier::without_audience(),
                false => Verifier::audience(text(header, "name")?, text(header, "value")?)
                    .map_err(|error| error.to_string())?,
            };
            let verifier = with_policy(verifier, config)?;
            let payload = record["proof"].to_string();
            compare(record, verifier.check_request(payload.as_bytes(), time(config, "now")?), case)
        }
        "answer" => answer(record, case),
        other => Err(format!("a form that this test does not know: {other}")),
    }
}

fn with_policy(verifier: Verifier, config: &Value) -> Result<Verifier, String> {
    let mut verifier = verifier.partitions([text(config, "partition")?]);
    if let Some(seconds) = config["max_age"].as_u64() {
        verifier = verifier.max_age(Duration::from_secs(seconds));
    }
    if let Some(seconds) = config["max_future"].as_u64() {
        verifier = verifier.max_future(Duration::from_secs(seconds));
    }
    Ok(match config["answer"].as_str() {
        Some("json") => verifier.answer_format(AnswerFormat::Json),
        Some("xml") => verifier.answer_format(AnswerFormat::Xml),
        Some(other) => return Err(format!("an answer that this test does not know: {other}")),
        None => verifier,
    })
}

fn compare(record: &Value, checked: Result<Checked, Reason>, case: &mut Case) -> Result<(), String> {
    let expect = &record["expect"];
    let accepted = text(expect, "verdict")? == "accept";
    let stage = expect["stage"].as_str().unwrap_or_default();
    match checked {
        Err(reason) if accepted || stage == "sts" => case.fail(format!("it is refused: {}", reason.class())),
        Err(reason) => is_one_of(expect, reason.class(), case),
        Ok(_) if !accepted && stage == "check" => case.fail("it is not refused"),
        Ok(checked) => {
            let said = sts_says(&checked, record)?;
            match accepted {
                true => case.equal("what STS says", said, "ok"),
                false => {
                    is_one_of(expect, said, case);
                    true
                }
            };
            if !expect["request"].is_null() {
                same_request(&checked, expect, case)?;
            }
        }
    }
    case.count("checked");
    Ok(())
}

fn is_one_of(expect: &Value, class: &str, case: &mut Case) {
    let classes = expect["reasons"].as_array();
    let fits = classes.is_some_and(|classes| classes.iter().any(|one| one == class));
    case.require(fits, format!("the reason is {class} and should be one of {}", expect["reasons"]));
}

/// What STS says to the request, by the verifier of the embedded STS, which shares no code with the signer.
fn sts_says(checked: &Checked, record: &Value) -> Result<&'static str, String> {
    let request = checked.request();
    let header =
        |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let token = match request.uri().query() {
        Some(_) => shape::split(target)?.1.into_iter().find(|(name, _)| name == "X-Amz-Security-Token"),
        None => header("x-amz-security-token").map(|token| (String::new(), token)),
    };
    let token = token.map(|(_, token)| token);
    let known: Vec<Credentials> =
        record["keys"].as_array().into_iter().flatten().map(keys).collect::<Result<_, _>>()?;
    let key = known.iter().find(|key| {
        key.access_key_id == checked.access_key_id()
            && key.session_token.as_ref().map(|token| token.expose()) == token.as_deref()
    });
    let Some(key) = key else { return Ok("InvalidClientTokenId") };
    let now = OffsetDateTime::from(time(&record["config"], "now")?);
    let verdict = written(request).verify(key.secret_access_key.expose(), "sts", Some(checked.region()), now);
    Ok(verdict.err().unwrap_or("ok"))
}

fn written(request: &Request<Bytes>) -> Signed {
    Signed {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: request.headers().clone(),
        body: String::from_utf8_lossy(request.body()).into_owned(),
    }
}

fn same_request(checked: &Checked, expect: &Value, case: &mut Case) -> Result<(), String> {
    let (request, expected) = (checked.request(), &expect["request"]);
    case.equal("method", request.method().as_str(), text(expected, "method")?);
    let (ours, theirs) = (request.uri().to_string(), text(expected, "url")?);
    let before = |url: &str| url.split_once('?').map_or(url, |(before, _)| before).to_owned();
    case.equal("url", &before(&ours), &before(theirs));
    let query = |url: &str| {
        if url.contains('?') { shape::split(url).map(|(_, query)| query) } else { Ok(Query::new()) }
    };
    case.equal("query", &query(&ours)?, &query(theirs)?);
    let mut headers = shape::Headers::new();
    for (name, value) in request.headers() {
        headers.insert(name.to_string(), value.to_str().map_err(|error| error.to_string())?.to_owned());
    }
    let mut wanted = shape::headers(&expected["headers"])?;
    // Made anew: with a blank behind each comma, which means the same.
    if let Some(value) = wanted.get_mut("authorization") {
        *value = value.split(',').map(str::trim).collect::<Vec<_>>().join(", ");
    }
    case.equal("headers", &headers, &wanted);
    case.equal("body", &*String::from_utf8_lossy(request.body()), text(expected, "body")?);
    case.equal("access key id", checked.access_key_id(), text(expect, "access_key_id")?);
    case.equal("region", checked.region(), text(expect, "signing_region")?);
    case.equal("expiry", &checked.expires(), &time(expect, "expires_at")?);
    Ok(())
}

fn answer(record: &Value, case: &mut Case) -> Result<(), String> {
    let (config, expect, given) = (&record["config"], &record["expect"], &record["answer"]);
    let body = match given["body"].as_str() {
        Some(body) => body.to_owned(),
        None => {
            let part = |index: usize| given["body_repeat"][index].as_str().ok_or("no part of a body");
            let count = given["body_repeat"][2].as_u64().and_then(|count| usize::try_from(count).ok());
            format!("{}{}{}", part(0)?, part(1)?.repeat(count.ok_or("no count")?), part(3)?)
        }
    };
    let status = given["status"].as_u64().and_then(|status| u16::try_from(status).ok()).ok_or("no status")?;
    let mut response = Response::builder().status(status);
    for pair in given["headers"].as_array().into_iter().flatten() {
        response =
            response.header(pair[0].as_str().unwrap_or_default(), pair[1].as_str().unwrap_or_default());
    }
    let response = response.body(Bytes::from(body)).map_err(|error| error.to_string())?;
    let asked = asked(text(config, "partition")?, config)?;
    match (asked.read(&response), text(expect, "verdict")?) {
        (Ok(identity), "accept") => same_identity(&identity, &expect["identity"], case)?,
        (Ok(_), _) => case.fail("it is accepted"),
        (Err(reason), "accept") => case.fail(format!("it is refused: {}", reason.class())),
        (Err(reason), _) => is_one_of(expect, reason.class(), case),
    }
    case.count("answers");
    Ok(())
}

/// A proof for which the STS of this partition is asked.
fn asked(partition: &str, config: &Value) -> Result<Checked, String> {
    let region = match partition {
        "aws" => "us-east-1",
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-eusc" => "eusc-de-east-1",
        "aws-iso" => "us-iso-east-1",
        "aws-iso-b" => "us-isob-east-1",
        "aws-iso-e" => "eu-isoe-west-1",
        "aws-iso-f" => "us-isof-south-1",
        other => return Err(format!("a partition that this test does not know: {other}")),
    };
    let params = EndpointParams { region: Some(region), ..Default::default() };
    let endpoint = Endpoint::resolve(&params).map_err(|error| error.to_string())?;
    let (keys, now) = (Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI"), SystemTime::UNIX_EPOCH);
    let token = Eks::new("demo").prove(&endpoint, &keys, now).map_err(|error| error.to_string())?;
    let verifier = with_policy(Verifier::eks("demo").map_err(|error| error.to_string())?, config)?;
    verifier.check_token(token.token.expose(), now).map_err(|reason| reason.to_string())
}

fn same_identity(identity: &Identity, expected: &Value, case: &mut Case) -> Result<(), String> {
    case.equal("kind", identity.kind.as_str(), text(expected, "kind")?);
    case.equal("partition", &*identity.partition, text(expected, "partition")?);
    case.equal("account", &*identity.account, text(expected, "account")?);
    case.equal("arn", &*identity.arn, text(expected, "arn")?);
    case.equal("canonical arn", &*identity.canonical_arn, text(expected, "canonical_arn")?);
    case.equal("unique id", &*identity.unique_id, text(expected, "unique_id")?);
    case.equal("session name", &identity.session_name.as_deref(), &expected["session_name"].as_str());
    Ok(())
}
