use std::time::Duration;

use super::*;
use crate::credentials::testing::{Played, answer, contents, failed, now, play};
use crate::flow::Direct;
use crate::retry::RetryClass;
use crate::settings::{Env, Profiles, slashed};
use crate::transport::TransportErrorKind;

const URL: &str = "https://ssotest.awsapps.com/start";
/// The SHA-1 of [`URL`] and of `dev`, as other tools compute it.
const OF_URL: &str = "/home/.aws/sso/cache/dace00cba5f8355ec9d274ceb2bcebdfbeed0e12.json";
const OF_DEV: &str = "/home/.aws/sso/cache/34c6fceca75e456f25e7e99531e2425c6c1de443.json";
const LOGIN: &str =
    r#"{"accessToken":"planted-a","expiresAt":"2080-10-16T03:56:45Z","refreshToken":"planted-r"}"#;
const KEYS: &str = r#"{"roleCredentials":{"accessKeyId":"AKID","secretAccessKey":"planted-s","sessionToken":"planted-t",
    "expiration":1700003600123}}"#;

type Keys<'a> = [(&'a str, &'a str)];

/// The keys of the legacy form, followed by others, which take precedence.
fn legacy<'a>(other: &Keys<'a>) -> Vec<(&'a str, &'a str)> {
    let keys = [
        ("sso_start_url", URL),
        ("sso_region", "us-east-2"),
        ("sso_account_id", "123456789"),
        ("sso_role_name", "My Role&Co"),
    ];
    [&keys[..], other].concat()
}

fn with_session<'a>(other: &Keys<'a>) -> Vec<(&'a str, &'a str)> {
    [&[("sso_session", "dev"), ("sso_account_id", "123456789"), ("sso_role_name", "R")], other].concat()
}

fn made(
    variables: &Keys<'_>,
    profile: &Keys<'_>,
    session: &Keys<'_>,
) -> Result<Option<Config>, CredentialsError> {
    let mut profiles = Profiles::default();
    profiles.insert_profile("me", profile.iter().copied());
    if !session.is_empty() {
        profiles.insert_sso_session("dev", session.iter().copied());
    }
    let env = Env::from_iter([&[("HOME", "/home")], variables].concat());
    Config::new(&env, &profiles, profiles.profile("me").unwrap().unwrap())
}

fn config(profile: &Keys<'_>, session: &Keys<'_>) -> Config {
    made(&[], profile, session).unwrap().unwrap()
}

fn asked(events: impl IntoIterator<Item = Event>) -> Played<Credentials> {
    play(&mut Sso::new(config(&legacy(&[]), &[]), 1), now(), events)
}

const SESSION: &Keys<'static> =
    &[("sso_region", "eu-west-1"), ("sso_start_url", "https://d.awsapps.com/start")];

#[test]
fn where_the_token_and_the_portal_are() {
    assert_eq!(made(&[], &[("region", "us-east-1")], &[]).unwrap(), None);
    let of_url = config(&legacy(&[]), &[]);
    assert_eq!(slashed(&of_url.token_file().to_string_lossy()), OF_URL);
    assert_eq!(
        of_url.uri().to_string(),
        "https://portal.sso.us-east-2.amazonaws.com/federation/credentials?role_name=My%20Role%26Co&account_id=123456789"
    );
    let of_session = config(&with_session(SESSION), SESSION);
    assert_eq!(slashed(&of_session.token_file().to_string_lossy()), OF_DEV);
    assert_eq!(
        of_session.uri().to_string(),
        "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?role_name=R&account_id=123456789"
    );
}

#[test]
fn the_portal_is_elsewhere_on_request() {
    let host = |variables: &Keys<'_>, profile: &Keys<'_>| {
        let config = made(variables, &legacy(profile), &[]);
        config.map(|config| config.unwrap().uri().to_string().split("federation").next().unwrap().to_owned())
    };
    let fips = ("AWS_USE_FIPS_ENDPOINT", "true");
    assert_eq!(host(&[fips], &[]).unwrap(), "https://portal.sso-fips.us-east-2.amazonaws.com/");
    assert_eq!(
        host(&[], &[("use_dualstack_endpoint", "true")]).unwrap(),
        "https://portal.sso.us-east-2.api.aws/"
    );
    let custom = ("AWS_ENDPOINT_URL_SSO", "http://localhost:4566/base/");
    assert_eq!(host(&[custom], &[]).unwrap(), "http://localhost:4566/base/");
    assert_eq!(host(&[], &[("endpoint_url", "http://h")]).unwrap(), "http://h/");
    for (variables, profile, expected) in [
        (&[fips, custom][..], &[][..], "AWS_ENDPOINT_URL_SSO"),
        (&[("AWS_ENDPOINT_URL", "https://user:planted@h")], &[], "AWS_ENDPOINT_URL"),
        (&[("AWS_USE_FIPS_ENDPOINT", "yes")], &[], "AWS_USE_FIPS_ENDPOINT"),
        (&[], &[("sso_region", "evil.example/")], "sso_region \"evil.example/\""),
    ] {
        let error = host(variables, profile).unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains("planted"), "{error}");
    }
}

#[test]
fn what_is_missing_or_contradicts_is_named() {
    let without = |keys: Vec<(&'static str, &'static str)>, key| -> Vec<_> {
        keys.into_iter().map(|(name, value)| (name, if name == key { " " } else { value })).collect()
    };
    for key in ["sso_start_url", "sso_region", "sso_account_id", "sso_role_name"] {
        let error = made(&[], &without(legacy(&[]), key), &[]).unwrap_err().to_string();
        assert!(error.contains(&format!("profile me has no {key}")), "{error}");
    }
    for key in ["sso_start_url", "sso_region"] {
        let error = made(&[], &with_session(&[]), &without(SESSION.to_vec(), key)).unwrap_err().to_string();
        assert!(error.contains(&format!("sso-session dev has no {key}")), "{error}");
        let error = made(&[], &with_session(&[(key, "other")]), SESSION).unwrap_err().to_string();
        for place in [
            format!("{key} is not the same"),
            format!("profile me, {key}"),
            format!("sso-session dev, {key}"),
        ] {
            assert!(error.contains(&place), "{error}");
        }
    }
    for key in ["sso_account_id", "sso_role_name"] {
        let error = made(&[], &without(with_session(&[]), key), SESSION).unwrap_err().to_string();
        assert!(error.contains(&format!("profile me has no {key}")), "{error}");
    }
    let error = made(&[], &with_session(&[]), &[]).unwrap_err().to_string();
    assert!(error.contains("no section [sso-session dev], which profile me, sso_session"), "{error}");
    let error = made(&[], &[("sso_session", "dev")], SESSION).unwrap_err().to_string();
    assert!(error.contains("profile me resolves an access token, not credentials"), "{error}");
    let error = made(&[("HOME", "")], &legacy(&[]), &[]);
    assert!(cfg!(windows) || error.unwrap_err().to_string().contains("HOME is not set"));
}

#[test]
fn token_then_keys() {
    let played = asked([contents(LOGIN), answer(500, ""), answer(200, KEYS)]);
    assert_eq!(played.read[0].to_str(), Some(OF_URL));
    let (request, timeouts) = &played.sent[1];
    assert!(request.uri().query().unwrap().starts_with("role_name=My%20Role%26Co&"));
    assert_eq!(played.header(1, "x-amz-sso_bearer_token"), Some("planted-a"));
    assert!(request.headers()["x-amz-sso_bearer_token"].is_sensitive());
    assert_eq!(request.extensions().get::<Direct>(), None);
    assert_eq!(*timeouts, crate::flow::SendTimeouts::default());
    assert_eq!(
        played.result.unwrap(),
        Credentials::new("AKID", "planted-s")
            .with_session_token("planted-t")
            .with_expiration(SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_003_600_123))
            .with_account_id("123456789")
    );
}

#[test]
fn a_login_that_cannot_be_used_says_which_one_to_make() {
    let until = |text: &str| contents(&LOGIN.replace("2080-10-16T03:56:45Z", text));
    for (event, expected) in [
        (Event::Contents(None), "does not exist"),
        (until("2023-11-14T22:13:20Z"), "has expired"),
        (until("2023-11-14T22:13:20UTC"), "has expired"),
        (until("planted"), "expiresAt is not a date and time"),
        (contents("planted"), "it is not json"),
        (contents(""), "it is not json"),
        (contents(&LOGIN.replace("accessToken", "x")), "accessToken is missing"),
        (contents(&LOGIN.replace("expiresAt", "x")), "expiresAt is missing"),
        (
            contents(&LOGIN.replace("planted-a", "planted\\nb: c")),
            "accessToken is not a text that can be sent",
        ),
        (
            contents(&LOGIN.replace("planted-a", "planted\u{fc}")),
            "accessToken is not a text that can be sent",
        ),
    ] {
        let played = asked([event]);
        let error = played.error();
        assert!(error.contains(expected) && error.contains(OF_URL), "{error}");
        assert!(error.contains("run `aws sso login --profile me`"), "{error}");
        assert!(played.sent.is_empty() && !error.contains("planted"), "{error}");
    }
    let mut flow = Sso::new(config(&with_session(&[]), SESSION), 1);
    let error = play(&mut flow, now(), [Event::Contents(None)]).error();
    assert!(error.contains(OF_DEV) && error.contains("run `aws sso login --sso-session dev`"), "{error}");
    let error = asked([failed(TransportErrorKind::Other)]).error();
    assert!(error.contains(OF_URL) && error.contains("cannot be read"), "{error}");
    assert!(asked([until("2023-11-14T22:13:21UTC"), answer(200, KEYS)]).result.is_ok());
}

#[test]
fn what_the_portal_refuses_says_what_to_do() {
    let body = r#"{"__type":"com.amazonaws.switchboard.portal#No","message":"planted"}"#;
    for (status, expected) in [
        (401, "run `aws sso login --profile me`"),
        (403, "run `aws sso login --profile me`"),
        (404, "check the account 123456789, the role My Role&Co"),
        (302, "endpoint url"),
    ] {
        let error = asked([contents(LOGIN), answer(status, body)]).error();
        assert!(
            error.contains("GET https://portal.sso.us-east-2.amazonaws.com/federation/credentials was"),
            "{error}"
        );
        assert!(error.contains(&format!("http {status} com.amazonaws.switchboard.portal#No")), "{error}");
        assert!(
            error.contains(expected) && !error.contains("planted") && !error.contains("role_name"),
            "{error}"
        );
    }
    let refused = std::iter::repeat_with(|| failed(TransportErrorKind::UnknownHost)).take(3);
    let played = asked(std::iter::once(contents(LOGIN)).chain(refused));
    assert!(played.error().contains("check the network"), "{}", played.error());
    assert_eq!(played.result.unwrap_err().retry_class(), RetryClass::Transient);
}

#[test]
fn a_token_that_is_echoed_is_not_taken_for_an_access_key_id() {
    let keys = KEYS.replace("AKID", "Planted-A");
    let played = asked([contents(LOGIN), answer(200, &keys)]);
    assert!(played.error().contains("its access key id is the token that was sent"), "{}", played.error());
    assert!(!format!("{:?}", played.result).to_lowercase().contains("planted"));
}

#[test]
fn an_answer_that_is_none_is_an_error_without_anything_of_it() {
    for (body, expected) in [
        ("<html>planted", "it is not json"),
        ("{}", "roleCredentials is missing"),
        (r#"{"roleCredentials":"planted"}"#, "roleCredentials is not an object"),
        (&KEYS.replace("accessKeyId", "x"), "accessKeyId is missing"),
        (&KEYS.replace("secretAccessKey", "x"), "secretAccessKey is missing"),
        (&KEYS.replace("sessionToken", "x"), "sessionToken is missing"),
        (&KEYS.replace("\"expiration", "\"x"), "expiration is missing"),
        (&KEYS.replace("1700003600123", "\"planted\""), "expiration is not a date and time"),
        (&KEYS.replace("1700003600123", "-1"), "expiration is not a number of milliseconds"),
    ] {
        let error = asked([contents(LOGIN), answer(200, body)]).error();
        assert!(error.contains(expected) && !error.contains("planted"), "{error}");
    }
}

/// The token of a session, which ends this many seconds after [`now`].
fn token_of_session(seconds: u64, other: &str) -> Event {
    let end = crate::wire::time::format(now() + Duration::from_secs(seconds)).unwrap();
    contents(&format!(
        r#"{{"startUrl": "u", "region": "us-west-2", "accessToken": "planted-a", "expiresAt": "{end}", {other}"refreshToken": "planted-r", "x": 1.50}}"#
    ))
}

const REGISTRATION: &str =
    r#""clientId": "c", "clientSecret": "planted-c", "registrationExpiresAt": "2080-10-16T03:56:45Z", "#;

fn of_session(events: impl IntoIterator<Item = Event>) -> Played<Credentials> {
    play(&mut Sso::new(config(&with_session(&[]), SESSION), 1), now(), events)
}

#[test]
fn the_token_of_a_session_is_renewed_and_written() {
    assert!(of_session([token_of_session(300, REGISTRATION), answer(200, KEYS)]).result.is_ok());
    let due = |seconds| token_of_session(seconds, REGISTRATION);
    for (renewed, token) in [
        (r#"{"accessToken": "planted-b", "expiresIn": 28800, "refreshToken": "planted-q"}"#, "planted-q"),
        // The old one is good for another time.
        (r#"{"accessToken": "planted-b", "expiresIn": 28800}"#, "planted-r"),
        // The refresh token is spent by then, so that how a number is written may not cost the login.
        (r#"{"accessToken": "planted-b", "expiresIn": "28800", "refreshToken": "planted-q"}"#, "planted-q"),
        (r#"{"accessToken": "planted-b", "expiresIn": 28800.0, "refreshToken": "planted-q"}"#, "planted-q"),
    ] {
        let events = [due(0), due(0), answer(200, renewed), due(0), Event::Replaced, answer(200, KEYS)];
        let played = of_session(events);
        assert!(played.result.is_ok(), "{:?}", played.result);
        assert_eq!(played.requests()[0], "POST https://oidc.eu-west-1.amazonaws.com/token");
        let sent = std::str::from_utf8(played.sent[0].0.body()).unwrap();
        let expected = r#"{"clientId": "c", "clientSecret": "planted-c", "grantType": "refresh_token", "refreshToken": "planted-r"}"#;
        assert_eq!(sent, expected);
        assert_eq!(played.header(1, "x-amz-sso_bearer_token"), Some("planted-b"));
        let expected = format!(
            r#"{{"startUrl": "u", "region": "eu-west-1", "accessToken": "planted-b", "expiresAt": "2023-11-15T06:13:20Z", {REGISTRATION}"refreshToken": "{token}", "x": 1.50}}"#
        );
        assert_eq!(played.replaced[0].1.expose(), expected);
    }
}

#[test]
fn a_token_that_cannot_be_renewed_is_used_while_it_lasts() {
    let past = REGISTRATION.replace("2080-10-16T03:56:45Z", "2023-11-14T22:13:20Z");
    let unknown = REGISTRATION.replace("registrationExpiresAt", "x");
    for (other, why, readings) in [
        ("", "clientId is missing", 1),
        (&unknown, "registrationExpiresAt is missing", 1),
        (&past, "its registration has expired", 2),
    ] {
        let file = |seconds| (0..readings).map(move |_| token_of_session(seconds, other));
        let played = of_session(file(1).chain([answer(200, KEYS)]));
        assert_eq!(
            (played.result.is_ok(), played.header(0, "x-amz-sso_bearer_token")),
            (true, Some("planted-a"))
        );
        let error = of_session(file(0)).error();
        assert!(
            error.contains(&format!("cannot be renewed, {why}; run `aws sso login --sso-session dev`")),
            "{error}"
        );
    }
    let due = |seconds| token_of_session(seconds, REGISTRATION);
    let refusal = || answer(400, r#"{"error": "invalid_grant"}"#);
    let played = of_session([due(1), due(1), refusal(), due(1), due(1), due(1), due(1), answer(200, KEYS)]);
    assert!(played.result.is_ok(), "{:?}", played.result);
    let error = of_session([due(0), due(0), refusal(), due(0), due(0), due(0), due(0)]).error();
    assert!(
        error.contains("invalid_grant") && error.contains("run `aws sso login --sso-session dev`"),
        "{error}"
    );
    // The legacy form, which has no registration.
    let file = token_of_session(1, REGISTRATION);
    assert_eq!(asked([file, answer(200, KEYS)]).sent.len(), 1);
}

#[test]
fn a_session_in_code_is_that_of_a_profile() {
    let env = |variables: &Keys<'_>| Env::from_iter([&[("HOME", "/home")], variables].concat());
    let of = |env: &Env, session, region| Config::of_session(env, session, region, "123456789", "R");
    assert_eq!(of(&env(&[]), "dev", "eu-west-1").unwrap(), config(&with_session(&[]), SESSION));
    let url: &Keys<'_> = &[("AWS_ENDPOINT_URL_SSO", "http://h"), ("AWS_ENDPOINT_URL_SSO_OIDC", "http://i")];
    assert_eq!(
        of(&env(url), "dev", "eu-west-1").unwrap(),
        made(url, &with_session(&[]), SESSION).unwrap().unwrap()
    );
    for (env, session, region, problem) in [
        (env(&[]), " ", "eu-west-1", "sso_session is blank"),
        (env(&[]), "dev", "", "sso_region"),
        (env(&[]), "dev", "a b", "sso_region \"a b\" is not valid"),
        (Env::from_iter([("a", "b")]), "dev", "eu-west-1", "HOME is not set"),
    ] {
        let error = of(&env, session, region).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn the_command_that_logs_in_can_be_run_as_it_is_told() {
    let session =
        Config::of_session(&Env::from_iter([("HOME", "/h")]), "my dev", "eu-west-1", "1", "R").unwrap();
    assert_eq!(session.login(), "aws sso login --sso-session \"my dev\"");
    let mut profiles = Profiles::default();
    profiles.insert_profile("it's $me", legacy(&[]));
    let env = Env::from_iter([("HOME", "/h")]);
    let profile =
        Config::new(&env, &profiles, profiles.profile("it's $me").unwrap().unwrap()).unwrap().unwrap();
    assert_eq!(profile.login(), r"aws sso login --profile 'it'\''s $me'");
}
