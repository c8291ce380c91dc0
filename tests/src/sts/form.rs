//! The members of a request, from the body or the query.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use super::answer::Fault;

/// Names and values, decoded.
#[derive(Default)]
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads the query and, if it is a form, the body. A `+` means a space in the body only.
    pub(crate) fn read(query: &str, body: &[u8]) -> Result<Form, Fault> {
        let body = std::str::from_utf8(body).map_err(|_| malformed())?;
        let mut form = Form::default();
        for item in query.split('&') {
            form.add(item)?;
        }
        for item in body.split('&') {
            form.add(&item.replace('+', " "))?;
        }
        Ok(form)
    }

    /// The value of a member.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a numeric member; zero if it is not a number. Operations check their numbers before they
    /// use them.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.get(name).map(|value| value.parse().unwrap_or_default())
    }

    /// The items of a list; `member` is what follows the number of an item.
    pub(crate) fn list(&self, name: &str, member: &str) -> Vec<&str> {
        (1..).map_while(|n| self.get(&format!("{name}.member.{n}{member}"))).collect()
    }

    /// Whether there is a member with this name, or with a name that starts with it and a dot.
    pub(crate) fn has(&self, name: &str) -> bool {
        let below = format!("{name}.");
        self.0.contains_key(name)
            || self.0.range(below.clone()..).next().is_some_and(|(key, _)| key.starts_with(&below))
    }

    /// All names and values, in the order of the names.
    pub(crate) fn items(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn add(&mut self, item: &str) -> Result<(), Fault> {
        if item.is_empty() || item.starts_with("X-Amz-") {
            return Ok(());
        }
        let (name, value) = item.split_once('=').unwrap_or((item, ""));
        if self.0.insert(decoded(name)?, decoded(value)?).is_some() {
            return Err(Fault::new(400, "MalformedInput", format!("'{name}' occurs more than once")));
        }
        Ok(())
    }
}

fn decoded(text: &str) -> Result<String, Fault> {
    let mut escapes = text.split('%').skip(1);
    if !escapes.all(|rest| rest.len() >= 2 && rest.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit)) {
        return Err(malformed());
    }
    percent_decode_str(text).decode_utf8().map(Into::into).map_err(|_| malformed())
}

fn malformed() -> Fault {
    Fault::new(400, "MalformedQueryString", "The query string contains a syntax error.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_and_body() {
        let form =
            Form::read("A=a+b&X-Amz-Date=1&E", b"B=a+b%2b%C3%A9&L.member.1=x&L.member.2=&N=12").unwrap();
        assert_eq!(form.get("A"), Some("a+b"));
        assert_eq!(form.get("B"), Some("a b+\u{e9}"));
        assert_eq!(form.get("E"), Some(""));
        assert_eq!(form.get("X-Amz-Date"), None);
        assert_eq!(form.list("L", ""), ["x", ""]);
        assert_eq!(form.number("N"), Some(12));
        assert!(form.has("L") && form.has("L.member.1") && form.has("A") && !form.has("L.m"));
    }

    #[test]
    fn syntax() {
        for bad in ["A=%", "A=%2", "A=%zz", "A=%ff", "%80=a", "A=%+1"] {
            assert_eq!(
                Form::read(bad, b"").err().map(|fault| fault.code),
                Some("MalformedQueryString"),
                "{bad}"
            );
        }
        assert!(Form::read("", b"\xff").is_err());
        assert!(Form::read("A=1", b"A=2").is_err());
    }
}
