use std::time::{Duration, Instant};

use sts_proto::{Phase, Retry, Timeouts, TransportErrorKind as Kind};

use crate::operations::AssumeRole;
use crate::testing::{IDENTITY, Server, answer, builder, text};

/// Answers one request, says nothing of closing, and closes. It is heard once it has.
fn closes_after_each_answer() -> Server {
    Server::start(|mut connection, heard| {
        let Some(head) = connection.request() else { return };
        connection.write(&answer(IDENTITY));
        drop(connection);
        heard(head);
    })
}

#[test]
fn connections_are_kept() {
    let server = Server::start(|mut connection, heard| {
        heard("a connection".to_owned());
        while connection.request().is_some() {
            connection.write(&answer(IDENTITY));
        }
    });
    let sts = builder(&server.url()).build().unwrap();
    for _ in 0..5 {
        sts.get_caller_identity().unwrap();
    }
    assert_eq!(server.heard().len(), 1);
}

#[test]
fn a_kept_connection_that_the_server_has_closed_costs_no_attempt() {
    let server = closes_after_each_answer();
    let sts = builder(&server.url()).retry(Retry::off()).build().unwrap();
    for call in 1..=20 {
        assert_eq!(sts.get_caller_identity().unwrap().metadata.attempts(), 1);
        while server.heard().len() < call {
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_server_that_closes_at_any_moment_makes_no_call_fail() {
    let server = closes_after_each_answer();
    let sts = builder(&server.url()).build().unwrap();
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let sts = sts.clone();
            std::thread::spawn(move || (0..25).for_each(|_| drop(sts.get_caller_identity().unwrap())))
        })
        .collect();
    callers.into_iter().for_each(|caller| caller.join().unwrap());
    // What retries cost was given back.
    assert_eq!(sts.context().retry_quota(), 500);
}

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
fn time_outs_may_be_as_long_as_one_likes() {
    let server = closes_after_each_answer();
    let long = Duration::MAX;
    let sts = builder(&server.url())
        .timeouts(Timeouts { connect: long, attempt: long, call: long })
        .build()
        .unwrap();
    sts.get_caller_identity().unwrap();
    let half = Timeouts { attempt: Duration::from_secs(u64::MAX / 2), ..Timeouts::default() };
    sts.with_timeouts(Timeouts { call: long, ..half }).get_caller_identity().unwrap();
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

#[test]
fn a_client_with_other_time_outs_shares_connections_and_ends_by_them() {
    let call = Duration::from_millis(300);
    let hurry = Timeouts { call, ..Timeouts::default() };
    let server = Server::start(|mut connection, heard| {
        heard("a connection".to_owned());
        while connection.request().is_some() {
            connection.write(&answer(IDENTITY));
        }
    });
    let patient = builder(&server.url()).build().unwrap();
    patient.get_caller_identity().unwrap();
    patient.with_timeouts(hurry).get_caller_identity().unwrap();
    assert_eq!((server.heard().len(), patient.context().timeouts()), (1, Timeouts::default()));

    let silent = Server::start(|connection, _| connection.hold());
    let sts = builder(&silent.url()).build().unwrap().with_timeouts(hurry);
    let begun = Instant::now();
    let error = sts.get_caller_identity().unwrap_err();
    assert_eq!(error.as_transport_error().unwrap().kind(), Kind::Timeout(Phase::Response));
    assert!(begun.elapsed() >= call && begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
