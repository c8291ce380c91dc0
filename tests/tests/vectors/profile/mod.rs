//! Shared config and credentials files: how they are read, where they are, and what is planned from them.
//!
//! Where a vector names a part of an error's text, an error is all that is asked for: the words are each SDK's own.

mod location;
mod parser;
mod roles;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::record::Record;
use crate::report::Case;

/// Sections by name, each with its properties.
type Sections = BTreeMap<String, BTreeMap<String, String>>;

pub(crate) fn check(given: &Value, case: &mut Case) -> Result<(), String> {
    let mut record = Record::new("case", given.clone())?;
    record.take("name").or(record.take("docs"));
    if record.has("environment") {
        case.count("locations");
        location::check(record)
    } else if given["input"]["profiles"].is_object() {
        case.count("plans");
        roles::check(record)
    } else {
        case.count("files");
        parser::check(record, case)
    }
}

/// All members of an object, which have to be objects of text.
fn sections(record: Record) -> Result<Sections, String> {
    let section =
        |(name, value)| Ok((name, Record::new("section", value)?.into_texts()?.into_iter().collect()));
    record.into_members().map(section).collect()
}
