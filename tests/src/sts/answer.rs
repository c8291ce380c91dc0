//! The response documents of STS, formatted as AWS formats them.

use std::borrow::Cow;

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::macros::format_description;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// An error that AWS would respond with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Fault { status, code, message: message.into() }
    }

    pub(crate) fn access_denied(message: impl Into<String>) -> Self {
        Fault::new(403, "AccessDenied", message)
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Fault::new(400, "ValidationError", message)
    }

    /// The error as a document.
    pub(crate) fn document(&self, request_id: &str) -> String {
        let mut xml = Xml::default();
        xml.root("ErrorResponse", |xml| {
            xml.element("Error", |xml| {
                xml.text("Type", if self.status < 500 { "Sender" } else { "Receiver" });
                xml.text("Code", self.code);
                xml.text("Message", &self.message);
            });
            xml.text("RequestId", request_id);
        });
        xml.written
    }
}

/// The document of a success: `result` inside the elements that wrap it for `action`.
pub(crate) fn success(action: &str, request_id: &str, result: impl FnOnce(&mut Xml)) -> String {
    let mut xml = Xml::default();
    xml.root(&format!("{action}Response"), |xml| {
        xml.element(&format!("{action}Result"), result);
        xml.element("ResponseMetadata", |xml| xml.text("RequestId", request_id));
    });
    xml.written
}

/// The same document as STS writes it in JSON. Of an error it leaves the root element out. Has no lists.
pub(crate) fn in_json(document: &str) -> String {
    let mut open = vec![Map::new()];
    let mut names = Vec::new();
    for line in document.lines().map(str::trim_start) {
        let name =
            line.trim_start_matches(['<', '/']).split(['>', ' ']).next().unwrap_or_default().to_owned();
        let add = |open: &mut Vec<Map<String, Value>>, name: String, value: Value| {
            open.last_mut().expect("the document").insert(name, value);
        };
        let text = line.strip_suffix(&format!("</{name}>")).and_then(|line| line.split_once('>'));
        match text {
            Some((_, text)) if !line.starts_with("</") => add(&mut open, name, unescaped(text).into()),
            _ if line.starts_with("</") => {
                let inside = open.pop().expect("an open element");
                let name: String = names.pop().expect("an open element");
                match name == "ErrorResponse" {
                    true => open[0].extend(inside),
                    false => add(&mut open, name, inside.into()),
                }
            }
            _ => {
                names.push(name);
                open.push(Map::new());
            }
        }
    }
    Value::from(open.remove(0)).to_string()
}

fn unescaped(text: &str) -> String {
    let pairs =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#xD;", "\r"), ("&amp;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

/// Indented XML.
#[derive(Default)]
pub(crate) struct Xml {
    written: String,
    depth: usize,
}

impl Xml {
    /// An element that contains elements.
    pub(crate) fn element(&mut self, name: &str, inside: impl FnOnce(&mut Xml)) {
        self.nest(name, "", inside);
    }

    /// An element that contains text.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.indent();
        self.written.push_str(&format!("<{name}>{}</{name}>\n", escaped(text)));
    }

    /// An element that contains a number.
    pub(crate) fn number(&mut self, name: &str, number: usize) {
        self.text(name, &number.to_string());
    }

    /// An element that contains a time, in whole seconds.
    pub(crate) fn time(&mut self, name: &str, time: OffsetDateTime) {
        self.text(name, &iso8601(time));
    }

    fn root(&mut self, name: &str, inside: impl FnOnce(&mut Xml)) {
        self.nest(name, &format!(" xmlns=\"{NAMESPACE}\""), inside);
    }

    fn nest(&mut self, name: &str, attributes: &str, inside: impl FnOnce(&mut Xml)) {
        self.indent();
        self.written.push_str(&format!("<{name}{attributes}>\n"));
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        self.indent();
        self.written.push_str(&format!("</{name}>\n"));
    }

    fn indent(&mut self) {
        self.written.extend(std::iter::repeat_n("  ", self.depth));
    }
}

/// `2026-01-31T23:59:59Z`
pub(crate) fn iso8601(time: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    time.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_default()
}

/// `Sat, 31 Jan 2026 23:59:59 GMT`
pub(crate) fn http_date(time: OffsetDateTime) -> String {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    time.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_default()
}

/// Escapes the characters that XML reserves, and replaces those that it cannot contain.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| matches!(c, '&' | '<' | '>' | '"' | '\'') || c.is_control()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\r' => out.push_str("&#xD;"),
            '\t' | '\n' => out.push(c),
            c if c < ' ' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_document() {
        let written = Fault::new(403, "AccessDenied", "a & b").document("id");
        let expected = r#"<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error>
    <Type>Sender</Type>
    <Code>AccessDenied</Code>
    <Message>a &amp; b</Message>
  </Error>
  <RequestId>id</RequestId>
</ErrorResponse>
"#;
        assert_eq!(written, expected);
    }

    #[test]
    fn success_document() {
        let written = success("GetAccessKeyInfo", "id", |xml| xml.text("Account", "1"));
        let expected = r#"<GetAccessKeyInfoResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetAccessKeyInfoResult>
    <Account>1</Account>
  </GetAccessKeyInfoResult>
  <ResponseMetadata>
    <RequestId>id</RequestId>
  </ResponseMetadata>
</GetAccessKeyInfoResponse>
"#;
        assert_eq!(written, expected);
    }

    #[test]
    fn documents_in_json() {
        let error = in_json(&Fault::new(403, "AccessDenied", "a & <b>").document("id"));
        let expected =
            r#"{"Error":{"Code":"AccessDenied","Message":"a & <b>","Type":"Sender"},"RequestId":"id"}"#;
        assert_eq!(error, expected);
        let written = in_json(&success("GetAccessKeyInfo", "id", |xml| xml.text("Account", "1")));
        let expected = r#"{"GetAccessKeyInfoResponse":{"GetAccessKeyInfoResult":{"Account":"1"},"ResponseMetadata":{"RequestId":"id"}}}"#;
        assert_eq!(written, expected);
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(
            escaped("<a href='x'>\r\n\u{1}\"&"),
            "&lt;a href=&#39;x&#39;&gt;&#xD;\n\u{fffd}&quot;&amp;"
        );
        assert_eq!(escaped("plain"), "plain");
    }

    #[test]
    fn times() {
        let time = time::macros::datetime!(2026-01-31 23:59:59.9 UTC);
        assert_eq!(iso8601(time), "2026-01-31T23:59:59Z");
        assert_eq!(http_date(time), "Sat, 31 Jan 2026 23:59:59 GMT");
    }
}
