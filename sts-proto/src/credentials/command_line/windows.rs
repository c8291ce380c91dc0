//! Command lines of Windows, where each program splits its own.

use std::iter::{Peekable, repeat_n};
use std::str::Chars;
use std::time::Duration;

use crate::flow::Command;

/// The command for a command line. A program that is named with its ending `.exe` is started itself, so that it is the one that
/// is ended when its time is over; it gets the rest of the line as it is. Anything else needs `cmd.exe`, which finds scripts and
/// knows pipes and variables. `None` if the line is blank.
pub(super) fn command(line: &str, timeout: Duration) -> Option<Command> {
    let line = line.trim_matches(BLANKS);
    if line.is_empty() {
        return None;
    }
    let (program, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
        None => line.find(BLANKS).map_or((line, ""), |end| line.split_at(end)),
    };
    let is_program = program.len() > EXE.len()
        && program.get(program.len() - EXE.len()..).is_some_and(|end| end.eq_ignore_ascii_case(EXE));
    // What follows the quotation mark without a blank belongs to the name.
    if is_program && !line.contains(OF_SHELL) && (rest.is_empty() || rest.starts_with(BLANKS)) {
        let rest = rest.trim_matches(BLANKS).to_owned();
        let arguments = if rest.is_empty() { Vec::new() } else { vec![rest] };
        return Some(Command { program: program.to_owned(), arguments, timeout });
    }
    // No AutoRun commands; and the outermost quotation marks are removed, whatever is between them.
    let arguments =
        ["/d", "/s", "/c"].map(str::to_owned).into_iter().chain([format!("\"{line}\"")]).collect();
    Some(Command { program: "cmd.exe".to_owned(), arguments, timeout })
}

/// The words as most programs split them (Microsoft C language reference, "Parsing C command-line arguments"): spaces and tabs
/// separate words, and double quotes keep them. In the name of the program, nothing else is special.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut rest = line.chars().peekable();
    let mut words = Vec::new();
    loop {
        while rest.next_if(|next| SEPARATORS.contains(next)).is_some() {}
        if rest.peek().is_none() {
            return words;
        }
        words.push(if words.is_empty() { name(&mut rest) } else { argument(&mut rest) });
    }
}

fn name(rest: &mut Peekable<Chars<'_>>) -> String {
    let (mut name, mut is_quoted) = (String::new(), false);
    while let Some(next) = rest.next_if(|next| is_quoted || !SEPARATORS.contains(next)) {
        match next {
            '"' => is_quoted = !is_quoted,
            kept => name.push(kept),
        }
    }
    name
}

/// Backslashes matter only before a double quote, and a pair of double quotes within others is one that is kept.
fn argument(rest: &mut Peekable<Chars<'_>>) -> String {
    let (mut word, mut is_quoted) = (String::new(), false);
    while let Some(next) = rest.next_if(|next| is_quoted || !SEPARATORS.contains(next)) {
        match next {
            '\\' => {
                let mut count = 1;
                while rest.next_if_eq(&'\\').is_some() {
                    count += 1;
                }
                let before_quote = rest.peek() == Some(&'"');
                word.extend(repeat_n('\\', if before_quote { count / 2 } else { count }));
                if before_quote && count % 2 == 1 {
                    word.extend(rest.next());
                }
            }
            '"' if is_quoted && rest.next_if_eq(&'"').is_some() => word.push('"'),
            '"' => is_quoted = !is_quoted,
            kept => word.push(kept),
        }
    }
    word
}

const SEPARATORS: [char; 2] = [' ', '\t'];

const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

const EXE: &str = ".exe";

/// Characters that `cmd.exe` interprets.
const OF_SHELL: [char; 6] = ['|', '&', '<', '>', '^', '%'];

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str) -> Option<(String, String)> {
        command(line, Duration::ZERO).map(|command| (command.program, command.arguments.join(" ")))
    }

    #[test]
    fn a_program_is_started_itself_and_splits_the_rest() {
        for (line, program, rest) in [
            (r"C:\tools\keys.exe --role x", r"C:\tools\keys.exe", "--role x"),
            (
                r#" "C:\Program Files\keys.EXE"  --name "a b" 'c' "#,
                r"C:\Program Files\keys.EXE",
                r#"--name "a b" 'c'"#,
            ),
            (r"\\server\share\keys.exe", r"\\server\share\keys.exe", ""),
            ("\"keys.exe\"", "keys.exe", ""),
        ] {
            assert_eq!(run(line), Some((program.into(), rest.into())), "{line}");
        }
    }

    #[test]
    fn the_shell_gets_what_else_there_is_as_it_is() {
        for line in [
            "aws-vault export dev --format=json",
            r#""C:\Program Files\keys.cmd" --name "a b""#,
            "keys.exe | more",
            r"%TOOLS%\keys.exe",
            "keys.exe --name 100%",
            "\"keys.exe\"x",
            "\"keys.exe",
            ".exe",
            "é.ex",
        ] {
            // A mark that is never closed ends with the line.
            let is_program = line == "\"keys.exe";
            let shell = ("cmd.exe".to_owned(), format!("/d /s /c \"{line}\""));
            let expected = if is_program { ("keys.exe".to_owned(), String::new()) } else { shell };
            assert_eq!(run(line), Some(expected), "{line}");
        }
        assert_eq!(run(" \t"), None);
    }

    #[test]
    fn words_are_parted_as_programs_do() {
        for (line, expected) in [
            (r"C:\a\b.exe  --x", &[r"C:\a\b.exe", "--x"][..]),
            // A folder may end the name, whose backslashes are kept.
            (r#""C:\a b\" c"#, &[r"C:\a b\", "c"]),
            (r#"C:\"a b"\c d"#, &[r"C:\a b\c", "d"]),
            (r#"t "C:\a b\" c"#, &["t", r#"C:\a b" c"#]),
            (r#"t "C:\a b\\" c"#, &["t", r"C:\a b\", "c"]),
            (r#"t a\\\"b c\\\d"#, &["t", r#"a\"b"#, r"c\\\d"]),
            (r#"t it's "" e"#, &["t", "it's", "", "e"]),
            (r"t end\", &["t", r"end\"]),
            (r"t a \ b", &["t", "a", r"\", "b"]),
            // The reference's own examples.
            (r#"t "abc" d e"#, &["t", "abc", "d", "e"]),
            (r#"t a\\b d"e f"g h"#, &["t", r"a\\b", "de fg", "h"]),
            (r#"t a\\\"b c d"#, &["t", r#"a\"b"#, "c", "d"]),
            (r#"t a\\\\"b c" d e"#, &["t", r"a\\b c", "d", "e"]),
            (r#"t a"b"" c d"#, &["t", r#"ab" c d"#]),
            (r#"t """" x"#, &["t", "\"", "x"]),
            ("", &[]),
        ] {
            assert_eq!(words(line), expected, "{line}");
        }
    }
}
