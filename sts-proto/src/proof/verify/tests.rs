use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, Method, Response};

use super::super::testing::{endpoint, keys, now};
use super::super::{Eks, Proof, Vault};
use super::*;
use crate::base64::{STANDARD, URL};
use crate::keys::Credentials;

const CLUSTER_NAME: &str = "demo";
const HEADER_NAME: &str = "X-Vault-AWS-IAM-Server-ID";
const AUDIENCE: &str = "vault.example.com";
/// SHA-256 of the body.
const HASH: &str = "ab821ae955788b0e33ebd34c208442ccfc2d406e2edc5e7a39bd6458fbb4f843";

fn temporary() -> Credentials {
    keys().with_session_token("AQoDYXdz/planted+token==")
}

fn eks() -> Verifier {
    Verifier::eks(CLUSTER_NAME).unwrap()
}

fn url() -> String {
    let token = Eks::new(CLUSTER_NAME).prove(&endpoint(), &temporary(), now()).unwrap().token;
    String::from_utf8(URL.decode(&token.expose().as_bytes()["k8s-aws-v1.".len()..]).unwrap()).unwrap()
}

fn token(url: &[u8]) -> String {
    format!("k8s-aws-v1.{}", URL.encode(url))
}

/// What is checked before STS is asked, of a token whose URL was changed.
fn changed(from: &str, to: &str) -> Result<Checked, Reason> {
    let url = url();
    assert!(url.contains(from), "{from}");
    eks().check_token(&token(url.replacen(from, to, 1).as_bytes()), now())
}

/// Each row is a rule of [the module's table](super#the-rules), and is accepted if the rule is taken out.
#[test]
fn a_token_that_breaks_a_rule_is_refused() {
    let (long_key, longer_key) = ("A".repeat(128), "A".repeat(129));
    let long_host = format!("sts.{}.amazonaws.com", "a".repeat(60));
    for (from, to, reason) in [
        // The host is one of STS's.
        ("https://", "http://", Reason::Scheme),
        ("https://", "HTTPS://", Reason::Scheme),
        ("https://", "https://u@", Reason::UserInfo),
        ("amazonaws.com/", "amazonaws.com:443/", Reason::Port),
        ("amazonaws.com/", "amazonaws.com.evil.example/", Reason::Host),
        ("sts.eu-west-1.amazonaws.com", "evil.example", Reason::Host),
        ("sts.eu-west-1.amazonaws.com", "sts.cn-north-1.amazonaws.com.cn", Reason::Host),
        ("sts.eu-west-1.amazonaws.com", &long_host, Reason::Host),
        ("amazonaws.com/?", "amazonaws.com/a?", Reason::Path),
        ("amazonaws.com/?", "amazonaws.com?", Reason::Path),
        ("amazonaws.com/?", "amazonaws.com/#?", Reason::Fragment),
        ("https://", " https://", Reason::Url),
        ("amazonaws.com/", "amazonaws.com\r\nx:/", Reason::Url),
        // The query has exactly its items.
        ("&Version=", "&Extra=1&Version=", Reason::QueryUnknown),
        ("&Version=", "&action=GetCallerIdentity&Version=", Reason::QueryDuplicate),
        ("&Version=", "&Actio%6e=AssumeRole&Version=", Reason::QueryDuplicate),
        ("Action=", "Action=AssumeRole&Action=", Reason::QueryDuplicate),
        ("Action=", "action=", Reason::QueryUnknown),
        ("&X-Amz-Expires=60", "", Reason::QueryMissing),
        ("&Version=", "&&Version=", Reason::Query),
        ("Action=Get", "Action=%Get", Reason::Query),
        ("Action=Get", "Action=%4gGet", Reason::Query),
        ("Action=Get", "Action=%ffGet", Reason::Query),
        ("planted%2B", "planted+", Reason::Query),
        ("planted", "planted%0a", Reason::Query),
        ("GetCallerIdentity", "GetSessionToken", Reason::Action),
        ("2011-06-15", "2011-06-14", Reason::Version),
        ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", Reason::Algorithm),
        ("Expires=60", "Expires=901", Reason::Expires),
        ("Expires=60", "Expires=-1", Reason::Expires),
        ("Expires=60", "Expires=6e1", Reason::Expires),
        ("Expires=60", "Expires=", Reason::Expires),
        ("Expires=60", "Expires=%2B60", Reason::Expires),
        ("Expires=60", "Expires=00000000000000060", Reason::Expires),
        // The audience is signed, and the list is in its one form.
        ("host%3Bx-k8s-aws-id", "host", Reason::SignedHeaders),
        ("host%3Bx-k8s-aws-id", "x-k8s-aws-id%3Bhost", Reason::SignedHeaders),
        ("host%3Bx-k8s-aws-id", "host%3Bx-k8s-aws-id%3Bx-more", Reason::SignedHeaders),
        ("host%3Bx-k8s-aws-id", "host%3Bx-k8s-aws-id2", Reason::SignedHeaders),
        // The scope fits.
        ("%2F20240517%2F", "%2F20240516%2F", Reason::Scope),
        ("%2Feu-west-1%2F", "%2Fus-east-1%2F", Reason::Scope),
        ("%2Fsts%2F", "%2Fiam%2F", Reason::Scope),
        ("aws4_request", "aws4_request%2Fx", Reason::Scope),
        ("AKIAIOSFODNN7EXAMPLE", "AKIA%2CAKIA", Reason::Scope),
        ("AKIAIOSFODNN7EXAMPLE", "", Reason::Scope),
        ("AKIAIOSFODNN7EXAMPLE", &longer_key, Reason::Scope),
        // The date is recent.
        ("Date=20240517T090807Z", "Date=20240517T085306Z", Reason::DateOld),
        ("Date=20240517T090807Z", "Date=20240517T091308Z", Reason::DateFuture),
        ("Date=20240517T090807Z", "Date=20240517T090807", Reason::Date),
    ] {
        assert_eq!(changed(from, to).err(), Some(reason), "{from} -> {to}");
    }
    for (from, to) in [
        ("Date=20240517T090807Z", "Date=20240517T085307Z"),
        ("Date=20240517T090807Z", "Date=20240517T091307Z"),
        ("Expires=60", "Expires=0"),
        ("Expires=60", "Expires=900"),
        ("Expires=60", "Expires=060"),
        ("AKIAIOSFODNN7EXAMPLE", "AKIA_1"),
        ("AKIAIOSFODNN7EXAMPLE", &long_key),
        ("Version=2011-06-15&", "Version=2011%2d06-15&"),
        ("sts.eu-west-1.amazonaws.com", "sts-fips.eu-west-1.api.aws"),
    ] {
        assert!(changed(from, to).is_ok(), "{from} -> {to}");
    }
    let signature = url().rsplit_once('=').unwrap().1.to_owned();
    for to in
        [signature.to_ascii_uppercase(), signature[1..].to_owned(), format!("{signature}0"), "g".repeat(64)]
    {
        assert_eq!(changed(&signature, &to).err(), Some(Reason::SignatureFormat), "{to}");
    }
}

#[test]
fn a_token_has_one_spelling() {
    let good = token(url().as_bytes());
    assert!(eks().check_token(&good, now()).is_ok());
    let padded = format!("{good}{}", "=".repeat(good.len() % 4 + 1));
    let other_bits = token(format!("{}x", url()).as_bytes());
    let other_bits = format!("{}{}", &other_bits[..other_bits.len() - 1], "_");
    for (token, reason) in [
        ("", Reason::Prefix),
        (&good["k8s-aws-v1.".len()..], Reason::Prefix),
        (&good.replacen("v1", "v2", 1), Reason::Prefix),
        (&format!(" {good}"), Reason::Prefix),
        (&format!("{good}\n"), Reason::Base64),
        (&padded, Reason::Base64),
        (&good.replacen("v1.", "v1.k8s-aws-v1.", 1), Reason::Base64),
        (&token(b"\xff"), Reason::Utf8),
        (&format!("{good}{}", "A".repeat(4096)), Reason::TooLong),
    ] {
        assert_eq!(eks().check_token(token, now()).err(), Some(reason), "{token}");
    }
    assert!(eks().check_token(&other_bits, now()).is_err());
}

#[test]
fn the_request_is_made_anew() {
    let checked = eks().check_token(&token(url().as_bytes()), now()).unwrap();
    let request = checked.request();
    assert_eq!((request.method(), request.body().len()), (&Method::GET, 0));
    let mut names: Vec<_> = request.headers().keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "host", "x-k8s-aws-id"]);
    // It is the caller's, but for the order of its items.
    let items = |url: &str| {
        let mut items: Vec<_> = url.split(['?', '&']).map(str::to_owned).collect();
        items.sort_unstable();
        items
    };
    assert_eq!(items(&request.uri().to_string()), items(&url()));
    let shown = format!("{checked:?} {:?} {:?}", eks().token(&token(url().as_bytes())), eks());
    assert!(!shown.contains("planted") && !shown.contains(checked.signature()), "{shown}");
    // The verifier's own audience, whatever was signed.
    let other = Verifier::eks("other").unwrap().check_token(&token(url().as_bytes()), now()).unwrap();
    assert_eq!(other.request().headers()["x-k8s-aws-id"], "other");
}

#[test]
fn a_token_names_the_audience_of_its_verifier() {
    let token = token(url().as_bytes());
    for other in
        [vault(), Verifier::audience("a-header", CLUSTER_NAME).unwrap(), Verifier::without_audience()]
    {
        assert_eq!(other.check_token(&token, now()).err(), Some(Reason::SignedHeaders));
    }
    for (verifier, list) in [
        (Verifier::audience("a-header", "a").unwrap(), "a-header%3Bhost"),
        (vault(), "host%3Bx-vault-aws-iam-server-id"),
        (Verifier::without_audience(), "host"),
    ] {
        let url = url().replace("host%3Bx-k8s-aws-id", list);
        let checked = verifier.check_token(&self::token(url.as_bytes()), now()).unwrap();
        let query = checked.request().uri().query().unwrap();
        assert!(query.contains(&format!("&X-Amz-SignedHeaders={list}&")), "{query}");
        let sent = list.split("%3B").all(|name| checked.request().headers().contains_key(name));
        assert!(sent && !checked.request().headers().contains_key("x-k8s-aws-id"));
    }
}

fn vault() -> Verifier {
    Verifier::audience(HEADER_NAME, AUDIENCE).unwrap()
}

/// A payload of which one decoded field was changed.
fn payload(field: &str, change: impl Fn(String) -> String) -> Vec<u8> {
    let made = Vault::new("dev").server_id(AUDIENCE).prove(&endpoint(), &temporary(), now()).unwrap();
    let mut payload: serde_json::Value = serde_json::from_str(made.expose()).unwrap();
    let encoded = payload[field].as_str().unwrap();
    payload[field] = match field {
        "iam_http_request_method" => change(encoded.to_owned()).into(),
        _ => {
            let text = String::from_utf8(STANDARD.decode(encoded.as_bytes()).unwrap()).unwrap();
            STANDARD.encode(change(text).as_bytes()).into()
        }
    };
    payload.to_string().into_bytes()
}

fn with(field: &'static str, from: &str, to: &str) -> Result<Checked, Reason> {
    let payload = payload(&format!("iam_{field}"), |text| {
        assert!(text.contains(from), "{from}: {text}");
        text.replacen(from, to, 1)
    });
    vault().check_request(&payload, now())
}

#[test]
fn a_request_that_breaks_a_rule_is_refused() {
    const HEADERS: &str = "request_headers";
    let name = format!("\"{HEADER_NAME}\"");
    let twice = format!("\"{}\":\"{AUDIENCE}\",{name}", HEADER_NAME.to_ascii_lowercase());
    let signed = "SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-security-token;x-vault-aws-iam-server-id";
    let cut = |part: &str| signed.replace(part, "");
    for (field, from, to, reason) in [
        ("http_request_method", "POST", "PUT", Reason::Method),
        ("http_request_method", "POST", "", Reason::MissingMethod),
        ("request_url", "https://", "http://", Reason::Url),
        ("request_url", "https://", "https://u@", Reason::Url),
        ("request_url", "com/", "com:443/", Reason::Url),
        ("request_url", "com/", "com/a", Reason::Url),
        ("request_url", "com/", "com/?a=b", Reason::Url),
        ("request_url", "com/", "com/#", Reason::Url),
        ("request_url", "com/", "com.evil.example/", Reason::Host),
        ("request_body", "GetCallerIdentity", "AssumeRole", Reason::Body),
        ("request_body", "2011-06-15", "2011-06-15&Action=AssumeRole", Reason::Body),
        (HEADERS, "{", "[", Reason::Headers),
        (HEADERS, "\"X-Amz-Date\":[", "\"X-Amz-Date\":[\"a\",", Reason::HeaderValues),
        (HEADERS, "\"X-Amz-Date\":[", "\"X-Other\":1,\"X-Amz-Date\":[", Reason::HeaderValues),
        (HEADERS, "\"X-Amz-Date\":[", "\"X-A\\r\\nb\":\"\",\"X-Amz-Date\":[", Reason::HeaderSyntax),
        (HEADERS, "\"X-Amz-Date\":[", "\"X-A\":\"a\\u0000\",\"X-Amz-Date\":[", Reason::HeaderSyntax),
        (HEADERS, &name, &twice, Reason::HeaderDuplicate),
        (
            HEADERS,
            "\"X-Amz-Date\":",
            "\"X-Amz-Target\":\"a\",\"X-Amz-Date\":",
            Reason::header_not_allowed("x-amz-target"),
        ),
        (HEADERS, "\"Host\":[\"sts.eu", "\"Host\":[\"sts.us", Reason::HostHeader),
        (HEADERS, "\"43\"", "\"44\"", Reason::ContentLength),
        (HEADERS, "\"43\"", "\"+43\"", Reason::ContentLength),
        (HEADERS, "\"43\"", "\"043\"", Reason::ContentLength),
        (HEADERS, "x-www-form-urlencoded", "json", Reason::ContentType),
        (HEADERS, "charset=utf-8", "charset=utf-7", Reason::ContentType),
        (HEADERS, " charset=utf-8", "", Reason::ContentType),
        (HEADERS, "\"X-Amz-Date\":", "\"X-Amz-Content-Sha256\":\"a\",\"X-Amz-Date\":", Reason::ContentSha256),
        (HEADERS, AUDIENCE, "vault.example.com.evil", Reason::Audience),
        (HEADERS, HEADER_NAME, "X-Other", Reason::AudienceMissing),
        (HEADERS, "X-Amz-Date", "X-Date", Reason::Date),
        (HEADERS, "20240517T090807Z", "20240517T085306Z", Reason::DateOld),
        (HEADERS, "20240517T090807Z", "20240517T091308Z", Reason::DateFuture),
        (HEADERS, "\"Authorization\"", "\"X-Authorization\"", Reason::Authorization),
        (HEADERS, "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", Reason::Authorization),
        (HEADERS, ", Signature=", ", Signature=0, Signature=", Reason::Authorization),
        (HEADERS, " Credential=", " Credential=a, Credential=", Reason::Authorization),
        (HEADERS, "/sts/", "/iam/", Reason::Scope),
        (HEADERS, "/eu-west-1/", "/us-east-1/", Reason::Scope),
        (HEADERS, signed, &cut(";x-vault-aws-iam-server-id"), Reason::SignedHeaders),
        (HEADERS, signed, &cut(";x-amz-security-token"), Reason::SignedHeaders),
        (HEADERS, signed, &cut(";x-amz-date"), Reason::SignedHeaders),
        (HEADERS, signed, &cut(";host"), Reason::SignedHeaders),
        (HEADERS, ";host;", ";host;host;", Reason::SignedHeaders),
        (HEADERS, "content-length;content-type", "content-type;content-length", Reason::SignedHeaders),
        (HEADERS, ";host;", ";expect;host;", Reason::SignedHeaders),
        (HEADERS, ";host;", ";Host;", Reason::SignedHeaders),
        (HEADERS, "SignedHeaders=content-length", "SignedHeaders=Content-length", Reason::SignedHeaders),
    ] {
        assert_eq!(with(field, from, to).err(), Some(reason), "{field}: {from} -> {to}");
    }
    let signs_more = payload("iam_request_headers", |text| {
        text.replace("{\"Host\"", "{\"Expect\":\"a\",\"Host\"").replace(";host;", ";expect;host;")
    });
    let reason = vault().check_request(&signs_more, now()).unwrap_err();
    assert_eq!(reason, Reason::header_not_allowed("expect"));
    assert_eq!(
        reason.to_string(),
        "the proof is not accepted: it has a header that is not allowed, expect; sign a request without it"
    );
    // What is sent in this header is the verifier's affair: it is signed with that, or not at all.
    for (accepted, expected) in
        [("text/xml", None), ("application/json", Some(Reason::header_not_allowed("accept")))]
    {
        let signs_accept = payload("iam_request_headers", |text| {
            text.replace("{\"Host\"", &format!("{{\"Accept\":\"{accepted}\",\"Host\""))
                .replace("SignedHeaders=", "SignedHeaders=accept;")
        });
        assert_eq!(vault().check_request(&signs_accept, now()).err(), expected, "{accepted}");
    }
    assert_eq!(
        Reason::header_not_allowed("accept").to_string(),
        "the proof is not accepted: it has a header that is not allowed, accept; sign a request without it, or set the \
         verifier's answer_format to the one that is signed"
    );
    let long = Reason::header_not_allowed(&"x".repeat(1000)).to_string();
    assert!(long.contains(&"x".repeat(64)) && !long.contains(&"x".repeat(65)), "{long}");
    for (from, to) in [
        ("{\"Host\"", "{\"User-Agent\":\"a\",\"Host\""),
        ("20240517T090807Z", "20240517T090807Z"),
        (", Signature=", ",Signature="),
        ("charset=utf-8", "charset=UTF-8"),
    ] {
        assert!(with(HEADERS, from, to).is_ok(), "{from} -> {to}");
    }
    for (payload, reason) in [
        (&b"[]"[..], Reason::MissingMethod),
        (b"{", Reason::Headers),
        (b"{\"a\":1,\"a\":1}", Reason::Headers),
        (br#"{"iam_http_request_method":"POST","iam_request_url":"a"}"#, Reason::MissingBody),
        (&[b' '; 64 * 1024 + 1], Reason::TooLong),
    ] {
        assert_eq!(vault().check_request(payload, now()).err(), Some(reason));
    }
}

#[test]
fn of_a_request_only_what_is_signed_is_sent() {
    let payload = payload("iam_request_headers", |text| {
        let unsigned = format!(
            "{{\"X-Http-Method-Override\":\"PUT\",\"Cookie\":\"a\",\"X-Amz-Content-Sha256\":\"{HASH}\",\"Host\""
        );
        text.replace("{\"Host\"", &unsigned)
    });
    let checked = vault().check_request(&payload, now()).unwrap();
    let mut names: Vec<_> = checked.request().headers().keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    let expected = [
        "accept",
        "authorization",
        "content-length",
        "content-type",
        "host",
        "x-amz-date",
        "x-amz-security-token",
        "x-vault-aws-iam-server-id",
    ];
    assert_eq!(names, expected);
    assert_eq!(checked.request().uri(), "https://sts.eu-west-1.amazonaws.com/");
    let shown = format!("{checked:?} {:?}", checked.request());
    assert!(!shown.contains("planted") && !shown.contains(checked.signature()), "{shown}");
}

#[test]
fn an_audience_is_a_header_of_its_own() {
    let never_signed = ["user-agent", "Connection", "transfer-encoding", "Proxy-Authorization"];
    let reserved = ["", "a b", "Host", "accept", "Authorization", "X-Amz-Date", "content-type"];
    for name in reserved.into_iter().chain(never_signed) {
        assert!(Verifier::audience(name, "a").is_err(), "{name}");
    }
    assert!(Verifier::audience("x-a", "").is_err() && Verifier::eks("").is_err());
}

const ANSWER: &str = r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <Arn>arn:aws:sts::123456789012:assumed-role/app/me@example.com</Arn>
    <UserId>AROAEXAMPLE1:me@example.com</UserId>
    <Account>123456789012</Account>
  </GetCallerIdentityResult>
  <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>
</GetCallerIdentityResponse>"#;

fn answered(status: u16, media: &str, body: &str) -> Response<Bytes> {
    let response = Response::builder().status(status).header(CONTENT_TYPE, media);
    response.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

fn read(body: &str) -> Result<Identity, Reason> {
    let checked = vault().check_request(&payload("iam_request_url", |url| url), now()).unwrap();
    checked.read(&answered(200, "text/xml", body))
}

#[test]
fn an_answer_that_breaks_a_rule_is_refused() {
    let good = read(ANSWER).unwrap();
    assert_eq!(good.canonical_arn, "arn:aws:iam::123456789012:role/app");
    assert_eq!((&*good.unique_id, good.session_name.as_deref()), ("AROAEXAMPLE1", Some("me@example.com")));
    let arn = "arn:aws:sts::123456789012:assumed-role/app/me@example.com";
    let member = format!("<Arn>{arn}</Arn>");
    for (from, to, reason) in [
        ("doc/2011-06-15", "doc/2011-06-14", Reason::Shape),
        ("<GetCallerIdentityResult>", "<GetCallerIdentityResult xmlns=\"a\">", Reason::Shape),
        ("<Arn>", "<Arn xmlns=\"a\">", Reason::Shape),
        (&*member, &*format!("{member}{member}"), Reason::Shape),
        (&*member, &*format!("<x>{member}</x>"), Reason::Shape),
        (&*member, "", Reason::Shape),
        (&*member, "<Arn/>", Reason::Shape),
        ("app/me", "ap<!-- -->p/me", Reason::Shape),
        ("app/me", "ap<![CDATA[p/]]>me", Reason::Shape),
        ("app/me", "ap<b/>p/me", Reason::Shape),
        ("<ResponseMetadata>", "<GetCallerIdentityResult/><ResponseMetadata>", Reason::Shape),
        ("app/me", "ap&nbsp;p/me", Reason::Malformed),
        ("<GetCallerIdentityResponse", "<!DOCTYPE a><GetCallerIdentityResponse", Reason::Malformed),
        ("</GetCallerIdentityResponse>", "</GetCallerIdentityResponse>x", Reason::Malformed),
        ("<Account>1", "<Account>2", Reason::Account),
        ("<Account>123456789012", "<Account>12345678901", Reason::Account),
        (":aws:", ":aws-cn:", Reason::Partition),
        (":sts:", ":iam:", Reason::Arn),
        ("app/me", "path/app/me", Reason::Arn),
        ("/app/", "//", Reason::Arn),
        ("assumed-role/app/me@example.com", "assumed-role/app", Reason::Arn),
        ("assumed-role/app/me@example.com", "role/app", Reason::Arn),
        (":me@", ":you@", Reason::UserId),
        ("AROA", "AIDA", Reason::UserId),
    ] {
        assert!(ANSWER.contains(from), "{from}");
        assert_eq!(read(&ANSWER.replacen(from, to, 1)).err(), Some(reason), "{from} -> {to}");
    }
    // One that does not matter.
    assert!(read(&ANSWER.replacen("<Arn>", "<New>1</New><Arn>", 1)).is_ok());
    assert_eq!(read(&format!("{ANSWER}{}", " ".repeat(64 * 1024))).err(), Some(Reason::TooLarge));

    let checked = vault().check_request(&payload("iam_request_url", |url| url), now()).unwrap();
    let throttling = "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>";
    for (status, media, body, reason) in [
        (206, "text/xml", ANSWER, Reason::Status(206)),
        (302, "text/xml", ANSWER, Reason::Status(302)),
        (403, "text/xml", throttling, Reason::Status(403)),
        (400, "text/xml", ANSWER, Reason::Status(400)),
        (400, "text/xml", throttling, Reason::Throttled),
        (400, "application/json", r#"{"Error":{"Code":"Throttling"}}"#, Reason::Throttled),
        (429, "text/html", "", Reason::Throttled),
        (503, "text/html", "", Reason::Unavailable),
        (200, "text/xml; charset=utf-8", ANSWER, Reason::MediaType),
        (200, "application/json", ANSWER, Reason::MediaType),
    ] {
        assert_eq!(checked.read(&answered(status, media, body)).err(), Some(reason), "{status} {media}");
    }
}

#[test]
fn an_answer_in_json_that_breaks_a_rule_is_refused() {
    let good = r#"{"GetCallerIdentityResponse":{"GetCallerIdentityResult":{"Account":"123456789012","Arn":"arn:aws:iam::123456789012:user/a/b","UserId":"AIDAEXAMPLE1"},"ResponseMetadata":{"RequestId":"1"}}}"#;
    let checked = eks().check_token(&token(url().as_bytes()), now()).unwrap();
    let read = |body: &str| checked.read(&answered(200, "application/json", body));
    assert_eq!(read(good).unwrap().unique_id, "AIDAEXAMPLE1");
    for (from, to, reason) in [
        ("{\"GetCallerIdentityResponse\"", "{\"Error\":{},\"GetCallerIdentityResponse\"", Reason::Shape),
        ("GetCallerIdentityResponse", "getCallerIdentityResponse", Reason::Shape),
        ("GetCallerIdentityResult", "GetSessionTokenResult", Reason::Shape),
        ("\"AIDAEXAMPLE1\"", "[\"AIDAEXAMPLE1\"]", Reason::Shape),
        ("\"123456789012\"", "123456789012", Reason::Shape),
        ("\"Arn\"", "\"Account\":\"210987654321\",\"Arn\"", Reason::Malformed),
        ("\"Arn\"", "\"\\u0041ccount\":\"210987654321\",\"Arn\"", Reason::Malformed),
        ("\"1\"}}}", "\"1\"}}}{}", Reason::Malformed),
        ("\"1\"}}}", "\"1\"}}", Reason::Malformed),
    ] {
        assert!(good.contains(from), "{from}");
        assert_eq!(read(&good.replacen(from, to, 1)).err(), Some(reason), "{from} -> {to}");
    }
    let mut twice = answered(200, "application/json", good);
    twice.headers_mut().append(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    assert_eq!(checked.read(&twice).err(), Some(Reason::MediaType));
}

fn step(flow: &mut Verify, at: SystemTime, event: Event) -> Result<Step<Identity>, Reason> {
    flow.step(at, event)
}

#[test]
fn a_signature_is_accepted_once_until_sts_forgets_it() {
    let verifier = vault().remember(1).accounts(["123456789012"]);
    let given = payload("iam_request_url", |url| url);
    let answer = || Event::Response(answered(200, "text/xml", ANSWER));
    let begin = |at| {
        let mut flow = verifier.request(&given);
        step(&mut flow, at, Event::Start).map(|_| flow)
    };
    // What STS says nothing about may be tried again.
    let mut flow = begin(now()).unwrap();
    let failed = Event::Failed(TransportErrorKind::Closed.into());
    let reason = step(&mut flow, now(), failed).unwrap_err();
    assert_eq!(
        reason.to_string(),
        "the proof cannot be checked: sts has not answered at sts.eu-west-1.amazonaws.com (the connection was closed \
         before the whole answer had arrived)"
    );
    assert!(reason.is_transient() && reason.class() == "no-answer");
    let mut flow = begin(now()).unwrap();
    let failed = Event::Failed(TransportErrorKind::TooLarge.into());
    assert_eq!(step(&mut flow, now(), failed).err(), Some(Reason::TooLarge));
    let mut flow = begin(now()).unwrap();
    assert!(matches!(step(&mut flow, now(), answer()), Ok(Step::Done(_))));
    assert_eq!(step(&mut flow, now(), answer()).err(), Some(Reason::OutOfTurn));
    // With another order of the headers it is the same proof.
    assert_eq!(begin(now()).err(), Some(Reason::Replayed));
    let end = now() + Duration::from_secs(900);
    assert_eq!(begin(end).err(), Some(Reason::Replayed));
    // Another one has no room until then.
    let later = Vault::new("dev").server_id(AUDIENCE).prove(&endpoint(), &temporary(), end).unwrap();
    let begin = |at| step(&mut verifier.clone().request(later.expose().as_bytes()), at, Event::Start).err();
    assert_eq!(begin(end), Some(Reason::Crowded));
    assert_eq!(begin(end + Duration::from_secs(1)), None);
}

/// The verifier does not forget a signature because another proof comes while its clock is ahead.
#[test]
fn a_signature_is_remembered_where_the_clock_steps_back() {
    let verifier = vault().remember(2);
    let accept = |given: &[u8], at| {
        let mut flow = verifier.request(given);
        step(&mut flow, at, Event::Start)?;
        step(&mut flow, at, Event::Response(answered(200, "text/xml", ANSWER))).map(drop)
    };
    let (given, ahead) = (payload("iam_request_url", |url| url), now() + Duration::from_secs(901));
    let later = Vault::new("dev").server_id(AUDIENCE).prove(&endpoint(), &temporary(), ahead).unwrap();
    accept(&given, now()).unwrap();
    accept(later.expose().as_bytes(), ahead).unwrap();
    assert_eq!(accept(&given, now() + Duration::from_secs(360)), Err(Reason::Replayed));
}

/// Otherwise proofs that are none would keep everybody out until their dates are 15 minutes old.
#[test]
fn what_is_not_accepted_takes_no_room() {
    let verifier = vault().remember(1).accounts(["123456789012"]);
    let good = payload("iam_request_url", |url| url);
    let made_up = |digit: &str| {
        payload("iam_request_headers", |text| {
            let at = text.find(" Signature=").unwrap() + " Signature=".len();
            format!("{}{}{}", &text[..at], digit.repeat(64), &text[at + 64..])
        })
    };
    let begin = |given: &[u8]| {
        let mut flow = verifier.request(given);
        step(&mut flow, now(), Event::Start).map(|_| flow)
    };
    let another = ANSWER.replace("123456789012", "210987654321");
    for (digit, answer, reason) in [
        ("0", answered(403, "text/xml", ""), Reason::Status(403)),
        ("1", answered(200, "text/xml", "<a/>"), Reason::Shape),
        ("2", answered(200, "text/xml", &another), Reason::AccountNotAllowed),
    ] {
        let mut flow = begin(&made_up(digit)).unwrap();
        // While STS is asked, there is no room for another.
        assert_eq!(begin(&good).err(), Some(Reason::Crowded));
        assert_eq!(begin(&made_up(digit)).err(), Some(Reason::Replayed));
        assert_eq!(step(&mut flow, now(), Event::Response(answer)).err(), Some(reason));
    }
    // The one who asked has gone.
    drop(begin(&made_up("3")).unwrap());
    let mut flow = begin(&good).unwrap();
    let answer = Event::Response(answered(200, "text/xml", ANSWER));
    assert!(matches!(step(&mut flow, now(), answer), Ok(Step::Done(_))));
    drop(flow);
    assert_eq!(begin(&good).err(), Some(Reason::Replayed));
}

#[test]
fn an_account_that_is_not_allowed_is_refused_once_it_is_known() {
    let verifier = vault().accounts(["210987654321"]);
    let mut flow = verifier.request(&payload("iam_request_url", |url| url));
    assert!(step(&mut flow, now(), Event::Start).is_ok());
    let answer = Event::Response(answered(200, "text/xml", ANSWER));
    assert_eq!(step(&mut flow, now(), answer).err(), Some(Reason::AccountNotAllowed));
}

/// A list that a program reads from an empty file allows no caller.
#[test]
fn an_empty_list_allows_nothing() {
    let none: [&str; 0] = [];
    let token = token(url().as_bytes());
    assert_eq!(eks().partitions(none).check_token(&token, now()).err(), Some(Reason::Host));
    assert_eq!(eks().regions(none).check_token(&token, now()).err(), Some(Reason::Host));
    let mut flow = vault().accounts(none).request(&payload("iam_request_url", |url| url));
    assert!(step(&mut flow, now(), Event::Start).is_ok());
    let answer = Event::Response(answered(200, "text/xml", ANSWER));
    assert_eq!(step(&mut flow, now(), answer).err(), Some(Reason::AccountNotAllowed));
}

#[test]
fn regions_and_ages_are_the_policys() {
    let token = token(url().as_bytes());
    let check = |verifier: Verifier, at| verifier.check_token(&token, at).err();
    assert_eq!(check(eks().regions(["us-east-1"]), now()), Some(Reason::Host));
    assert_eq!(check(eks().regions(["eu-west-1"]), now()), None);
    assert_eq!(check(eks().regions(["US-East-1", "EU-West-1"]), now()), None);
    let minute = Duration::from_secs(60);
    assert_eq!(check(eks().max_age(minute), now() + minute), None);
    assert_eq!(check(eks().max_age(minute), now() + minute * 2), Some(Reason::DateOld));
    // Never more than STS honours.
    assert_eq!(check(eks().max_age(minute * 60), now() + minute * 16), Some(Reason::DateOld));
    assert_eq!(check(eks().max_future(minute), now() - minute * 2), Some(Reason::DateFuture));
    assert_eq!(check(eks().max_future(minute * 60), now() - minute * 15), None);
    assert_eq!(check(eks().max_future(minute * 60), now() - minute * 16), Some(Reason::DateFuture));
}
