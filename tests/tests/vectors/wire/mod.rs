//! Every recorded vector of the wire, checked to the full: what is sent, what is presigned, where it goes and how
//! an answer is read.
//!
//! The vectors are the files `request.jsonl`, `presign.jsonl`, `endpoint.jsonl` and `response.jsonl` anywhere below
//! `$STS_VECTORS/wire`; a kind that is not there comes from the copy in `tests/vectors/wire`. A test fails with the
//! id of each vector that does not hold and says why. What is decided otherwise than the vector says stands in
//! [`report::RULES`], and nowhere else.

pub(crate) mod config;
pub(crate) mod document;
pub(crate) mod endpoint;
pub(crate) mod independent;
pub(crate) mod inputs;
pub(crate) mod outputs;
pub(crate) mod presign;
pub(crate) mod record;
pub(crate) mod report;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod retry;
pub(crate) mod text;

use report::run;

#[test]
fn requests() {
    run("request", request::check);
}

#[test]
fn presigned_urls() {
    run("presign", presign::check);
}

#[test]
fn endpoints() {
    run("endpoint", endpoint::check);
}

#[test]
fn responses() {
    run("response", response::check);
}
