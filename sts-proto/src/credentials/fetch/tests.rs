use super::*;
use crate::SendTimeouts;

/// What a flow did, and how it ended.
pub(in crate::credentials) struct Played<T> {
    pub(in crate::credentials) sent: Vec<(Request<Bytes>, SendTimeouts)>,
    pub(in crate::credentials) read: Vec<PathBuf>,
    pub(in crate::credentials) waits: Vec<Duration>,
    pub(in crate::credentials) result: Result<T, Error>,
}

impl<T> Played<T> {
    /// Method and URL of each request.
    pub(in crate::credentials) fn requests(&self) -> Vec<String> {
        self.sent.iter().map(|(request, _)| format!("{} {}", request.method(), request.uri())).collect()
    }

    /// The value of a header of request number `index`.
    pub(in crate::credentials) fn header(&self, index: usize, name: &str) -> Option<&str> {
        self.sent[index].0.headers().get(name).map(|value| value.to_str().unwrap())
    }

    pub(in crate::credentials) fn error(&self) -> String {
        self.result.as_ref().err().expect("no error").to_string()
    }
}

/// Steps a flow, at `now`, with these events for what it sends and reads, all of which have to be used; waits pass at
/// once.
pub(in crate::credentials) fn play<F: Flow<Error = Error>>(
    flow: &mut F,
    now: SystemTime,
    events: impl IntoIterator<Item = Event>,
) -> Played<F::Output> {
    let (mut sent, mut read, mut waits) = (Vec::new(), Vec::new(), Vec::new());
    let mut events = events.into_iter();
    let mut event = Event::Start;
    let result = loop {
        event = match flow.step(now, event) {
            Ok(Step::Done(output)) => break Ok(output),
            Err(error) => break Err(error),
            Ok(Step::Perform(Effect::Wait(wait))) => {
                waits.push(wait);
                Event::Elapsed
            }
            Ok(Step::Perform(effect)) => {
                match effect {
                    Effect::Send(request, timeouts) => sent.push((request, timeouts)),
                    Effect::Read(path) => read.push(path),
                    effect => panic!("{effect:?}"),
                }
                events.next().expect("the flow asks for more than was expected")
            }
        };
    };
    assert_eq!(events.count(), 0, "the flow asks for less than was expected: {:?}", result.err());
    assert!(matches!(flow.step(now, Event::Start), Err(Error::OutOfTurn)), "goes on after its end");
    Played { sent, read, waits, result }
}

pub(in crate::credentials) fn answer(status: u16, body: &str) -> Event {
    let mut response = Response::new(Bytes::from(body.to_owned()));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
    Event::Response(response)
}

pub(in crate::credentials) fn failed(kind: TransportErrorKind) -> Event {
    Event::Failed(kind.into())
}

pub(in crate::credentials) fn file(contents: &str) -> Event {
    Event::Contents(Some(Bytes::from(contents.to_owned())))
}

/// 2023-11-14T22:13:20Z
pub(in crate::credentials) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

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
        assert!(played.waits.iter().all(|wait| *wait <= LONGEST_WAIT));
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
fn a_probe_ends_where_nobody_is_reached_at_first() {
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
fn tokens() {
    for (token, expected) in [
        ("t", Ok("t")),
        (" a b ", Ok(" a b ")),
        ("t\n", Ok("t")),
        ("t\r\n", Ok("t")),
        ("", Err(TokenProblem::Empty)),
        (" \r\n\n", Err(TokenProblem::Empty)),
        ("a\nb", Err(TokenProblem::LineBreak)),
        ("a\rb", Err(TokenProblem::LineBreak)),
        ("a\n\n", Err(TokenProblem::LineBreak)),
        ("\nt", Err(TokenProblem::LineBreak)),
        ("t\0", Err(TokenProblem::Character)),
        ("t\u{fc}", Err(TokenProblem::Character)),
    ] {
        let value = authorization(token.as_bytes());
        assert!(value.as_ref().map_or(true, HeaderValue::is_sensitive));
        let value = value.map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(value, expected.map(str::to_owned), "{token:?}");
    }
    assert_eq!(authorization(b"\xff"), Err(TokenProblem::Character));
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
