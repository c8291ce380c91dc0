//! Command lines, split into words as a shell does.

#[cfg(any(windows, test))]
mod windows;

use std::fmt;
use std::time::Duration;

use crate::flow::Command;
use crate::text::split_once;

/// Splits a command line into words as a POSIX shell does (IEEE Std 1003.1, Shell Command Language, §2.2): blanks
/// separate words, single quotes keep everything, double quotes keep everything but `\` before `$`, `` ` ``, `"`, `\` and a
/// line break, and `\` keeps the next character. Nothing is expanded.
///
/// ```
/// use sts_proto::credentials::command_line::split;
///
/// let words = split(r#"/opt/vault --role "build server" --note it\'s"#)?;
/// assert_eq!(words, ["/opt/vault", "--role", "build server", "--note", "it's"]);
/// # Ok::<(), sts_proto::credentials::command_line::Unclosed>(())
/// ```
///
/// # Errors
///
/// A quotation mark is never closed, or the line ends with `\`.
pub fn split(line: &str) -> Result<Vec<String>, Unclosed> {
    read(line).map(|line| line.words)
}

/// A command line ends within a quotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unclosed {
    /// The mark that is open: `'`, `"` or `\`.
    pub mark: char,
}

impl fmt::Display for Unclosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mark {
            '\\' => f.write_str("it ends with a backslash"),
            mark => write!(f, "the quotation mark {mark} is never closed"),
        }
    }
}

impl std::error::Error for Unclosed {}

/// The command for a command line; `None` if it has no words.
pub(super) fn command(line: &str, timeout: Duration) -> Result<Option<Command>, Unclosed> {
    #[cfg(windows)]
    return Ok(windows::command(line, timeout));
    #[cfg(not(windows))]
    posix(line, timeout)
}

/// The words of a command line, as the program sees them; none if a quotation is never closed.
pub(super) fn words(line: &str) -> Vec<String> {
    #[cfg(windows)]
    return windows::words(line);
    #[cfg(not(windows))]
    split(line).unwrap_or_default()
}

/// The program itself if the line consists of words only, else the system's shell. The shell is needed for pipes, variables,
/// redirections, patterns of file names, an assignment in front (`NAME=value tool`), and commands that are built into the shell
/// (`exec`, `cd`, `if`, …).
#[cfg(any(not(windows), test))]
fn posix(line: &str, timeout: Duration) -> Result<Option<Command>, Unclosed> {
    let Line { words, needs_shell } = read(line)?;
    if needs_shell {
        let arguments = vec!["-c".to_owned(), line.to_owned()];
        return Ok(Some(Command { program: "/bin/sh".to_owned(), arguments, timeout }));
    }
    let mut words = words.into_iter();
    Ok(words.next().map(|program| Command { program, arguments: words.collect(), timeout }))
}

#[cfg_attr(windows, allow(dead_code))]
struct Line {
    words: Vec<String>,
    /// Whether the line uses more of the shell than quotation.
    needs_shell: bool,
}

fn read(line: &str) -> Result<Line, Unclosed> {
    let (mut words, mut needs_shell) = (Vec::new(), false);
    // `None` between words. A quoted word may be empty.
    let mut word: Option<String> = None;
    let mut rest = line.chars();
    while let Some(next) = rest.next() {
        match next {
            ' ' | '\t' | '\n' | '\r' => words.extend(word.take()),
            '\'' => single_quoted(&mut rest, word.get_or_insert_default())?,
            '"' => needs_shell |= double_quoted(&mut rest, word.get_or_insert_default())?,
            '\\' => match rest.next() {
                Some('\n') => {}
                Some(kept) => word.get_or_insert_default().push(kept),
                None => return Err(Unclosed { mark: '\\' }),
            },
            kept => {
                needs_shell |= OPERATORS.contains(&kept)
                    || PATTERNS.contains(&kept)
                    || (word.is_none() && matches!(kept, '~' | '#'));
                word.get_or_insert_default().push(kept);
            }
        }
    }
    words.extend(word);
    needs_shell |=
        words.first().is_some_and(|first| is_assignment(first) || BUILT_IN.contains(&first.as_str()));
    Ok(Line { words, needs_shell })
}

fn single_quoted(rest: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), Unclosed> {
    for next in rest.by_ref() {
        match next {
            '\'' => return Ok(()),
            kept => word.push(kept),
        }
    }
    Err(Unclosed { mark: '\'' })
}

/// Returns whether the quotation holds something that a shell expands.
fn double_quoted(rest: &mut std::str::Chars<'_>, word: &mut String) -> Result<bool, Unclosed> {
    let mut expands = false;
    while let Some(next) = rest.next() {
        match next {
            '"' => return Ok(expands),
            '\\' => match rest.next() {
                Some('\n') => {}
                Some(kept @ ('$' | '`' | '"' | '\\')) => word.push(kept),
                Some(kept) => word.extend(['\\', kept]),
                None => break,
            },
            kept => {
                expands |= matches!(kept, '$' | '`');
                word.push(kept);
            }
        }
    }
    Err(Unclosed { mark: '"' })
}

/// Whether the word assigns a variable (§2.9.1, simple commands). It may have been quoted, which makes no difference: the shell
/// decides then.
fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = split_once(word, '=') else { return false };
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Characters that a shell interprets unless they are quoted.
const OPERATORS: [char; 9] = ['|', '&', ';', '<', '>', '(', ')', '$', '`'];

/// Characters that make a word a pattern of file names unless they are quoted (§2.14).
const PATTERNS: [char; 3] = ['*', '?', '['];

/// What only a shell can run, if it begins the line and no operator follows. Other built-in commands exist as programs too or
/// cannot print credentials.
const BUILT_IN: [&str; 19] = [
    "!", ".", "builtin", "case", "cd", "command", "eval", "exec", "exit", "export", "for", "if", "set",
    "source", "time", "umask", "until", "while", "{",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_parted_as_in_a_shell() {
        for (line, words) in [
            ("a b", &["a", "b"][..]),
            ("  a\t b \r\n", &["a", "b"]),
            ("", &[]),
            ("   ", &[]),
            (r#"'a b' "c d""#, &["a b", "c d"]),
            (r#"a'b'"c"d"#, &["abcd"]),
            (r#"'' """#, &["", ""]),
            (r#""a'b" 'c"d'"#, &["a'b", "c\"d"]),
            (r#""a\"b\\c\d\$""#, &[r#"a"b\c\d$"#]),
            (r"a\ b\\c\'", &[r"a b\c'"]),
            (r"'a\b'", &[r"a\b"]),
            ("é ü", &["é", "ü"]),
            ("a\\\nb", &["ab"]),
            ("\"a\\\nb\"", &["ab"]),
            ("'a\\\nb'", &["a\\\nb"]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
    }

    #[test]
    fn what_is_left_open_is_named() {
        for (line, mark) in
            [("a 'b", '\''), ("a \"b", '"'), ("a \"b\\", '"'), ("a\\", '\\'), ("'a\\'b'", '\'')]
        {
            assert_eq!(split(line), Err(Unclosed { mark }), "{line}");
        }
    }

    #[test]
    fn a_shell_is_asked_only_for_what_needs_one() {
        let program = |line| posix(line, Duration::ZERO).unwrap().map(|command| command.program);
        for line in [
            r"tool 'a|b' \$x",
            "tool \"a;b\" a=b#c d~e 100%",
            r#"tool '*' "?" \[a]"#,
            "tool exec",
            "tool A=b exit",
        ] {
            assert_eq!(program(line).as_deref(), Some("tool"), "{line}");
        }
        for line in
            ["echo x | base64 -d", "tool $HOME", "tool \"$HOME\"", "a && b", "~/tool", "tool `x`", "t <f #c"]
        {
            assert_eq!(program(line).as_deref(), Some("/bin/sh"), "{line}");
        }
        for line in ["tool *", "tool a?.json", "to[o]l", "A=b tool", "_a1=\"x y\" tool", "A= tool", "A=b"] {
            assert_eq!(program(line).as_deref(), Some("/bin/sh"), "{line}");
        }
        for line in
            ["exec tool", "exit 1", "if true", "{ tool", "! tool", ". file", "[ a ]", "  cd /", "ex'ec' tool"]
        {
            assert_eq!(program(line).as_deref(), Some("/bin/sh"), "{line}");
        }
        for line in ["=b", "1a=b", "a-b=c", "./a=b", "é=b", "./exec", "executor", "''", "'' exec"] {
            assert_eq!(program(line), Some(split(line).unwrap().remove(0)), "{line}");
        }
        assert_eq!(program("  "), None);
    }

    #[test]
    fn a_shell_gets_the_line_as_it_is() {
        let line = r#"TOKEN='a b' sh -c "x" *"#;
        let command = posix(line, Duration::ZERO).unwrap().unwrap();
        assert_eq!(command.arguments, ["-c", line]);
    }
}
