//! What becomes of the answer to an operation.

use std::borrow::Cow;

use http::{HeaderMap, StatusCode};

use super::Output;
use crate::error::{Error, Metadata, ResponseError, ResponseProblem, ServiceError};
use crate::wire::{MAX_BODY, Place, XmlError, XmlReader};

/// Where an output goes, without its type.
pub(crate) trait Slot: Place {
    /// Where the metadata goes, once the result is read.
    fn metadata(&mut self) -> Option<&mut Metadata>;

    /// Drops what was read.
    #[cfg(feature = "credentials")]
    fn clear(&mut self);
}

impl<O: Output> Slot for Option<O> {
    fn metadata(&mut self) -> Option<&mut Metadata> {
        self.as_mut().map(Output::metadata_mut)
    }

    #[cfg(feature = "credentials")]
    fn clear(&mut self) {
        *self = None;
    }
}

/// Fills the slot, or returns the error that the answer stands for. After an error the slot may hold what was read until then.
pub(crate) fn read_answer<'a>(
    action: &'static str,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    output: &'a mut dyn Slot,
) -> Result<&'a mut Metadata, Error> {
    let mut metadata = Metadata::new(status, headers);
    if !status.is_success() {
        return Err(ServiceError::read(action, metadata, body).into());
    }
    let read = match metadata.content_encoding() {
        Some(_) => Err(ResponseProblem::Encoded),
        None => read_result(action, body, output),
    };
    let problem = match read {
        Ok(ReadResult { request_id, found }) => {
            metadata.set_body_request_id(request_id.as_deref());
            match output.metadata().filter(|_| found) {
                Some(place) => {
                    *place = metadata;
                    return Ok(place);
                }
                None => ResponseProblem::NoResult,
            }
        }
        Err(problem) => problem,
    };
    // It may be an error document all the same; and a readable one has the request id.
    let refusal = ServiceError::read(action, metadata, body);
    if refusal.code().is_some() {
        return Err(refusal.into());
    }
    Err(ResponseError { operation: action, problem, metadata: refusal.into_metadata() }.into())
}

/// What was found in a document.
#[derive(Default)]
struct ReadResult<'a> {
    request_id: Option<Cow<'a, str>>,
    /// Whether the document has a result. The slot may hold one of an earlier answer.
    found: bool,
}

fn read_result<'a>(
    action: &str,
    body: &'a [u8],
    output: &mut dyn Slot,
) -> Result<ReadResult<'a>, ResponseProblem> {
    if body.len() > MAX_BODY {
        return Err(ResponseProblem::TooLarge);
    }
    let mut read = || -> Result<_, XmlError> {
        let mut result = ReadResult::default();
        let mut reader = XmlReader::new(body)?;
        // Whatever else stands in it, an error document is no success.
        if matches!(reader.root(), "ErrorResponse" | "Error") {
            return Ok(result);
        }
        while let Some(name) = reader.child()? {
            match name {
                "ResponseMetadata" => crate::error::read_request_id(&mut reader, &mut result.request_id)?,
                name if name.strip_suffix("Result") == Some(action) => {
                    output.read(&mut reader)?;
                    result.found = true;
                }
                _ => reader.skip()?,
            }
        }
        reader.end()?;
        Ok(result)
    };
    read().map_err(ResponseProblem::Document)
}
