//! Takes secrets out of what a server sent: some servers quote the request in their errors, escaped in ways of their own.

mod pattern;

use self::pattern::Pattern;
use crate::secret::Secret;

/// Takes secrets out of texts. How a server escapes what it quotes is not known to it: it goes by a secret's letters and
/// digits, which every escape leaves alone.
///
/// - Case does not count, and neither does what stands between: line breaks, blanks, control characters.
/// - Where the secret has another character, up to [`pattern::ESCAPE`] bytes of anything but words may stand for it, or nothing.
/// - Of a secret that is cut, the beginning is found from [`pattern::BEGINNING`] letters and digits on, any other part
///   from [`pattern::PART`] on.
///
/// What has fewer than [`SHORTEST_SECRET`] bytes might be part of any word and is left alone. Of what has fewer than
/// [`pattern::FEW`] letters and digits, only blanks, control characters and what is not ASCII may stand in between, and
/// with fewer than [`pattern::LEAST`] it is found as it is and not otherwise.
pub(crate) struct Redactor<'a> {
    secrets: Vec<(&'a str, Option<Pattern<'a>>)>,
}

impl<'a> Redactor<'a> {
    pub(crate) fn new(secrets: &'a [Secret]) -> Self {
        let long = secrets.iter().map(Secret::expose).filter(|secret| secret.len() >= SHORTEST_SECRET);
        Self { secrets: long.map(|secret| (secret, Pattern::new(secret))).collect() }
    }

    /// The text without the secrets, if there was one in it.
    pub(crate) fn clean(&self, text: &str) -> Option<String> {
        let mut hidden = Hidden(Vec::new());
        for (secret, pattern) in &self.secrets {
            for (start, found) in text.match_indices(secret) {
                hidden.hide(text, start, start + found.len());
            }
            let searched = pattern
                .as_ref()
                .map(|pattern| pattern.find(text, |start, end| hidden.hide(text, start, end)));
            // Nothing that cannot be searched in time is shown.
            if searched.is_some_and(|searched| searched.is_err()) {
                return Some(INSTEAD.to_owned());
            }
        }
        hidden.rest(text)
    }

    /// Whether one of the secrets is in the text.
    #[cfg(feature = "credentials")]
    pub(crate) fn finds(&self, text: &str) -> bool {
        self.clean(text).is_some()
    }
}

/// Which bytes of a text are not to be shown; empty as long as all are.
struct Hidden(Vec<bool>);

impl Hidden {
    fn hide(&mut self, text: &str, start: usize, end: usize) {
        self.0.resize(text.len(), false);
        self.0.get_mut(start..end).unwrap_or_default().fill(true);
    }

    /// The other bytes, if any is hidden.
    fn rest(&self, text: &str) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let mut rest = String::new();
        let mut at = 0;
        for piece in self.0.chunk_by(|one, other| one == other) {
            let end = at + piece.len();
            rest.push_str(match piece {
                [true, ..] => INSTEAD,
                _ => text.get(at..end).unwrap_or_default(),
            });
            at = end;
        }
        Some(rest)
    }
}

/// What is shown instead of a secret.
const INSTEAD: &str = "[redacted]";

/// What is shorter, in bytes, is no secret, and might be part of any word. An MFA code has six digits.
const SHORTEST_SECRET: usize = 6;

#[cfg(test)]
mod tests;
