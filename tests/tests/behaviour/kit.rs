//! The kit for tests, behind both clients.

use std::time::{Duration, SystemTime};

use sts_proto::operations::{
    AssumeRole, AssumeRoleOutput, GetCallerIdentity, GetCallerIdentityOutput, GetSessionToken,
};
use sts_proto::testing::{Answer, Clock, Refusal, Seeds, Service};
use sts_proto::{Credentials, RetryClass, Settings, Timeouts, TransportErrorKind};
use sts_tests::driver::{Driver, Setup, through_both};

fn keys() -> Credentials {
    let end = SystemTime::UNIX_EPOCH + Duration::new(1_900_000_000, 5_000_000);
    Credentials::new("ASIA", "planted-secret").with_session_token("planted-token").with_expiration(end)
}

fn me() -> GetCallerIdentityOutput {
    GetCallerIdentityOutput::new("AIDA", "0123", "arn:aws:iam::0123:user/a<b>")
}

/// Each client with one line.
fn drivers(service: &Service) -> [Driver; 2] {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    [
        Driver::Blocking(sts_blocking::Builder::answered_by(service).build().unwrap()),
        Driver::Async(sts_async::Builder::answered_by(service).build().unwrap(), runtime.into()),
    ]
}

fn role() -> AssumeRole {
    AssumeRole::new("arn:aws:iam::123456789012:role/demo", "a b&c").tags([("team", "pay+ments")])
}

#[test]
fn a_list_is_given_out_in_turn() {
    let answers = || -> Service {
        let answers: [Answer; 5] = [
            AssumeRoleOutput::new(keys()).packed_policy_size(7).request_id("r-1").into(),
            Refusal::new(403, "AccessDenied", "not <you>").request_id("r-2").into(),
            TransportErrorKind::Tls.into(),
            http::Response::new("<html>").into(),
            me().into(),
        ];
        answers.into()
    };
    for at in [0, 1] {
        let service = answers();
        let sts = &drivers(&service)[at];
        let output = sts.send(role()).unwrap();
        assert_eq!(output, AssumeRoleOutput::new(keys()).packed_policy_size(7).request_id("r-1"));
        let error = sts.send(role()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "AssumeRole was refused: AccessDenied: not <you> (http 403, request id r-2)"
        );
        let refusal = Refusal::new(403, "AccessDenied", "not <you>").request_id("r-2");
        let made = refusal.while_calling("AssumeRole");
        assert_eq!(made.as_service_error(), error.as_service_error());
        let error = sts.send(role()).unwrap_err();
        assert_eq!(error.as_transport_error().unwrap().kind(), TransportErrorKind::Tls);
        assert_eq!(sts.send(GetCallerIdentity::new()).unwrap_err().error_type(), "response");
        assert_eq!(sts.send(GetCallerIdentity::new()).unwrap(), me());
        // One more than there are.
        let error = sts.send(GetSessionToken::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "GetSessionToken got no answer from sts.us-east-1.amazonaws.com: the 5 answers of the test are \
             used up, and there is none for GetSessionToken"
        );
        assert_eq!((error.attempts(), service.received().len()), (1, 6));
    }
}

#[test]
fn the_output_of_another_operation_is_called_so() {
    let service = Service::new(|_| AssumeRoleOutput::new(keys()));
    for sts in drivers(&service) {
        service.forget();
        let error = sts.send(GetCallerIdentity::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "GetCallerIdentity got no answer from sts.us-east-1.amazonaws.com: the test answers \
             GetCallerIdentity with the output of AssumeRole"
        );
        assert_eq!(service.received().len(), 1);
    }
}

#[test]
fn a_closure_answers_what_it_receives() {
    let service = Service::new(|request| -> Answer {
        match request.operation() {
            "AssumeRole" => AssumeRoleOutput::new(keys()).into(),
            _ => GetCallerIdentityOutput::new(request.access_key_id().unwrap(), "0123", "arn").into(),
        }
    });
    for sts in drivers(&service) {
        let in_role = sts.with_provider(sts.assumes(role()));
        assert_eq!(in_role.send(GetCallerIdentity::new()).unwrap().user_id, "ASIA");
        assert_eq!(sts.send(GetCallerIdentity::new()).unwrap().user_id, "AKIAIOSFODNN7EXAMPLE");
    }
}

#[test]
fn a_role_that_cannot_be_assumed_says_what_the_transport_met_with() {
    for at in [0, 1] {
        let closed = || Answer::from(TransportErrorKind::Closed);
        let service = Service::from([closed(), closed(), closed()]);
        let sts = &drivers(&service)[at];
        let in_role = sts.with_provider(sts.assumes(role()));
        let error = in_role.send(GetCallerIdentity::new()).unwrap_err();
        let met = error.as_transport_error().unwrap();
        assert_eq!((met.kind(), met.attempts()), (TransportErrorKind::Closed, 3), "{error}");
        assert_eq!((error.attempts(), error.error_type()), (0, "credentials"));
        assert!(service.received().iter().all(|sent| sent.operation() == "AssumeRole"));
    }
}

#[test]
fn requests_are_kept_and_shown_without_secrets() {
    let service = Service::new(|_| me());
    for sts in drivers(&service) {
        service.forget();
        let sts = sts.with_provider(keys());
        // The keys have a session token, and the input has a code.
        sts.send(GetSessionToken::new().serial_number("arn:mfa").token_code("planted-code")).unwrap_err();
        sts.send(role()).unwrap_err();
        let received = service.received();
        let [session, role] = &received[..] else { panic!("{received:?}") };
        assert_eq!(
            (session.operation(), session.member("TokenCode")),
            ("GetSessionToken", Some("planted-code"))
        );
        assert_eq!((role.access_key_id(), role.signing_region()), (Some("ASIA"), Some("us-east-1")));
        let members: Vec<_> = role.members().collect();
        assert_eq!(
            members,
            [
                ("RoleArn", "arn:aws:iam::123456789012:role/demo"),
                ("RoleSessionName", "a b&c"),
                ("Tags.member.1.Key", "team"),
                ("Tags.member.1.Value", "pay+ments"),
            ]
        );
        // The request itself.
        assert_eq!(role.uri().host(), Some("sts.us-east-1.amazonaws.com"));
        let shown = format!("{service:?} {received:#?}");
        assert!(shown.contains("RoleSessionName") && shown.contains("amz-sdk-request"), "{shown}");
        assert!(!shown.contains("planted") && !shown.contains("Signature"), "{shown}");
    }
}

#[test]
fn time_and_randomness_are_what_the_test_says() {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let requests = |make: sts_tests::driver::Make| {
        let busy = || Answer::from(Refusal::new(400, "Throttling", "Rate exceeded"));
        let service = Service::from([busy(), busy(), me().into()]);
        let clock = Clock::at(start);
        let settings = Settings::new().region("eu-west-1").credentials(Credentials::new("AKID", "s"));
        let setup = Setup::new(settings).service(&service).clock(&clock).seeds(&Seeds::from(7));
        let output = make(&setup).unwrap().send(GetCallerIdentity::new()).unwrap();
        // No time has passed here, and that of the waits there.
        let passed = clock.now().duration_since(start).unwrap();
        // Windows counts in 100 ns.
        assert!(
            output.metadata.total_retry_delay().abs_diff(passed) < Duration::from_micros(1),
            "{passed:?}"
        );
        assert!(clock.now() > start);
        let headers = |name: &str| {
            let received = service.received();
            received.iter().map(|request| request.headers()[name].clone()).collect::<Vec<_>>()
        };
        (headers("authorization"), headers("x-amz-date"), headers("amz-sdk-invocation-id"))
    };
    let [blocking, again, asynchronous] =
        [Setup::blocking, Setup::blocking, Setup::asynchronous].map(requests);
    assert_eq!(blocking.1[0], "20231114T221320Z");
    // But for the user agent, which is not signed, both send the same.
    assert_eq!(blocking, again);
    assert_eq!(blocking, asynchronous);
}

#[test]
fn an_expiration_passes_by_the_clock_of_the_test() {
    through_both(|make| {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let clock = Clock::at(start);
        let of_service = clock.clone();
        let service = Service::new(move |request| -> Answer {
            let end = of_service.now() + Duration::from_secs(900);
            match request.operation() {
                "AssumeRole" => AssumeRoleOutput::new(keys().with_expiration(end)).into(),
                _ => me().into(),
            }
        });
        let settings = Settings::new().region("eu-west-1").credentials(Credentials::new("AKID", "s"));
        let sts = make(&Setup::new(settings).service(&service).clock(&clock)).unwrap();
        let in_role = sts.with_provider(sts.assumes(role()));
        let begun = || service.received().iter().filter(|sent| sent.operation() == "AssumeRole").count();
        for (passed, expected) in [(0, 1), (60, 1), (3600, 2), (3600, 3)] {
            clock.advance(Duration::from_secs(passed));
            in_role.send(GetCallerIdentity::new()).unwrap();
            assert_eq!(begun(), expected);
        }
    });
}

#[test]
fn calls_beside_each_other_wait_beside_each_other() {
    const CALLS: usize = 50;
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let config = |service: &Service, clock: &Clock| {
        let settings = Settings::new().region("eu-west-1").credentials(Credentials::new("AKID", "s"));
        let settings = settings.retry(sts_proto::Retry::standard().max_attempts(2));
        let settings = settings.timeouts(Timeouts { call: Duration::from_secs(2), ..Timeouts::default() });
        Setup::new(settings).service(service).clock(clock).seeds(&Seeds::from(7))
    };
    type Run = fn(&Setup);
    let runs: [(&str, Run); 2] = [
        ("blocking", |setup| {
            let Driver::Blocking(sts) = setup.blocking().unwrap() else { panic!("another driver") };
            std::thread::scope(|scope| {
                let call = || sts.get_caller_identity().unwrap_err();
                let calls: Vec<_> = (0..CALLS).map(|_| scope.spawn(call)).collect();
                calls.into_iter().for_each(|call| assert_eq!(call.join().unwrap().attempts(), 2));
            });
        }),
        ("async", |setup| {
            let Driver::Async(sts, runtime) = setup.asynchronous().unwrap() else { panic!("another driver") };
            runtime.block_on(async {
                let call = || {
                    let sts = sts.clone();
                    tokio::spawn(async move { sts.get_caller_identity().await.unwrap_err() })
                };
                let calls: Vec<_> = (0..CALLS).map(|_| call()).collect();
                for call in calls {
                    assert_eq!(call.await.unwrap().attempts(), 2);
                }
            });
        }),
    ];
    for (driver, run) in runs {
        // No answer is given before every call has begun.
        let begun = std::sync::Barrier::new(CALLS);
        let first = std::sync::atomic::AtomicUsize::new(0);
        let service = Service::new(move |_| {
            if first.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < CALLS {
                begun.wait();
            }
            Refusal::new(400, "Throttling", "slow")
        });
        let clock = Clock::at(start);
        run(&config(&service, &clock));
        assert_eq!(service.received().len(), 2 * CALLS, "{driver}");
        assert!(clock.now() < start + Duration::from_secs(2), "{driver}: {:?}", clock.now());
    }
}

#[test]
fn a_time_out_of_zero_is_over_at_once() {
    through_both(|make| {
        let service = Service::new(|_| me());
        let settings = Settings::new().region("eu-west-1").credentials(Credentials::new("AKID", "s"));
        let sound = Timeouts::default();
        let zero = Duration::ZERO;
        for (timeouts, which) in [
            (Timeouts { call: zero, attempt: zero, connect: zero }, "the call's time-out"),
            (Timeouts { call: zero, ..sound }, "the call's time-out"),
            (Timeouts { attempt: zero, ..sound }, "the attempt's time-out"),
            (Timeouts { connect: zero, ..sound }, "the time-out to connect"),
        ] {
            let setup = Setup::new(settings.clone().timeouts(timeouts)).service(&service);
            let error = make(&setup).unwrap().send(GetCallerIdentity::new()).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "GetCallerIdentity got no answer from sts.eu-west-1.amazonaws.com: nothing was sent, \
                     since {which} is zero"
                )
            );
            assert_eq!((error.attempts(), error.error_type()), (0, "timeout"));
        }
        assert!(service.received().is_empty());
    });
}

#[test]
fn time_outs_of_a_client_are_what_its_builder_set() {
    let set = Timeouts {
        connect: Duration::from_secs(1),
        attempt: Duration::from_secs(2),
        call: Duration::from_secs(3),
    };
    let call = Duration::from_secs(1);
    let service = Service::new(|_| me());
    let blocking = sts_blocking::Builder::answered_by(&service).timeouts(set).build().unwrap();
    let asynchronous = sts_async::Builder::answered_by(&service).timeouts(set);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let asynchronous = runtime.block_on(async { asynchronous.build().unwrap() });
    let hurried = Timeouts { call, ..set };
    assert_eq!((blocking.timeouts(), asynchronous.timeouts()), (set, set));
    assert_eq!(blocking.with_timeouts(Timeouts { call, ..blocking.timeouts() }).timeouts(), hurried);
    assert_eq!(asynchronous.with_timeouts(Timeouts { call, ..asynchronous.timeouts() }).timeouts(), hurried);
}

#[test]
fn errors_are_made_without_a_client() {
    let busy = Refusal::new(400, sts_proto::ErrorCode::Throttling, "").while_calling("AssumeRole");
    assert_eq!((busy.retry_class(), busy.error_type()), (RetryClass::Throttling, "Throttling"));
    let broken = Refusal::new(503, "", "").while_calling("AssumeRole");
    assert_eq!((broken.retry_class(), broken.error_type()), (RetryClass::Transient, "503"));
}
