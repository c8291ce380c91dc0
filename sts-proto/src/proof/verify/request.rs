//! A signed request in four parts, taken apart.

use std::time::SystemTime;

use http::{HeaderName, HeaderValue, Request};
use sha2::{Digest, Sha256};

use super::super::json::{Json, JsonProblem};
use super::super::request::{ACTION, FORM};
use super::policy::Policy;
use super::reason::Reason;
use super::signature::{Signature, is_graphic, is_signature, read_date, read_scope, split_url};
use crate::base64::STANDARD;
use crate::digits::hex;
use crate::secret::Secret;

/// What a caller says that it has signed.
pub(super) struct Given {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) body: String,
    /// As they came.
    pub(super) headers: Vec<(String, Secret)>,
}

impl Given {
    /// Reads a JSON object with the four fields of Vault. Members beside them are the consumer's own.
    pub(super) fn of_four_fields(payload: &[u8]) -> Result<Self, Reason> {
        if payload.len() > MAX_PAYLOAD {
            return Err(Reason::TooLong);
        }
        let payload = read_json(payload, Reason::Headers)?;
        let field = |name, missing| {
            payload.get(name).and_then(Json::text).filter(|text| !text.is_empty()).ok_or(missing)
        };
        let method = field("iam_http_request_method", Reason::MissingMethod)?;
        let decoded = |text: &str| {
            let bytes = STANDARD.decode(text.as_bytes()).ok_or(Reason::Base64)?;
            Ok(Secret::new(String::from_utf8(bytes).map_err(|_| Reason::Utf8)?))
        };
        let url = field("iam_request_url", Reason::MissingUrl)?;
        let body = field("iam_request_body", Reason::MissingBody)?;
        let headers = field("iam_request_headers", Reason::MissingHeaders)?;
        let (url, body, headers) = (decoded(url)?, decoded(body)?, decoded(headers)?);
        Ok(Self {
            method: method.to_owned(),
            url: url.expose().to_owned(),
            body: body.expose().to_owned(),
            headers: headers_of(headers.expose())?,
        })
    }

    /// The parts of a request that HTTP's types hold.
    pub(super) fn of_http<B: AsRef<[u8]>>(request: &Request<B>) -> Result<Self, Reason> {
        let (headers, body) = (request.headers(), request.body().as_ref());
        let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if headers.len() > MAX_HEADERS || size + body.len() > MAX_PAYLOAD {
            return Err(Reason::TooLong);
        }
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            let value = value.to_str().map_err(|_| Reason::HeaderSyntax)?;
            Ok((name.to_string(), Secret::from(value)))
        };
        Ok(Self {
            method: request.method().to_string(),
            url: request.uri().to_string(),
            body: std::str::from_utf8(body).map_err(|_| Reason::Utf8)?.to_owned(),
            headers: headers.iter().map(header).collect::<Result<_, _>>()?,
        })
    }
}

/// A JSON object of texts, or of lists of one text.
fn headers_of(text: &str) -> Result<Vec<(String, Secret)>, Reason> {
    let Json::Object(members) = read_json(text.as_bytes(), Reason::HeaderDuplicate)? else {
        return Err(Reason::Headers);
    };
    let one = |value| match value {
        Json::Text(text) => Ok(text),
        Json::List(list) => match <[Json; 1]>::try_from(list) {
            Ok([Json::Text(text)]) => Ok(text),
            _ => Err(Reason::HeaderValues),
        },
        _ => Err(Reason::HeaderValues),
    };
    members.into_iter().map(|(name, value)| Ok((name, one(value)?))).collect()
}

fn read_json(text: &[u8], duplicate: Reason) -> Result<Json, Reason> {
    Json::read(text).map_err(|problem| match problem {
        JsonProblem::Malformed => Reason::Headers,
        JsonProblem::Duplicate => duplicate,
    })
}

/// What of the headers is sent again.
pub(super) struct Kept {
    pub(super) signature: Signature,
    /// The names as they were signed.
    pub(super) signed: String,
    pub(super) content_type: HeaderValue,
    /// Signed, and the body's.
    pub(super) content_sha256: Option<HeaderValue>,
}

/// Checks a request.
pub(super) fn read(given: &Given, policy: &Policy, now: SystemTime) -> Result<Kept, Reason> {
    if given.method != "POST" {
        return Err(Reason::Method);
    }
    // A request's URL is exact but for the slash that an empty path stands for.
    let (known, host, rest) = split_url(&given.url, policy).map_err(|reason| match reason {
        Reason::Host => Reason::Host,
        _ => Reason::Url,
    })?;
    if !matches!(rest, "" | "/") {
        return Err(Reason::Url);
    }
    if given.body != ACTION {
        return Err(Reason::Body);
    }
    let headers = Headers::read(&given.headers)?;

    if headers.get("host").is_some_and(|text| text != host) {
        return Err(Reason::HostHeader);
    }
    if headers.get("content-length").is_some_and(|text| text != ACTION.len().to_string()) {
        return Err(Reason::ContentLength);
    }
    let content_type = match headers.get("content-type") {
        None => HeaderValue::from_static(FORM),
        Some(text) if is_form(text) => HeaderValue::from_str(text).map_err(|_| Reason::ContentType)?,
        Some(_) => return Err(Reason::ContentType),
    };
    let hash = headers.get("x-amz-content-sha256");
    if hash.is_some_and(|hash| hash.as_bytes() != hex(Sha256::digest(ACTION).into()).as_flattened()) {
        return Err(Reason::ContentSha256);
    }
    if let Some((name, value)) = &policy.audience {
        let told = headers.get(name.as_str()).ok_or(Reason::AudienceMissing)?;
        if told.as_bytes() != value.as_bytes() {
            return Err(Reason::Audience);
        }
    }
    let date = headers.get("x-amz-date").ok_or(Reason::Date)?;
    let signed_at = read_date(date, policy, now)?;
    let authorization = headers.get("authorization").ok_or(Reason::Authorization)?;
    let [credential, signed, signature] = split_authorization(authorization).ok_or(Reason::Authorization)?;
    let access_key_id = read_scope(credential, date, known.region)?;
    headers.check_signed(signed, policy)?;

    let content_sha256 = hash.filter(|_| is_listed(signed, "x-amz-content-sha256"));
    let content_sha256 = content_sha256.and_then(|hash| HeaderValue::from_str(hash).ok());
    let signature = Signature {
        host: host.to_owned(),
        partition: known.partition,
        region: known.region.to_owned(),
        access_key_id,
        date: date.to_owned(),
        signed_at,
        token: headers.get("x-amz-security-token").map(Secret::from),
        signature: signature.to_owned(),
    };
    Ok(Kept { signature, signed: signed.to_owned(), content_type, content_sha256 })
}

/// Headers whose names are in lower case and there once.
struct Headers<'g>(Vec<(HeaderName, &'g str)>);

impl<'g> Headers<'g> {
    fn read(given: &'g [(String, Secret)]) -> Result<Self, Reason> {
        let mut headers: Vec<(HeaderName, &str)> = Vec::with_capacity(given.len());
        for (name, value) in given {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Reason::HeaderSyntax)?;
            let value = value.expose();
            if !value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
                return Err(Reason::HeaderSyntax);
            }
            if headers.iter().any(|(known, _)| *known == name) {
                return Err(Reason::HeaderDuplicate);
            }
            headers.push((name, value));
        }
        let headers = Self(headers);
        for (name, value) in &headers.0 {
            let amazon = name.as_str().strip_prefix("x-amz-");
            if amazon.is_some_and(|rest| !matches!(rest, "date" | "security-token" | "content-sha256")) {
                return Err(Reason::header_not_allowed(name.as_str()));
            }
            if amazon == Some("security-token") && !is_graphic(value) {
                return Err(Reason::HeaderSyntax);
            }
        }
        Ok(headers)
    }

    fn get(&self, name: &str) -> Option<&'g str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    /// Checks the list of signed headers: in its one form, with all that has to be signed, and nothing that is not sent.
    fn check_signed(&self, signed: &str, policy: &Policy) -> Result<(), Reason> {
        let names: Vec<&str> = signed.split(';').collect();
        let is_sorted = names.is_sorted_by(|one, other| one < other);
        // Names of headers are compared without regard to case from here on.
        if !is_sorted || signed.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(Reason::SignedHeaders);
        }
        let audience = policy.audience.as_ref().map(|(name, _)| name.as_str());
        for name in &names {
            match *name {
                "host" | "x-amz-date" => {}
                name if self.get(name).is_none() => return Err(Reason::SignedHeaders),
                "content-type" | "content-length" | "x-amz-security-token" | "x-amz-content-sha256" => {}
                name if Some(name) == audience => {}
                "accept" if self.get("accept") == Some(policy.format.as_str()) => {}
                name => return Err(Reason::header_not_allowed(name)),
            }
        }
        let token = self.get("x-amz-security-token").map(|_| "x-amz-security-token");
        let required = ["host", "x-amz-date"].into_iter().chain(audience).chain(token);
        if required.into_iter().all(|name| names.contains(&name)) {
            Ok(())
        } else {
            Err(Reason::SignedHeaders)
        }
    }
}

/// Credential, signed headers and signature, in this order and with nothing beside them.
fn split_authorization(text: &str) -> Option<[&str; 3]> {
    let rest = text.strip_prefix("AWS4-HMAC-SHA256 Credential=")?;
    let (credential, rest) = rest.split_once(',')?;
    let (signed, rest) = rest.trim_start_matches(' ').strip_prefix("SignedHeaders=")?.split_once(',')?;
    let signature = rest.trim_start_matches(' ').strip_prefix("Signature=")?;
    is_signature(signature).then_some([credential, signed, signature])
}

pub(super) fn is_listed(signed: &str, name: &str) -> bool {
    signed.split(';').any(|listed| listed == name)
}

/// Whether it is the media type of a form, in UTF-8 if it says so.
fn is_form(text: &str) -> bool {
    let (media, parameter) = text.split_once(';').unwrap_or((text, ""));
    let parameter = parameter.trim_start_matches(' ');
    media.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        && (parameter.eq_ignore_ascii_case("charset=utf-8") || parameter.is_empty() && !text.contains(';'))
}

/// The bound of a payload, in bytes: what a session token of the greatest length takes many times.
const MAX_PAYLOAD: usize = 64 * 1024;
/// As many as JSON's reader takes: they are compared with each other.
const MAX_HEADERS: usize = 128;

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};

    use super::super::super::testing::{endpoint, keys, now};
    use super::super::{Checked, Verifier};
    use super::*;
    use crate::operation::Operation;
    use crate::operations::GetCallerIdentity;

    fn signed() -> Request<Vec<u8>> {
        let keys = keys().with_session_token("planted+token==");
        let mut headers = HeaderMap::new();
        headers.insert("x-audience", HeaderValue::from_static("me.example.com"));
        let request = GetCallerIdentity::new().sign(&endpoint(), &keys, now(), &headers).unwrap();
        request.map(|body| body.to_vec())
    }

    fn check(change: impl FnOnce(&mut Request<Vec<u8>>)) -> Result<Checked, Reason> {
        let mut request = signed();
        change(&mut request);
        let verifier = Verifier::audience("X-Audience", "me.example.com").unwrap();
        verifier.check_http_request(&request, now())
    }

    fn header(name: &'static str, value: &'static [u8]) -> Option<Reason> {
        check(|request| {
            request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
        })
        .err()
    }

    #[test]
    fn what_a_client_signs_is_made_anew() {
        let checked = check(|_| {}).unwrap();
        let (sent, given) = (checked.request(), signed());
        assert_eq!(
            (sent.method(), sent.uri(), &sent.body()[..]),
            (given.method(), given.uri(), &given.body()[..])
        );
        for (name, value) in given.headers() {
            assert_eq!(sent.headers().get(name), Some(value));
        }
        // What says how the answer is read, and what frames the body.
        assert_eq!(sent.headers().len(), given.headers().len() + 2);
        assert_eq!(header("x-forwarded-for", b"1"), None);
    }

    #[test]
    fn a_changed_request_is_refused() {
        let uri = |text: &'static str| check(|request| *request.uri_mut() = text.parse().unwrap()).err();
        assert_eq!(uri("https://sts.eu-west-1.amazonaws.com"), None);
        for text in [
            "/",
            "http://sts.eu-west-1.amazonaws.com/",
            "https://u@sts.eu-west-1.amazonaws.com/",
            "https://sts.eu-west-1.amazonaws.com:443/",
            "https://sts.eu-west-1.amazonaws.com/?Action=AssumeRole",
        ] {
            assert_eq!(uri(text), Some(Reason::Url), "{text}");
        }
        assert_eq!(uri("https://sts.eu-west-1.amazonaws.com.evil.example/"), Some(Reason::Host));
        assert_eq!(check(|request| *request.method_mut() = Method::PUT).err(), Some(Reason::Method));
        assert_eq!(check(|request| request.body_mut().push(b'&')).err(), Some(Reason::Body));
        assert_eq!(check(|request| request.body_mut().push(0xff)).err(), Some(Reason::Utf8));
        assert_eq!(
            check(|request| request.body_mut().resize(MAX_PAYLOAD, b'a')).err(),
            Some(Reason::TooLong)
        );
        assert_eq!(header("x-audience", b"me.example.com"), Some(Reason::HeaderDuplicate));
        assert_eq!(header("x-amz-target", b"a"), Some(Reason::header_not_allowed("x-amz-target")));
        assert_eq!(header("x-other", b"\xff"), Some(Reason::HeaderSyntax));
        assert_eq!(header("x-other", b"a\tb"), Some(Reason::HeaderSyntax));
        let token = check(|request| {
            request.headers_mut().insert("x-amz-security-token", HeaderValue::from_static("a b"));
        });
        assert_eq!(token.err(), Some(Reason::HeaderSyntax));
        let many = check(|request| {
            for number in 0..MAX_HEADERS {
                let name: HeaderName = format!("x-{number}").parse().unwrap();
                request.headers_mut().insert(name, HeaderValue::from_static("a"));
            }
        });
        assert_eq!(many.err(), Some(Reason::TooLong));
    }
}
