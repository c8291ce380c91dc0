//! Any bytes as a config file and as a credentials file: reading ends and never panics, and writing the sections that can be
//! used and reading them again changes nothing. A section with a fault is not given out, and the fault is one short line. If
//! there is a byte 0xFF, it separates the two files, and the values of the second one win.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use sts_proto::settings::{Profiles, Section};

fuzz_target!(|data: &[u8]| {
    check(data, b"");
    check(b"", data);
    let mut files = data.splitn(2, |byte| *byte == 0xff);
    if let (Some(config), Some(credentials)) = (files.next(), files.next()) {
        check(config, credentials);
        together(config, credentials);
    }
});

/// If both files have a key, the value in the credentials file must win. If that has the access key, the rest of a pair in the
/// config file does not count. A section with a fault in either file has one in both.
fn together(config: &[u8], credentials: &[u8]) {
    const PAIR: [&str; 3] = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];
    let (Ok(first), Ok(second)) = (parse(config, b""), parse(b"", credentials)) else { return };
    let both = parse(config, credentials).expect("each can be read");
    for section in both.profiles() {
        let of =
            |profiles: &Profiles, key| Some(raw(profiles.profile(section.name()).ok()??, key)?.to_owned());
        for (key, value) in section.properties() {
            let expected = of(&second, key).or_else(|| {
                let counts = !PAIR.contains(&key) || of(&second, PAIR[0]).is_none();
                of(&first, key).filter(|_| counts)
            });
            assert_eq!(expected.as_deref(), Some(value), "{key}");
        }
    }
    for part in [&first, &second] {
        for section in part.profiles() {
            match both.profile(section.name()) {
                Ok(whole) => {
                    let whole = whole.expect("each section of either file is in both");
                    let missing = section.properties().find(|(key, _)| raw(whole, key).is_none());
                    assert!(missing.is_none_or(|(key, _)| PAIR.contains(&key)), "{part:?}");
                }
                Err(_) => assert!(
                    first.profile(section.name()).is_err() || second.profile(section.name()).is_err(),
                    "{part:?}"
                ),
            }
        }
    }
}

fn raw<'a>(section: &'a Section, key: &str) -> Option<&'a str> {
    section.properties().find(|(name, _)| *name == key).map(|(_, value)| value)
}

fn check(config: &[u8], credentials: &[u8]) {
    match parse(config, credentials) {
        Ok(profiles) => {
            let written = write(&profiles);
            let again = parse(written.as_bytes(), b"").expect("the written file can be read");
            assert_eq!(contents(&profiles), contents(&again), "{written:?}");
            sections(&profiles).for_each(|(_, section)| look(section));
            profiles.faults().for_each(|fault| is_one_line(&fault.to_string()));
        }
        Err(error) => is_one_line(&error.to_string()),
    }
}

fn is_one_line(text: &str) {
    assert!(!text.contains('\n') && text.len() < 512, "an error must be one short line: {text:?}");
}

fn parse(config: &[u8], credentials: &[u8]) -> Result<Profiles, sts_proto::SettingsError> {
    Profiles::parse((Path::new("config"), config), (Path::new("credentials"), credentials))
}

fn sections(profiles: &Profiles) -> impl Iterator<Item = (&'static str, &Section)> {
    let all = profiles.profiles().map(|section| ("profile", section));
    let all = all.chain(profiles.sso_sessions().map(|section| ("sso-session", section)));
    all.chain(profiles.all_services().map(|section| ("services", section)))
}

/// The sections as a config file.
fn write(profiles: &Profiles) -> String {
    let mut text = String::new();
    for (kind, section) in sections(profiles) {
        // As a shell quotes it, and so the AWS CLI.
        text.push_str(&format!("[{kind} '{}']\n", section.name().replace('\'', "'\"'\"'")));
        for (key, value) in section.properties() {
            // Without a space before the value, so that it may start with a comment character.
            text.push_str(&format!("{key}={}\n", value.replace('\n', "\n ")));
        }
    }
    text
}

/// Kind and name of a section, and its keys with their values.
type Contents<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>);

fn contents(profiles: &Profiles) -> Vec<Contents<'_>> {
    sections(profiles).map(|(kind, section)| (kind, section.name(), section.properties().collect())).collect()
}

/// Checks that every value can be read, has an origin and is not shown.
fn look(section: &Section) {
    for (key, value) in section.properties() {
        assert_eq!(section.get(key).is_some(), !value.is_empty() && !value.starts_with('\n'));
        assert!(section.origin(key).to_string().contains(" line "));
        for line in value.strip_prefix('\n').unwrap_or_default().lines() {
            let nested = line.split('=').next().unwrap_or_default().trim().to_ascii_lowercase();
            let place = section.nested_origin(key, &nested).to_string();
            assert!(section.nested(key, &nested).is_none() || place.contains(" line "), "{place}");
        }
    }
}
