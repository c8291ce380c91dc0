//! Any bytes as a config file and as a credentials file: reading ends and never panics, and writing the
//! result and reading it again changes nothing. If there is a byte 0xFF, it separates the two files, and the
//! values of the second one win.

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

/// If both files have a key, the value in the credentials file must win.
fn together(config: &[u8], credentials: &[u8]) {
    let (Ok(first), Ok(second)) = (parse(config, b""), parse(b"", credentials)) else { return };
    let both = parse(config, credentials).expect("each can be read");
    for section in both.profiles() {
        for (key, value) in section.properties() {
            let of = |profiles: &Profiles| Some(raw(profiles.profile(section.name())?, key)?.to_owned());
            assert_eq!(of(&second).or_else(|| of(&first)).as_deref(), Some(value), "{key}");
        }
    }
    for (section, part) in
        [&first, &second].into_iter().flat_map(|part| part.profiles().map(move |it| (it, part)))
    {
        let whole = both.profile(section.name()).expect("each section of either file is in both");
        assert!(section.properties().all(|(key, _)| raw(whole, key).is_some()), "{part:?}");
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
        }
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains('\n') && text.len() < 512, "an error must be one short line: {text:?}");
        }
    }
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
        text.push_str(&format!("[{kind} {}]\n", section.name()));
        for (key, value) in section.properties() {
            // Without a space before the value, so that it may start with a comment character.
            text.push_str(&format!("{key}={}\n", value.replace('\n', "\n ")));
        }
    }
    text
}

fn contents(profiles: &Profiles) -> Vec<(&str, &str, Vec<(&str, &str)>)> {
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
