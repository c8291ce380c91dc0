use super::*;
use crate::credentials::testing::{Played, answer, contents, failed, now, play};
use crate::retry::RetryClass;
use crate::settings::{Env, Profiles, slashed};
use crate::transport::TransportErrorKind;

const SESSION: &str = "arn:aws:iam::111122223333:user/ann";
/// The SHA-256 of [`SESSION`], as other tools compute it.
const FILE: &str =
    "/home/.aws/login/cache/617a42bf0cc7e52ae16d10443f260d451c255a489505091810c95d5c7ec927d1.json";
/// Made for tests.
const KEY: &str = "-----BEGIN EC PRIVATE KEY-----\\nMHcCAQEEINgJsfoMn5NmrX2lSBFyPwPHx2wjdpaTb7/DnmJk0WYIoAoGCCqGSM49\\nAwEHoUQDQgAEwGZ4738OtPyA4oY0iHSM7oLyA5ykNMzuQFaWWBG4L0NwRaw9KBfR\\n4V4WDfsapNz4mVzvHBix5v5RqRbGfq6wpw==\\n-----END EC PRIVATE KEY-----\\n";

/// A file with keys that end this many seconds after [`now`].
fn file(seconds: i64, token: &str) -> String {
    let end = now().checked_add(Duration::from_secs(86_400)).unwrap()
        - Duration::from_secs((86_400 - seconds) as u64);
    format!(
        r#"{{"accessToken": {{"accessKeyId": "ASIAOLD", "secretAccessKey": "planted-s", "sessionToken": "planted-t",
        "accountId": 111122223333, "expiresAt": "{}"}}, "refreshToken": "{token}", "clientId": "c", "dpopKey": "{KEY}"}}"#,
        time::format(end).unwrap()
    )
}

const RENEWED: &str = r#"{"accessToken": {"accessKeyId": "ASIANEW", "secretAccessKey": "planted-n", "sessionToken": "planted-m"},
    "expiresIn": 900, "refreshToken": "planted-r2"}"#;

type Keys<'a> = [(&'a str, &'a str)];

fn made(variables: &Keys<'_>, profile: &Keys<'_>) -> Result<Option<Config>, CredentialsError> {
    let mut profiles = Profiles::default();
    profiles.insert_profile("me", profile.iter().copied());
    let env = Env::from_iter([&[("HOME", "/home")], variables].concat());
    Config::new(&env, &profiles, profiles.profile("me").unwrap().unwrap())
}

fn config() -> Config {
    made(&[], &[("login_session", SESSION), ("region", "eu-west-1")]).unwrap().unwrap()
}

fn asked(events: impl IntoIterator<Item = Event>) -> Played<Credentials> {
    play(&mut Login::new(config(), 1), now(), events)
}

fn with(memory: &Renewals, at: SystemTime, events: impl IntoIterator<Item = Event>) -> Played<Credentials> {
    play(&mut Login::new(config(), 1).renewals(memory.clone()), at, events)
}

fn id(played: &Played<Credentials>) -> &str {
    &played.result.as_ref().unwrap_or_else(|error| panic!("{error}")).access_key_id
}

#[test]
fn where_the_file_is() {
    assert_eq!(made(&[], &[("region", "us-east-1")]).unwrap(), None);
    let padded = format!(" {SESSION} ");
    let path = |variables: &Keys<'_>, session| {
        let config = made(variables, &[("login_session", session)]).unwrap().unwrap();
        slashed(&config.token_file().to_string_lossy())
    };
    assert_eq!(path(&[], SESSION), FILE);
    assert_eq!(path(&[], &padded), FILE);
    let name = FILE.rsplit('/').next().unwrap();
    for (directory, expected) in [
        ("/tmp/x", "/tmp/x"),
        ("~", "/home"),
        ("~/x", "/home/x"),
        ("$HOME/x", "/home/x"),
        ("${HOME}/x", "/home/x"),
        ("~x", "~x"),
        ("$HOMES", "$HOMES"),
        (" ", "/home/.aws/login/cache"),
    ] {
        let found = path(&[("AWS_LOGIN_CACHE_DIRECTORY", directory)], SESSION);
        assert_eq!(found, format!("{expected}/{name}"), "{directory}");
    }
    let error = made(&[], &[("login_session", " ")]).unwrap_err().to_string();
    assert!(error.contains("login_session") && error.contains("blank"), "{error}");
    let error = made(&[("HOME", "")], &[("login_session", SESSION)]);
    assert!(cfg!(windows) || error.unwrap_err().to_string().contains("HOME is not set"));
}

#[test]
fn where_it_is_renewed() {
    let uri = |variables: &Keys<'_>, profile: &Keys<'_>, region: Option<&str>| {
        let config = made(variables, &[&[("login_session", SESSION)], profile].concat());
        config.map_err(|error| error.to_string())?.unwrap().uri(region).map_err(String::from)
    };
    let region = ("region", "eu-west-1");
    let set = ("AWS_REGION", "ap-south-1");
    assert_eq!(uri(&[set], &[region], None).unwrap(), "https://eu-west-1.signin.aws.amazon.com/v1/token");
    assert_eq!(uri(&[set], &[], None).unwrap(), "https://ap-south-1.signin.aws.amazon.com/v1/token");
    let us = Some("us-west-2");
    assert_eq!(uri(&[set], &[region], us).unwrap(), "https://us-west-2.signin.aws.amazon.com/v1/token");
    assert!(uri(&[], &[], None).unwrap_err().contains("set region in the profile"));
    let config = || made(&[], &[("login_session", SESSION)]).unwrap().unwrap();
    let of_client = config().or_region(Some("eu-north-1")).or_region(Some("eu-north-2")).uri(None).unwrap();
    assert_eq!(of_client, "https://eu-north-1.signin.aws.amazon.com/v1/token");
    assert!(config().or_region(None).uri(None).is_err());
    assert!(uri(&[], &[], Some("evil.example/")).unwrap_err().contains("evil.example/"));
    let url = ("AWS_ENDPOINT_URL_SIGNIN", "http://localhost:1/base/");
    assert_eq!(uri(&[url], &[], None).unwrap(), "http://localhost:1/base/v1/token");
    assert_eq!(uri(&[], &[("endpoint_url", "http://h")], None).unwrap(), "http://h/v1/token");
    let fips = ("AWS_USE_FIPS_ENDPOINT", "true");
    assert_eq!(
        uri(&[fips], &[region], None).unwrap(),
        "https://signin-fips.eu-west-1.amazonaws.com/v1/token"
    );
    let dual = ("use_dualstack_endpoint", "true");
    assert_eq!(uri(&[], &[region, dual], None).unwrap(), "https://signin.eu-west-1.api.aws/v1/token");
    assert!(uri(&[fips, url], &[], None).unwrap_err().contains("AWS_ENDPOINT_URL_SIGNIN"));
    assert!(
        uri(&[("AWS_ENDPOINT_URL", "https://u:planted@h")], &[], None)
            .unwrap_err()
            .contains("AWS_ENDPOINT_URL")
    );
}

#[test]
fn keys_are_used_or_renewed_and_written() {
    let played = asked([contents(&file(300, "planted-r"))]);
    assert_eq!(id(&played), "ASIAOLD");
    assert_eq!(played.result.unwrap().account_id.as_deref(), Some("111122223333"));

    let due = || contents(&file(299, "planted-r"));
    let played = asked([due(), due(), answer(500, ""), answer(200, RENEWED), due(), Event::Replaced]);
    let renewed = played.result.as_ref().unwrap();
    assert_eq!(renewed.expiration, now().checked_add(Duration::from_secs(900)));
    assert_eq!((&*renewed.access_key_id, renewed.account_id.as_deref()), ("ASIANEW", Some("111122223333")));
    assert_eq!(played.requests()[1], "POST https://eu-west-1.signin.aws.amazon.com/v1/token");
    let sent = std::str::from_utf8(played.sent[1].0.body()).unwrap();
    assert_eq!(sent, r#"{"clientId": "c", "refreshToken": "planted-r", "grantType": "refresh_token"}"#);
    assert!(played.sent[1].0.headers()["dpop"].is_sensitive());
    let [(path, written)] = &played.replaced[..] else { panic!("{} files", played.replaced.len()) };
    assert_eq!(path.to_str(), Some(FILE));
    let (held, old) = (config().read(written.expose().as_bytes()), config().read(file(1, "x").as_bytes()));
    let held = held.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(held.good, *renewed);
    assert_eq!(held.renewal.unwrap().refresh_token.expose(), "planted-r2");
    assert!(old.is_ok() && written.expose().contains(KEY));

    for (life, expected) in [("600", 600), ("600.0", 600), ("\"600\"", 600), ("\"soon\"", 900), ("-1", 900)] {
        let renewed = RENEWED.replace("900", life);
        let played = asked([due(), due(), answer(200, &renewed), due(), Event::Replaced]);
        let expected = now().checked_add(Duration::from_secs(expected));
        assert_eq!(played.result.unwrap().expiration, expected, "{life}");
    }
}

use crate::credentials::renewal::Login as _;

#[test]
fn what_another_program_did_meanwhile_counts() {
    let due = || contents(&file(60, "planted-r"));
    // It was renewed before the second reading.
    assert_eq!(id(&asked([due(), contents(&file(900, "planted-q"))])), "ASIAOLD");
    // It was renewed while the request was under way, which was refused.
    let refusal = || answer(400, r#"{"error": "TOKEN_EXPIRED"}"#);
    let played = asked([due(), due(), refusal(), due(), contents(&file(900, "planted-q"))]);
    assert_eq!((id(&played), played.waits.len()), ("ASIAOLD", 1));
    // What it wrote is used although it ends soon.
    let played = asked([due(), due(), refusal(), contents(&file(60, "planted-q"))]);
    assert_eq!((id(&played), played.sent.len()), ("ASIAOLD", 1));
    // What it wrote has ended as well.
    let other = || contents(&file(0, "planted-q"));
    let played = asked([due(), due(), refusal(), other(), answer(200, RENEWED), other(), Event::Replaced]);
    assert_eq!(id(&played), "ASIANEW");
    assert!(std::str::from_utf8(played.sent[1].0.body()).unwrap().contains("planted-q"));
    // Others are never faster for ever.
    let more = contents(&file(0, "planted-p"));
    let played = asked([due(), due(), refusal(), other(), refusal(), more, refusal()]);
    assert!(played.error().contains("TOKEN_EXPIRED"), "{}", played.error());
    // It wrote a login of its own while ours was renewed, or logged out.
    for event in [other(), Event::Contents(None)] {
        let played = asked([due(), due(), answer(200, RENEWED), event]);
        assert_eq!((id(&played), played.replaced.len()), ("ASIANEW", 0));
    }
    // It crashed while it wrote.
    for event in [contents("{\"acc"), failed(TransportErrorKind::Other)] {
        let played = asked([due(), due(), answer(200, RENEWED), event, Event::Replaced]);
        assert_eq!((id(&played), played.replaced.len()), ("ASIANEW", 1));
        assert!(played.replaced[0].1.expose().contains("planted-r2"));
    }
}

#[test]
fn what_cannot_be_written_is_kept_for_the_next_renewal() {
    let memory = Renewals::default();
    let due = || contents(&file(60, "planted-r"));
    let played =
        with(&memory, now(), [due(), due(), answer(200, RENEWED), due(), failed(TransportErrorKind::Other)]);
    assert_eq!(id(&played), "ASIANEW");
    assert!(memory.note().unwrap().contains("could not be written"), "{:?}", memory.note());
    // The file still has the old login.
    assert_eq!(id(&with(&memory, now(), [due()])), "ASIANEW");
    let later = now() + Duration::from_secs(700);
    let again = RENEWED.replace("planted-r2", "planted-r3").replace("ASIANEW", "ASIANEWER");
    let played = with(&memory, later, [due(), due(), answer(200, &again), due(), Event::Replaced]);
    assert_eq!(id(&played), "ASIANEWER");
    assert!(std::str::from_utf8(played.sent[0].0.body()).unwrap().contains("planted-r2"));
    assert!(
        memory.note().unwrap().starts_with("the login was renewed at 2023-11-14T22:25:00Z and written to")
    );
    // A login that was made meanwhile is used.
    let memory = Renewals::default();
    with(&memory, now(), [due(), due(), answer(200, RENEWED), due(), failed(TransportErrorKind::Other)]);
    assert_eq!(id(&with(&memory, now(), [contents(&file(900, "planted-x"))])), "ASIAOLD");
    let error = with(&memory, now(), [Event::Contents(None)]).error();
    assert!(error.contains("there is no login") && error.contains("run `aws login --profile me`"), "{error}");
}

/// The file keeps the first refresh token through two renewals, and cannot be read before the second is written.
#[test]
fn a_renewal_is_kept_where_the_file_can_be_neither_read_nor_written() {
    let memory = Renewals::default();
    let due = || contents(&file(60, "planted-r"));
    let cannot = || failed(TransportErrorKind::Other);
    with(&memory, now(), [due(), due(), answer(200, RENEWED), due(), cannot()]);
    let again = RENEWED.replace("planted-r2", "planted-r3");
    let later = now() + Duration::from_secs(700);
    with(&memory, later, [due(), due(), answer(200, &again), cannot(), cannot()]);
    let later = later + Duration::from_secs(700);
    let played = with(&memory, later, [due(), due(), answer(200, RENEWED), due(), Event::Replaced]);
    assert!(std::str::from_utf8(played.sent[0].0.body()).unwrap().contains("planted-r3"));
}

#[test]
fn keys_that_last_are_used_where_they_cannot_be_renewed() {
    for (status, body) in [(500, ""), (400, r#"{"error": "x"}"#), (404, ""), (200, "{}"), (302, "")] {
        for (left, lives) in [(60, true), (0, false), (-60, false)] {
            let memory = Renewals::default();
            let due = || contents(&file(left, "planted-r"));
            let times = if status == 500 { 3 } else { 1 };
            let answers = std::iter::repeat_with(|| answer(status, body)).take(times);
            let looks = if status == 400 || status == 404 { 4 } else { 0 };
            let events =
                [due(), due()].into_iter().chain(answers).chain(std::iter::repeat_with(due).take(looks));
            let played = with(&memory, now(), events);
            assert_eq!(played.result.is_ok(), lives, "{status}, {left}: {:?}", played.result);
            if lives {
                assert!(memory.note().unwrap().starts_with("warning: renewing the login failed at"));
                // The next one is half a minute later.
                let soon = now() + Duration::from_secs(29);
                assert_eq!(id(&with(&memory, soon, [due()])), "ASIAOLD");
                let later = now() + Duration::from_secs(30);
                with(&memory, later, [due(), due(), answer(200, RENEWED), due(), Event::Replaced]);
            }
        }
    }
}

#[test]
fn what_is_refused_for_good_says_which_login_to_run() {
    for (code, header, words) in [
        ("TOKEN_EXPIRED", None, "the sign-in has expired"),
        ("USER_CREDENTIALS_CHANGED", None, "password has changed"),
        ("AUTHCODE_EXPIRED", None, "took too long"),
        ("INSUFFICIENT_PERMISSIONS", None, "signin:CreateOAuth2Token"),
        ("NEW_CODE", Some("AccessDeniedException"), "no longer valid"),
        ("NEW_CODE", Some("com.amazonaws.signin#AccessDeniedException:http://x/#y"), "no longer valid"),
        (
            "NEW_CODE",
            Some("com.amazonaws.signin#OtherException:http://AccessDeniedException"),
            "check its region",
        ),
    ] {
        let due = || contents(&file(60, "planted-r"));
        let mut refusal = http::Response::new(bytes::Bytes::from(format!(r#"{{"error": "{code}"}}"#)));
        *refusal.status_mut() = http::StatusCode::BAD_REQUEST;
        if let Some(header) = header {
            refusal.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(header));
        }
        let final_one = words != "check its region";
        let played = asked([due(), due(), Event::Response(refusal), due(), due(), due(), due()]);
        if final_one {
            let error = played.error();
            assert!(error.contains(code) && error.contains(words), "{error}");
            assert!(error.contains("run `aws login --profile me`") && !error.contains("planted"), "{error}");
            assert_eq!(played.result.unwrap_err().retry_class(), RetryClass::Never);
        } else {
            assert_eq!(id(&played), "ASIAOLD");
        }
    }
}

#[test]
fn a_file_that_cannot_be_used_says_which_login_to_run() {
    let good = file(900, "planted-r");
    for (text, words) in [
        (String::new(), "it is not json"),
        (good[..200].to_owned(), "it is not json"),
        ("[]".to_owned(), "it is no json object"),
        (good.replace("accessToken", "x"), "accessToken is missing"),
        (good.replace("accessKeyId", "x"), "accessKeyId is missing"),
        (good.replace("secretAccessKey", "x"), "secretAccessKey is missing"),
        (good.replace("sessionToken", "x"), "sessionToken is missing"),
        (good.replace("expiresAt", "x"), "expiresAt is missing"),
        (good.replace("refreshToken", "x"), "refreshToken is missing"),
        (good.replace("clientId", "x"), "clientId is missing"),
        (good.replace("dpopKey", "x"), "dpopKey is missing"),
        (good.replace("\"ASIAOLD\"", "7"), "accessKeyId is not text"),
    ] {
        let error = asked([contents(&text)]).error();
        assert!(error.contains(words) && error.contains(FILE), "{error}");
        assert!(error.contains("run `aws login --profile me`") && !error.contains("planted"), "{error}");
    }
    // A key matters once it is needed.
    let bad = |left| contents(&file(left, "planted-r").replace(KEY, "planted"));
    assert_eq!(id(&asked([bad(900)])), "ASIAOLD");
    assert_eq!(id(&asked([bad(60), bad(60)])), "ASIAOLD");
    let error = asked([bad(0), bad(0)]).error();
    assert!(error.contains("dpopKey is no private key") && error.contains("run `aws login"), "{error}");
    let error = asked([failed(TransportErrorKind::Other)]).error();
    assert!(error.contains(FILE) && error.contains("cannot be read"), "{error}");
}

#[test]
fn what_is_echoed_is_not_taken_for_an_access_key_id() {
    let due = || contents(&file(0, "planted-refresh-token"));
    let answered = RENEWED.replace("ASIANEW", "planted-refresh-token");
    let played = asked([due(), due(), answer(200, &answered)]);
    assert!(played.error().contains("its access key id is the token that was sent"), "{}", played.error());
}

/// The signature as another implementation of RFC 6979 makes it.
#[test]
fn a_proof_depends_on_nothing_but_key_and_contents() {
    const CONTENTS: &str = "eyJodG0iOiAiUE9TVCIsICJodHUiOiAiaHR0cHM6Ly9oL3YxL3Rva2VuIiwgImp0aSI6ICIwMDAwMDAwMC0wMDAwLTQwMDAt\
                            ODAwMC0wMDAwMDAwMDAwMDciLCAiaWF0IjogMTcwMDAwMDAwMH0";
    const SIGNATURE: &str =
        "kBfIi8qqCwprnEikNpEG871szgN89kQiyMA0FNsrHoHg56nWQO709qoOtACL0dfOKdWEId0gfDTqjcpLPCroQw";
    let pem = KEY.replace("\\n", "\n");
    let proof = |pem: &str, id| Key::from_pem(pem).unwrap().proof("https://h/v1/token", now(), id).unwrap();
    let made = proof(&pem, 7);
    assert!(made.ends_with(&format!(".{CONTENTS}.{SIGNATURE}")), "{made}");
    assert_ne!(proof(&pem, 8), made);
    // What the document says of the public half does not matter: it may be compressed, or another key's.
    let compressed = "-----BEGIN EC PRIVATE KEY-----\nMFcCAQEEINgJsfoMn5NmrX2lSBFyPwPHx2wjdpaTb7/DnmJk0WYIoAoGCCqGSM49\n\
                      AwEHoSQDIgADwGZ4738OtPyA4oY0iHSM7oLyA5ykNMzuQFaWWBG4L0M=\n-----END EC PRIVATE KEY-----";
    assert_eq!(proof(compressed, 7), made);
    let windows = format!("EC parameters\r\n{}", pem.trim().replace('\n', "\r\n"));
    assert_eq!(proof(&windows, 7), made);
    for text in ["", "planted", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----"] {
        assert!(Key::from_pem(text).is_none());
    }
}

#[test]
fn a_session_in_code_is_that_of_a_profile() {
    let env = Env::from_iter([("HOME", "/home")]);
    let in_code = Config::of_session(&env, SESSION).unwrap();
    assert_eq!(slashed(&in_code.token_file().to_string_lossy()), FILE);
    assert_eq!(in_code.command(), "aws login");
    let events = [contents(&file(600, "planted-r1"))];
    assert_eq!(id(&play(&mut Login::new(in_code, 1), now(), events)), "ASIAOLD");
    let error = Config::of_session(&env, " ").unwrap_err().to_string();
    assert!(error.contains("login_session") && error.contains("is blank"), "{error}");
    let error = Config::of_session(&Env::from_iter([("a", "b")]), SESSION).unwrap_err().to_string();
    assert!(error.contains("HOME"), "{error}");
}

#[test]
fn the_command_that_logs_in_can_be_run_as_it_is_told() {
    let mut profiles = Profiles::default();
    profiles.insert_profile("my dev", [("login_session", SESSION)]);
    let env = Env::from_iter([("HOME", "/h")]);
    let profile = profiles.profile("my dev").unwrap().unwrap();
    let config = Config::new(&env, &profiles, profile).unwrap().unwrap();
    assert_eq!(config.command(), "aws login --profile \"my dev\"");
}
