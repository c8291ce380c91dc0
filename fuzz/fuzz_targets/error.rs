//! Any bytes as an error response: reading ends and never panics, finds the same code, message and request id
//! as another reader, and every accessor omits a redacted secret.
//!
//! The first byte chooses the status, the second where a secret starts in the body, the third its length.

#![no_main]

use http::{Response, StatusCode};
use libfuzzer_sys::fuzz_target;
use roxmltree::Node;
use sts_fuzz::document::{self, Verdict};
use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Error, Fault, Operation, Secret, ServiceError};

fuzz_target!(|data: &[u8]| {
    let [status, offset, length, body @ ..] = data else { return };
    let mut response = Response::new(body);
    *response.status_mut() = STATUSES[usize::from(*status) % STATUSES.len()];
    let Err(mut error) = GetCallerIdentity::parse(&response) else {
        panic!("an error response must not be a success")
    };
    let Error::Service(refusal) = &error else { panic!("an error response must be a service error") };
    // The target `xml` checks which documents are accepted.
    let lines = document::lines(body);
    if let (true, Some(Verdict::Read(document))) = (document::is_accepted(body), document::read(&lines)) {
        compare(refusal, document.root_element());
    }
    if let Some(secret) = secret(body, usize::from(*offset), usize::from(*length)) {
        error.redact(&[Secret::from(secret)]);
        assert!(!shown(&error).any(|text| text.contains(secret)), "{secret:?} is still in {error:?}");
    }
    let text = error.to_string();
    assert!(!text.contains('\n') && text.len() < 4096, "an error must be one short line: {text:?}");
    assert!(format!("{error:?}").len() < 64 * 1024, "debug is bounded");
    assert_eq!(error.metadata().map(|metadata| metadata.status()), Some(response.status()));
});

const STATUSES: [StatusCode; 5] = [
    StatusCode::BAD_REQUEST,
    StatusCode::FORBIDDEN,
    StatusCode::INTERNAL_SERVER_ERROR,
    StatusCode::FOUND,
    StatusCode::TOO_MANY_REQUESTS,
];

/// Checks the two simple forms: `<Error>` at the top, or once in any other element.
fn compare(refusal: &ServiceError, root: Node<'_, '_>) {
    let named = |name: &str| document::elements(root).filter(|node| node.tag_name().name() == name).count();
    let error = match root.tag_name().name() {
        "Error" => root,
        _ if named("Error") == 1 && named("Errors") == 0 => {
            document::last(root, "Error").expect("it was counted")
        }
        _ => return,
    };
    let member = |name: &str| document::last(error, name).map(document::text);
    let code = member("Code").filter(|code| !code.trim().is_empty());
    assert_eq!(refusal.wire_code(), code.as_deref());
    let message = ["Message", "message"].into_iter().filter_map(member).find(|text| !text.is_empty());
    assert_eq!(refusal.message(), message.as_deref());
    match member("Type").as_deref().map(str::trim) {
        Some("Sender") => assert_eq!(refusal.fault(), Fault::Sender),
        Some("Receiver") => assert_eq!(refusal.fault(), Fault::Receiver),
        _ => {}
    }
    if named("RequestId") == 1 && named("ResponseMetadata") == 0 && member("RequestId").is_none() {
        let id = document::last(root, "RequestId").map(document::text).filter(|id| !id.trim().is_empty());
        assert_eq!(refusal.metadata().request_id(), id.as_deref());
    }
}

/// A part of the body, used as a secret that the server quotes.
fn secret(body: &[u8], offset: usize, length: usize) -> Option<&str> {
    let secret = std::str::from_utf8(body.get(offset..offset.checked_add(length)?)?).ok()?;
    // The replacement of a secret cannot be a secret itself, nor a part of one.
    let usable = secret.len() >= 6 && !secret.contains(['[', ']']) && !"redacted".contains(secret);
    usable.then_some(secret)
}

fn shown(error: &Error) -> impl Iterator<Item = &str> {
    let refusal = error.as_service_error();
    let extra = refusal.into_iter().flat_map(|refusal| refusal.extra().flat_map(|(name, text)| [name, text]));
    let texts = refusal.and_then(ServiceError::wire_code).into_iter();
    texts.chain(refusal.and_then(ServiceError::message)).chain(error.request_id()).chain(extra)
}
