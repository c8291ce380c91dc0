use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use super::{ErrorCode, Metadata};
use crate::retry::{RetryClass, classify};
use crate::text::shown;
use crate::wire::{FromXml, MAX_BODY, XmlError, XmlReader};

/// The service said no, or a server on the way did.
///
/// Three documents are understood: `<ErrorResponse><Error>`, `<ErrorResponse><Errors><Error>` and a bare
/// `<Error>`. Anything else (a proxy's HTML, JSON, an empty body) leaves [`code`](Self::code) empty and keeps
/// status, request id and retry class.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceError {
    operation: &'static str,
    document: ErrorDocument,
    metadata: Metadata,
    retry_class: RetryClass,
}

impl ServiceError {
    /// Reads the body of a refusal; never fails, whatever the body is.
    pub(crate) fn read(operation: &'static str, mut metadata: Metadata, body: &[u8]) -> Self {
        let document =
            Some(body).filter(|body| body.len() <= MAX_BODY).and_then(|body| ErrorDocument::read(body).ok());
        let mut document = document.unwrap_or_default();
        metadata.set_body_request_id(document.request_id.take().as_deref());
        // Before any text is withheld.
        let code = document.code.as_ref().map(|(_, wire)| wire.trim());
        let retry_class = classify(metadata.status().as_u16(), code, document.message.as_deref());
        Self { operation, document, metadata, retry_class }
    }

    /// Passes each text of the server to `replace`, which may return another one for it.
    pub(super) fn each_text(&mut self, replace: &mut dyn FnMut(&str) -> Option<String>) {
        if let Some((code, wire)) = &mut self.document.code
            && let Some(other) = replace(wire)
        {
            *code = ErrorCode::from(other.trim());
            *wire = other;
        }
        let extra = self.document.extra.iter_mut().flat_map(|(name, text)| [name, text]);
        for text in self.document.message.iter_mut().chain(extra) {
            if let Some(other) = replace(text) {
                *text = other;
            }
        }
        self.metadata.each_text(replace);
    }

    /// The action that was called.
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// The code, if an error document came.
    pub fn code(&self) -> Option<&ErrorCode> {
        self.document.code.as_ref().map(|(code, _)| code)
    }

    /// The code exactly as it was sent, whatever its length, unless it quotes a secret of the call. To be shown, take
    /// [`code`](Self::code).
    pub fn wire_code(&self) -> Option<&str> {
        self.document.code.as_ref().map(|(_, wire)| wire.as_str())
    }

    /// The message exactly as it was sent, unless it quotes a secret of the call. It may have several lines and as many
    /// characters as fit a body: `Display` shows the beginning of the first line.
    pub fn message(&self) -> Option<&str> {
        self.document.message.as_deref()
    }

    /// Whose fault it is, as the document says, else by status.
    pub fn fault(&self) -> Fault {
        self.document.fault.unwrap_or(match self.metadata.status().is_server_error() {
            true => Fault::Receiver,
            false => Fault::Sender,
        })
    }

    /// The members of the error beside type, code, message and request id, nested names joined with dots, as long
    /// as they were sent. They are kept out of `Debug` and `Display`, since some servers quote the request there.
    pub fn extra(&self) -> impl Iterator<Item = (&str, &str)> {
        self.document.extra.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Status, request ids, attempts.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    pub(crate) fn set_effort(&mut self, attempts: u32, total_retry_delay: Duration) {
        self.metadata.set_effort(attempts, total_retry_delay);
    }

    pub(crate) fn into_metadata(self) -> Metadata {
        self.metadata
    }

    /// Whether the same call may succeed later.
    pub fn retry_class(&self) -> RetryClass {
        self.retry_class
    }

    /// The code, fit to be shown.
    fn short_code(&self) -> Option<String> {
        self.code().map(|code| shown(code.as_str(), SHOWN_OF_CODE))
    }

    /// What is fit to be shown of the message: its first line. The service puts the canonical request of a refused
    /// signature on the lines below.
    fn short_message(&self) -> Option<String> {
        let line = self.message()?.lines().find(|line| !line.trim().is_empty())?;
        Some(shown(line.trim(), SHOWN_OF_MESSAGE))
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, metadata, .. } = self;
        match (self.short_code(), self.short_message()) {
            (Some(code), Some(message)) => {
                write!(f, "{operation} was refused: {code}: {message} ({metadata})")
            }
            (Some(code), None) => write!(f, "{operation} was refused: {code} ({metadata})"),
            (None, _) if matches!(metadata.status().as_u16(), 301 | 302 | 303 | 307 | 308) => write!(
                f,
                "{operation} was answered with a redirect, which is not followed because it would carry the \
                 session token elsewhere; check the endpoint url ({metadata})"
            ),
            (None, _) => match metadata.unasked_encoding() {
                Some(encoding) => write!(
                    f,
                    "{operation} was answered with an error that is compressed, with {encoding}; check what is between the \
                     client and the endpoint ({metadata})"
                ),
                None => {
                    write!(f, "{operation} was answered with an error that is not the service's ({metadata})")
                }
            },
        }
    }
}

impl fmt::Debug for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceError")
            .field("operation", &self.operation)
            .field("code", &self.short_code())
            .field("message", &self.short_message())
            .field("fault", &self.fault())
            .field("extra", &self.extra().map(|(name, _)| shown(name, SHOWN_OF_CODE)).collect::<Vec<_>>())
            .field("metadata", &self.metadata)
            .finish()
    }
}

impl std::error::Error for ServiceError {}

/// Whose fault a refusal is: `Type` in the error document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The caller's.
    Sender,
    /// The service's.
    Receiver,
}

#[derive(Clone, Default, PartialEq, Eq)]
struct ErrorDocument {
    /// The code and how it was written.
    code: Option<(ErrorCode, String)>,
    message: Option<String>,
    fault: Option<Fault>,
    extra: Vec<(String, String)>,
    request_id: Option<String>,
}

impl ErrorDocument {
    fn read(body: &[u8]) -> Result<Self, XmlError> {
        let mut document = Self::default();
        let mut reader = XmlReader::new(body)?;
        if reader.root() == "Error" {
            document.read_members(&mut reader)?;
        } else {
            while let Some(name) = reader.child()? {
                match name {
                    "Error" => document.read_error(&mut reader)?,
                    "Errors" => document.read_errors(&mut reader)?,
                    "RequestId" => keep_id(&mut document.request_id, reader.text()?),
                    "ResponseMetadata" => read_request_id(&mut reader, &mut document.request_id)?,
                    _ => reader.skip()?,
                }
            }
        }
        reader.end()?;
        Ok(document)
    }

    fn read_errors(&mut self, reader: &mut XmlReader<'_>) -> Result<(), XmlError> {
        while let Some(name) = reader.child()? {
            match name {
                "Error" => self.read_error(reader)?,
                _ => reader.skip()?,
            }
        }
        Ok(())
    }

    /// Of several errors the first that has a code counts, and nothing of the others.
    fn read_error(&mut self, reader: &mut XmlReader<'_>) -> Result<(), XmlError> {
        if self.code.is_some() {
            return reader.skip();
        }
        let mut error = Self::default();
        error.read_members(reader)?;
        let request_id = error.request_id.take().or(self.request_id.take());
        if error.code.is_some() || self.message.is_none() {
            *self = error;
        }
        self.request_id = request_id;
        Ok(())
    }

    fn read_members(&mut self, reader: &mut XmlReader<'_>) -> Result<(), XmlError> {
        let mut plain = None;
        while let Some(name) = reader.child()? {
            match name {
                "Code" => {
                    let wire = String::read(reader)?;
                    let code = Some(ErrorCode::from(wire.trim())).filter(|code| !code.as_str().is_empty());
                    self.code = code.map(|code| (code, wire));
                }
                "Message" => self.message = Some(String::read(reader)?).filter(|text| !text.is_empty()),
                "message" => plain = Some(String::read(reader)?).filter(|text| !text.is_empty()),
                "Type" => {
                    self.fault = match reader.text()?.trim() {
                        "Sender" => Some(Fault::Sender),
                        "Receiver" => Some(Fault::Receiver),
                        _ => None,
                    }
                }
                "RequestId" => keep_id(&mut self.request_id, reader.text()?),
                name => self.read_extra(name.to_owned(), reader)?,
            }
        }
        match (&self.message, plain) {
            (None, plain) => self.message = plain,
            (Some(_), Some(plain)) => self.extra.push(("message".to_owned(), plain)),
            (Some(_), None) => {}
        }
        Ok(())
    }

    /// Recursion is bounded by the reader's depth, and the length of a path by [`MAX_PATH`].
    fn read_extra(&mut self, path: String, reader: &mut XmlReader<'_>) -> Result<(), XmlError> {
        if self.extra.len() >= MAX_EXTRA || path.len() > MAX_PATH {
            return reader.skip();
        }
        let (text, children) =
            reader.text_or_children(|reader, child| self.read_extra(format!("{path}.{child}"), reader))?;
        if !children {
            self.extra.push((path, text));
        }
        Ok(())
    }
}

/// Reads the `RequestId` of a `ResponseMetadata` element.
pub(crate) fn read_request_id<'a, T: From<Cow<'a, str>>>(
    reader: &mut XmlReader<'a>,
    id: &mut Option<T>,
) -> Result<(), XmlError> {
    while let Some(name) = reader.child()? {
        match name {
            "RequestId" => keep_id(id, reader.text()?),
            _ => reader.skip()?,
        }
    }
    Ok(())
}

/// Keeps a request id, unless it is blank: a blank one must not hide one that came before.
fn keep_id<'a, T: From<Cow<'a, str>>>(id: &mut Option<T>, found: Cow<'a, str>) {
    if !found.trim().is_empty() {
        *id = Some(found.into());
    }
}

/// How much of a message `Display` and `Debug` show, in characters.
const SHOWN_OF_MESSAGE: usize = 400;
/// The same of a code or a member's name.
const SHOWN_OF_CODE: usize = 100;
/// More members than any error has.
const MAX_EXTRA: usize = 32;
/// A longer name than any member has, in bytes.
const MAX_PATH: usize = 256;

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn read(status: u16, body: &str) -> ServiceError {
        let metadata = Metadata::new(StatusCode::from_u16(status).unwrap(), &HeaderMap::new());
        ServiceError::read("AssumeRole", metadata, body.as_bytes())
    }

    #[test]
    fn three_documents_are_understood() {
        let error = "<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>m</Message></Error>";
        for body in [
            format!("<ErrorResponse xmlns='urn:x'>{error}<RequestId>id</RequestId></ErrorResponse>"),
            format!("<ErrorResponse><Errors>{error}</Errors><RequestId>id</RequestId></ErrorResponse>"),
            error.replace("</Error>", "<RequestId>id</RequestId></Error>"),
        ] {
            let error = read(403, &body);
            assert_eq!(error.code(), Some(&ErrorCode::AccessDenied), "{body}");
            assert_eq!(error.message(), Some("m"));
            assert_eq!(error.fault(), Fault::Sender);
            assert_eq!(error.metadata().request_id(), Some("id"));
            assert_eq!(
                error.to_string(),
                "AssumeRole was refused: AccessDenied: m (http 403, request id id)"
            );
        }
    }

    #[test]
    fn a_code_is_kept_as_sent_and_the_modelled_message_goes_first() {
        let error =
            read(400, "<Error><message>b</message><Code> Throttling\n</Code><Message>a</Message></Error>");
        assert_eq!((error.wire_code(), error.code()), (Some(" Throttling\n"), Some(&ErrorCode::Throttling)));
        assert_eq!(error.retry_class(), RetryClass::Throttling);
        assert_eq!((error.message(), error.extra().next()), (Some("a"), Some(("message", "b"))));
        assert_eq!(read(400, "<Error><message>b</message></Error>").message(), Some("b"));
        assert_eq!(read(400, "<E><Error><Code> </Code></Error><RequestId/></E>").code(), None);
    }

    #[test]
    fn a_blank_request_id_hides_no_other() {
        for body in [
            "<E><Error><Code>X</Code></Error><RequestId>id</RequestId><ResponseMetadata/></E>",
            "<E><Error><Code>X</Code></Error><RequestId>id</RequestId><RequestId> \n</RequestId></E>",
            "<E><ResponseMetadata><RequestId/></ResponseMetadata><RequestId>id</RequestId></E>",
            "<E><ResponseMetadata><RequestId>id</RequestId><RequestId/></ResponseMetadata></E>",
            "<E><RequestId>id</RequestId><Error><RequestId/><Code>X</Code></Error></E>",
        ] {
            assert_eq!(read(400, body).metadata().request_id(), Some("id"), "{body}");
        }
    }

    #[test]
    fn of_several_errors_the_first_with_a_code_counts_alone() {
        let first = "<Error><Type>Receiver</Type><Code>A</Code><Message>a</Message><X>1</X></Error>";
        let (other, nothing) =
            ("<Error><Code>B</Code><Y>2</Y></Error>", "<Error><Message>m</Message></Error>");
        for (errors, code, message, fault, extra) in [
            ([first, other], Some("A"), Some("a"), Fault::Receiver, vec![("X", "1")]),
            ([other, first], Some("B"), None, Fault::Sender, vec![("Y", "2")]),
            ([nothing, other], Some("B"), None, Fault::Sender, vec![("Y", "2")]),
            ([other, nothing], Some("B"), None, Fault::Sender, vec![("Y", "2")]),
            (["<Error/>", first], Some("A"), Some("a"), Fault::Receiver, vec![("X", "1")]),
            ([nothing, "<Error/>"], None, Some("m"), Fault::Sender, vec![]),
        ] {
            let errors = errors.concat();
            for body in [format!("<E>{errors}</E>"), format!("<E><Errors>{errors}</Errors></E>")] {
                let error = read(400, &body);
                assert_eq!(
                    (error.wire_code(), error.message(), error.fault()),
                    (code, message, fault),
                    "{body}"
                );
                assert_eq!(error.extra().collect::<Vec<_>>(), extra, "{body}");
            }
        }
        let ids = "<E><Error><RequestId>one</RequestId></Error><Error><Code>B</Code></Error></E>";
        assert_eq!(read(400, ids).metadata().request_id(), Some("one"));
    }

    #[test]
    fn a_code_is_shown_in_short_and_in_one_line() {
        let error = read(400, &format!("<Error><Code>Th\n%rottling{}</Code></Error>", "x".repeat(5000)));
        assert!(error.to_string().starts_with("AssumeRole was refused: Th%rottlingxxx"), "{error}");
        assert!(error.to_string().len() < 300 && format!("{error:?}").len() < 600);
    }

    #[test]
    fn what_is_shown_is_bounded() {
        let long = |first: char| format!("{first}\n{}", "x".repeat(100_000));
        let body = format!(
            "<ErrorResponse><Error><Code>{}</Code></Error><RequestId>{}</RequestId></ErrorResponse>",
            long('C'),
            long('R')
        );
        let error = crate::error::Error::from(read(400, &body));
        let code = error.code().unwrap();
        let texts = [
            error.to_string(),
            format!("{error:?}"),
            format!("{code:?} {code}"),
            error.error_type().to_owned(),
            error.metadata().unwrap().short_request_id().unwrap(),
            format!("{:?}", error.metadata()),
        ];
        for text in texts {
            assert!(text.len() < 1000 && !text.contains('\n'), "{} bytes: {text}", text.len());
        }
        assert!(error.error_type().starts_with("Cxxx") && code.as_str() == error.error_type());
        // A caller that asks for them gets them as they were sent.
        let wire = error.as_service_error().and_then(ServiceError::wire_code);
        assert_eq!((wire, error.request_id()), (Some(&*long('C')), Some(&*long('R'))));
    }

    #[test]
    fn anything_else_keeps_status_and_class() {
        for body in [
            "",
            " \n",
            "{}",
            "<html><h1>Gateway</h1></html>",
            "<!DOCTYPE html><html>",
            "<Error><Code>X</Code>",
        ] {
            let error = read(502, body);
            assert_eq!(
                (error.code(), error.message(), error.fault()),
                (None, None, Fault::Receiver),
                "{body}"
            );
            assert_eq!(error.retry_class(), RetryClass::Transient);
            assert!(error.to_string().contains("http 502"));
        }
    }

    #[test]
    fn other_members_are_kept_and_not_shown() {
        let body = "<Error><Code>X</Code><Resource>r</Resource><Deep><Er>1</Er></Deep><Message/></Error>";
        let error = read(400, body);
        assert_eq!(error.extra().collect::<Vec<_>>(), [("Resource", "r"), ("Deep.Er", "1")]);
        assert_eq!(error.message(), None);
        assert!(format!("{error:?}").contains(r#"extra: ["Resource", "Deep.Er"]"#), "{error:?}");
    }

    #[test]
    fn messages_are_shown_in_short() {
        let body = "<Error><Code>SignatureDoesNotMatch</Code><Message>It does not match.\n\nPOST\n/\nx-amz-security-token:\
                    tok-tok-tok</Message><StringToSign>tok-tok-tok</StringToSign></Error>";
        let error = read(403, body);
        assert!(!format!("{error} {error:?}").contains("tok-tok-tok"));
        let long =
            read(400, &format!("<Error><Code>X</Code><Message>{}</Message></Error>", "é".repeat(10_000)));
        assert!(long.to_string().chars().count() < 500);
    }

    #[test]
    fn all_that_was_sent_can_be_cleaned() {
        let body = "<ErrorResponse><Error><Code>tok-tok</Code><Message>tok-tok</Message><tok-tok>tok-tok</tok-tok></Error>\
                    <RequestId>tok-tok</RequestId></ErrorResponse>";
        let mut error = read(403, body);
        error.each_text(&mut |text| text.contains("tok-tok").then(|| text.replace("tok-tok", "gone")));
        assert!(!format!("{error} {error:?}").contains("tok-tok"), "{error:?}");
        assert_eq!((error.wire_code(), error.message()), (Some("gone"), Some("gone")));
        assert_eq!(error.extra().collect::<Vec<_>>(), [("gone", "gone")]);
        assert_eq!(error.metadata().request_id(), Some("gone"));
    }

    #[test]
    fn a_withheld_text_does_not_change_the_retry_class() {
        let mut error = read(400, "<Error><Code>Throttling</Code></Error>");
        error.each_text(&mut |_| Some("gone".to_owned()));
        assert_eq!((error.wire_code(), error.retry_class()), (Some("gone"), RetryClass::Throttling));
    }

    #[test]
    fn other_members_are_bounded() {
        let many = format!("<Error>{}</Error>", "<a>1</a>".repeat(1000));
        assert_eq!(read(400, &many).extra().count(), MAX_EXTRA);
        let name = "n".repeat(MAX_PATH + 1);
        let long = format!("<Error><Code>X</Code><{name}><a/></{name}></Error>");
        assert_eq!((read(400, &long).extra().count(), read(400, &long).wire_code()), (0, Some("X")));
    }
}
