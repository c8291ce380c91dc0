//! AWS's Signature Version 4 test suite, all of it, in both forms.
//!
//! It is read from `$STS_VECTORS/sigv4`, or from `../shared/vectors/sigv4` beside the workspace. A case is a folder:
//! `request.txt`, `context.json`, and for each form (`header-…`, `query-…`) the canonical request, the string to
//! sign, the signature and the signed request.

#![allow(clippy::disallowed_methods, reason = "a test may read files and the environment")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{Request, Uri};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use sts_proto::Credentials;
use sts_proto::sigv4::{Explanation, KeyCache, Scope, SignError, Signer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Cases that an [`http::Request`] cannot hold, and why.
const LEFT_OUT: [(&str, &str); 1] =
    [("get-space-unnormalized", "an http::Uri holds no raw space; RFC 3986 allows none either")];

/// The keys of the cases without `context.json`, by access key id. The second is smithy-rs's test identity.
const KEYS: [(&str, &str); 2] = [
    ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    ("ANOTREAL", "notrealrnrELgWzOk3IfjzDKtFBhDby"),
];

#[test]
fn aws_suite() {
    let Some(folder) = suite() else { return };
    let mut left_out: BTreeSet<&str> = LEFT_OUT.iter().map(|(name, _)| *name).collect();
    let (mut found, mut header_form, mut query_form) = (0, 0, 0);
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        found += 1;
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let files = Files(path);
        let request = read_request(&files.text("request.txt"));
        if left_out.remove(&*name) {
            assert!(request.is_err(), "{name} is left out, but can be read: run it");
            continue;
        }
        let request = request.unwrap_or_else(|error| panic!("{name}: {error}"));
        let in_header = check(&name, &files, &request, Form::Header);
        let in_query = check(&name, &files, &request, Form::Query);
        assert!(in_header || in_query, "{name}: nothing to compare with");
        header_form += usize::from(in_header);
        query_form += usize::from(in_query);
    }
    say(&format!("{found} cases: {header_form} in the header form, {query_form} in the query form"));
    LEFT_OUT.iter().for_each(|(name, why)| say(&format!("left out: {name}: {why}")));
    assert!(left_out.is_empty(), "left out, but not there: {left_out:?}");
    assert!(header_form > 0 && query_form > 0, "{} holds no cases", folder.display());
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Header,
    Query,
}

/// Compares everything that the folder says of one form; `false` if it says nothing.
fn check(name: &str, files: &Files, request: &Request<String>, form: Form) -> bool {
    let prefix = if form == Form::Header { "header" } else { "query" };
    // Some files end with a line feed; none of these texts does.
    let part = |part: &str| files.get(&format!("{prefix}-{part}.txt")).map(|text| text.trim_end().to_owned());
    let (canonical, signed) = (part("canonical-request"), part("signed-request"));
    if canonical.is_none() && signed.is_none() {
        return false;
    }
    let (canonical, signed) = (canonical.expect(name), signed.expect(name));

    let context = Context::read(files, &canonical, &signed);
    let explanation = context.explain(request, form, context.explained_at).expect(name);
    assert_eq!(explanation.canonical_request, canonical, "{name}, {prefix}");
    assert!(
        explanation.canonical_request.contains(&format!("\n\n{}\n", explanation.signed_headers)),
        "{name}"
    );
    if let Some(text) = part("string-to-sign") {
        assert_eq!(explanation.string_to_sign, text, "{name}, {prefix}");
    }
    if let Some(text) = part("signature") {
        assert_eq!(explanation.signature, text, "{name}, {prefix}");
    }

    let explanation = context.explain(request, form, context.signed_at).expect(name);
    let mut ours = request.clone();
    context.sign(&mut ours, form).expect(name);
    let (target, fields, body) = parse(&signed);
    assert_eq!(headers(&ours), sorted(fields), "{name}, {prefix}");
    assert_eq!(query(&ours.uri().to_string()), query(&target), "{name}, {prefix}");
    assert_eq!(ours.uri().path(), request.uri().path(), "{name}, {prefix}");
    assert_eq!(*ours.body(), body, "{name}, {prefix}");
    assert!(signed.contains(&explanation.signature), "{name}, {prefix}");

    // A signed request signed again is the same request.
    let once = (ours.uri().clone(), headers(&ours));
    context.sign(&mut ours, form).expect(name);
    assert_eq!((ours.uri().clone(), headers(&ours)), once, "{name}, {prefix}");
    true
}

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

/// The suite's folder. Without it there is nothing to test, which only a developer's machine may shrug off.
fn suite() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors");
    let chosen = std::env::var_os("STS_VECTORS").map(PathBuf::from);
    let places: Vec<PathBuf> = chosen.into_iter().chain([default]).map(|place| place.join("sigv4")).collect();
    if let Some(folder) = places.iter().find(|place| place.is_dir()) {
        return Some(folder.clone());
    }
    assert!(std::env::var_os("CI").is_none(), "no test suite in {places:?}: set STS_VECTORS");
    say(&format!("SKIPPED: no test suite in {places:?}: set STS_VECTORS"));
    None
}

/// Past the test harness, which keeps what a passing test prints to itself.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
