//! JSON objects of which every member has to be known.

use serde_json::{Map, Value};

/// An object that is taken apart; what is left over at the end is an error.
pub(crate) struct Record {
    path: String,
    members: Map<String, Value>,
}

impl Record {
    /// `path` names the object in messages.
    pub(crate) fn new(path: &str, value: Value) -> Result<Self, String> {
        match value {
            Value::Object(members) => Ok(Self { path: path.to_owned(), members }),
            other => Err(format!("{path} is not an object but {other}")),
        }
    }

    /// A member that may be absent.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// A member that has to be there.
    pub(crate) fn value(&mut self, name: &str) -> Result<Value, String> {
        self.take(name).ok_or_else(|| format!("{}.{name} is missing", self.path))
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<String, String> {
        self.text_or_null(name)?.ok_or_else(|| format!("{}.{name} is null", self.path))
    }

    pub(crate) fn text_or_null(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.value(name)? {
            Value::String(text) => Ok(Some(text)),
            Value::Null => Ok(None),
            other => Err(format!("{}.{name} is not text but {other}", self.path)),
        }
    }

    /// A text that may be absent.
    pub(crate) fn text_if_there(&mut self, name: &str) -> Result<Option<String>, String> {
        if self.has(name) { self.text(name).map(Some) } else { Ok(None) }
    }

    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, String> {
        let value = self.value(name)?;
        value.as_bool().ok_or_else(|| format!("{}.{name} is not true or false but {value}", self.path))
    }

    pub(crate) fn number(&mut self, name: &str) -> Result<u64, String> {
        let value = self.value(name)?;
        value.as_u64().ok_or_else(|| format!("{}.{name} is not a number but {value}", self.path))
    }

    pub(crate) fn record(&mut self, name: &str) -> Result<Self, String> {
        Self::new(&format!("{}.{name}", self.path), self.value(name)?)
    }

    /// An object that may be absent.
    pub(crate) fn record_if_there(&mut self, name: &str) -> Result<Option<Self>, String> {
        if self.has(name) { self.record(name).map(Some) } else { Ok(None) }
    }

    /// An object or `null`.
    pub(crate) fn record_or_null(&mut self, name: &str) -> Result<Option<Self>, String> {
        match self.value(name)? {
            Value::Null => Ok(None),
            value => Self::new(&format!("{}.{name}", self.path), value).map(Some),
        }
    }

    /// An object whose members are all texts, sorted by name.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Vec<(String, String)>, String> {
        self.record(name)?.into_texts()
    }

    /// All members, which have to be texts, sorted by name.
    pub(crate) fn into_texts(self) -> Result<Vec<(String, String)>, String> {
        let text = |(name, value)| match value {
            Value::String(text) => Ok((name, text)),
            other => Err(format!("{}.{name} is not text but {other}", self.path)),
        };
        self.members.into_iter().map(text).collect()
    }

    /// The object as it is, for a test that looks at members of many shapes.
    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.members)
    }

    /// All members, sorted by name.
    pub(crate) fn into_members(self) -> impl Iterator<Item = (String, Value)> {
        self.members.into_iter()
    }

    /// A list of texts.
    pub(crate) fn list(&mut self, name: &str) -> Result<Vec<String>, String> {
        texts_of(&format!("{}.{name}", self.path), self.value(name)?)
    }

    /// A list of lists of two texts.
    pub(crate) fn pairs(&mut self, name: &str) -> Result<Vec<(String, String)>, String> {
        let path = format!("{}.{name}", self.path);
        let Value::Array(items) = self.value(name)? else { return Err(format!("{path} is not a list")) };
        let pair = |item| match <[String; 2]>::try_from(texts_of(&path, item)?) {
            Ok([name, value]) => Ok((name, value)),
            Err(item) => Err(format!("{path} holds {} texts where a pair should be", item.len())),
        };
        items.into_iter().map(pair).collect()
    }

    /// Fails if a member was not taken.
    pub(crate) fn end(self) -> Result<(), String> {
        match self.members.keys().map(String::as_str).collect::<Vec<_>>() {
            names if names.is_empty() => Ok(()),
            names => {
                Err(format!("{} has members that this test does not know: {}", self.path, names.join(", ")))
            }
        }
    }
}

fn texts_of(path: &str, value: Value) -> Result<Vec<String>, String> {
    let Value::Array(items) = value else { return Err(format!("{path} is not a list")) };
    let text = |item| match item {
        Value::String(text) => Ok(text),
        other => Err(format!("{path} holds {other} where a text should be")),
    };
    items.into_iter().map(text).collect()
}
