use crate::Secret;
use crate::escape::escape;

/// Takes secrets out of texts that a server sent: as they are, and as forms, URLs, JSON and XML hold them. Some servers
/// quote the request in their errors.
pub(crate) struct Redactor {
    /// The longest first, so that a part of another secret does not spoil it.
    forms: Vec<Secret>,
}

impl Redactor {
    pub(crate) fn new(secrets: &[Secret]) -> Self {
        let long = secrets.iter().map(Secret::expose).filter(|secret| secret.len() >= SHORTEST_SECRET);
        let mut forms: Vec<Secret> = long.flat_map(forms_of).map(Secret::new).collect();
        forms.sort_by_key(|form| std::cmp::Reverse(form.expose().len()));
        Self { forms }
    }

    /// The text without the secrets, if there was one in it.
    pub(crate) fn clean(&self, text: &str) -> Option<String> {
        let mut cleaned = None;
        for form in self.forms.iter().map(Secret::expose) {
            let current = cleaned.as_deref().unwrap_or(text);
            if current.contains(form) {
                cleaned = Some(current.replace(form, "[redacted]"));
            }
        }
        cleaned
    }
}

fn forms_of(secret: &str) -> Vec<String> {
    let escaped = escape(secret);
    let with_plus = escaped.replace("%20", "+");
    vec![
        secret.to_owned(),
        lower_escapes(&escaped),
        lower_escapes(&with_plus),
        with_plus,
        escape(&escaped),
        escaped,
        secret.replace('\\', "\\\\").replace('"', "\\\""),
        secret.replace('/', "\\/"),
        secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
    ]
}

/// The same escapes with the digits in lower case.
fn lower_escapes(escaped: &str) -> String {
    let mut lower = String::with_capacity(escaped.len());
    for (index, part) in escaped.split('%').enumerate() {
        if index > 0 {
            lower.push('%');
        }
        match part.split_at_checked(2).filter(|_| index > 0) {
            Some((digits, rest)) => {
                lower.push_str(&digits.to_ascii_lowercase());
                lower.push_str(rest);
            }
            None => lower.push_str(part),
        }
    }
    lower
}

/// What is shorter is no secret, and might be part of any word.
const SHORTEST_SECRET: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_found_and_the_longest_first() {
        let redactor =
            Redactor::new(&[Secret::from("a/B c+d"), Secret::from("abcdef"), Secret::from("abcdefTAIL")]);
        for quoted in [
            "a/B c+d",
            "a%2FB%20c%2Bd",
            "a%2fB%20c%2bd",
            "a%2FB+c%2Bd",
            "a%252FB%2520c%252Bd",
            "a\\/B c+d",
            "abcdef",
            "abcdefTAIL",
        ] {
            assert_eq!(redactor.clean(&format!("<{quoted}>")).as_deref(), Some("<[redacted]>"), "{quoted}");
        }
        assert_eq!(redactor.clean("nothing of it"), None);
        assert_eq!(Redactor::new(&[Secret::from("a"), Secret::default()]).clean("a"), None);
    }
}
