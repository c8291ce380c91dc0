//! Any text as a command line: splitting never panics, and finds the words that another reader of shell quotation finds;
//! and a `credential_process` runs these words, or hands the line as it is to the shell where it uses more of it.

#![no_main]

use std::sync::Arc;
use std::time::SystemTime;

use libfuzzer_sys::fuzz_target;
use sts_proto::credentials::{Chain, Resolve, words};
use sts_proto::settings::{Env, Profiles};
use sts_proto::{Context, Effect, Event, Flow, Settings, Step};

fuzz_target!(|line: &str| {
    let ours = words::split(line);
    if let Err(unclosed) = &ours {
        assert!(matches!(unclosed.mark, '\'' | '"' | '\\') && line.contains(unclosed.mark));
    }
    // To the other reader `#` begins a comment, a carriage return is a letter, and a line that goes on begins a word.
    if !line.contains(['#', '\r']) {
        if !line.contains("\\\n") {
            assert_eq!(ours.clone().ok(), shlex::split(line), "{line:?}");
        } else if !line.contains('\'') {
            assert_eq!(ours.clone().ok(), shlex::split(&joined(line)), "{line:?}");
        }
    }
    // A profile has no blanks around its values.
    if line == line.trim() {
        run(line, ours.ok());
    }
});

/// Without the `\` and the line feed of lines that go on.
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
    let context = Context::new(&Settings::new().region("eu-west-1"), "fuzz/0").expect("it is a region");
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
    assert!(line.contains(['\'', '"', '\\']) || !line.contains(operators), "{line:?} is for the shell");
}
