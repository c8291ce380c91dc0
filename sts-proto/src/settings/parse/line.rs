//! A line with a property, and where its comment begins.

use crate::text::{eq_ignore_ascii_case, split_once};

/// `key = value # comment`, both trimmed.
pub(in crate::settings) fn key_and_value(line: &str) -> Result<(&str, &str), Problem> {
    let line = comment(line).and_then(|at| line.get(..at)).unwrap_or(line);
    let (key, value) = split_once(line, '=').ok_or(Problem::NoEqualsSign)?;
    match key.trim() {
        "" => Err(Problem::NoKey),
        key => Ok((key, value.trim())),
    }
}

/// Where the comment in a property begins. Quotation marks are part of the value, and keep a comment from beginning between
/// them. A mark that is never closed, or that stands behind a letter or digit, is an apostrophe. Command lines quote as a
/// shell does, in the middle of a word too.
fn comment(line: &str) -> Option<usize> {
    let is_command = line.split('=').next().is_some_and(|key| eq_ignore_ascii_case(key.trim(), COMMAND));
    let (mut before, mut rest, mut is_closed) = ('=', line, true);
    while let Some(next) = rest.chars().next() {
        let at = line.len() - rest.len();
        rest = rest.get(next.len_utf8()..).unwrap_or_default();
        match next {
            '#' | ';' if before.is_whitespace() => return Some(at),
            // The next character stands for itself.
            '\\' if is_command => rest = rest.get(rest.chars().next().map_or(0, char::len_utf8)..)?,
            // Where a mark was not closed, the next one is not either: looking once keeps the time linear.
            '\'' | '"' if is_closed && (is_command || !before.is_alphanumeric()) => {
                match quotation(rest, next) {
                    Some(length) => rest = rest.get(length..)?,
                    None => is_closed = next == '\'',
                }
            }
            _ => {}
        }
        before = next;
    }
    None
}

/// The length of what this mark quotes, with the mark at its end.
fn quotation(text: &str, mark: char) -> Option<usize> {
    let mut is_kept = false;
    let end = text.find(|c| {
        let ends = c == mark && !is_kept;
        is_kept = mark == '"' && c == '\\' && !is_kept;
        ends
    });
    end.map(|at| at + mark.len_utf8())
}

/// What is wrong with a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::settings) enum Problem {
    NoEqualsSign,
    NoKey,
}

/// The key of a command line.
pub(super) const COMMAND: &str = "credential_process";
