//! Any bytes as the response to any operation, with any status: parsing ends and never panics, and an output
//! contains what another reader finds in the same document.
//!
//! The first byte chooses the operation, the second the status; the rest is the body.

#![no_main]

use http::{Response, StatusCode};
use libfuzzer_sys::fuzz_target;
use sts_fuzz::document::{self, Verdict};
use sts_fuzz::outputs::Matches;
use sts_proto::{Operation, Output};

fuzz_target!(|data: &[u8]| {
    let [operation, status, body @ ..] = data else { return };
    let parse = PARSERS[usize::from(*operation) % PARSERS.len()];
    parse(STATUSES[usize::from(*status) % STATUSES.len()], body);
});

macro_rules! parsers {
    (() $($(#[$sentence:meta])* $operation:ident: fn $method:ident $given:tt -> $output:ident $sent:tt
        example $before:tt $after:tt)*) => {
        &[$(check::<sts_proto::operations::$operation>),*]
    };
}

const PARSERS: &[fn(u16, &[u8])] = sts_proto::for_each_operation!(parsers);

const STATUSES: [u16; 5] = [200, 400, 403, 500, 302];

fn check<O: Operation<Output: Matches>>(status: u16, body: &[u8]) {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).expect("the table holds statuses");
    match O::parse(&response) {
        Ok(output) => {
            assert_eq!(status, 200, "only a 200 is a success");
            compare::<O>(&output, body);
        }
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains('\n') && text.len() < 4096, "an error must be one short line: {text:?}");
            assert!(error.metadata().is_some_and(|metadata| metadata.status().as_u16() == status));
            assert!(format!("{error:?}").len() < 64 * 1024, "debug is bounded");
        }
    }
}

fn compare<O: Operation<Output: Matches>>(output: &O::Output, body: &[u8]) {
    let lines = document::lines(body);
    let Some(Verdict::Read(document)) = document::read(&lines) else { return };
    let root = document.root_element();
    let result = document::last(root, &format!("{}Result", O::ACTION));
    output.matches("the result", result);
    // The last one that is not blank.
    let metadata = document::named(root, "ResponseMetadata");
    let ids = metadata.flat_map(|metadata| document::named(metadata, "RequestId")).map(document::text);
    let id = ids.filter(|id| !id.trim().is_empty()).last();
    assert_eq!(output.metadata().body_request_id(), id.as_deref());
}
