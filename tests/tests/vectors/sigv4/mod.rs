//! AWS's Signature Version 4 and 4a test suites, in both forms: what the signer makes, and what the embedded STS's verifier takes.
//!
//! A case is a folder: `request.txt`, `context.json`, and for each form (`header-…`, `query-…`) the canonical request, the
//! string to sign, the signature and the signed request.

mod verifier;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{Request, Uri};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use sts_proto::Credentials;
use sts_proto::sigv4::{Explanation, KeyCache, Scope, SignError, Signer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::report::Case;
use crate::rules::Rule;
use crate::sigv4a::PublicKey;

/// The keys of the cases without `context.json`, by access key id. The second is smithy-rs's test identity.
const KEYS: [(&str, &str); 2] = [
    ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    ("ANOTREAL", "notrealrnrELgWzOk3IfjzDKtFBhDby"),
];

pub(crate) fn check(folder: &Path, case: &mut Case) -> Result<(), String> {
    let files = Files(folder.to_owned());
    verifier::check(&files, case);
    let text = files.text("request.txt");
    let request = match read_request(&text) {
        Err(_) if parse(&text).0.contains(' ') => {
            case.rule(Rule::RawSpace);
            return Ok(());
        }
        request => request?,
    };
    let in_header = compare(&files, &request, Form::Header);
    let in_query = compare(&files, &request, Form::Query);
    case.require(in_header || in_query, "there is nothing to compare with");
    if in_header {
        case.count("in the header");
    }
    if in_query {
        case.count("in the query");
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Header,
    Query,
}

/// Compares everything that the folder says of one form; `false` if it says nothing.
fn compare(files: &Files, request: &Request<String>, form: Form) -> bool {
    let prefix = if form == Form::Header { "header" } else { "query" };
    // Some files end with a line feed; none of these texts does.
    let part = |part: &str| files.get(&format!("{prefix}-{part}.txt")).map(|text| text.trim_end().to_owned());
    let (canonical, signed) = (part("canonical-request"), part("signed-request"));
    if canonical.is_none() && signed.is_none() {
        return false;
    }
    let (canonical, signed) = (canonical.expect("a canonical request"), signed.expect("a signed request"));

    let public_key = files.get("public-key.json").map(|text| PublicKey::read(&text));
    let mut context = Context::read(files, &canonical, &signed);
    if public_key.is_some() {
        let region = context.scope.region().to_owned();
        context.scope = context.scope.in_regions(&region);
    }
    let explanation = context.explain(request, form, context.explained_at).expect("it can be signed");
    assert_eq!(explanation.canonical_request, canonical, "{prefix}");
    assert!(
        explanation.canonical_request.contains(&format!("\n\n{}\n", explanation.signed_headers)),
        "{prefix}"
    );
    if let Some(text) = part("string-to-sign") {
        assert_eq!(explanation.string_to_sign, text, "{prefix}");
    }
    if let Some(text) = part("signature") {
        match &public_key {
            None => assert_eq!(explanation.signature, text, "{prefix}"),
            Some(key) => {
                assert!(key.signed(&explanation.string_to_sign, &text), "{prefix}: the recorded signature");
                assert!(key.signed(&explanation.string_to_sign, &explanation.signature), "{prefix}: ours");
            }
        }
    }

    let explanation = context.explain(request, form, context.signed_at).expect("it can be signed");
    let mut ours = request.clone();
    context.sign(&mut ours, form).expect("it can be signed");
    let (target, fields, body) = parse(&signed);
    let expected = sorted(fields);
    match &public_key {
        None => assert_eq!(
            (headers(&ours), query(&ours.uri().to_string())),
            (expected, query(&target)),
            "{prefix}"
        ),
        Some(_) => {
            let (ours, expected) =
                [(headers(&ours), query(&ours.uri().to_string())), (expected, query(&target))]
                    .map(unsigned)
                    .into();
            assert_eq!(ours, expected, "{prefix}");
        }
    }
    assert_eq!(ours.uri().path(), request.uri().path(), "{prefix}");
    assert_eq!(*ours.body(), body, "{prefix}");
    assert!(public_key.is_some() || signed.contains(&explanation.signature), "{prefix}");

    // A signed request signed again is the same request.
    let once = (ours.uri().clone(), headers(&ours));
    context.sign(&mut ours, form).expect("it can be signed");
    assert_eq!((ours.uri().clone(), headers(&ours)), once, "{prefix}");
    true
}

/// A signed request's headers and query without the signature, which is another each time.
fn unsigned((headers, query): (Fields, BTreeSet<(String, String)>)) -> (Fields, BTreeSet<(String, String)>) {
    let value = |(name, value): (String, String)| match value.split_once(" Signature=") {
        Some((value, _)) => (name, value.to_owned()),
        None => (name, value),
    };
    let query = query.into_iter().filter(|(name, _)| name != "X-Amz-Signature").collect();
    (headers.into_iter().map(value).collect(), query)
}

type Fields = Vec<(String, String)>;

/// How a case is to be signed.
struct Context {
    credentials: Credentials,
    scope: Scope,
    /// The time of the canonical request, the string to sign and the signature.
    explained_at: SystemTime,
    /// The time of the signed request; in one case (double-encode-path) another.
    signed_at: SystemTime,
    lifetime: Duration,
    normalize: bool,
    double_encode: bool,
    sign_body: bool,
    omit_session_token: bool,
}

impl Context {
    fn read(files: &Files, canonical: &str, signed: &str) -> Self {
        match files.get("context.json") {
            Some(text) => Self::from_json(&serde_json::from_str(&text).expect("context.json is JSON")),
            None => Self::from_result(canonical, signed),
        }
    }

    fn from_json(context: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let keys = &context["credentials"];
        let mut credentials =
            Credentials::new(text(&keys["access_key_id"]), text(&keys["secret_access_key"]));
        if let Some(token) = keys.get("token") {
            credentials = credentials.with_session_token(text(token));
        }
        let time = time(&text(&context["timestamp"]));
        Self {
            credentials,
            scope: Scope::new(text(&context["region"]), text(&context["service"])),
            explained_at: time,
            signed_at: time,
            lifetime: Duration::from_secs(context["expiration_in_seconds"].as_u64().unwrap()),
            normalize: context["normalize"].as_bool().unwrap(),
            double_encode: false,
            sign_body: context["sign_body"].as_bool().unwrap(),
            omit_session_token: context.get("omit_session_token").is_some_and(|omit| omit.as_bool().unwrap()),
        }
    }

    /// The two cases without a context are about encoding twice; the rest is told by what they expect.
    fn from_result(canonical: &str, signed: &str) -> Self {
        let compact = |text: &str| {
            let text = text.to_lowercase();
            let (_, rest) = text.split_once("x-amz-date:").expect("a date");
            let at = |range| rest.get(range).expect("a date of 16 characters");
            time(&format!(
                "{}-{}-{}T{}:{}:{}Z",
                at(0..4),
                at(4..6),
                at(6..8),
                at(9..11),
                at(11..13),
                at(13..15)
            ))
        };
        let (_, credential) = signed.split_once("Credential=").expect("a credential");
        let mut credential = credential.split('/');
        let (id, _date) = (credential.next().unwrap(), credential.next().unwrap());
        let (region, service) = (credential.next().unwrap(), credential.next().unwrap());
        let (_, secret) = KEYS.iter().find(|key| key.0 == id).expect("a known access key id");
        Self {
            credentials: Credentials::new(id, *secret),
            scope: Scope::new(region.to_owned(), service.to_owned()),
            explained_at: compact(canonical),
            signed_at: compact(signed),
            lifetime: Duration::ZERO,
            normalize: true,
            double_encode: true,
            sign_body: false,
            omit_session_token: false,
        }
    }

    fn signer(&self, now: SystemTime) -> Signer<'_> {
        Signer::new(&self.credentials, &self.scope, now)
            .normalize_path(self.normalize)
            .double_encode(self.double_encode)
            .content_sha256(self.sign_body)
            .session_token_after_signing(self.omit_session_token)
    }

    fn explain(
        &self,
        request: &Request<String>,
        form: Form,
        now: SystemTime,
    ) -> Result<Explanation, SignError> {
        match form {
            Form::Header => self.signer(now).explain(request),
            Form::Query => self.signer(now).explain_presign(request, self.lifetime),
        }
    }

    /// With a kept key, where explanations derive their own.
    fn sign(&self, request: &mut Request<String>, form: Form) -> Result<(), SignError> {
        let mut cache = KeyCache::default();
        let key = cache.get(&self.credentials, &self.scope, self.signed_at)?;
        let signer = self.signer(self.signed_at).key(key);
        match form {
            Form::Header => signer.sign(request),
            Form::Query => signer.presign(request, self.lifetime),
        }
    }
}

fn read_request(text: &str) -> Result<Request<String>, String> {
    let (target, fields, body) = parse(text);
    let (method, _) = text.split_once(' ').ok_or("no method")?;
    let uri = Uri::try_from(target).map_err(|error| error.to_string())?;
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in fields {
        request = request.header(name, value);
    }
    request.body(body).map_err(|error| error.to_string())
}

/// Target, header fields and body of a request as the suite writes it: it ends lines with a line feed, and its targets
/// may hold spaces.
fn parse(text: &str) -> (String, Vec<(String, String)>, String) {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let line = lines.next().unwrap_or_default();
    let line = line.strip_suffix(" HTTP/1.1").unwrap_or(line);
    let (_, target) = line.split_once(' ').unwrap_or_default();
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in lines {
        match fields.last_mut() {
            // A folded line: RFC 9112 §5.2 lets a recipient put a space in place of each fold.
            Some((_, value)) if line.starts_with([' ', '\t']) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            _ => {
                let (name, value) = line.split_once(':').expect("a header field");
                fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
    }
    (target.to_owned(), fields, body.trim_matches('\n').to_owned())
}

/// All header fields, sorted by name; the values of one name in their order.
fn headers(request: &Request<String>) -> Vec<(String, String)> {
    let fields = request.headers().iter();
    sorted(fields.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect())
}

fn sorted(mut fields: Vec<(String, String)>) -> Vec<(String, String)> {
    fields.sort_by(|one, other| one.0.cmp(&other.0));
    fields
}

/// The decoded pairs of a query; their order means nothing.
fn query(uri: &str) -> BTreeSet<(String, String)> {
    let decode = |text: &str| String::from_utf8(percent_decode_str(text).collect()).unwrap();
    let (_, query) = uri.split_once('?').unwrap_or_default();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

fn time(text: &str) -> SystemTime {
    let seconds = OffsetDateTime::parse(text, &Rfc3339).unwrap().unix_timestamp();
    UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap())
}

/// The files of a case.
struct Files(PathBuf);

impl Files {
    fn get(&self, name: &str) -> Option<String> {
        let path = self.0.join(name);
        path.exists().then(|| fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}")))
    }

    fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_else(|| panic!("{} has no {name}", self.0.display()))
    }
}
