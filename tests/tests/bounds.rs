//! Memory while an answer, a document of credentials or a profile file is read stays below a small multiple of the bound
//! for its body, whatever is in it, and calls leave none behind. Every allocation is counted.
//!
//! One test in a program of its own, because it replaces the allocator and counts for the whole process.

use std::num::NonZeroUsize;
use std::time::Duration;

use bytes::Bytes;
use dhat::{Alloc, HeapStats, Profiler};
use http::{Response, StatusCode};
use sts_proto::client::RoleSessions;
use sts_proto::operations::{AssumeRole, GetCallerIdentity};
use sts_proto::wire::MAX_BODY;
use sts_proto::{Credentials, Operation, Retry, Secret, Settings, Timeouts, TransportErrorKind};
use sts_tests::driver::Setup;
use sts_tests::hostile::{JSON, KINDS, PROFILES, QUOTED};
use sts_tests::peer::{Peer, answer};
use sts_tests::readers::{SOURCES, load};
use sts_tests::scripted::{Script, Scripted};

#[global_allocator]
static ALLOC: Alloc = Alloc;

#[test]
fn memory_is_bounded_by_the_body() {
    while_parsing();
    while_redacting();
    while_reading_documents();
    while_reading_profiles();
    while_reading();
    while_keeping_sessions();
    while_idle();
    while_calling();
}

/// Beside the body: texts are taken out of it, and grow by doubling; what is redacted is copied once more.
const WHILE_PARSING: usize = 4;
/// Of text and secret together: the secret is looked up by its runs of letters, the text is copied.
const WHILE_REDACTING: usize = 6;
/// Beside the document: one text is kept, and one more that is written with escapes is put together, growing by doubling.
const WHILE_READING_DOCUMENTS: usize = 4;
/// Beside the file: so much where it is the shortest sections and keys alone.
const WHILE_READING_PROFILES: usize = 28;
/// The body itself, which grows by doubling, and what the connection holds.
const WHILE_READING: usize = 5;
/// A session of a role, beside its token and twice its input.
const SESSION: usize = 2048;
/// A client that has made no call, with keys of the environment.
const IDLE: usize = 4608;
/// How much more may be in use after a thousand more calls: a closed connection that has not been cleared away yet.
const WHILE_CALLING: usize = 48 * 1024;
/// What does not depend on the body.
const FIXED: usize = 128 * 1024;
/// Of a body that is parsed: counting takes its time, and what holds for this holds for [`MAX_BODY`].
const SIZE: usize = MAX_BODY / 4;

fn while_parsing() {
    for kind in KINDS {
        let body = kind.document(SIZE);
        for status in [StatusCode::OK, StatusCode::FORBIDDEN] {
            let mut response = Response::new(&body[..]);
            *response.status_mut() = status;
            let peak = peak(|| read(&response));
            println!("{:<36} {status}: {:.2} bodies", kind.name, peak as f64 / SIZE as f64);
            assert!(peak <= WHILE_PARSING * SIZE + FIXED, "{}, {status}: {peak} bytes", kind.name);
        }
    }
}

fn read(response: &Response<&[u8]>) {
    match AssumeRole::parse(response) {
        Ok(output) => drop(format!("{output:?}")),
        Err(mut error) => {
            error.redact(&[Secret::from(QUOTED)]);
            let text = format!("{error} {error:?}");
            assert!(!text.contains(QUOTED) && text.len() < 32 * 1024, "{text}");
        }
    }
}

fn while_redacting() {
    let secret: String = (0..SIZE / 8).map(|n| format!("{:07x}/", n * 7919)).collect();
    let body = format!("<Error><Code>X</Code><Message>{secret}</Message></Error>");
    let mut response = Response::new(body.as_bytes());
    *response.status_mut() = StatusCode::FORBIDDEN;
    let mut error = AssumeRole::parse(&response).expect_err("it is a refusal");
    let secrets = [Secret::from(secret.as_str())];
    let peak = peak(|| error.redact(&secrets));
    println!("a secret as long as the body: {:.2} of both", peak as f64 / (2 * SIZE) as f64);
    let message = error.as_service_error().and_then(|error| error.message());
    assert_eq!(message, Some("[redacted]"));
    assert!(peak <= WHILE_REDACTING * 2 * SIZE + FIXED, "{peak} bytes");
}

fn while_reading_documents() {
    for kind in JSON {
        let document = Bytes::from(kind.document(SIZE));
        for source in SOURCES {
            let peak = peak(|| drop(source.read(document.clone())));
            println!("{:<36} {source:?}: {:.2} documents", kind.name, peak as f64 / SIZE as f64);
            assert!(
                peak <= WHILE_READING_DOCUMENTS * SIZE + FIXED,
                "{}, {source:?}: {peak} bytes",
                kind.name
            );
        }
    }
}

fn while_reading_profiles() {
    for kind in PROFILES {
        let (file, empty) = (Bytes::from(kind.document(SIZE)), Bytes::new());
        for (place, config, credentials) in [("config", &file, &empty), ("credentials", &empty, &file)] {
            let peak = peak(|| drop(load(config.clone(), credentials.clone())));
            println!("{:<36} {place}: {:.2} files", kind.name, peak as f64 / SIZE as f64);
            assert!(peak <= WHILE_READING_PROFILES * SIZE + FIXED, "{}, {place}: {peak} bytes", kind.name);
        }
    }
}

fn while_reading() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n";
    let chunk = format!("4000\r\n{}\r\n", "a".repeat(0x4000)).into_bytes();
    let long = |length: u64| format!("{HEAD}Content-Length: {length}\r\n\r\n").into_bytes();
    for (name, head, more) in [
        ("chunks", format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n").into_bytes(), chunk),
        ("a length of a terabyte", long(1 << 40), vec![b'a'; 0x4000]),
        ("a length that is a little too much", long(MAX_BODY as u64 + 1), vec![b'a'; 0x4000]),
        ("until it closes", format!("{HEAD}Connection: close\r\n\r\n").into_bytes(), vec![b'a'; 0x4000]),
        ("a head", HEAD.into(), format!("X-A: {}\r\n", "a".repeat(0x400)).into_bytes()),
    ] {
        let server = Scripted::start(Script::Endless(head, more));
        let settings = Settings::new()
            .region("eu-west-1")
            .credentials(Credentials::new("AKID", "s"))
            .endpoint_url(server.url())
            .retry(Retry::off())
            .timeouts(Timeouts { attempt: Duration::from_secs(30), ..Timeouts::default() });
        for driver in Setup::new(settings).drivers().expect("the settings can be used") {
            let peak = peak(|| {
                let error = driver.send(GetCallerIdentity::new()).expect_err("it has no end");
                let kind = error.as_transport_error().map(|error| error.kind());
                let expected = [TransportErrorKind::TooLarge, TransportErrorKind::NotHttp];
                assert!(kind.is_some_and(|kind| expected.contains(&kind)), "{name}, {driver}: {error:?}");
            });
            println!("{name:<36} {driver}: {:.2} bodies", peak as f64 / MAX_BODY as f64);
            assert!(peak <= WHILE_READING * MAX_BODY + FIXED, "{name}, {driver}: {peak} bytes");
        }
    }
}

fn while_keeping_sessions() {
    const SESSIONS: usize = 1000;
    let peer = Peer::new(|_| {
        answer(
            200,
            "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAEXAMPLEEXAMPLE00</AccessKeyId>\
             <SecretAccessKey>wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY</SecretAccessKey><SessionToken>token\
             </SessionToken><Expiration>2090-01-31T12:00:00Z</Expiration></Credentials></AssumeRoleResult>\
             </AssumeRoleResponse>",
        )
    });
    let settings = Settings::new().region("eu-west-1").credentials(Credentials::new("AKID", "s"));
    for driver in Setup::new(settings).transport(&peer).drivers().expect("the settings can be used") {
        let sessions = RoleSessions::new(driver, NonZeroUsize::new(SESSIONS).expect("it is not zero"));
        let fetch = |number: usize| {
            let input = AssumeRole::new("arn:aws:iam::123456789012:role/tenants", format!("tenant-{number}"));
            sessions.client(&input).credentials().expect("it is given out");
            peer.forget();
        };
        fetch(0);
        // Those that make room leave nothing behind.
        let kept = kept(|| (1..3 * SESSIONS).for_each(fetch)) / SESSIONS;
        println!("a session, {}: {kept} bytes", sessions.source());
        assert!(kept <= SESSION, "{}: {kept} bytes", sessions.source());
    }
}

/// Clients that are made and have not called yet.
fn while_idle() {
    const CLIENTS: usize = 100;
    let setup = Setup::of_environment([
        ("HOME", "/there/is/no/home"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:8080"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLEAKIDEXAMP"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    for driver in setup.drivers().expect("the settings can be used") {
        let mut clients = Vec::with_capacity(CLIENTS);
        let make = |_| setup.beside(&driver).expect("the settings can be used");
        let kept = kept(|| clients.extend((0..CLIENTS).map(make))) / CLIENTS;
        println!("a client that is idle, {driver}: {kept} bytes");
        assert!(kept <= IDLE, "{driver}: {kept} bytes");
    }
}

/// One call after the other, with refusals that are retried, failures and closed connections among them.
fn while_calling() {
    const MANY: usize = 1000;
    let refusal =
        |code: &str| format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>").into();
    let server = Scripted::choosing(move |number| match number % 10 {
        3 => Script::Kept(500, Vec::new(), refusal("InternalFailure")),
        5 => Script::Kept(403, Vec::new(), refusal("AccessDenied")),
        7 => Script::Raw(Vec::new()),
        _ => Script::Kept(200, Vec::new(), IDENTITY.into()),
    });
    let settings = Settings::new()
        .region("eu-west-1")
        .credentials(Credentials::new("AKID", "s"))
        .endpoint_url(server.url());
    for driver in Setup::new(settings).drivers().expect("the settings can be used") {
        let _counting = Profiler::builder().testing().build();
        let call = |calls: usize| {
            let succeeded = (0..calls).filter(|_| driver.send(GetCallerIdentity::new()).is_ok()).count();
            assert!(succeeded > calls / 2 && succeeded < calls, "{driver}: {succeeded} of {calls}");
            HeapStats::get().curr_bytes
        };
        let (few, many) = (call(100), call(MANY));
        println!("{MANY} calls more, {driver}: {few} bytes, then {many}");
        assert!(many <= few + WHILE_CALLING, "{driver}: {few} bytes grew to {many}");
    }
}

const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>u</UserId>\
    <Account>1</Account><Arn>a</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>";

/// How much stays allocated.
fn kept(work: impl FnOnce()) -> usize {
    let _counting = Profiler::builder().testing().build();
    work();
    HeapStats::get().curr_bytes
}

/// How much was allocated at once, at most.
fn peak(work: impl FnOnce()) -> usize {
    let _counting = Profiler::builder().testing().build();
    work();
    HeapStats::get().max_bytes
}
