//! What is sent, what is presigned, where it goes and how an answer is read, each checked to the full.

mod config;
mod document;
mod endpoint;
mod independent;
mod inputs;
mod outputs;
mod presign;
mod request;
mod response;
mod retry;
mod text;

use crate::record::Record;
use crate::report::Case;

pub(crate) fn check(mut vector: Record, case: &mut Case) -> Result<(), String> {
    match vector.text("kind")?.as_str() {
        "request" => {
            case.count("requests");
            request::check(vector, case)
        }
        "presign" => {
            case.count("presigned urls");
            presign::check(vector, case)
        }
        "endpoint" => {
            case.count("endpoints");
            endpoint::check(vector, case)
        }
        "response" => {
            case.count("responses");
            response::check(vector, case)
        }
        other => Err(format!("no such kind: {other:?}")),
    }
}
