use super::*;
use crate::credentials::testing::{Played, answer, contents, failed, now, play};
use crate::flow::Direct;
use crate::retry::RetryClass;
use crate::transport::{Phase, TransportErrorKind};

const FULL_URI: (&str, &str) = (FULL, "http://169.254.170.23/v1/credentials?id=7");
const KEYS: &str = r#"{"RoleArn":"arn","AccessKeyId":"AKID","SecretAccessKey":"planted-s","Token":"planted-t",
    "Expiration":"2023-11-15T00:00:00Z","AccountId":"123456789012"}"#;

fn config(variables: &[(&str, &str)]) -> Result<Option<Config>, CredentialsError> {
    Config::from_env(&Env::from_iter(variables.iter().copied()))
}

fn asked(variables: &[(&str, &str)], events: impl IntoIterator<Item = Event>) -> Played<Credentials> {
    play(&mut Container::new(config(variables).unwrap().unwrap(), 1), now(), events)
}

#[test]
fn without_a_uri_there_is_no_such_endpoint() {
    assert_eq!(config(&[]).unwrap(), None);
    assert_eq!(config(&[(RELATIVE, " "), (FULL, ""), (TOKEN, "a\nb")]).unwrap(), None);
}

#[test]
fn where_the_endpoint_is() {
    for (variables, expected) in [
        (&[(RELATIVE, "/v2/credentials/7?a=b")][..], "http://169.254.170.2/v2/credentials/7?a=b"),
        (&[(RELATIVE, "/r"), (FULL, "ftp://nonsense")], "http://169.254.170.2/r"),
        (&[(RELATIVE, "//elsewhere/")], "http://169.254.170.2//elsewhere/"),
        (&[(RELATIVE, "/@elsewhere/")], "http://169.254.170.2/@elsewhere/"),
        (&[FULL_URI], "http://169.254.170.23/v1/credentials?id=7"),
        (&[(FULL, " https://anywhere:444/x?q ")], "https://anywhere:444/x?q"),
        (&[(FULL, "https://10.0.0.1/x")], "https://10.0.0.1/x"),
        (&[(FULL, "HTTP://LOCALHOST:80/x")], "http://localhost/x"),
        (&[(FULL, "http://127.9.9.9:1338")], "http://127.9.9.9:1338/"),
        (&[(FULL, "http://[::1]:1338/x")], "http://[::1]:1338/x"),
        (&[(FULL, "http://[0:0:0:0:0:0:0:1]/x")], "http://[0:0:0:0:0:0:0:1]/x"),
        (&[(FULL, "http://169.254.170.2/x")], "http://169.254.170.2/x"),
        (&[(FULL, "http://[FD00:EC2::23]/x")], "http://[fd00:ec2::23]/x"),
    ] {
        let config = config(variables).unwrap_or_else(|error| panic!("{error}")).unwrap();
        assert_eq!(config.uri().to_string(), expected);
    }
}

#[test]
fn what_may_not_be_asked_is_refused_by_name() {
    for (uri, expected) in [
        ("http://192.168.1.1/x", "http on 192.168.1.1,"),
        ("http://169.254.170.3/x", "http on 169.254.170.3,"),
        ("http://169.254.169.254/x", "http on 169.254.169.254,"),
        ("http://0.0.0.0/x", "http on 0.0.0.0,"),
        ("http://example.com/x?planted", "http on example.com,"),
        ("http://localhost.example.com/x", "http on localhost.example.com,"),
        ("http://127.0.0.1.example.com/x", "http on 127.0.0.1.example.com,"),
        ("http://localhost./x", "http on localhost.,"),
        ("http://[fd00:ec2::24]/x", "http on [fd00:ec2::24],"),
        ("http://[::ffff:127.0.0.1]/x", "http on [::ffff:127.0.0.1],"),
        ("http://[::]/x", "http on [::],"),
        ("http://2130706433/x", "IPv4"),
        ("http://localhost@example.com/x", "user name"),
        ("https://user:planted@localhost/x", "user name"),
        ("http://localhost:99999/x", "port"),
        ("localhost:8080/x", "http:// or https://"),
        ("/x", "http:// or https://"),
        ("file:///etc/passwd", "http:// or https://"),
        ("not a uri", "space"),
        ("http://localhost/x#planted", "fragment"),
        ("http://localhost/x?a#planted", "fragment"),
        ("http://localhost/x?pl anted", "query"),
        ("http://localhost/x?\u{fc}", "query"),
        ("https://", "no host"),
    ] {
        let error = config(&[(FULL, uri)]).expect_err(uri).to_string();
        assert!(error.contains(expected) && error.contains(FULL), "{uri}: {error}");
        assert!(!error.contains("planted"), "{error}");
    }
    for uri in ["x", "http://169.254.170.2/x", "@example.com/", ".example.com/", "/a b", "/a#b", "/%zz"] {
        let error = config(&[(RELATIVE, uri)]).expect_err(uri).to_string();
        assert!(error.contains(RELATIVE), "{uri}: {error}");
    }
}

#[test]
fn the_answer_is_read() {
    let played = asked(&[FULL_URI, (TOKEN, "planted-a\n")], [answer(200, KEYS)]);
    assert_eq!(played.requests(), ["GET http://169.254.170.23/v1/credentials?id=7"]);
    assert_eq!(played.header(0, "accept"), Some("application/json"));
    assert_eq!(played.header(0, "authorization"), Some("planted-a"));
    let request = &played.sent[0].0;
    assert!(
        request.headers()["authorization"].is_sensitive() && request.extensions().get::<Direct>().is_some()
    );
    let credentials = played.result.unwrap();
    assert_eq!(
        credentials,
        Credentials::new("AKID", "planted-s")
            .with_session_token("planted-t")
            .with_expiration(crate::wire::time::parse("2023-11-15T00:00:00Z").unwrap())
            .with_account_id("123456789012")
    );
    assert_eq!(asked(&[FULL_URI], [answer(200, KEYS)]).header(0, "authorization"), None);
    // As aws-vault gives an IAM user's keys; botocore and the JavaScript SDK take them.
    let long_term = asked(&[FULL_URI], [answer(200, &KEYS.replace("planted-t", ""))]).result.unwrap();
    assert_eq!(long_term, Credentials { session_token: None, ..credentials });
}

#[test]
fn an_answer_that_is_none_is_an_error_without_anything_of_it() {
    for (body, expected) in [
        ("<html>planted</html>", "not json"),
        ("", "not json"),
        ("[]", "no json object"),
        (&KEYS.replace("AccessKeyId", "x"), "AccessKeyId is missing"),
        (&KEYS.replace("SecretAccessKey", "x"), "SecretAccessKey is missing"),
        (&KEYS.replace("\"Token\"", "\"x\""), "Token is missing"),
        (&KEYS.replace("Expiration", "x"), "Expiration is missing"),
        (&KEYS.replace("2023-", "planted"), "Expiration is not a date and time"),
        (&KEYS.replace("\"planted-t\"", "7"), "Token is not text"),
        (&KEYS.replace("\"planted-t\"", "null"), "Token is missing"),
        (&KEYS.replace("RoleArn\":\"arn", "Code\":\"Failed"), "the code Failed;"),
        (&KEYS.replace("RoleArn\":\"arn", "Code\":\"a planted code"), "the code in an unknown format"),
    ] {
        let played = asked(&[FULL_URI], [answer(200, body)]);
        let error = played.error();
        assert!(error.contains("GET http://169.254.170.23/v1/credentials cannot be used"), "{error}");
        assert!(error.contains(expected) && !error.contains("planted"), "{error}");
    }
}

#[test]
fn a_refusal_says_status_and_code() {
    for (status, expected) in [(401, "token"), (403, "token"), (302, "redirect"), (404, "role")] {
        let error = asked(&[FULL_URI], [answer(status, r#"{"code":"No","message":"planted"}"#)]).error();
        assert!(error.contains(&format!("http {status} No; ")) && error.contains(expected), "{error}");
        assert!(!error.contains("planted"), "{error}");
    }
    let dead = std::iter::repeat_with(|| failed(TransportErrorKind::Timeout(Phase::Connect))).take(4);
    let played = asked(&[FULL_URI], dead);
    assert!(played.error().contains("connecting took too long (4 tries)"), "{}", played.error());
    assert_eq!(played.result.unwrap_err().retry_class(), RetryClass::Transient);
}

#[test]
fn the_token_file_goes_first_and_is_read_for_each_try() {
    let variables = [FULL_URI, (TOKEN_FILE, "/var/token"), (TOKEN, "unused\nand bad")];
    let events = [contents("one"), answer(500, ""), contents(""), contents("two\n"), answer(200, KEYS)];
    let played = asked(&variables, events);
    assert_eq!(played.read, vec![PathBuf::from("/var/token"); 3]);
    assert_eq!(played.header(0, "authorization"), Some("one"));
    assert_eq!(played.header(1, "authorization"), Some("two"));
    assert!(played.sent[1].0.headers()["authorization"].is_sensitive());
    assert_eq!(played.waits.len(), 2);
    assert!(played.result.is_ok());
}

#[test]
fn a_token_that_cannot_be_sent_is_an_error_that_names_its_place() {
    let variables = [FULL_URI, (TOKEN_FILE, "/var/token")];
    let empty = || std::iter::repeat_with(|| contents(" \n")).take(4);
    for (played, expected) in [
        (asked(&variables, [Event::Contents(None)]), "/var/token does not exist"),
        (asked(&variables, [failed(TransportErrorKind::Other)]), "/var/token cannot be read"),
        (asked(&variables, [contents("planted\nb: c")]), "/var/token has a line break inside"),
        (asked(&variables, [contents("planted\0")]), "/var/token has a character inside"),
        (asked(&variables, empty()), "/var/token is empty"),
    ] {
        let error = played.error();
        assert!(played.sent.is_empty() && error.contains(expected) && error.contains(TOKEN_FILE), "{error}");
        assert!(!error.contains("planted"), "{error}");
    }
    assert_eq!(asked(&variables, empty()).result.unwrap_err().retry_class(), RetryClass::Transient);
    let error = config(&[FULL_URI, (TOKEN, "planted\r\nb: c")]).unwrap_err().to_string();
    assert!(error.contains("AWS_CONTAINER_AUTHORIZATION_TOKEN has a line break"), "{error}");
}

#[test]
fn nothing_secret_is_printed() {
    let text = format!("{:?}", config(&[FULL_URI, (TOKEN, "planted")]).unwrap());
    assert!(text.contains("http://169.254.170.23/v1/credentials\"") && !text.contains("planted"), "{text}");
}

/// On Amazon ECS there is no token: the path names the task, and is all that it takes.
#[test]
fn a_path_that_leads_to_credentials_by_itself_is_not_shown() {
    let relative = (RELATIVE, "/v2/credentials/planted?id=planted");
    let dead = std::iter::repeat_with(|| failed(TransportErrorKind::Timeout(Phase::Connect))).take(4);
    for played in [
        asked(&[relative], dead.collect::<Vec<_>>()),
        asked(&[relative], vec![answer(404, "")]),
        asked(&[relative], vec![answer(200, "<html>")]),
    ] {
        assert_eq!(played.requests()[0], "GET http://169.254.170.2/v2/credentials/planted?id=planted");
        let error = played.result.as_ref().unwrap_err();
        assert!(error.to_string().contains("GET http://169.254.170.2/… "), "{error}");
        assert!(!format!("{error} {error:?}").contains("planted"), "{error:?}");
    }
    let config = config(&[relative]).unwrap().unwrap();
    let container = Container::new(config.clone(), 1);
    let printed = format!("{config:?} {container:?}");
    assert!(printed.contains("169.254.170.2/…") && !printed.contains("planted"), "{printed}");
}
