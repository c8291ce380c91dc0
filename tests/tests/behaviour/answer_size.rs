//! The bound of an answer's size is kept by the core, whichever driver reads the answer: documents that are good in themselves are
//! read up to it and not beyond.

use http::{Response, StatusCode};
use sts_proto::operations::GetCallerIdentity;
use sts_proto::wire::MAX_BODY;
use sts_proto::{Error, Operation, ResponseProblem};

/// An answer of so many bytes, most of which are blanks behind its end.
fn answer(status: StatusCode, document: &str, size: usize) -> Response<Vec<u8>> {
    let blanks = " ".repeat(size - document.len());
    let mut response = Response::new([document, &blanks].concat().into_bytes());
    *response.status_mut() = status;
    response
}

#[test]
fn a_success_is_read_up_to_the_bound() {
    const DOCUMENT: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>a</Arn><UserId>u</UserId>\
        <Account>0123</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
    let read = |size| GetCallerIdentity::parse(&answer(StatusCode::OK, DOCUMENT, size));
    assert!(read(MAX_BODY).is_ok());
    match read(MAX_BODY + 1) {
        Err(Error::Response(error)) => assert_eq!(error.problem, ResponseProblem::TooLarge),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_refusal_is_read_up_to_the_bound() {
    const DOCUMENT: &str = "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>";
    let code = |size| match GetCallerIdentity::parse(&answer(StatusCode::FORBIDDEN, DOCUMENT, size)) {
        Err(Error::Service(error)) => error.wire_code().map(str::to_owned),
        other => panic!("{other:?}"),
    };
    assert_eq!(code(MAX_BODY).as_deref(), Some("AccessDenied"));
    assert_eq!(code(MAX_BODY + 1), None);
}
