//! Finds the vectors' files and runs their cases.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Runs all cases of a file, which stand in its member `list`, or are the file where that is empty; panics with a list of
/// those that fail. A check takes what it knows out of the case: what is left in it fails too.
pub(crate) fn run(file: &str, list: &str, check: fn(&mut Case) -> Result<(), String>) {
    let Some(text) = read(file) else { return };
    let document: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let cases = if list.is_empty() { &document } else { &document[list] };
    let cases = cases.as_array().unwrap_or_else(|| panic!("{file} has no list {list:?}"));
    let mut failures = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let name = ["name", "docs"].iter().find_map(|key| case[key].as_str()).unwrap_or("no name");
        let outcome = Case::new(case.clone()).and_then(|mut case| {
            case.take("name").or(case.take("docs"));
            check(&mut case)?;
            case.end()
        });
        if let Err(problem) = outcome {
            failures.push(format!("{index}, {name}: {problem}"));
        }
    }
    say(&format!("profile: {file} {} ran, {} failed", cases.len(), failures.len()));
    assert!(!cases.is_empty(), "{file} holds no cases");
    assert!(failures.is_empty(), "{file}:\n{}", failures.join("\n"));
}

/// An object of a file, from which members are taken.
pub(crate) struct Case(BTreeMap<String, Value>);

impl Case {
    pub(crate) fn new(value: Value) -> Result<Self, String> {
        let Value::Object(members) = value else { return Err(format!("no object: {value}")) };
        Ok(Self(members.into_iter().collect()))
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    pub(crate) fn object(&mut self, name: &str) -> Result<Option<Self>, String> {
        self.take(name).map(Self::new).transpose()
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(format!("{name} is no text: {other}")),
        }
    }

    /// All members, which have to be text.
    pub(crate) fn texts(self) -> Result<BTreeMap<String, String>, String> {
        let text = |(name, value): (String, Value)| match value {
            Value::String(text) => Ok((name, text)),
            other => Err(format!("{name} is no text: {other}")),
        };
        self.0.into_iter().map(text).collect()
    }

    /// All members, which have to be objects of text.
    pub(crate) fn objects(self) -> Result<BTreeMap<String, BTreeMap<String, String>>, String> {
        self.0.into_iter().map(|(name, value)| Ok((name, Self::new(value)?.texts()?))).collect()
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Result<(), String> {
        let left: Vec<_> = self.0.keys().collect();
        if left.is_empty() { Ok(()) } else { Err(format!("nobody knows what {left:?} means")) }
    }
}

fn read(file: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let place = match std::env::var_os("STS_VECTORS").filter(|place| !place.is_empty()) {
        // A relative place is one below the directory that the tests are started in, which is not the package's.
        Some(place) => root.join(place),
        None => root.join("../shared/vectors"),
    };
    let path: PathBuf = place.join("profile").join(file);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => {
            let message = format!("no vectors in {}: {error}", path.display());
            assert!(std::env::var_os("CI").is_none(), "{message}");
            say(&format!("profile: skipped, {message}"));
            None
        }
    }
}

/// Not `println!`: the harness would keep it to itself.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
