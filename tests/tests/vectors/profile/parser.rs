//! Two files to sections.

use std::path::Path;

use sts_proto::settings::{Profiles, Section};

use super::Sections;
use crate::record::Record;
use crate::report::Case;
use crate::rules::Rule;

pub(crate) fn check(mut given: Record, case: &mut Case) -> Result<(), String> {
    let mut input = given.record("input")?;
    let mut output = given.record("output")?;
    given.end()?;
    let config = input.text_if_there("configFile")?.unwrap_or_default();
    let credentials = input.text_if_there("credentialsFile")?.unwrap_or_default();
    let parsed = Profiles::parse(
        (Path::new("config"), config.as_bytes()),
        (Path::new("credentials"), credentials.as_bytes()),
    );
    if let Some(words) = output.text_if_there("errorContaining")? {
        // The words are another SDK's; ours say where. What has no fault can be used.
        let faults: Vec<_> = parsed.map_err(|error| error.to_string())?.faults().collect();
        return match &faults[..] {
            [] => Err(format!("no fault; theirs is {words:?}")),
            [fault, ..] if fault.to_string().contains(" at line ") => Ok(()),
            [fault, ..] => Err(format!("the fault names no line: {fault}")),
        };
    }
    let parsed = parsed.map_err(|error| error.to_string())?;
    if let Some(fault) = parsed.faults().next() {
        return Err(fault.to_string());
    }
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
        let mut others = ours.clone();
        others.retain(|name, _| !(name.contains(' ') && credentials.contains(&format!("[{name}]"))));
        if ours != theirs && others == theirs {
            case.rule(Rule::NameInBrackets);
        } else if ours != theirs {
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
