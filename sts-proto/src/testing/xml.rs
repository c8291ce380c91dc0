//! Values as the XML of an answer.

use std::fmt::Write as _;

use crate::wire::Value;

/// Writes an element; none for a value that is absent.
pub(super) fn element(name: &str, value: &Value, to: &mut String) {
    if matches!(value, Value::Absent) {
        return;
    }
    to.extend(["<", name, ">"]);
    match value {
        Value::Absent => {}
        Value::Text(value) => text(value, to),
        Value::Secret(value) => text(value.expose(), to),
        Value::Number(number) => text(&number.to_string(), to),
        Value::Fraction(number) => text(&number.to_string(), to),
        Value::Truth(truth) => text(&truth.to_string(), to),
        Value::List(items) => items.iter().for_each(|item| element("member", item, to)),
        Value::Structure(members) => members.iter().for_each(|(name, value)| element(name, value, to)),
    }
    to.extend(["</", name, ">"]);
}

/// Text of an element. What XML 1.0 has no place for (§2.2), such as a nul, becomes U+FFFD.
fn text(value: &str, to: &mut String) {
    for character in value.chars() {
        match character {
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '&' => to.push_str("&amp;"),
            // Readers take line ends and blanks for others (§2.11).
            '\r' | '\u{85}' | '\u{2028}' => drop(write!(to, "&#{};", u32::from(character))),
            '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => to.push(character),
            _ => to.push('\u{fffd}'),
        }
    }
}
