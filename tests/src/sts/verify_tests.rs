use std::fs;
use std::path::{Path, PathBuf};

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;

use super::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOW: OffsetDateTime = datetime!(2015-08-30 12:36:00 UTC);
const VANILLA: &str = "GET / HTTP/1.1\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z\n\
    Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
    SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31\n\n";

/// A request in the format of the published vectors.
struct Request {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: String,
}

impl Request {
    fn parse(text: &str) -> Request {
        let text = text.replace("\r\n", "\n");
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut lines: Vec<String> = Vec::new();
        for line in head.lines() {
            match lines.last_mut().filter(|_| line.starts_with([' ', '\t'])) {
                Some(folded) => *folded = format!("{folded} {}", line.trim()),
                None => lines.push(line.to_owned()),
            }
        }
        let (method, target) = lines[0].split_once(' ').unwrap();
        let target = target.strip_suffix(" HTTP/1.1").unwrap_or(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = HeaderMap::new();
        for line in &lines[1..] {
            let (name, value) = line.split_once(':').unwrap();
            headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value.trim()).unwrap());
        }
        Request { method: method.into(), path: path.into(), query: query.into(), headers, body: body.into() }
    }

    fn received(&self) -> Received<'_> {
        Received {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
            body: self.body.as_bytes(),
        }
    }

    fn verify(&self, secret: &str, now: OffsetDateTime) -> Result<(), Fault> {
        let claim = Claim::read(&self.received())?.expect("the request is signed");
        claim.verify(&self.received(), secret, &Rules { service: "service", region: Some("us-east-1"), now })
    }

    fn canonical(&self) -> String {
        let claim = Claim::read(&self.received()).unwrap().expect("the request is signed");
        self.received().canonical(&claim.signed_headers.split(';').collect::<Vec<_>>())
    }
}

fn vectors() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let named = std::env::var_os("STS_VECTORS").map(PathBuf::from);
    let places =
        named.into_iter().chain([workspace.join("../shared/vectors")]).map(|place| place.join("sigv4"));
    let found = places.into_iter().find(|place| place.is_dir());
    if found.is_none() {
        let message = "no signature vectors: neither $STS_VECTORS/sigv4 nor ../shared/vectors/sigv4 is there";
        assert!(std::env::var_os("CI").is_none(), "{message}");
        // Written directly, since the test harness captures the output of a passing test.
        let _ =
            std::io::Write::write_fmt(&mut std::io::stdout().lock(), format_args!("skipped: {message}\n"));
    }
    found
}

fn code(result: Result<(), Fault>) -> &'static str {
    result.map_or_else(|fault| fault.code, |()| "ok")
}

#[test]
fn published_vectors() {
    let Some(folder) = vectors() else { return };
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
        let Ok(context) = fs::read(folder.join("context.json")) else {
            // These two are about the path only: their dates contradict each other.
            let request = Request::parse(&read("header-signed-request.txt"));
            let path = |text: &str| text.lines().nth(1).map(str::to_owned);
            assert_eq!(path(&request.canonical()), path(&read("header-canonical-request.txt")), "{name}");
            seen += 1;
            continue;
        };
        let context: Value = serde_json::from_slice(&context).unwrap();
        if context["normalize"] == false {
            continue; // paths that are signed as for S3
        }
        let secret = context["credentials"]["secret_access_key"].as_str().unwrap();
        let token_outside = context["omit_session_token"] == true;
        for form in ["header", "query"] {
            let what = format!("{name}, {form}");
            let request = Request::parse(&read(&format!("{form}-signed-request.txt")));
            let verdict = request.verify(secret, NOW);
            if token_outside {
                // Some AWS services accept a token that was added after signing, but STS does not.
                assert_eq!(code(verdict), "SignatureDoesNotMatch", "{what}");
                continue;
            }
            let canonical = read(&format!("{form}-canonical-request.txt")).replace("\r\n", "\n");
            assert_eq!(request.canonical(), canonical, "{what}");
            assert_eq!(verdict, Ok(()), "{what}");
            assert_eq!(code(request.verify("another", NOW)), "SignatureDoesNotMatch", "{what}");
            seen += 1;
        }
    }
    assert!(seen > 60, "only {seen} vectors");
}

#[test]
fn vanilla() {
    assert_eq!(Request::parse(VANILLA).verify(SECRET, NOW), Ok(()));
    assert_eq!(code(Request::parse(VANILLA).verify("x", NOW)), "SignatureDoesNotMatch");
    assert_eq!(code(Request::parse(&format!("{VANILLA}body")).verify(SECRET, NOW)), "SignatureDoesNotMatch");
}

#[test]
fn clocks_may_differ_by_fifteen_minutes() {
    let request = Request::parse(VANILLA);
    for seconds in [-900, 900] {
        assert_eq!(request.verify(SECRET, NOW + Duration::seconds(seconds)), Ok(()));
    }
    let late = request.verify(SECRET, NOW + Duration::seconds(901)).unwrap_err();
    let expected = "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)";
    assert_eq!((late.code, late.message.as_str()), ("SignatureDoesNotMatch", expected));
    let early = request.verify(SECRET, NOW - Duration::seconds(901)).unwrap_err();
    let expected = "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 min.)";
    assert_eq!((early.code, early.message.as_str()), ("SignatureDoesNotMatch", expected));
}

#[test]
fn invalid_requests_are_refused() {
    for (from, to, expected) in [
        ("/us-east-1/", "/eu-west-1/", "valid region"),
        ("/us-east-1/", "//", "valid region"),
        ("/service/", "/s3/", "correct service"),
        ("aws4_request", "aws2_request", "valid terminator"),
        ("/20150830/", "/20150829/", "does not match YYYYMMDD"),
        ("20150830T123600Z", "2015-08-30T12:36:00Z", "basic format"),
        ("20150830T123600Z", "20150830T126100Z", "basic format"),
        ("X-Amz-Date", "X-Date", "'X-Amz-Date'"),
        ("SignedHeaders=host;", "SignedHeaders=", "'Host'"),
        ("host;x-amz-date", "host", "'x-amz-date' must be"),
        ("host;x-amz-date", "x-amz-date;host", "sorted"),
        ("host;x-amz-date", "Host;host;x-amz-date", "lower case"),
        ("GET / ", "GET /a ", "does not match the signature"),
        ("GET / ", "PUT / ", "does not match the signature"),
        ("GET / ", "GET /?a=b ", "does not match the signature"),
        ("Host:example", "Host:example2", "does not match the signature"),
        ("Signature=5f", "Signature=5F", "does not match the signature"),
        ("Signature=5f", "Signature=", "does not match the signature"),
        ("Authorization", "X-Amz-Extra: 1\nAuthorization", "'x-amz-extra' must be"),
        ("Signature=", "Sig=", "requires 'Signature'"),
        ("Credential=", "Credential= ", "not a valid key=value pair"),
        ("Credential=", "Credential=a/", "exactly 5"),
        ("Credential=", "Credential=1, Credential=", "more than once"),
        ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", "Unsupported"),
        ("Authorization", "Authorization:AWS4-HMAC-SHA256\nAuthorization", "Only one"),
        ("GET / ", "GET /?X-Amz-Signature=1 ", "Only one"),
    ] {
        let request = Request::parse(&VANILLA.replacen(from, to, 1).replace("Date:2015-", "Date: 2015-"));
        let fault = request.verify(SECRET, NOW).unwrap_err();
        assert!(fault.message.contains(expected), "{from} -> {to}: {fault:?}");
        assert_eq!(fault.status, if fault.code == "IncompleteSignature" { 400 } else { 403 });
    }
}

#[test]
fn no_claim() {
    for header in ["X-Other: 1", "Authorization: Bearer abc", "Authorization: "] {
        let request = Request::parse(&format!("GET / HTTP/1.1\nHost: a\n{header}\n\n"));
        assert!(Claim::read(&request.received()).unwrap().is_none(), "{header}");
    }
}

#[test]
fn wrong_content_hash() {
    let request = VANILLA.replace("x-amz-date,", "x-amz-content-sha256;x-amz-date,");
    let request = Request::parse(&request.replace("\n\n", "\nx-amz-content-sha256: UNSIGNED-PAYLOAD\n\n"));
    assert!(request.verify(SECRET, NOW).unwrap_err().message.contains("x-amz-content-sha256"));
}

#[test]
fn presigned() {
    let scope = Scope { day: "20150830", region: "us-east-1", service: "service" };
    let url = |expires: &str| {
        let start = format!(
            "GET /?Action=A&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host\
             &X-Amz-Credential=K%2F20150830%2Fus-east-1%2Fservice%2Faws4_request{expires}"
        );
        let request = Request::parse(&format!("{start}&X-Amz-Signature=x HTTP/1.1\nHost: a\n\n"));
        let text = scope.string_to_sign("20150830T123600Z", &request.received().canonical(&["host"]));
        format!("{start}&X-Amz-Signature={} HTTP/1.1\nHost: a\n\n", scope.signature(SECRET, &text))
    };
    let good = Request::parse(&url("&X-Amz-Expires=60"));
    assert_eq!(good.verify(SECRET, NOW + Duration::seconds(59)), Ok(()));
    let expired = good.verify(SECRET, NOW + Duration::seconds(60)).unwrap_err();
    assert_eq!(
        (expired.status, expired.code, expired.message.as_str()),
        (403, "AccessDenied", "Request has expired")
    );
    assert_eq!(code(good.verify(SECRET, NOW - Duration::seconds(901))), "SignatureDoesNotMatch");
    let long = Request::parse(&url("&X-Amz-Expires=604800"));
    assert_eq!(long.verify(SECRET, NOW + Duration::days(6)), Ok(()));
    for expires in ["", "&X-Amz-Expires=", "&X-Amz-Expires=0", "&X-Amz-Expires=604801", "&X-Amz-Expires=x"] {
        assert_eq!(
            code(Request::parse(&url(expires)).verify(SECRET, NOW)),
            "IncompleteSignature",
            "{expires}"
        );
    }
    let with_token = url("&X-Amz-Expires=60&X-Amz-Security-Token=a%2Bb");
    let claim = Claim::read(&Request::parse(&with_token).received()).unwrap().unwrap();
    assert_eq!(claim.token.as_deref(), Some("a+b"));
    let altered = Request::parse(&url("&X-Amz-Expires=60").replace("Action=A", "Action=B"));
    assert_eq!(code(altered.verify(SECRET, NOW)), "SignatureDoesNotMatch");
}

/// Requests from botocore to STS, with the signature in a header or in the query.
#[test]
fn recorded_requests() {
    let Some(folder) = vectors() else { return };
    let mut seen = 0;
    for file in ["request.jsonl", "presign.jsonl"] {
        let Ok(cases) = fs::read_to_string(folder.join("../wire").join(file)) else {
            assert!(std::env::var_os("CI").is_none(), "no wire/{file}");
            continue;
        };
        for case in cases.lines() {
            let case: Value = serde_json::from_str(case).unwrap();
            let expect = &case["expect"];
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            if expect["string_to_sign"].is_null() {
                continue;
            }
            let url: http::Uri = text(&expect["url"]).parse().unwrap();
            let mut request = Request {
                method: text(&expect["method"]),
                path: url.path().to_owned(),
                query: url.query().unwrap_or_default().to_owned(),
                headers: HeaderMap::new(),
                body: text(&expect["body"]),
            };
            for (name, value) in expect["signed_headers"].as_object().unwrap() {
                let value = HeaderValue::from_bytes(text(value).as_bytes()).unwrap();
                request.headers.insert(HeaderName::try_from(name.as_str()).unwrap(), value);
            }
            if let Some(authorization) = expect["authorization"].as_str() {
                request.headers.insert("authorization", authorization.parse().unwrap());
            }
            let secret = text(&case["config"]["credentials"]["secret_access_key"]);
            assert!(!secret.is_empty(), "{case}");
            let now = OffsetDateTime::parse(case["time"].as_str().unwrap(), &Rfc3339).unwrap();
            let received = request.received();
            let claim = Claim::read(&received).unwrap().expect("the request is signed");
            let rules = Rules { service: "sts", region: expect["signing_region"].as_str(), now };
            assert_eq!(claim.verify(&received, &secret, &rules), Ok(()), "{case}");
            seen += 1;
        }
    }
    assert!(seen > 300 || std::env::var_os("CI").is_none(), "only {seen} requests");
}
