//! A recorded request and its answer, and whether another request is the same.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use sts_proto::{Phase, TransportError, TransportErrorKind};

use super::scenario::Scenario;

#[derive(Debug, Default)]
pub(crate) struct Exchange {
    method: String,
    uri: Uri,
    headers: HeaderMap,
    body: Vec<u8>,
    answer: Option<Answer>,
    answer_body: Vec<u8>,
    /// The body of the answer did not end as it should.
    cut: bool,
}

#[derive(Debug)]
enum Answer {
    Response(StatusCode, HeaderMap),
    Failure(String),
}

/// The exchanges in the order of their requests. Events of different connections may be mixed.
pub(crate) fn all(traffic: &Value) -> Result<Vec<Exchange>, String> {
    let events = traffic["events"].as_array().ok_or("there is no list of events")?;
    let mut exchanges = Vec::<Exchange>::new();
    // The last exchange of each connection.
    let mut current = BTreeMap::<u64, usize>::new();
    for event in events {
        let connection = event["connection_id"].as_u64().ok_or("an event without a connection_id")?;
        let action = event["action"].as_object().ok_or("an event without an action")?;
        let (kind, action) = action.iter().next().ok_or("an empty action")?;
        if kind == "Request" {
            current.insert(connection, exchanges.len());
            exchanges.push(Exchange::begin(&action["request"])?);
            continue;
        }
        let index = *current.get(&connection).ok_or_else(|| format!("{kind} before any request"))?;
        let exchange = &mut exchanges[index];
        match (kind.as_str(), action["direction"].as_str()) {
            ("Response", _) => exchange.answer = Some(Answer::of(&action["response"])?),
            ("Data", Some("Request")) => exchange.body.extend(data(&action["data"])?),
            ("Data", Some("Response")) => exchange.answer_body.extend(data(&action["data"])?),
            ("Eof", Some("Response")) => exchange.cut = action["ok"].as_bool() == Some(false),
            ("Eof", Some("Request")) => {}
            (kind, direction) => return Err(format!("unknown event {kind} {direction:?}")),
        }
    }
    Ok(exchanges)
}

impl Exchange {
    fn begin(request: &Value) -> Result<Self, String> {
        let uri = request["uri"].as_str().ok_or("a request without a uri")?;
        Ok(Self {
            method: request["method"].as_str().unwrap_or("GET").to_owned(),
            uri: uri.parse().map_err(|error| format!("{uri}: {error}"))?,
            headers: headers(&request["headers"])?,
            ..Self::default()
        })
    }

    pub(crate) fn answer_body(&self) -> &[u8] {
        &self.answer_body
    }

    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    pub(crate) fn succeeds(&self) -> bool {
        matches!(&self.answer, Some(Answer::Response(status, _)) if status.is_success())
    }

    /// Whether a token of the metadata service is forbidden.
    pub(crate) fn forbids_token(&self) -> bool {
        let forbidden = matches!(&self.answer, Some(Answer::Response(StatusCode::FORBIDDEN, _)));
        forbidden && self.path().ends_with("/api/token")
    }

    /// What comes of the request.
    pub(crate) fn answer(&self) -> Result<Response<Bytes>, TransportError> {
        let fail = |kind, text: &str| Err(TransportError::new(kind, text.to_owned()));
        match &self.answer {
            None => fail(TransportErrorKind::Timeout(Phase::Response), "no answer is recorded"),
            Some(Answer::Failure(text)) => {
                let lower = text.to_ascii_lowercase();
                let late = lower.contains("timeout") || lower.contains("timed out");
                let kind = TransportErrorKind::Timeout(Phase::Connect);
                fail(if late { kind } else { TransportErrorKind::Connect }, text)
            }
            Some(_) if self.cut => fail(TransportErrorKind::Closed, "the answer is cut short"),
            Some(Answer::Response(status, headers)) => {
                let mut response = Response::new(Bytes::from(self.answer_body.clone()));
                *response.status_mut() = *status;
                *response.headers_mut() = headers.clone();
                Ok(response)
            }
        }
    }

    /// How a request differs from this one.
    pub(crate) fn differences(&self, request: &Request<Bytes>, scenario: &Scenario) -> Vec<String> {
        let mut problems = Vec::new();
        if request.method().as_str() != self.method {
            problems.push(format!("{} where {} is recorded", request.method(), self.method));
        }
        let (ours, theirs) = (target(request.uri()), target(&self.uri));
        if ours != theirs {
            problems.push(format!("sent to {ours:?} where {theirs:?} is recorded"));
        }
        let header = |headers: &HeaderMap, name: &str| {
            headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let host = |headers: &HeaderMap, uri: &Uri| {
            header(headers, "host").or_else(|| Some(uri.authority()?.as_str().to_owned()))
        };
        let hosts = (host(request.headers(), request.uri()), host(&self.headers, &self.uri));
        if hosts.0 != hosts.1 {
            problems.push(format!("the host is {:?} where {:?} is recorded", hosts.0, hosts.1));
        }
        for name in EQUAL_HEADERS {
            let (ours, theirs) = (header(request.headers(), name), header(&self.headers, name));
            if theirs.is_some() && ours != theirs {
                problems.push(format!("{name} is not the one that is recorded"));
            }
        }
        // Recordings are edited; what they were signed with counts only where the scenario knows it.
        let token = header(&self.headers, "x-amz-security-token");
        let token = token.filter(|token| scenario.mentions(token));
        if token.is_some() && header(request.headers(), "x-amz-security-token") != token {
            problems.push("the session token is not the one that is recorded".to_owned());
        }
        let ours = header(request.headers(), "authorization");
        match (header(&self.headers, "authorization"), ours) {
            (Some(theirs), ours) if theirs.starts_with("AWS4-HMAC-SHA256 ") => {
                match (signer(&theirs), ours) {
                    (Some(theirs), Some(ours)) if scenario.mentions(&theirs) => {
                        if signer(&ours).as_ref() != Some(&theirs) {
                            problems
                                .push(format!("signed by {:?} where {theirs} is recorded", signer(&ours)));
                        }
                    }
                    (_, Some(ours)) if ours.starts_with("AWS4-HMAC-SHA256 ") => {}
                    _ => problems.push("not signed".to_owned()),
                }
            }
            (Some(theirs), ours) if ours.as_ref() != Some(&theirs) => {
                problems.push("authorization is not the one that is recorded".to_owned());
            }
            _ => {}
        }
        self.compare_bodies(request, scenario, &mut problems);
        problems
    }

    fn compare_bodies(&self, request: &Request<Bytes>, scenario: &Scenario, problems: &mut Vec<String>) {
        let (ours, theirs) = (&request.body()[..], &self.body[..]);
        let is_form = theirs.split(|byte| *byte == b'&').any(|pair| pair.starts_with(b"Action="));
        if !is_form {
            let json = |body: &[u8]| serde_json::from_slice::<Value>(body).ok();
            if ours != theirs && (json(ours).is_none() || json(ours) != json(theirs)) {
                problems.push("the body is not the one that is recorded".to_owned());
            }
            return;
        }
        let (ours, theirs) = (form(ours), form(theirs));
        for (name, value) in &theirs {
            match ours.get(name) {
                None => problems.push(format!("the body has no {name}")),
                Some(ours) if ours == value => {}
                // A name that is made up is another each time; one that is configured is not.
                Some(_) if name == "RoleSessionName" && !scenario.settings_mention(value) => {}
                // Recordings are edited: what no file and no variable holds was another's.
                Some(ours) if !scenario.settings_mention(value) && scenario.settings_mention(ours) => {}
                Some(_) => problems.push(format!("{name} is not the one that is recorded")),
            }
        }
        for name in ours.keys().filter(|name| !theirs.contains_key(*name)) {
            problems.push(format!("the body has {name}, which is not recorded"));
        }
    }
}

impl Answer {
    fn of(response: &Value) -> Result<Self, String> {
        if let Some(error) = response.get("Err") {
            let text = error.as_str().map_or_else(|| error.to_string(), str::to_owned);
            return Ok(Self::Failure(text));
        }
        let response = response.get("Ok").ok_or("a response that is neither Ok nor Err")?;
        let status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        let status =
            status.and_then(|status| StatusCode::from_u16(status).ok()).ok_or("a response without status")?;
        Ok(Self::Response(status, headers(&response["headers"])?))
    }
}

/// Name to value, or to a list of values.
fn headers(value: &Value) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, values) in value.as_object().into_iter().flatten() {
        let name = HeaderName::try_from(name.as_str()).map_err(|error| format!("{name}: {error}"))?;
        let values = match values {
            Value::Array(values) => values.iter().collect(),
            value => vec![value],
        };
        for value in values {
            let text = value.as_str().ok_or_else(|| format!("{name}: {value} is no text"))?;
            let value = HeaderValue::try_from(text).map_err(|error| format!("{name}: {error}"))?;
            headers.append(name.clone(), value);
        }
    }
    Ok(headers)
}

fn data(data: &Value) -> Result<Vec<u8>, String> {
    match (data["Utf8"].as_str(), data["Base64"].as_str()) {
        (Some(text), _) => Ok(text.as_bytes().to_vec()),
        (_, Some(text)) => STANDARD.decode(text).map_err(|error| format!("base64: {error}")),
        _ => Err(format!("unknown data {data}")),
    }
}

/// What a URI says, however it is written: scheme, authority, path, sorted query.
fn target(uri: &Uri) -> (String, String, String, Vec<(String, String)>) {
    let scheme = uri.scheme_str().unwrap_or_default().to_owned();
    let mut authority =
        uri.authority().map(|authority| authority.as_str().to_ascii_lowercase()).unwrap_or_default();
    let port = if scheme == "https" { ":443" } else { ":80" };
    if let Some(bare) = authority.strip_suffix(port) {
        authority = bare.to_owned();
    }
    let mut query: Vec<_> = pairs(uri.query().unwrap_or_default()).collect();
    query.sort();
    (scheme, authority, uri.path().to_owned(), query)
}

fn form(body: &[u8]) -> BTreeMap<String, String> {
    // A token file's line break at the end is not part of the token.
    pairs(&String::from_utf8_lossy(body)).map(|(name, value)| (name, value.trim().to_owned())).collect()
}

fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    text.split('&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
}

/// The access key id of a signature.
fn signer(authorization: &str) -> Option<String> {
    let (_, rest) = authorization.split_once("Credential=")?;
    rest.split('/').next().map(str::to_owned)
}

const EQUAL_HEADERS: [&str; 4] =
    ["accept", "x-aws-ec2-metadata-token", "x-aws-ec2-metadata-token-ttl-seconds", "x-amz-sso_bearer_token"];
