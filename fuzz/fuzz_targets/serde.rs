//! Any JSON as any input or output: an input that is read is written as the same document, but for its secrets, which are
//! there only if a program says so; what is written of an output is read as the same output; no text becomes a number, nor a
//! number a text. Outputs of any content are read as they were written.
//!
//! The first byte chooses what is read, the second the operation; the rest is the document, or what an output is made of.

#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sts_fuzz::json::{redacted, without_nulls};
use sts_proto::serde::{Exposed, OfValue};
use sts_proto::testing::Sample;
use sts_proto::wire::ToForm;
use sts_proto::{Credentials, Operation, Output};

fuzz_target!(|data: &[u8]| {
    let [kind, operation, document @ ..] = data else { return };
    let Operations { input, output, made } = OPERATIONS[usize::from(*operation) % OPERATIONS.len()];
    match kind % 4 {
        0 => input(document),
        1 => output(document),
        2 => made(document),
        _ => {
            written_and_read::<Credentials>(document);
        }
    }
});

#[derive(Clone, Copy)]
struct Operations {
    input: fn(&[u8]),
    output: fn(&[u8]),
    made: fn(&[u8]),
}

macro_rules! operations {
    (() $($(#[$sentence:meta])* $operation:ident: fn $method:ident $given:tt -> $output:ident $sent:tt
        example $before:tt $after:tt)*) => {
        &[$(Operations {
            input: input::<sts_proto::operations::$operation>,
            output: output::<sts_proto::operations::$operation>,
            made: made::<sts_proto::operations::$operation>,
        }),*]
    };
}

const OPERATIONS: &[Operations] = sts_proto::for_each_operation!(operations);

/// What is common to all: `Exposed` loses nothing. Returns what was read, and what is written of it with its secrets.
fn written_and_read<T>(document: &[u8]) -> Option<(T, Value)>
where
    T: Serialize + DeserializeOwned + OfValue + PartialEq + Debug,
{
    let read = match serde_json::from_slice::<T>(document) {
        Ok(read) => read,
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains('\n') && text.len() < 4096, "an error must be one short line: {text:?}");
            return None;
        }
    };
    Some((written(&read), read)).map(|(value, read)| (read, value))
}

/// What is written of a value, which is read as the same value; and without its secrets, if it has any, it is not.
fn written<T>(value: &T) -> Value
where
    T: Serialize + DeserializeOwned + OfValue + PartialEq + Debug,
{
    let kept = serde_json::to_string(&Exposed(value)).expect("it can be written");
    let again: T = serde_json::from_str(&kept).unwrap_or_else(|error| panic!("{error}: {kept}"));
    assert_eq!(&again, value, "{kept}");
    let shown = serde_json::to_string(value).expect("it can be written");
    if shown != kept {
        assert!(shown.contains("\"[redacted]\""), "{shown}");
        assert!(serde_json::from_str::<T>(&shown).is_err(), "what is left out was read: {shown}");
    }
    serde_json::from_str(&kept).expect("JSON")
}

fn input<O>(document: &[u8])
where
    O: Operation + ToForm + Serialize + DeserializeOwned + OfValue + PartialEq + Debug,
{
    let Some((read, kept)) = written_and_read::<O>(document) else { return };
    let document = without_nulls(serde_json::from_slice(document).expect("it was read as JSON"));
    assert_eq!(kept, document);
    assert_eq!(serde_json::to_value(&read).expect("it can be written"), redacted(document, O::SHAPE));
}

fn output<O>(document: &[u8])
where
    O: Operation<Output: Output + Serialize + DeserializeOwned + OfValue + PartialEq + Debug>,
{
    let Some((_, kept)) = written_and_read::<O::Output>(document) else { return };
    let document: Value = serde_json::from_slice(document).expect("it was read as JSON");
    part_of(&kept, &document);
}

/// Whether all of `kept` is in the document; times may be written in another way there.
fn part_of(kept: &Value, document: &Value) {
    match (kept, document) {
        (Value::Object(members), document) => {
            members.iter().for_each(|(name, value)| part_of(value, &document[name]));
        }
        (Value::String(_), Value::String(time)) if sts_proto::wire::time::parse(time).is_some() => {}
        (kept, document) => assert_eq!(kept, document),
    }
}

fn made<O>(bytes: &[u8])
where
    O: Operation<Output: Output + Sample + Serialize + DeserializeOwned + OfValue + PartialEq + Debug>,
{
    let mut output = O::Output::sample(&mut sts_fuzz::answers::source(bytes));
    // It is not part of what is written.
    *output.metadata_mut() = Default::default();
    written(&output);
}
