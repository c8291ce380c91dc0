//! Command lines of Windows, where each program splits its own.

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

/// The words as most programs split them (Microsoft C language reference, "Parsing C command-line arguments"): blanks separate
/// words, double quotes keep blanks, and backslashes matter only before a double quote.
pub(super) fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted, mut backslashes) = (Vec::new(), None::<String>, false, 0);
    for next in line.chars() {
        if next == '\\' {
            backslashes += 1;
            continue;
        }
        let kept = if next == '"' { backslashes / 2 } else { backslashes };
        let is_escaped = backslashes % 2 == 1;
        if backslashes > 0 {
            word.get_or_insert_default().extend(std::iter::repeat_n('\\', kept));
            backslashes = 0;
        }
        match next {
            '"' if !is_escaped => {
                word.get_or_insert_default();
                is_quoted = !is_quoted;
            }
            blank if !is_quoted && BLANKS.contains(&blank) => words.extend(word.take()),
            kept => word.get_or_insert_default().push(kept),
        }
    }
    if backslashes > 0 {
        word.get_or_insert_default().extend(std::iter::repeat_n('\\', backslashes));
    }
    words.extend(word);
    words
}

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
            (r#""C:\a b\" c"#, &[r#"C:\a b" c"#]),
            (r#""C:\a b\\" c"#, &[r"C:\a b\", "c"]),
            (r#"a\\\"b c\\\d"#, &[r#"a\"b"#, r"c\\\d"]),
            (r#"it's "" e"#, &["it's", "", "e"]),
            (r"end\", &[r"end\"]),
            (r"a \ b", &["a", r"\", "b"]),
            ("", &[]),
        ] {
            assert_eq!(words(line), expected, "{line}");
        }
    }
}
