//! Any text as a command line of Windows: its words are those that another reading of the rules finds, words that are quoted as
//! the standard library does are found again, and a line is given to a program or to the shell as a whole.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sts_proto::flow;

// Not part of the core elsewhere.
#[path = "../../sts-proto/src/credentials/command_line/windows.rs"]
mod windows;

fuzz_target!(|line: &str| {
    assert_eq!(windows::words(line), words(line), "{line:?}");
    round_trip(line);
    let Some(flow::Command { program, arguments, timeout }) = windows::command(line, Duration::from_secs(7))
    else {
        return assert_eq!(line.trim(), "", "{line:?} is not run");
    };
    assert_eq!(timeout, Duration::from_secs(7));
    let line = line.trim_matches([' ', '\t', '\r', '\n']);
    if let [d, s, c, whole] = &arguments[..] {
        assert_eq!([&*program, d, s, c], ["cmd.exe", "/d", "/s", "/c"]);
        assert_eq!(whole.strip_prefix('"').and_then(|whole| whole.strip_suffix('"')), Some(line));
    } else {
        assert!(!line.contains(['|', '&', '<', '>', '^', '%']), "{line:?} needs the shell");
        assert!(program.to_ascii_lowercase().ends_with(".exe") && program.len() > 4, "{program:?}");
        // The name and the rest are the line, but for the marks around the name and the blanks behind it.
        let rest = line.strip_prefix('"').unwrap_or(line).strip_prefix(&*program).expect("its beginning");
        let rest = rest.strip_prefix('"').unwrap_or(rest).trim_matches([' ', '\t', '\r', '\n']);
        assert_eq!(arguments.concat(), rest, "{line:?}");
    }
});

/// The words of a line, from one quotation mark to the next: Microsoft C language reference, "Parsing C command-line arguments".
fn words(line: &str) -> Vec<String> {
    let line = line.trim_start_matches([' ', '\t']);
    if line.is_empty() {
        return Vec::new();
    }
    // In the name of the program, quotation marks are all there is.
    let mut is_quoted = false;
    let end = line.find(|next| {
        is_quoted ^= next == '"';
        !is_quoted && [' ', '\t'].contains(&next)
    });
    let (program, mut rest) = line.split_at(end.unwrap_or(line.len()));
    let mut words = vec![program.replace('"', "")];
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        if rest.is_empty() {
            return words;
        }
        let (mut word, mut is_quoted) = (String::new(), false);
        loop {
            let end = if is_quoted { rest.find('"') } else { rest.find([' ', '\t', '"']) };
            let (run, after) = rest.split_at(end.unwrap_or(rest.len()));
            rest = after;
            let Some(after) = after.strip_prefix('"') else {
                word.push_str(run);
                break;
            };
            let plain = run.trim_end_matches('\\');
            let backslashes = run.len() - plain.len();
            word.extend([plain, &"\\".repeat(backslashes / 2)]);
            rest = after;
            if backslashes % 2 == 1 {
                word.push('"');
            } else if let (true, Some(after)) = (is_quoted, after.strip_prefix('"')) {
                word.push('"');
                rest = after;
            } else {
                is_quoted = !is_quoted;
            }
        }
        words.push(word);
    }
}

/// Quotes the pieces of a text as words, which have to be found again.
fn round_trip(text: &str) {
    let expected: Vec<_> = ["tool.exe"].into_iter().chain(text.split('|')).collect();
    let mut line = "tool.exe".to_owned();
    for word in &expected[1..] {
        line.push(' ');
        let quote = word.is_empty() || word.contains([' ', '\t']);
        line.extend(quote.then_some('"'));
        let mut backslashes = 0;
        for next in word.chars() {
            match next {
                '\\' => backslashes += 1,
                '"' => line.extend(std::iter::repeat_n('\\', backslashes + 1)),
                _ => {}
            }
            if next != '\\' {
                backslashes = 0;
            }
            line.push(next);
        }
        if quote {
            line.extend(std::iter::repeat_n('\\', backslashes));
            line.push('"');
        }
    }
    assert_eq!(windows::words(&line), expected, "{line:?}");
}
