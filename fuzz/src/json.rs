//! What a document of JSON is to a reader of inputs and outputs, for the targets that compare with serde_json.

use serde_json::Value;
use sts_proto::wire::{Member, Shape};

/// The document without members that are null, since a member may be left out in either way.
pub fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let there = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(there.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// The document with each text changed.
pub fn with_texts(value: Value, change: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(&text)),
        Value::Array(items) => items.into_iter().map(|item| with_texts(item, change)).collect(),
        Value::Object(members) => Value::Object(
            members.into_iter().map(|(name, value)| (name, with_texts(value, change))).collect(),
        ),
        other => other,
    }
}

/// The document with its secrets replaced by what is written in their place.
pub fn redacted(value: Value, shape: Shape) -> Value {
    match (value, shape) {
        (Value::String(_), Shape::Secret) => "[redacted]".into(),
        (Value::Array(items), Shape::List(item)) => {
            items.into_iter().map(|value| redacted(value, *item)).collect()
        }
        (Value::Object(values), Shape::Structure(members)) => {
            let values = values.into_iter().map(|(name, value)| {
                let member: Option<&Member> = members.iter().find(|member| member.name == name);
                let value = redacted(value, member.expect("a member that is not known is refused").shape);
                (name, value)
            });
            Value::Object(values.collect())
        }
        (other, _) => other,
    }
}
