//! Any text as a command line: splitting never panics and finds the same words as another reader of shell
//! quoting. A `credential_process` runs these words, or passes the unchanged line to the shell if it uses
//! more of the shell than quoting.

#![no_main]

use std::sync::Arc;
use std::time::SystemTime;

use libfuzzer_sys::fuzz_target;
use sts_proto::credentials::{Chain, Resolve, command_line};
use sts_proto::settings::{Env, Profiles};
use sts_proto::{Context, Effect, Event, Flow, Settings, Step};

fuzz_target!(|line: &str| {
    let ours = command_line::split(line);
    if let Err(unclosed) = &ours {
        assert!(matches!(unclosed.mark, '\'' | '"' | '\\') && line.contains(unclosed.mark));
    }
    // The other reader treats `#` as the start of a comment, a carriage return as a letter, and a line
    // continuation as the end of a word.
    if !line.contains(['#', '\r']) {
        if !line.contains("\\\n") {
            assert_eq!(ours.clone().ok(), shlex::split(line), "{line:?}");
        } else if !line.contains('\'') {
            assert_eq!(ours.clone().ok(), shlex::split(&joined(line)), "{line:?}");
        }
    }
    // The values of a profile have no white space around them.
    if line == line.trim() {
        run(line, ours.ok());
    }
});

/// The line without its line continuations (`\` and a line feed).
fn joined(line: &str) -> String {
    let (mut text, mut letters) = (String::new(), line.chars());
    while let Some(letter) = letters.next() {
        match (letter, if letter == '\\' { letters.next() } else { None }) {
            ('\\', Some('\n')) => {}
            (letter, next) => text.extend([letter].into_iter().chain(next)),
        }
    }
    text
}

fn run(line: &str, words: Option<Vec<String>>) {
    let mut profiles = Profiles::default();
    profiles.insert_profile("default", [("credential_process", line)]);
    let chain = Chain::new(&Env::default(), &profiles, None);
    let context = Context::new(&Settings::new().region("eu-west-1"), "fuzz/0").expect("a valid region");
    let mut flow = Resolve::new(Arc::new(chain), Arc::new(context), 7);
    let Ok(Step::Perform(Effect::Run(command))) = flow.step(SystemTime::UNIX_EPOCH, Event::Start) else {
        return;
    };
    let mut found = vec![command.program];
    found.extend(command.arguments);
    if let [shell, option, whole] = &found[..]
        && (shell.as_str(), option.as_str(), whole.as_str()) == ("/bin/sh", "-c", line)
    {
        return;
    }
    assert_eq!(Some(found), words, "{line:?}");
    let operators = ['|', '&', ';', '<', '>', '(', ')', '$', '`', '*', '?', '['];
    assert!(line.contains(['\'', '"', '\\']) || !line.contains(operators), "{line:?} needs the shell");
}
