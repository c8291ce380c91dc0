//! Any proof of identity, and any answer of STS: nothing panics; whatever the verifier sends is, to the byte, one of the
//! requests that its policy allows; and a caller whom it names is the one whom an independent reader finds in the answer. A
//! proof for any audience is accepted by the verifier of the same audience, or both cannot be made for the same reason.
//!
//! The first byte says what follows: 0 a token, 1 the URL of a token, 2 a payload, 3 the URL, the body and the headers of a
//! payload with 0xff between them, 4 an answer in XML, 5 one in JSON, 6 the name of a header and an
//! audience with 0xff between them.

#![no_main]

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, Request, Response};
use libfuzzer_sys::fuzz_target;
use sts_fuzz::document;
use sts_proto::Credentials;
use sts_proto::endpoint::{Endpoint, EndpointParams};
use sts_proto::proof::verify::{AnswerFormat, Checked, Identity, Verifier};
use sts_proto::proof::{Audience, Proof as _};

const ACTION: &str = "Action=GetCallerIdentity&Version=2011-06-15";
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else { return };
    // 2024-05-17T09:08:07Z
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_715_936_887);
    let clusters = Verifier::eks("demo").expect("a name");
    let servers = Verifier::audience("X-Vault-AWS-IAM-Server-ID", "vault.example.com").expect("a header");
    let anyone = Verifier::without_audience().partitions(["aws", "aws-cn", "aws-us-gov"]);
    match kind % 7 {
        0 => {
            let token = String::from_utf8_lossy(data);
            clusters.check_token(&token, now).ok().iter().for_each(check_presigned);
        }
        1 => {
            let token = format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(data));
            clusters.check_token(&token, now).ok().iter().for_each(check_presigned);
        }
        2 => {
            servers.check_request(data, now).ok().iter().for_each(|checked| check_posted(checked, true));
            anyone.check_request(data, now).ok().iter().for_each(|checked| check_posted(checked, false));
        }
        3 => {
            let mut parts = data.split(|byte| *byte == 0xff).map(|part| STANDARD.encode(part));
            let mut part = || parts.next().unwrap_or_default();
            let payload = serde_json::json!({
                "iam_http_request_method": "POST",
                "iam_request_url": part(),
                "iam_request_body": part(),
                "iam_request_headers": part(),
            });
            let payload = payload.to_string();
            let payload = payload.as_bytes();
            servers.check_request(payload, now).ok().iter().for_each(|checked| check_posted(checked, true));
            anyone.check_request(payload, now).ok().iter().for_each(|checked| check_posted(checked, false));
        }
        4 => check_answer(AnswerFormat::Xml, data, now),
        5 => check_answer(AnswerFormat::Json, data, now),
        _ => {
            let mut parts = data.splitn(2, |byte| *byte == 0xff).map(String::from_utf8_lossy);
            let mut part = || parts.next().unwrap_or_default();
            check_audience(&part(), &part(), now);
        }
    }
});

fn check_audience(header: &str, audience: &str, now: SystemTime) {
    let params = EndpointParams { region: Some("eu-west-1"), ..Default::default() };
    let endpoint = Endpoint::resolve(&params).expect("a region");
    let made = Audience::new(header, audience).prove(&endpoint, &Credentials::new("AKIDEXAMPLE", "key"), now);
    match Verifier::audience(header, audience) {
        Ok(verifier) => {
            let made = made.expect("a proof for what is accepted");
            verifier.check_request(made.expose().as_bytes(), now).expect("the proof is accepted");
        }
        Err(error) => assert_eq!(made.unwrap_err(), error),
    }
}

/// The host of a request, which is one of STS's to the letter.
fn check_host(request: &Request<bytes::Bytes>) -> String {
    let host = request.uri().host().expect("a host");
    let labels: Vec<&str> = host.split('.').collect();
    match labels[..] {
        ["sts", "amazonaws", "com"] => {}
        ["sts" | "sts-fips", region, "amazonaws", "com"]
        | ["sts" | "sts-fips", region, "api", "aws"]
        | ["sts" | "sts-fips", region, "amazonaws", "com", "cn"]
        | ["sts" | "sts-fips", region, "api", "amazonwebservices", "com", "cn"] => {
            let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(region.bytes().all(is_plain) && region.contains('-'), "{host}");
        }
        _ => panic!("{host} is no host of STS"),
    }
    assert_eq!(request.uri().authority().map(|authority| authority.as_str()), Some(host));
    assert_eq!((request.uri().scheme_str(), request.uri().path()), (Some("https"), "/"));
    assert_eq!(request.headers()["host"], host);
    host.to_owned()
}

fn names(headers: &HeaderMap) -> Vec<&str> {
    let mut names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}

fn is_hex(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn check_presigned(checked: &Checked) {
    let request = checked.request();
    let host = check_host(request);
    assert_eq!((request.method().as_str(), request.body().len()), ("GET", 0));
    assert_eq!(names(request.headers()), ["accept", "host", "x-k8s-aws-id"]);
    assert_eq!(request.headers()["accept"], "application/json");
    assert_eq!(request.headers()["x-k8s-aws-id"], "demo");
    let items: Vec<_> = form_urlencoded::parse(request.uri().query().expect("a query").as_bytes()).collect();
    let item = |name: &str| {
        let mut found = items.iter().filter(|(known, _)| known == name).map(|(_, value)| &**value);
        let first = found.next();
        assert!(found.next().is_none(), "{name} is there twice");
        first
    };
    let (date, expires) = (item("X-Amz-Date").expect("a date"), item("X-Amz-Expires").expect("a lifetime"));
    let (key, region) = (checked.access_key_id(), checked.region());
    assert!(host == "sts.amazonaws.com" || host.split('.').nth(1) == Some(region));
    assert!(
        expires.bytes().all(|byte| byte.is_ascii_digit()) && expires.parse::<u16>().is_ok_and(|it| it <= 900)
    );
    assert!(is_hex(item("X-Amz-Signature").expect("a signature")));
    let token = item("X-Amz-Security-Token").map(|token| {
        let token: String = form_urlencoded::byte_serialize(token.as_bytes()).collect();
        format!("&X-Amz-Security-Token={}", token.replace('*', "%2A").replace("%7E", "~"))
    });
    // All there is to it.
    assert_eq!(
        request.uri().to_string(),
        format!(
            "https://{host}/?{ACTION}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={key}%2F{}%2F{region}%2Fsts%2F\
             aws4_request&X-Amz-Date={date}&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id{}&\
             X-Amz-Signature={}",
            &date[..8],
            token.unwrap_or_default(),
            checked.signature(),
        )
    );
}

fn check_posted(checked: &Checked, with_audience: bool) {
    let request = checked.request();
    check_host(request);
    assert_eq!((request.method().as_str(), &request.body()[..]), ("POST", ACTION.as_bytes()));
    assert_eq!(request.uri().query(), None);
    let headers = request.headers();
    let text = |name: &str| headers[name].to_str().expect("text");
    assert_eq!(text("accept"), "text/xml");
    assert_eq!(text("content-length"), ACTION.len().to_string());
    assert!(text("content-type").to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"));
    let date = text("x-amz-date");
    let signed = text("authorization").split("SignedHeaders=").nth(1).and_then(|rest| rest.split(',').next());
    let signed = signed.expect("a list");
    let mut expected =
        vec!["accept", "authorization", "content-length", "content-type", "host", "x-amz-date"];
    for name in ["x-amz-security-token", "x-amz-content-sha256"] {
        if headers.contains_key(name) {
            assert!(signed.split(';').any(|listed| listed == name), "{name} is sent and not signed");
            expected.push(name);
        }
    }
    if with_audience {
        assert_eq!(text("x-vault-aws-iam-server-id"), "vault.example.com");
        assert!(signed.split(';').any(|listed| listed == "x-vault-aws-iam-server-id"));
        expected.push("x-vault-aws-iam-server-id");
    }
    expected.sort_unstable();
    assert_eq!(names(headers), expected);
    assert!(signed.split(';').all(|name| expected.contains(&name)), "{signed}");
    assert_eq!(
        text("authorization"),
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{}/{}/sts/aws4_request, SignedHeaders={signed}, Signature={}",
            checked.access_key_id(),
            &date[..8],
            checked.region(),
            checked.signature()
        )
    );
    assert!(is_hex(checked.signature()));
}

fn check_answer(format: AnswerFormat, body: &[u8], now: SystemTime) {
    let verifier = Verifier::eks("demo").expect("a name").answer_format(format);
    let url = format!(
        "https://sts.eu-west-1.amazonaws.com/?{ACTION}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20240517%2F\
         eu-west-1%2Fsts%2Faws4_request&X-Amz-Date=20240517T090807Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3B\
         x-k8s-aws-id&X-Amz-Signature={}",
        "0".repeat(64)
    );
    let token = format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url));
    let checked = verifier.check_token(&token, now).expect("a good token");
    let answer = |status: u16| {
        let response = Response::builder().status(status).header("content-type", format.as_str());
        checked.read(&response.body(body).expect("a response"))
    };
    assert!([201, 302, 400, 403, 500].into_iter().all(|status| answer(status).is_err()));
    let Ok(identity) = answer(200) else { return };
    let found = match format {
        AnswerFormat::Json => in_json(body),
        _ => in_xml(body),
    };
    match found {
        Some(found) => check_identity(&identity, found),
        None => assert!(
            document::has_instructions(body) || document::has_odd_names(body),
            "an independent reader finds it too"
        ),
    }
}

fn in_json(body: &[u8]) -> Option<[String; 3]> {
    let document: serde_json::Value = serde_json::from_slice(body).ok()?;
    let result = &document["GetCallerIdentityResponse"]["GetCallerIdentityResult"];
    let text = |name: &str| result[name].as_str().map(str::to_owned);
    Some([text("Account")?, text("Arn")?, text("UserId")?])
}

fn in_xml(body: &[u8]) -> Option<[String; 3]> {
    let document = roxmltree::Document::parse(std::str::from_utf8(body).ok()?).ok()?;
    let child = |node: roxmltree::Node<'_, '_>, name: &str| {
        node.children().find(|child| child.has_tag_name((NAMESPACE, name))).map(|child| child.id())
    };
    let root = document.root_element();
    assert!(root.has_tag_name((NAMESPACE, "GetCallerIdentityResponse")));
    let result = document.get_node(child(root, "GetCallerIdentityResult")?)?;
    let text = |name: &str| Some(document.get_node(child(result, name)?)?.text()?.to_owned());
    Some([text("Account")?, text("Arn")?, text("UserId")?])
}

fn check_identity(identity: &Identity, [account, arn, user_id]: [String; 3]) {
    assert_eq!((&identity.account, &identity.arn, &*identity.partition), (&account, &arn, "aws"));
    assert!(account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()));
    assert!(user_id.starts_with(&identity.unique_id));
    assert!(identity.canonical_arn.contains(&format!("::{account}:")));
    assert!(identity.session_name.as_ref().is_none_or(|name| arn.ends_with(name) && user_id.ends_with(name)));
}
