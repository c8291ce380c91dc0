//! Files that a scenario leaves behind.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::scenario::Scenario;
use super::stage::Written;

/// Writes a file for the way that has no driver.
pub(crate) fn write(path: &Path, contents: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder can be made");
    std::fs::write(path, contents).expect("a file can be written");
}

/// What is not as recorded.
pub(crate) fn problems<'a>(scenario: &'a Scenario, files: &Written) -> impl Iterator<Item = String> + 'a {
    let files = files.files();
    let names: BTreeSet<_> = scenario.written.keys().chain(files.keys()).cloned().collect();
    names.into_iter().filter_map(move |name| {
        let shown = name.display();
        let Some(place) = files.get(&name) else { return Some(format!("{shown} was not written")) };
        let Some(theirs) = scenario.written.get(&name) else {
            return Some(format!("{shown} was written, which is not recorded"));
        };
        let text = match std::fs::read_to_string(place) {
            Ok(text) => text,
            Err(error) => return Some(format!("{shown} cannot be read: {error}")),
        };
        let ours: Value = match serde_json::from_str(&text) {
            Ok(ours) => ours,
            Err(error) => return Some(format!("{shown} is no JSON: {error}")),
        };
        match &scenario.written_members {
            Some(members) => members.as_object().into_iter().flatten().find_map(|(member, theirs)| {
                (ours[member] != *theirs).then(|| format!("{shown} has another {member} than {theirs}"))
            }),
            None if plain(&ours) == plain(theirs) => None,
            None => Some(format!("{shown} is {ours}, and should be {theirs}")),
        }
    })
}

/// One client writes milliseconds, which are always zero.
fn plain(json: &Value) -> Value {
    match json {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::String(text) => {
            text.strip_suffix(".000Z").map_or(text.clone(), |text| format!("{text}Z")).into()
        }
        other => other.clone(),
    }
}
