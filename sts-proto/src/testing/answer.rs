use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::refusal::{NAMESPACE, Refusal};
use super::xml::element;
use crate::operation::Output;
use crate::transport::{TransportError, TransportErrorKind};
use crate::wire::Value;

/// What a [`Service`](super::Service) answers: made of an output, a [`Refusal`], an error of the transport or its kind, a
/// response, or a `Result` of these two.
#[derive(Debug)]
#[must_use]
pub struct Answer {
    what: What,
    headers: HeaderMap,
}

#[derive(Debug)]
enum What {
    /// The members and the request id of an output, and [`Output::PATH`].
    Output(Value, Option<String>, &'static str),
    Refusal(Refusal),
    Response(Box<Response<Bytes>>),
    Failed(TransportError),
}

impl Answer {
    /// With this header, such as `date` or `retry-after`.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// The response, to a request for this action.
    pub(super) fn to(self, action: &str) -> Result<Response<Bytes>, TransportError> {
        let (status, body) = match self.what {
            What::Failed(error) => return Err(error),
            What::Response(mut response) => {
                response.headers_mut().extend(self.headers);
                return Ok(*response);
            }
            What::Refusal(refusal) => (refusal.status(), refusal.to_xml()),
            What::Output(value, id, path) => {
                if let Some(other) = other_operation(path, action) {
                    let problem = format!("the test answers {action} with the output of {other}");
                    return Err(TransportError::from(TransportErrorKind::Unsupported).saying(problem));
                }
                (StatusCode::OK, document(action, &value, id))
            }
        };
        let mut response = Response::new(body.into());
        *response.status_mut() = status;
        *response.headers_mut() = self.headers;
        response.headers_mut().entry(CONTENT_TYPE).or_insert(XML);
        Ok(response)
    }
}

/// The operation that this output is of, where that is another than the one that is called. The outputs that a program
/// defines itself may have any name.
fn other_operation(path: &'static str, action: &str) -> Option<&'static str> {
    let name = path.strip_prefix(concat!(env!("CARGO_CRATE_NAME"), "::"))?.rsplit("::").next()?;
    let operation = name.strip_suffix("Output")?;
    (!action.is_empty() && !operation.eq_ignore_ascii_case(action)).then_some(operation)
}

fn document(action: &str, result: &Value, request_id: Option<String>) -> String {
    let mut xml = format!("<{action}Response xmlns=\"{NAMESPACE}\">");
    element(&format!("{action}Result"), result, &mut xml);
    let id = request_id.map_or(Value::Absent, Value::Text);
    element("ResponseMetadata", &Value::Structure(vec![("RequestId".into(), id)]), &mut xml);
    xml.push_str(&format!("</{action}Response>"));
    xml
}

impl From<What> for Answer {
    fn from(what: What) -> Self {
        Self { what, headers: HeaderMap::new() }
    }
}

impl<O: Output> From<O> for Answer {
    fn from(output: O) -> Self {
        let id = output.metadata().body_request_id().map(str::to_owned);
        What::Output(output.to_value(), id, O::PATH).into()
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        What::Refusal(refusal).into()
    }
}

impl From<TransportError> for Answer {
    fn from(error: TransportError) -> Self {
        What::Failed(error).into()
    }
}

impl From<TransportErrorKind> for Answer {
    fn from(kind: TransportErrorKind) -> Self {
        TransportError::from(kind).into()
    }
}

impl<B: Into<Bytes>> From<Response<B>> for Answer {
    fn from(response: Response<B>) -> Self {
        What::Response(Box::new(response.map(Into::into))).into()
    }
}

impl<T: Into<Self>, E: Into<Self>> From<Result<T, E>> for Answer {
    fn from(result: Result<T, E>) -> Self {
        result.map_or_else(E::into, T::into)
    }
}

const XML: HeaderValue = HeaderValue::from_static("text/xml");
