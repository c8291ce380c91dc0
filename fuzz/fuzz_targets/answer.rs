//! Any output and any refusal, as the testing kit answers them: the document can be read by another reader too, and a client
//! reads the output or refusal that was given, but for characters that no document holds.
//!
//! The first byte chooses what is given, the second the operation; the rest is an output in JSON, or what one is made of, or
//! the status, code, message and request id of a refusal, separated by a byte 0xFF.

#![no_main]

use std::fmt::Debug;

use bytes::Bytes;
use http::{Request, Response};
use libfuzzer_sys::fuzz_target;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sts_fuzz::json::with_texts;
use sts_proto::testing::{Answer, Refusal, Sample, Service};
use sts_proto::{Operation, Output};

fuzz_target!(|data: &[u8]| {
    let [kind, operation, rest @ ..] = data else { return };
    let (given, made) = OPERATIONS[usize::from(*operation) % OPERATIONS.len()];
    match kind % 3 {
        0 => given(rest),
        1 => made(rest),
        _ => refusal(*operation, rest),
    }
});

macro_rules! operations {
    (() $($(#[$sentence:meta])* $operation:ident: fn $method:ident $given:tt -> $output:ident $sent:tt
        example $before:tt $after:tt)*) => {
        &[$((given::<sts_proto::operations::$operation>, made::<sts_proto::operations::$operation>)),*]
    };
}

/// Makes an output of an operation, and has it answered.
type Check = fn(&[u8]);

/// For each operation, from JSON and from bytes.
const OPERATIONS: &[(Check, Check)] = sts_proto::for_each_operation!(operations);

fn given<O>(document: &[u8])
where
    O: Operation<Output: Output + DeserializeOwned + PartialEq + Debug>,
{
    let Ok(mut document) = serde_json::from_slice::<Value>(document) else { return };
    if let Some(keys) = document.get_mut("Credentials").and_then(Value::as_object_mut) {
        // Keys of an answer always have these, and never this.
        keys.entry("SessionToken").or_insert("t".into());
        keys.entry("Expiration").or_insert("2099-12-31T23:59:59Z".into());
        keys.remove("AccountId");
        if keys["SessionToken"].is_null() || keys["Expiration"].is_null() {
            return;
        }
    }
    let Ok(output) = serde_json::from_value::<O::Output>(document.clone()) else { return };
    let expected = with_texts(document, &|text| held(text));
    let expected: O::Output = serde_json::from_value(expected).expect("only its texts are others");
    answered::<O>(output, expected);
}

fn made<O>(bytes: &[u8])
where
    O: Operation<Output: Output + Sample + PartialEq + Debug>,
{
    let sample = || O::Output::sample(&mut sts_fuzz::answers::source(bytes));
    answered::<O>(sample(), sample());
}

fn answered<O: Operation<Output: Output + PartialEq + Debug>>(output: O::Output, mut expected: O::Output) {
    let response = answer(O::ACTION, output);
    assert_eq!(response.status(), 200);
    let mut read = O::parse(&response).unwrap_or_else(|error| panic!("{error}: {:?}", response.body()));
    let id =
        |output: &O::Output| output.metadata().body_request_id().filter(|id| !id.trim().is_empty()).map(held);
    assert_eq!(id(&read), id(&expected));
    *read.metadata_mut() = Default::default();
    *expected.metadata_mut() = Default::default();
    assert_eq!(read, expected, "{:?}", response.body());
}

fn refusal(status: u8, bytes: &[u8]) {
    let mut parts = bytes.splitn(3, |byte| *byte == 0xff);
    let mut next = || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let [code, message, id] = [next(), next(), next()];
    let status = 400 + u16::from(status) % 200;
    let refusal = Refusal::new(status, &*code, &*message).request_id(&*id);
    let response = answer("GetCallerIdentity", refusal);
    assert_eq!(response.status(), status);
    let read = sts_proto::operations::GetCallerIdentity::parse(&response);
    let Err(sts_proto::Error::Service(read)) = read else { panic!("a refusal is a service error: {read:?}") };
    let filled = |text: &str| Some(held(text)).filter(|text| !text.trim().is_empty());
    // The reader takes a code of nothing but blanks and control characters for no code.
    let code = Some(held(&code)).filter(|code| code.trim().chars().any(|c| !c.is_control()));
    assert_eq!(read.wire_code(), code.as_deref());
    assert_eq!(read.message(), Some(held(&message)).filter(|text| !text.is_empty()).as_deref());
    assert_eq!(read.metadata().request_id(), filled(&id).as_deref());
}

fn answer(action: &str, answer: impl Into<Answer>) -> Response<Bytes> {
    let service = Service::from([answer.into()]);
    let request = Request::new(Bytes::from(format!("Action={action}&Version=2011-06-15")));
    let response = service.answer(request).expect("it was given an answer");
    let document = std::str::from_utf8(response.body()).expect("text");
    if let Err(error) = roxmltree::Document::parse(document) {
        panic!("another reader refuses it: {error}: {document:?}");
    }
    response
}

/// A text as a document can hold it: XML 1.0, section 2.2.
fn held(text: &str) -> String {
    let is_held =
        |c: char| c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}') || matches!(c, '\t' | '\n' | '\r');
    text.chars().map(|c| if is_held(c) { c } else { '\u{fffd}' }).collect()
}
