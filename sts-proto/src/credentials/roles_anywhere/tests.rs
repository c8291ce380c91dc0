use std::error::Error as StdError;
use std::path::PathBuf;
use std::time::Duration;

use http::Response;

use super::*;
use crate::base64::STANDARD;
use crate::credentials::testing::{Played, answer, contents, failed, now, play};
use crate::retry::RetryClass;
use crate::sigv4::x509::{Algorithm, Key};
use crate::transport::TransportErrorKind;

const KEYS: &str = r#"{"credentialSet":[{"credentials":{"accessKeyId":"ASIA","secretAccessKey":"planted-s",
    "sessionToken":"planted-t","expiration":"2023-11-14T23:13:20Z"}}]}"#;
const ANCHOR: &str = "arn:aws:rolesanywhere:eu-west-1:123456789012:trust-anchor/1";

#[derive(Debug)]
struct Fixed;

impl Key for Fixed {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rsa
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Box<dyn StdError + Send + Sync>> {
        match message.is_empty() {
            true => Err("it is sealed".into()),
            false => Ok(vec![1]),
        }
    }
}

/// Valid from the first to the second of these dates.
fn certificate(from: &str, until: &str) -> String {
    let element = |tag: u8, parts: &[&[u8]]| {
        let content = parts.concat();
        [&[tag, content.len() as u8], &content[..]].concat()
    };
    let dates = [element(0x17, &[from.as_bytes()]), element(0x17, &[until.as_bytes()])];
    let dates = element(0x30, &[&dates[0], &dates[1]]);
    let own = element(0x30, &[&element(0x30, &[&[2, 1, 7], &[0x30, 0, 0x30, 0], &dates])]);
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(&own))
}

fn held(from: &str, until: &str) -> Identity {
    Identity::new(certificate(from, until).as_bytes(), Fixed).unwrap()
}

fn config(holder: impl Into<Holder>) -> Config {
    Config::new(holder, "arn:aws:iam::123456789012:role/one", "arn:profile", ANCHOR)
}

fn valid() -> Config {
    config(held("200101000000Z", "491231235959Z"))
}

fn asked(config: Config, events: impl IntoIterator<Item = Event>) -> Played<Credentials> {
    play(&mut RolesAnywhere::new(config, 1), now(), events)
}

/// A refusal of a server whose clock is this far from [`now`], in seconds.
fn refused_at(ahead: i64) -> Event {
    let at = now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs().saturating_add_signed(ahead);
    let date = time::format(SystemTime::UNIX_EPOCH + Duration::from_secs(at)).unwrap();
    let response =
        Response::builder().status(403).header("x-amzn-errortype", "AccessDeniedException:http://x/");
    let response = response.header("date", date).body(r#"{"message":"planted"}"#.into());
    Event::Response(response.unwrap())
}

#[test]
fn a_session_is_that_of_the_role() {
    let played = asked(valid().duration_seconds(900).session_name("a\"b"), [answer(201, KEYS)]);
    assert_eq!(
        played.requests(),
        ["POST https://rolesanywhere.eu-west-1.amazonaws.com/sessions?profileArn=arn%3Aprofile\
          &roleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fone&trustAnchorArn=\
          arn%3Aaws%3Arolesanywhere%3Aeu-west-1%3A123456789012%3Atrust-anchor%2F1"]
    );
    assert_eq!(played.sent[0].0.body(), r#"{"durationSeconds":900,"roleSessionName": "a\"b"}"#);
    assert!(played.header(0, "authorization").unwrap().starts_with("AWS4-X509-RSA-SHA256 Credential=7/2023"));
    let credentials = played.result.unwrap();
    assert_eq!(credentials.access_key_id, "ASIA");
    assert_eq!(credentials.secret_access_key.expose(), "planted-s");
    assert_eq!(credentials.session_token.unwrap().expose(), "planted-t");
    assert_eq!(credentials.account_id.as_deref(), Some("123456789012"));
    assert_eq!(credentials.expiration, Some(now() + Duration::from_secs(3600)));
}

#[test]
fn no_password_of_an_endpoint_is_shown() {
    let config = valid().endpoint_url("https://u:planted@h");
    assert!(!format!("{config:?}").contains("planted"), "{config:?}");
}

#[test]
fn where_the_request_goes() {
    let host = |config: Config| {
        asked(config, [answer(201, KEYS)]).requests()[0].split('?').next().unwrap().to_owned()
    };
    for (config, expected) in [
        (valid().region("cn-north-1"), "https://rolesanywhere.cn-north-1.amazonaws.com.cn/sessions"),
        (valid().region("EU-WEST-1"), "https://rolesanywhere.eu-west-1.amazonaws.com/sessions"),
        (valid().region("fips-us-east-1"), "https://rolesanywhere-fips.us-east-1.amazonaws.com/sessions"),
        (valid().use_fips_endpoint(true), "https://rolesanywhere-fips.eu-west-1.amazonaws.com/sessions"),
        (valid().use_dualstack_endpoint(true), "https://rolesanywhere.eu-west-1.api.aws/sessions"),
        (valid().endpoint_url("http://h:1/a/"), "http://h:1/a/sessions"),
    ] {
        assert_eq!(host(config), format!("POST {expected}"));
    }
    let anchor = |arn: &str| Config::new(held("200101000000Z", "491231235959Z"), "r", "p", arn);
    for (config, expected) in [
        (anchor("arn:aws:rolesanywhere"), "names no region"),
        (anchor("arn:aws:rolesanywhere::1:a"), "names no region"),
        (valid().region("a b"), "region"),
        (valid().endpoint_url("file:///x"), "endpoint url"),
        (anchor(&format!("{ANCHOR}{}", "a".repeat(70_000))), "too long"),
    ] {
        let played = asked(config, []);
        let error = played.result.unwrap_err().to_string();
        assert!(error.contains(expected) && played.sent.is_empty(), "{expected}: {error}");
    }
}

/// The service refuses a scope of a region that it does not know.
#[test]
fn a_request_is_signed_for_the_region_that_it_goes_to() {
    for (region, expected) in
        [("EU-WEST-1", "eu-west-1"), ("fips-us-east-1", "us-east-1"), ("us-east-1-fips", "us-east-1")]
    {
        for config in [valid(), valid().endpoint_url("http://h:1")] {
            let played = asked(config.region(region), [answer(201, KEYS)]);
            let authorization = played.header(0, "authorization").unwrap();
            assert!(
                authorization.contains(&format!("/{expected}/rolesanywhere/aws4_request")),
                "{authorization}"
            );
        }
    }
}

/// The clock of a machine that is started for the first time may be anything.
#[test]
fn a_request_that_is_refused_for_its_date_is_dated_anew_once() {
    let played = asked(valid(), [refused_at(3600), answer(201, KEYS)]);
    let dates = [0, 1].map(|index| played.header(index, "x-amz-date").unwrap().to_owned());
    assert_eq!(dates, ["20231114T221320Z", "20231114T231320Z"]);
    assert!(played.result.is_ok());
    // Another date each time is no reason to go on.
    let played = asked(valid(), [refused_at(3600), refused_at(7200)]);
    assert_eq!(played.sent.len(), 2);
    assert!(played.result.is_err());
    assert_eq!(asked(valid(), [refused_at(20)]).sent.len(), 1);
}

#[test]
fn a_refusal_says_what_to_do() {
    for (from, until, expected) in [
        ("200101000000Z", "491231235959Z", "trust anchor and profile are enabled"),
        ("200101000000Z", "231114221319Z", "the certificate has expired at 2023-11-14T22:13:19Z, renew it"),
        ("231114221321Z", "491231235959Z", "valid from 2023-11-14T22:13:21Z on, check it and the clock"),
        ("nonsense", "491231235959Z", "trust anchor and profile are enabled"),
    ] {
        let error = asked(config(held(from, until)), [refused_at(0)]).result.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(expected) && text.contains("http 403 AccessDeniedException"), "{text}");
        assert!(!format!("{text} {error:?}").contains("planted"), "{text}");
    }
    for (tries, event, expected) in [
        (1, answer(404, "{}"), "check the arns"),
        (1, answer(302, "{}"), "try again later"),
        (3, failed(TransportErrorKind::UnknownHost), "check the network"),
        (1, answer(200, "[]"), "no json object with a credentialSet"),
        (1, answer(200, r#"{"credentialSet":[]}"#), "no json object with a credentialSet"),
        (1, answer(200, &KEYS.replace("sessionToken", "token")), "sessionToken"),
        (1, answer(200, &KEYS.replace("2023-", "x")), "expiration"),
    ] {
        let events = std::iter::repeat_with(|| match &event {
            Event::Response(response) => Event::Response(response.clone()),
            _ => failed(TransportErrorKind::UnknownHost),
        });
        let text = asked(valid(), events.take(tries)).result.unwrap_err().to_string();
        assert!(text.contains(expected) && text.contains("iam roles anywhere"), "{expected}: {text}");
        assert!(!text.contains("planted"), "{text}");
    }
}

/// A program that renews the certificate replaces one file after the other.
#[test]
fn files_that_cannot_be_used_are_read_once_more() {
    let files = PemFiles::new("/c.pem", "/k.pem").chain("/chain.pem");
    let own = certificate("200101000000Z", "491231235959Z");
    let mut flow = RolesAnywhere::new(config(files.clone()), 1);
    flow.step(now(), Event::Start).unwrap();
    flow.step(now(), contents("planted")).unwrap();
    let printed = format!("{flow:?}");
    assert!(!printed.contains("planted") && !printed.contains("112"), "a key may be there too: {printed}");
    let read = |events: Vec<Event>| asked(config(files.clone()), events);
    let three = |own: &str, chain: &str, key: &str| [contents(own), contents(chain), contents(key)];
    let played = read(three(&own, "", "").into_iter().chain(three(&own, "", "")).collect());
    let paths = ["/c.pem", "/chain.pem", "/k.pem"].map(PathBuf::from);
    assert_eq!(played.read, [paths.clone(), paths].concat());
    assert_eq!(played.waits, [Duration::from_millis(200)]);
    let error = played.result.unwrap_err();
    assert_eq!(error.retry_class(), RetryClass::Never);
    let text = error.to_string();
    assert!(text.contains("/k.pem cannot be used, it holds no private key"), "{text}");
    for (events, expected) in [
        (vec![Event::Contents(None), Event::Contents(None)], "/c.pem does not exist"),
        (vec![failed(TransportErrorKind::Other)], "/c.pem cannot be read"),
        (vec![contents(&own), failed(TransportErrorKind::Other)], "/chain.pem cannot be read"),
        (
            three("", "", "").into_iter().chain(three("", "", "")).collect(),
            "/c.pem with /chain.pem cannot be used",
        ),
    ] {
        let text = read(events).result.unwrap_err().to_string();
        assert!(text.contains(expected) && text.contains("iam roles anywhere"), "{expected}: {text}");
    }
}

#[test]
fn a_key_that_does_not_sign_is_named() {
    #[derive(Debug)]
    struct Sealed;
    impl Key for Sealed {
        fn algorithm(&self) -> Algorithm {
            Algorithm::Ecdsa
        }

        fn sign(&self, _: &[u8]) -> Result<Vec<u8>, Box<dyn StdError + Send + Sync>> {
            Fixed.sign(b"")
        }
    }
    let own = certificate("200101000000Z", "491231235959Z");
    let text =
        asked(config(Identity::new(own.as_bytes(), Sealed).unwrap()), []).result.unwrap_err().to_string();
    assert!(text.contains("the private key did not sign: it is sealed"), "{text}");
}
