//! Answers that are compressed although nothing but `identity` was asked for: each is an error that says so.

use bytes::Bytes;
use http::Response;
use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Credentials, Error, ResponseProblem, Retry, RetryClass, Settings};
use sts_tests::driver::{Setup, through_both};
use sts_tests::peer::{IDENTITY, Peer};

/// The beginning of a gzip stream.
const GZIP: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xb3\xb1\xaf\xc8\xcdQ(K-*\xce\xcc\xcf\xb3U2\xd43P";

fn answer(status: u16, encodings: &[&str], body: &'static [u8]) -> Response<Bytes> {
    let mut answer = Response::builder().status(status).header("x-amzn-requestid", "r-1");
    for encoding in encodings {
        answer = answer.header("content-encoding", *encoding);
    }
    answer.body(Bytes::from_static(body)).unwrap()
}

fn setup(peer: &Peer) -> Setup {
    let keys = Credentials::new("AKIDEXAMPLE", "planted-secret");
    Setup::new(Settings::new().region("eu-west-1").credentials(keys).retry(Retry::off())).transport(peer)
}

#[test]
fn a_compressed_answer_is_an_error_that_says_so_whatever_its_status() {
    for (status, encodings, body, told) in [
        (200, &["gzip"][..], GZIP, "content-encoding gzip,"),
        (200, &["br"], GZIP, "content-encoding br,"),
        (200, &["GZIP, identity"], GZIP, "content-encoding gzip,"),
        (200, &["deflate", "gzip"], GZIP, "content-encoding deflate,gzip,"),
        // Nothing is guessed of a body that is not what its head says.
        (200, &["gzip"], IDENTITY.as_bytes(), "content-encoding gzip,"),
        (200, &["gzip"], b"", "content-encoding gzip,"),
        (301, &["gzip"], GZIP, "redirect"),
        (400, &["gzip"], GZIP, "content-encoding gzip,"),
        (403, &["zstd"], GZIP, "content-encoding zstd,"),
        (500, &["x-gzip"], GZIP, "content-encoding x-gzip,"),
        (503, &["gzip"], GZIP, "content-encoding gzip,"),
    ] {
        let peer = Peer::new(move |_| Ok(answer(status, encodings, body)));
        through_both(|make| {
            let error = make(&setup(&peer)).unwrap().send(GetCallerIdentity::new()).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(told) && text.contains("request id r-1"), "{status} {encodings:?}: {text}");
            assert_eq!(error.request_id(), Some("r-1"));
            assert_eq!(error.retry_class() == RetryClass::Transient, status >= 500, "{status}");
            if let Error::Response(error) = &error {
                assert_eq!((status, error.problem), (200, ResponseProblem::Encoded));
            }
        });
    }
}

#[test]
fn an_answer_that_is_as_it_is_may_say_so_and_each_request_asks_for_it() {
    for encodings in [&[][..], &["identity"], &["Identity"], &[""], &["identity, identity"]] {
        let peer = Peer::new(move |_| Ok(answer(200, encodings, IDENTITY.as_bytes())));
        through_both(|make| drop(make(&setup(&peer)).unwrap().send(GetCallerIdentity::new()).unwrap()));
        for request in peer.requests() {
            assert_eq!(request.headers()["accept-encoding"], "identity");
            let signed = request.headers()["authorization"].to_str().unwrap();
            assert!(!signed.contains("accept-encoding"), "{signed}");
        }
    }
}

#[test]
fn credentials_that_are_compressed_are_an_error_that_says_so() {
    for (status, body) in [(200, GZIP), (200, b"{}"), (403, GZIP)] {
        let peer = Peer::new(move |_| Ok(answer(status, &["gzip"], body)));
        through_both(|make| {
            let container = [
                ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/keys"),
                ("AWS_REGION", "eu-west-1"),
            ];
            let setup = Setup::of_environment(container).transport(&peer);
            let error = make(&setup).unwrap().send(GetCallerIdentity::new()).unwrap_err().to_string();
            assert!(error.contains("content-encoding gzip"), "{status}: {error}");
        });
        assert!(peer.requests().iter().all(|request| request.headers()["accept-encoding"] == "identity"));
    }
}
