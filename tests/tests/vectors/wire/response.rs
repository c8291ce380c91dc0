//! How an answer is read.

use http::Response;
use serde_json::Value;
use sts_proto::wire::XmlError;
use sts_proto::{
    Error, ErrorCode, Fault, Metadata, Operation, Output, ResponseError, ResponseProblem, ServiceError,
};

use super::document::{bare_code, refused};
use super::inputs::{FromJson, Visitor, with_operation};
use super::outputs::{Shown, first_missing};
use super::retry;
use crate::record::Record;
use crate::report::Case;
use crate::rules::Rule;

struct Vector {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    expect: Expect,
    /// What the other client would do next.
    peer_retry: Option<String>,
}

enum Expect {
    Output { output: Value, ids: Ids },
    Error(Refusal),
    Unparsable,
}

#[derive(Clone)]
struct Refusal {
    code: Option<String>,
    message: Option<String>,
    fault: Option<String>,
    modelled: Option<String>,
    extra: Vec<(String, String)>,
    ids: Ids,
}

#[derive(Clone)]
struct Ids {
    body: Option<String>,
    header: Option<String>,
}

pub(crate) fn check(mut record: Record, case: &mut Case) -> Result<(), String> {
    let operation = record.text("operation")?;
    let vector = Vector::read(record)?;
    with_operation(&operation, Reader { vector: &vector, case })
}

impl Vector {
    fn read(mut record: Record) -> Result<Self, String> {
        let status = record.number("status")?;
        // What another client did, in whatever words, but for its retries.
        let mut peer = record.record("peer")?;
        let vector = Self {
            status: u16::try_from(status).map_err(|_| format!("{status} is not a status"))?,
            headers: record.texts("headers")?,
            body: record.text("body")?,
            expect: Expect::read(record.record("expect")?)?,
            peer_retry: if peer.has("retry") { peer.text_or_null("retry")? } else { None },
        };
        record.end()?;
        Ok(vector)
    }

    fn response(&self) -> Result<Response<&[u8]>, String> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(name, value.as_bytes());
        }
        response.body(self.body.as_bytes()).map_err(|error| format!("http::Response cannot hold it: {error}"))
    }

    /// The request id in the headers.
    fn header_id(&self) -> Option<&str> {
        let find = |wanted: &str| self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let names = ["x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id"];
        names.into_iter().find_map(find).map(|(_, value)| value.as_str())
    }
}

impl Expect {
    fn read(mut record: Record) -> Result<Self, String> {
        let expect = if record.has("output") {
            Self::Output { output: record.value("output")?, ids: Ids::read(record.record("request_id")?)? }
        } else if record.has("error") {
            Self::Error(Refusal::read(record.record("error")?)?)
        } else {
            record.text("unparsable")?;
            Self::Unparsable
        };
        record.end()?;
        Ok(expect)
    }
}

impl Refusal {
    fn read(mut record: Record) -> Result<Self, String> {
        let mut extra = Vec::new();
        flatten("", &record.value("extra")?, &mut extra)?;
        extra.sort();
        let error = Self {
            code: record.text_or_null("code")?,
            message: record.text_or_null("message")?,
            fault: record.text_or_null("type")?,
            modelled: record.text_or_null("modelled")?,
            extra,
            ids: Ids::read(record.record("request_id")?)?,
        };
        record.end()?;
        Ok(error)
    }
}

impl Refusal {
    /// With the names that have a meaning of their own put where they belong.
    fn plain(&self, case: &mut Case) -> Self {
        let mut plain = self.clone();
        for (name, place) in [("message", &mut plain.message), ("RequestId", &mut plain.ids.body)] {
            if let Some(at) =
                plain.extra.iter().position(|(known, _)| known == name).filter(|_| place.is_none())
            {
                case.rule(Rule::PlainNames);
                *place = Some(plain.extra.remove(at).1);
            }
        }
        plain
    }
}

impl Ids {
    fn read(mut record: Record) -> Result<Self, String> {
        let ids = Self { body: record.text_or_null("body")?, header: record.text_or_null("header")? };
        record.end()?;
        Ok(ids)
    }
}

/// Nested members as `Outer.Inner`; an empty element is an empty text.
fn flatten(path: &str, value: &Value, to: &mut Vec<(String, String)>) -> Result<(), String> {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, value, to)?;
            }
        }
        Value::Array(items) => items.iter().try_for_each(|item| flatten(path, item, to))?,
        Value::String(text) => to.push((path.to_owned(), text.clone())),
        Value::Null => to.push((path.to_owned(), String::new())),
        other => return Err(format!("extra.{path} is {other}")),
    }
    Ok(())
}

struct Reader<'a> {
    vector: &'a Vector,
    case: &'a mut Case,
}

impl Visitor for Reader<'_> {
    fn visit<O: Operation<Output: Shown> + FromJson>(self) -> Result<(), String> {
        let Self { vector, case } = self;
        let result = O::parse(&vector.response()?);
        if let Err(error) = &result {
            let metadata = error.metadata().ok_or("the error has no metadata")?;
            case.equal("status", &metadata.status().as_u16(), &vector.status);
            case.equal("request id in the headers", &metadata.header_request_id(), &vector.header_id());
            case.require(!error.to_string().is_empty(), "the error says nothing");
        }
        match (&vector.expect, result) {
            (Expect::Output { output, ids }, result) => self::output::<O>(vector, output, ids, result, case),
            (Expect::Error(expected), Err(Error::Service(error))) => {
                case.equal("operation", error.operation(), O::ACTION);
                refusal(vector, expected, &error, case);
            }
            (Expect::Error(_), Err(error)) => case.fail(format!("not a service error: {error}")),
            (Expect::Unparsable, Err(Error::Service(error))) if vector.status >= 300 => {
                case.count("unparsable refusals");
                unparsable(vector, &error, case);
            }
            (Expect::Unparsable, Err(_)) if vector.status < 300 => case.count("unparsable successes"),
            (Expect::Unparsable, Err(error)) => case.fail(format!("not a service error: {error}")),
            (_, Ok(_)) => case.fail("it is read as a success"),
        }
        Ok(())
    }
}

fn output<O: Operation<Output: Shown>>(
    vector: &Vector,
    expected: &Value,
    ids: &Ids,
    result: Result<O::Output, Error>,
    case: &mut Case,
) {
    let problem = match &result {
        Err(Error::Response(error)) => {
            let ResponseError { operation, problem, .. } = &**error;
            case.equal("operation", *operation, O::ACTION);
            Some(*problem)
        }
        _ => None,
    };
    if let Some((rule, refused)) = refused(&vector.body) {
        case.rule(rule);
        case.equal("problem", &problem, &Some(refused));
        return;
    }
    if let Some(name) = first_missing(O::ACTION, expected) {
        case.rule(Rule::RequiredMember);
        match problem {
            Some(ResponseProblem::Document(XmlError::Missing { member, .. })) => {
                case.equal("member that is said to be missing", member, name);
                let message = result.err().map(|error| error.to_string()).unwrap_or_default();
                case.require(message.contains(name), format!("the message does not name {name}: {message}"));
            }
            _ => case.fail(format!("{name} is missing and the outcome is {:?}", result.err())),
        }
        return;
    }
    if is_beyond(expected) {
        case.rule(Rule::NotExpressible);
        let not_a_number = matches!(problem, Some(ResponseProblem::Document(XmlError::NotA { .. })));
        case.require(
            not_a_number,
            format!("a number is beyond the type and the outcome is {:?}", result.err()),
        );
        return;
    }
    match result {
        Ok(output) => {
            output.compare("output", Some(expected), case);
            request_ids(output.metadata(), ids, case);
            case.equal("status", &output.metadata().status().as_u16(), &vector.status);
            case.count("outputs");
        }
        Err(error) => case.fail(format!("it is not read: {error}")),
    }
}

/// There is no code, unless botocore is alone in not knowing the document.
fn unparsable(vector: &Vector, error: &ServiceError, case: &mut Case) {
    let bare = bare_code(&vector.body).filter(|_| refused(&vector.body).is_none());
    if bare.is_some() {
        case.rule(Rule::BareError);
    }
    case.equal("code", &error.wire_code(), &bare);
    // What the other client made of such a document is not ours to say.
    let peer = vector.peer_retry.as_deref().filter(|_| bare.is_none());
    retry::check(error.retry_class(), (vector.status, bare, error.message()), peer, case);
}

/// Whether a number in it does not fit 64 bits.
fn is_beyond(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.values().any(is_beyond),
        Value::Number(number) => !number.is_i64(),
        _ => false,
    }
}

fn refusal(vector: &Vector, expected: &Refusal, error: &ServiceError, case: &mut Case) {
    case.count("errors");
    let mut code = expected.code.as_deref();
    let expected = &expected.plain(case);
    let nothing = Ids { body: None, header: expected.ids.header.clone() };
    if let Some((rule, _)) = refused(&vector.body) {
        // Nothing of the document is read.
        if code.is_some() || expected.ids.body.is_some() || !expected.extra.is_empty() {
            case.rule(rule);
        }
        request_ids(error.metadata(), &nothing, case);
        code = None;
    } else {
        request_ids(error.metadata(), &expected.ids, case);
        if code == Some(vector.status.to_string().as_str()) && !vector.body.contains("Code>") {
            case.rule(Rule::InventedCode);
            code = None;
        }
        let mut extra: Vec<_> =
            error.extra().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        extra.sort();
        case.equal("extra", &extra, &expected.extra);
    }
    let has_document = code.is_some() || expected.code.is_none() && refused(&vector.body).is_none();
    let message = expected.message.as_deref().filter(|_| has_document);
    let fault = expected.fault.as_deref().filter(|_| has_document);
    case.equal("code", &error.wire_code(), &code);
    case.equal("whether there is a code", &error.code().is_some(), &code.is_some());
    case.equal("message", &error.message(), &message);
    let fault = match fault.map(str::trim) {
        Some("Sender") => Fault::Sender,
        Some("Receiver") => Fault::Receiver,
        _ if vector.status >= 500 => Fault::Receiver,
        _ => Fault::Sender,
    };
    case.equal("fault", &error.fault(), &fault);
    if let Some(code) = code {
        known(code, expected.modelled.as_deref(), error.code(), case);
    }
    retry::check(error.retry_class(), (vector.status, code, message), vector.peer_retry.as_deref(), case);
}

/// A modelled error has a variant; where another code has one, it is that of its own name.
fn known(wire: &str, modelled: Option<&str>, code: Option<&ErrorCode>, case: &mut Case) {
    let name = wire.rsplit('#').next().unwrap_or_default();
    let is_shape =
        |shape: &str, known: &str| shape == known || shape.strip_suffix("Exception") == Some(known);
    let shape = SHAPES.iter().copied().find(|known| is_shape(modelled.unwrap_or(name), known));
    case.require(modelled.is_none() || shape.is_some(), format!("{modelled:?} is not a known shape"));
    match (code, shape) {
        (Some(ErrorCode::Other(other)), None) => drop(case.equal("other code", &**other, wire)),
        (Some(known), Some(shape)) => {
            case.require(!matches!(known, ErrorCode::Other(_)), format!("{wire} has no variant"));
            case.equal("modelled code", known.as_str(), shape);
            case.count("modelled codes");
        }
        (Some(known), None) => {
            case.require(is_shape(name, known.as_str()), format!("{wire} is read as {known}"));
            case.count("other codes with a variant");
        }
        (None, _) => case.fail(format!("{wire} is not read as a code")),
    }
}

fn request_ids(metadata: &Metadata, expected: &Ids, case: &mut Case) {
    case.equal("request id in the document", &metadata.body_request_id(), &expected.body.as_deref());
    case.equal("request id in the headers", &metadata.header_request_id(), &expected.header.as_deref());
}

/// The modelled errors as they are written on the wire (`REFERENCE.md` §1).
const SHAPES: [&str; 12] = [
    "ExpiredTokenException",
    "ExpiredTradeInTokenException",
    "IDPCommunicationError",
    "IDPRejectedClaim",
    "InvalidAuthorizationMessageException",
    "InvalidIdentityToken",
    "JWTPayloadSizeExceededException",
    "MalformedPolicyDocument",
    "OutboundWebIdentityFederationDisabledException",
    "PackedPolicyTooLarge",
    "RegionDisabledException",
    "SessionDurationEscalationException",
];
