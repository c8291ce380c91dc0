//! What goes to standard output.

use std::fmt::Display;
use std::io::{self, Write as _};

use clap::{Args, ValueEnum};
use serde_core::Serialize;

use crate::failure::Failure;

/// The flag of commands that print for people unless told otherwise.
#[derive(Args, Clone, Copy)]
pub(crate) struct Json {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// How an operation's answer is printed.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Format {
    /// JSON, with members in the service's names
    #[default]
    Json,
    /// A line for each member
    Table,
}

/// Prints a text, which gets the end of its last line if it has none.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

/// Tells people something on standard error. A reader that is gone is no error: `eprintln!` would panic.
pub(crate) fn tell(text: impl Display) {
    // In one piece, as other processes may write there too.
    let _ = io::stderr().write_all(format!("sts: {text}\n").as_bytes());
}

/// Prints a value as JSON with indentation.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    print(&to_json(value)?)
}

/// A value as JSON with indentation.
pub(crate) fn to_json(value: &impl Serialize) -> Result<String, Failure> {
    let json = serde_json::to_string_pretty(value);
    json.map_err(|error| Failure::Other(format!("the output is no JSON: {error}")))
}

/// Lines of a name and a value, with the values in a column.
pub(crate) fn columns(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    rows.iter().map(|(name, value)| format!("{name:<width$}  {}\n", printable(value))).collect()
}

/// A text of a file or a server, which must not begin a line or move the cursor.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { '?' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_line() {
        let value = "a\nb\u{9b}2J\u{85}\x1bc é".to_owned();
        assert_eq!(columns(&[("arn", value), ("b", String::new())]), "arn  a?b?2J??c é\nb    \n");
    }
}
