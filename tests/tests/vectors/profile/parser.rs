//! Two files to sections.

use std::path::Path;

use sts_proto::settings::{Profiles, Section};

use super::Sections;
use crate::record::Record;

pub(crate) fn check(mut case: Record) -> Result<(), String> {
    let mut input = case.record("input")?;
    let mut output = case.record("output")?;
    case.end()?;
    let config = input.text_if_there("configFile")?.unwrap_or_default();
    let credentials = input.text_if_there("credentialsFile")?.unwrap_or_default();
    let parsed = Profiles::parse(
        (Path::new("config"), config.as_bytes()),
        (Path::new("credentials"), credentials.as_bytes()),
    );
    if let Some(words) = output.text_if_there("errorContaining")? {
        // The words are another SDK's; ours say where.
        return match parsed {
            Err(error) if error.to_string().contains(" at line ") => Ok(()),
            Err(error) => Err(format!("the error names no line: {error}")),
            Ok(profiles) => Err(format!("no error, but {profiles:?}; theirs is {words:?}")),
        };
    }
    let parsed = parsed.map_err(|error| error.to_string())?;
    let mut expected = output.record("config")?;
    let kinds: [(&str, Sections); 3] = [
        ("profiles", sections(parsed.profiles())),
        ("sso_sessions", sections(parsed.sso_sessions())),
        ("services", sections(parsed.all_services())),
    ];
    for (kind, ours) in kinds {
        // A kind that a case does not mention is none of its business.
        let Some(theirs) = expected.record_if_there(kind)? else { continue };
        let theirs = super::sections(theirs)?;
        if ours != theirs {
            return Err(format!("{kind} are {ours:?} and should be {theirs:?}"));
        }
    }
    input.end()?;
    output.end()?;
    expected.end()
}

fn sections<'a>(sections: impl Iterator<Item = &'a Section>) -> Sections {
    let properties = |section: &Section| {
        section.properties().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    };
    sections.map(|section| (section.name().to_owned(), properties(section))).collect()
}
