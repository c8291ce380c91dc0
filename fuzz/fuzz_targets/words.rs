//! Any text as a command line: splitting never panics, and finds the words that another reader of shell quotation finds.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sts_proto::credentials::words;

fuzz_target!(|line: &str| {
    let ours = words::split(line);
    if let Err(unclosed) = &ours {
        assert!(matches!(unclosed.mark, '\'' | '"' | '\\') && line.contains(unclosed.mark));
    }
    // To the other reader `#` begins a comment, a carriage return is a letter, and a line that goes on begins a word.
    if !line.contains(['#', '\r']) && !line.contains("\\\n") {
        assert_eq!(ours.ok(), shlex::split(line), "{line:?}");
    }
});
