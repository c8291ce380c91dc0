use std::fmt;

use http::{HeaderMap, StatusCode};

use super::xml::element;
use crate::error::{Error, Metadata, ServiceError};
use crate::wire::Value;

/// A refusal of the service, for tests.
///
/// ```
/// use sts_proto::testing::Refusal;
/// use sts_proto::{ErrorCode, RetryClass};
///
/// let busy = Refusal::new(400, ErrorCode::Throttling, "Rate exceeded");
/// // The answer of a service, or the error of a call.
/// let error = busy.request_id("1d2f").while_calling("AssumeRole");
/// assert_eq!(error.retry_class(), RetryClass::Throttling);
/// assert_eq!(error.request_id(), Some("1d2f"));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Refusal {
    status: StatusCode,
    code: String,
    message: String,
    request_id: Option<String>,
}

impl Refusal {
    /// With this HTTP status, code and message. A number that is no HTTP status becomes 500.
    pub fn new(status: u16, code: impl fmt::Display, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code: code.to_string(),
            message: message.into(),
            request_id: None,
        }
    }

    /// With this request id.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// The error of a call of `operation` that was refused so.
    pub fn while_calling(&self, operation: &'static str) -> Error {
        let metadata = Metadata::new(self.status, &HeaderMap::new());
        ServiceError::read(operation, metadata, self.to_xml().as_bytes()).into()
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// The document that it stands for.
    pub(super) fn to_xml(&self) -> String {
        let fault = if self.status.is_server_error() { "Receiver" } else { "Sender" };
        let error = [("Type", fault), ("Code", &self.code), ("Message", &self.message)];
        let error = error.map(|(name, text)| (name.into(), Value::from(text)));
        let mut xml = format!("<ErrorResponse xmlns=\"{NAMESPACE}\">");
        element("Error", &Value::Structure(error.into()), &mut xml);
        element("RequestId", &self.request_id.as_deref().map_or(Value::Absent, Value::from), &mut xml);
        xml.push_str("</ErrorResponse>");
        xml
    }
}

/// Of the documents of STS.
pub(super) const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
