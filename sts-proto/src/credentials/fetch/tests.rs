use super::*;
use crate::credentials::testing::{answer, failed, now, play};

fn fetch(seed: u128) -> Fetch {
    let uri = Uri::from_static("http://h:81/a/b?secret=planted");
    Fetch::local("a test", Method::GET, uri, seed).direct()
}

const HANGS: TransportErrorKind = TransportErrorKind::Timeout(Phase::Response);

#[test]
fn what_may_pass_is_tried_four_times() {
    for events in [
        [answer(500, ""), answer(503, ""), failed(HANGS), failed(TransportErrorKind::Closed)],
        [answer(429, ""), answer(599, ""), failed(TransportErrorKind::Refused), answer(502, "")],
    ] {
        let played = play(&mut fetch(1), now(), events);
        assert_eq!((played.sent.len(), played.waits.len()), (4, 3));
        assert!(played.waits.iter().all(|wait| *wait <= MAX_WAIT));
        let error = played.result.unwrap_or_else(|error| panic!("{error}")).refused("do something");
        assert_eq!(error.retry_class(), RetryClass::Transient);
        let text = error.to_string();
        assert!(text.starts_with("no credentials from a test: GET http://h:81/a/b "), "{text}");
        assert!(text.ends_with(" (4 tries); do something"), "{text}");
        assert!(!text.contains("planted"), "{text}");
    }
    let waits =
        |seed| play(&mut fetch(seed), now(), std::iter::repeat_with(|| answer(500, "")).take(4)).waits;
    assert_eq!(waits(1), waits(1));
    assert_ne!(waits(1), waits(2));
}

#[test]
fn what_does_not_pass_is_tried_once() {
    for event in [answer(200, ""), answer(404, ""), answer(302, ""), failed(TransportErrorKind::TooLarge)] {
        let played = play(&mut fetch(1), now(), [event]);
        let (request, timeouts) = &played.sent[0];
        assert!(timeouts.connect < timeouts.attempt && timeouts.attempt == Duration::from_secs(1));
        assert_eq!(request.extensions().get::<Direct>(), Some(&Direct));
        assert_eq!(played.header(0, "host"), Some("h:81"));
        assert_eq!(played.result.unwrap().tries, 1);
    }
}

#[test]
fn a_probe_ends_if_the_first_try_reaches_no_server() {
    for kind in [
        TransportErrorKind::UnknownHost,
        TransportErrorKind::Refused,
        TransportErrorKind::Connect,
        TransportErrorKind::Timeout(Phase::Connect),
    ] {
        assert!(play(&mut fetch(1).probing(), now(), [failed(kind)]).result.unwrap().is_unreachable());
        assert!(!play(&mut fetch(1), now(), [(); 4].map(|()| failed(kind))).result.unwrap().is_unreachable());
        let later = [answer(500, ""), failed(kind), failed(kind), failed(kind)];
        let reply = play(&mut fetch(1).probing(), now(), later).result.unwrap();
        assert!(!reply.is_unreachable() && !reply.hangs());
    }
    let other = [failed(TransportErrorKind::Other)];
    assert!(play(&mut fetch(1).probing(), now(), other).result.unwrap().is_unreachable());
    for kind in [TransportErrorKind::Tls, TransportErrorKind::NotHttp] {
        assert!(!play(&mut fetch(1).probing(), now(), [failed(kind)]).result.unwrap().is_unreachable());
    }
    let hangs = std::iter::repeat_with(|| failed(HANGS)).take(4);
    let reply = play(&mut fetch(1).probing(), now(), hangs).result.unwrap();
    assert!(!reply.is_unreachable() && reply.hangs());
}

#[test]
fn a_code_is_shown_where_it_looks_like_one_and_is_no_secret() {
    let code = |body: &str| {
        let fetch = fetch(1).header(AUTHORIZATION, authorization(b"planted").unwrap());
        play(&mut { fetch }, now(), [answer(400, body)]).result.unwrap().refused("x").to_string()
    };
    for (body, expected) in [
        (r#"{"code":"AccessDenied","message":"planted"}"#, "http 400 AccessDenied; x"),
        (r#"{"Code":"a.b#C-d_1"}"#, "http 400 a.b#C-d_1; x"),
        (r#"{"__type":"Unauthorized"}"#, "http 400 Unauthorized; x"),
        (r#"{"code":"x planted"}"#, "http 400; x"),
        (r#"{"code":"is-planted-here"}"#, "http 400; x"),
        (r#"{"code":7}"#, "http 400; x"),
        ("planted", "http 400; x"),
    ] {
        let text = code(body);
        assert!(text.ends_with(&format!(" was answered with {expected}")), "{text}");
    }
    assert!(code(&format!(r#"{{"code":"{}"}}"#, "x".repeat(65))).ends_with("http 400; x"));
}

#[test]
fn no_part_of_a_token_is_shown_as_a_code() {
    let long: String = (0..300).map(|n| format!("{n:x}Zk")).collect();
    for (header, code) in [
        ("Bearer PLANTEDtoken123", "PLANTEDtoken123"),
        ("bearer  PLANTEDtoken123", "x.PLANTEDtoken123"),
        ("Bearer PLANTEDtoken123", "plantedtoken123"),
        ("Scheme PLANTED-tok a=b", "PLANTED-tok"),
        ("PLANTED/token+123==", "PLANTED-token-123"),
        ("tok", "is-tok"),
        (&long, &long[..60]),
        (&long, &long[300..360]),
    ] {
        for name in ["code", "Code", "__type"] {
            let body = format!(r#"{{"{name}":"{code}"}}"#);
            let fetch = fetch(1).header(AUTHORIZATION, authorization(header.as_bytes()).unwrap());
            let reply = play(&mut { fetch }, now(), [answer(403, &body)]).result.unwrap();
            assert_eq!(reply.shown(code), None);
            let text = reply.refused("x").to_string();
            assert!(text.ends_with(" was answered with http 403; x"), "{text}");
        }
    }
    let fetch = fetch(1).header(AUTHORIZATION, authorization(b"Bearer PLANTEDtoken123").unwrap());
    let reply = play(&mut { fetch }, now(), [answer(403, "")]).result.unwrap();
    for code in ["InvalidBearerToken", "AccessDenied", "PLANTED"] {
        assert_eq!(reply.shown(code), Some(code));
    }
}

#[test]
fn nothing_secret_is_printed() {
    let fetch = fetch(1).header(AUTHORIZATION, authorization(b"planted").unwrap());
    assert_eq!(
        format!("{fetch:?}"),
        r#"Fetch { request: "GET http://h:81/a/b", tries: 0, state: Ready, .. }"#
    );
}
