//! The measured workloads: a case of AssumeRole with a form of 192 bytes and a response of 1,446.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::harness::{Ceiling, Meter, Workload, Workloads};
use sha2::{Digest, Sha256};
use sts_proto::bytes::Bytes;
use sts_proto::endpoint::{Endpoint, EndpointParams};
use sts_proto::operations::{AssumeRole, GetCallerIdentity};
use sts_proto::proof::verify::Verifier;
use sts_proto::proof::{Eks, Proof};
use sts_proto::sigv4::{KeyCache, Signer};
use sts_proto::{
    Call, Context, Credentials, Effect, Event, Flow, Operation, Presign, Retry, Settings, Step, http,
};

/// The workloads of the core.
pub struct Core;

impl Workloads for Core {
    const WORKLOADS: &'static [Workload] = &[
        Workload { name: "sha256-12-blocks", ceiling: None },
        Workload { name: "sign-warm", ceiling: Some(Ceiling { instructions: 12_100, allocations: 6 }) },
        Workload { name: "sha256-30-blocks", ceiling: None },
        Workload { name: "sign-cold", ceiling: Some(Ceiling { instructions: 21_200, allocations: 9 }) },
        Workload { name: "quick-xml-loop", ceiling: None },
        Workload { name: "parse", ceiling: Some(Ceiling { instructions: 20_900, allocations: 9 }) },
        Workload { name: "call", ceiling: Some(Ceiling { instructions: 40_600, allocations: 17 }) },
        Workload { name: "error", ceiling: Some(Ceiling { instructions: 29_700, allocations: 18 }) },
        Workload {
            name: "error-of-session",
            ceiling: Some(Ceiling { instructions: 70_000, allocations: 20 }),
        },
        Workload {
            name: "elements",
            ceiling: Some(Ceiling { instructions: 50 * LARGE as u64, allocations: 5 }),
        },
        Workload {
            name: "message",
            ceiling: Some(Ceiling { instructions: 35 * LARGE as u64, allocations: 18 }),
        },
        Workload { name: "presign", ceiling: None },
        Workload { name: "eks-token", ceiling: Some(Ceiling { instructions: 106_000, allocations: 25 }) },
        Workload { name: "verify", ceiling: Some(Ceiling { instructions: 60_000, allocations: 60 }) },
        Workload {
            name: "verify-of-session",
            ceiling: Some(Ceiling { instructions: 104_000, allocations: 60 }),
        },
    ];

    fn run(name: &str, meter: &mut impl Meter) -> bool {
        match name {
            "sha256-12-blocks" => hash(12, meter),
            "sha256-30-blocks" => hash(30, meter),
            "sign-warm" => sign(true, meter),
            "sign-cold" => sign(false, meter),
            "quick-xml-loop" => meter.measure(|| Bytes::from_static(ANSWER), |body| tokenize(&body)),
            "parse" => {
                meter.measure(answer, |answer| (AssumeRole::parse(&answer).expect("a good answer"), answer));
            }
            "call" => call(meter),
            "error" => error(keys(), REFUSAL.into(), meter),
            "error-of-session" => error(keys().with_session_token(SESSION_TOKEN), REFUSAL.into(), meter),
            "elements" => {
                let answer = large("<AssumeRoleResponse><AssumeRoleResult>", "<b/>", CREDENTIALS);
                let answer = http::Response::new(answer);
                meter.measure(|| (), |()| AssumeRole::parse(&answer).expect("a good answer"));
            }
            "message" => {
                let refusal = large(
                    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>",
                    "a",
                    "</Message></Error></ErrorResponse>",
                );
                error(keys().with_session_token(SESSION_TOKEN), refusal, meter);
            }
            "presign" => presign(meter),
            "eks-token" => eks_token(meter),
            "verify" => verify(&keys(), meter),
            "verify-of-session" => verify(&keys().with_session_token(SESSION_TOKEN), meter),
            _ => return false,
        }
        true
    }
}

/// Hashes a text that fills this many blocks; nine bytes of the last one are padding.
fn hash(blocks: usize, meter: &mut impl Meter) {
    let text = vec![b'x'; blocks * 64 - 9];
    meter.measure(|| (), |()| Sha256::digest(black_box(&text)));
}

fn sign(warm: bool, meter: &mut impl Meter) {
    let (input, keys, now) = (input(), keys(), now());
    let endpoint = endpoint();
    let scope = endpoint.scope().expect("it has a region");
    let mut cache = KeyCache::default();
    meter.measure(
        || (),
        |()| {
            if !warm {
                cache = KeyCache::default();
            }
            let mut request = input.to_request(&endpoint);
            let key = cache.get(&keys, scope, now).expect("a time that can be written");
            Signer::new(&keys, scope, now).key(key).sign(&mut request).expect("can be signed");
            request
        },
    );
}

/// The minimum that any reader of this document with this tokenizer must do: take each event, borrow, keep
/// nothing.
fn tokenize(document: &Bytes) -> usize {
    let mut events = quick_xml::Reader::from_reader(&document[..]);
    let mut bytes = 0;
    loop {
        match events.read_event().expect("well-formed") {
            quick_xml::events::Event::Eof => return bytes,
            event => bytes += black_box(&*event).len(),
        }
    }
}

fn call(meter: &mut impl Meter) {
    let settings = Settings::new().region(REGION).credentials(keys());
    let context = Arc::new(Context::new(&settings, "bench/1.0").expect("usable settings"));
    let mut seed = 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef;
    meter.measure(
        || {
            seed += 1;
            (input(), Arc::clone(&context), answer(), seed)
        },
        |(input, context, answer, seed)| {
            let mut call = Call::new(input, context, seed);
            let step = call.step(now(), Event::Start).expect("nothing is missing");
            let Step::Perform(Effect::Send(request, _)) = step else { panic!("it is sent at once") };
            black_box(request);
            match call.step(now() + Duration::from_millis(40), Event::Response(answer)) {
                Ok(Step::Done(output)) => output,
                step => panic!("the answer is good: {step:?}"),
            }
        },
    );
}

/// A refusal, from the answer to the error that the caller gets.
fn error(keys: Credentials, body: Bytes, meter: &mut impl Meter) {
    let settings = Settings::new().region(REGION).credentials(keys).retry(Retry::off());
    let context = Arc::new(Context::new(&settings, "bench/1.0").expect("usable settings"));
    meter.measure(
        || {
            let mut call = Call::new(input(), Arc::clone(&context), 7);
            call.step(now(), Event::Start).expect("nothing is missing");
            (call, refusal(body.clone()))
        },
        |(mut call, refusal)| match call.step(now(), Event::Response(refusal)) {
            Err(error) => (error, call),
            step => panic!("it is refused: {step:?}"),
        },
    );
}

/// The URL that an EKS token holds.
fn presign(meter: &mut impl Meter) {
    let (keys, endpoint) = (keys().with_session_token(SESSION_TOKEN), endpoint());
    let name = http::HeaderName::from_static("x-k8s-aws-id");
    let options = Presign::new(Duration::from_secs(60)).header(name, http::HeaderValue::from_static(CLUSTER));
    let operation = GetCallerIdentity::new();
    meter.measure(|| (), |()| operation.presign(&endpoint, &keys, now(), &options).expect("can be signed"));
}

fn eks_token(meter: &mut impl Meter) {
    let (keys, endpoint) = (keys().with_session_token(SESSION_TOKEN), endpoint());
    meter.measure(|| (), |()| Eks::new(CLUSTER).prove(&endpoint, &keys, now()).expect("can be signed"));
}

/// All of a verification but the network: the token, the request and the answer.
fn verify(keys: &Credentials, meter: &mut impl Meter) {
    let token = Eks::new(CLUSTER).prove(&endpoint(), keys, now()).expect("can be signed").token;
    let verifier = Verifier::eks(CLUSTER).expect("a name").remember(16);
    let answer = http::Response::builder().header("content-type", "application/json");
    let answer = answer.body(Bytes::from_static(IDENTITY)).expect("a good answer");
    meter.measure(
        || (verifier.clone().remember(16), answer.clone()),
        |(verifier, answer)| {
            let mut flow = verifier.token(token.expose());
            black_box(flow.step(now(), Event::Start).expect("it breaks no rule"));
            match flow.step(now(), Event::Response(answer)) {
                Ok(Step::Done(identity)) => identity,
                step => panic!("the answer is good: {step:?}"),
            }
        },
    );
}

fn endpoint() -> Endpoint {
    let endpoint = Endpoint::resolve(&EndpointParams { region: Some(REGION), ..Default::default() });
    endpoint.expect("a region of AWS")
}

fn input() -> AssumeRole {
    AssumeRole::new("arn:aws:iam::123456789012:role/deployment-of-the-shop", "build-42-of-the-main-branch")
        .duration_seconds(900)
        .external_id("b6d1c9")
}

fn keys() -> Credentials {
    Credentials::new("AKIDEXAMPLEAKIDEXAMP", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_784_000_000)
}

/// A response with the headers that the service sends.
fn answer() -> http::Response<Bytes> {
    http::Response::builder()
        .header("x-amzn-requestid", "c6104cbe-af31-11e0-8154-cbc7ccf896c7")
        .header("x-amz-sts-extended-request-id", "MTphcC1ub3J0aGVhc3QtMTpTOjE3ODQwMDAwMDA=")
        .header("content-type", "text/xml")
        .header("content-length", "1446")
        .header("date", "Tue, 14 Jul 2026 03:33:20 GMT")
        .body(Bytes::from_static(ANSWER))
        .expect("a good answer")
}

fn refusal(body: Bytes) -> http::Response<Bytes> {
    let mut refusal = answer().map(|_| body);
    *refusal.status_mut() = http::StatusCode::FORBIDDEN;
    refusal
}

/// A document of [`LARGE`] bytes, most of them of one kind.
fn large(begin: &str, unit: &str, end: &str) -> Bytes {
    let units = (LARGE - begin.len() - end.len()) / unit.len();
    [begin, &unit.repeat(units), end].concat().into()
}

/// The end of an answer.
const CREDENTIALS: &str = "<Credentials><AccessKeyId>a</AccessKeyId><SecretAccessKey>a</SecretAccessKey>\
    <SessionToken>a</SessionToken><Expiration>2026-07-14T03:48:20Z</Expiration></Credentials></AssumeRoleResult>\
    </AssumeRoleResponse>";
/// Of the documents that have more of one thing than any answer.
const LARGE: usize = 64 * 1024;
/// In the format of the service.
const REFUSAL: &str = include_str!("refusal.xml");
/// In the format of the service.
const ANSWER: &[u8] = include_bytes!("assume_role.xml");
/// As long as a token of the service, and with the same alphabet.
const SESSION_TOKEN: &str = include_str!("session_token.txt");
const REGION: &str = "eu-west-1";
const CLUSTER: &str = "the-cluster-of-the-shop";
/// In the format of the service.
const IDENTITY: &[u8] = br#"{"GetCallerIdentityResponse":{"GetCallerIdentityResult":{"Account":"123456789012","Arn":"arn:aws:sts::123456789012:assumed-role/deployment-of-the-shop/build-42-of-the-main-branch","UserId":"AROAEXAMPLEROLEID0001:build-42-of-the-main-branch"},"ResponseMetadata":{"RequestId":"01234567-89ab-cdef-0123-456789abcdef"}}}"#;

/// Checks the sizes that the published figures refer to.
pub fn check_case() {
    assert_eq!((input().to_form().len(), ANSWER.len()), (192, 1446));
}
