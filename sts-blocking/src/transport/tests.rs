use sts_proto::{Retry, TransportErrorKind as Kind};

use crate::operations::AssumeRole;
use crate::testing::{Server, builder, text};

#[test]
fn an_answer_that_comes_before_the_request_has_ended_is_heard() {
    let server = Server::start(|mut connection, _| {
        connection.write("HTTP/1.1 413 Large\r\ncontent-length: 0\r\n\r\n");
    });
    let sts = builder(&server.url()).retry(Retry::off()).build().unwrap();
    let heard = |_: &i32| {
        let operation = AssumeRole::new("arn:aws:iam::0123:role/a", "b").policy("x".repeat(300_000));
        let error = sts.assume_role(operation).unwrap_err();
        assert!(error.metadata().is_some() || error.as_transport_error().is_some(), "{}", text(&error));
        error.metadata().is_some_and(|metadata| metadata.status().as_u16() == 413)
    };
    // On a busy machine the reset may overtake the words that were said before it. Without hearing a server out, it does
    // so in every second case.
    let heard = (0..40).filter(heard).count();
    assert!(heard >= 32, "{heard} of 40");
}

#[test]
fn a_connection_that_breaks_without_a_word_is_closed() {
    let server = Server::start(|mut connection, _| drop(connection.head()));
    let sts = builder(&server.url()).retry(Retry::off()).build().unwrap();
    for _ in 0..20 {
        let operation = AssumeRole::new("arn:aws:iam::0123:role/a", "b").policy("x".repeat(300_000));
        let error = sts.assume_role(operation).unwrap_err();
        assert_eq!(
            error.as_transport_error().map(|error| error.kind()),
            Some(Kind::Closed),
            "{}",
            text(&error)
        );
    }
}
