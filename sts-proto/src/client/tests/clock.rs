//! Clocks that are wrong, and programs that stand still.

use std::cell::RefCell;
use std::time::{Duration, SystemTime};

use super::world::*;
use crate::error::{CredentialsError, ErrorCode};
use crate::flow::{Event, Flow, Step, Timeouts};
use crate::keys::Credentials;
use crate::operation::Presign;
use crate::operations::GetCallerIdentity;
use crate::retry::Retry;
use crate::settings::Env;
use crate::transport::{Phase, TransportErrorKind};

#[test]
fn one_answer_with_a_wrong_date_makes_no_credentials_look_expired() {
    let wrong: [fn() -> Event; 5] = [
        success,
        || refusal("AccessDenied"),
        || refusal("RequestTimeTooSkewed"),
        || answer(503, ""),
        || answer(200, "<html/>"),
    ];
    for (index, wrong) in wrong.iter().enumerate() {
        for ahead in [172_800, 3600, -3600, -172_800] {
            for retry in [Retry::standard(), Retry::off()] {
                let mut fetched = 0;
                let provide: Provide<'_> = Box::new(|now, _| {
                    fetched += 1;
                    (Duration::ZERO, Ok(keys("ASIA1").with_expiration(now + seconds(3600))))
                });
                let mut number = 0;
                let serve: Serve<'_> = Box::new(|now, request| {
                    number += 1;
                    let event =
                        if number == 1 { dated(now, ahead, wrong()) } else { judged(now, 0, request) };
                    (Duration::ZERO, event)
                });
                let mut world = World::new(config().retry(retry), serve, provide);
                let ended: Vec<bool> = (0..3)
                    .map(|_| {
                        let call = world.call();
                        world.run();
                        world.end(call).1.is_ok()
                    })
                    .collect();
                // With one attempt a call the second shows what is right, if not the first.
                assert!(ended[2], "{index} {ahead}: {ended:?}");
                assert!(ended[1] || retry == Retry::off(), "{index} {ahead}: {ended:?}");
                drop(world);
                assert!(fetched == 1 || index == 2 && fetched == 2, "{index} {ahead}: {fetched} fetches");
            }
        }
    }
}

/// What sets the dates of answers, such as a proxy, need not be what judges those of requests.
#[test]
fn a_shown_clock_that_a_refusal_disproves_counts_no_more() {
    for ahead in [172_800, 3600, 600, -600, -3600] {
        for is_shown_again in [true, false] {
            for retry in [Retry::standard(), Retry::off()] {
                let provide: Provide<'_> = Box::new(|now, _| {
                    (Duration::ZERO, Ok(keys("ASIA1").with_expiration(now + seconds(3600))))
                });
                let mut number = 0;
                let serve: Serve<'_> = Box::new(|now, request| {
                    number += 1;
                    let Event::Response(mut response) = judged(now, 0, request) else { panic!("no answer") };
                    response.headers_mut().remove("date");
                    let event = Event::Response(response);
                    let is_shown = number == 1 || is_shown_again;
                    (Duration::ZERO, if is_shown { dated(now, ahead, event) } else { event })
                });
                let mut world = World::new(config().retry(retry), serve, provide);
                let ended: Vec<bool> = (0..6)
                    .map(|_| {
                        let call = world.call();
                        world.run();
                        world.end(call).1.is_ok()
                    })
                    .collect();
                let retries = retry != Retry::off();
                assert_eq!(ended, [true, retries, true, true, true, true], "{ahead} {is_shown_again}");
                drop(world);
                // The second call is sent twice.
                assert_eq!(number, 6 + i32::from(retries), "{ahead} {is_shown_again}");
            }
        }
    }
}

/// A date that was disproved by a mistake is believed again once this machine's clock is refused too.
#[test]
fn where_neither_clock_is_taken_both_are_tried_again() {
    let provide: Provide<'_> = Box::new(|_, _| (Duration::ZERO, Ok(keys("ASIA1"))));
    let mut number = 0;
    let serve: Serve<'_> = Box::new(|now, request| {
        number += 1;
        // The service is an hour ahead; a request that was dated rightly is refused all the same.
        let event = judged(now, 3600, request);
        (Duration::ZERO, if number == 3 { dated(now, 3600, refusal("RequestTimeTooSkewed")) } else { event })
    });
    let mut world = World::new(config(), serve, provide);
    for _ in 0..4 {
        let call = world.call();
        world.run();
        assert!(world.end(call).1.is_ok(), "{:?}", world.end(call).1);
    }
    drop(world);
    // Two for the first call, three for the second: as shown, by this machine, and as shown.
    assert_eq!(number, 2 + 3 + 2);
}

#[test]
fn what_both_clocks_call_expired_is_not_used() {
    // This machine's clock is an hour behind.
    let mut number = 0;
    let provide: Provide<'_> = Box::new(|now, _| {
        number += 1;
        let (id, holds) = [("FIRST", 3602), ("LATE", -10), ("GOOD", 7200)][number - 1];
        let end = if holds < 0 { now - seconds(10) } else { now + seconds(holds as u64) };
        (Duration::ZERO, Ok(keys(id).with_expiration(end)))
    });
    let signers = RefCell::new(Vec::new());
    let serve: Serve<'_> = Box::new(|now, request| {
        signers.borrow_mut().push(signer(request).to_owned());
        (Duration::ZERO, judged(now, 3600, request))
    });
    let mut world = World::new(config(), serve, provide);
    let first = world.call();
    world.run();
    assert!(world.end(first).1.is_ok());
    // By the service's clock the first ones have expired by then, and what the provider gives is over by both.
    world.run_until(start() + seconds(3700));
    let second = world.call();
    world.run();
    let error = world.end(second).1.as_ref().unwrap_err().to_string();
    assert!(error.contains("expired 10 s ago by this machine's clock"), "{error}");
    world.run_until(start() + seconds(3702));
    let third = world.call();
    world.run();
    assert!(world.end(third).1.is_ok());
    assert_eq!(world.jobs, 3);
    drop(world);
    assert_eq!(*signers.borrow(), ["FIRST", "FIRST", "GOOD"]);
}

#[test]
fn where_the_clocks_disagree_the_service_decides() {
    // The service is an hour ahead. What the provider gives lasts for less by this machine's clock, so the service's calls it
    // expired; it may say so, or take it all the same.
    for refuses in [true, false] {
        let mut number = 0;
        let provide: Provide<'_> = Box::new(|now, _| {
            number += 1;
            (Duration::ZERO, Ok(keys(&format!("ASIA{number}")).with_expiration(now + seconds(1800))))
        });
        let signers = RefCell::new(Vec::new());
        let serve: Serve<'_> = Box::new(|now, request| {
            signers.borrow_mut().push(signer(request).to_owned());
            let event = judged(now, 3600, request);
            let taken = matches!(&event, Event::Response(response) if response.status() == 200);
            let event = if taken && refuses { dated(now, 3600, refusal("ExpiredToken")) } else { event };
            (Duration::ZERO, event)
        });
        let mut world = World::new(config(), serve, provide);
        for _ in 0..5 {
            let call = world.call();
            world.run();
            let called = world.end(call).1;
            match refuses {
                true => assert_eq!(called.as_ref().unwrap_err().code(), Some(&ErrorCode::ExpiredToken)),
                false => assert!(called.is_ok(), "{called:?}"),
            }
        }
        // No storm of fetches, whatever is right.
        assert!(world.jobs <= 3, "{refuses}: {} fetches", world.jobs);
    }
}

#[test]
fn what_expires_while_it_is_fetched_is_fetched_again() {
    for stood_still in [7, 8, 60, 3600, 86_400] {
        // When the answer to the fetch comes, and when the program stops.
        for (took, stops) in [(1, 0), (2, 1), (5, 4)] {
            let mut number = 0;
            let provide: Provide<'_> = Box::new(|now, _| {
                number += 1;
                let keys = keys(&format!("ASIA{number}"));
                (seconds(took), Ok(keys.with_expiration(now + seconds(6))))
            });
            let mut world = World::new(config(), serves(), provide);
            // The first fetch for a call, and one beside a call.
            let first = world.call();
            world.run_until(start() + seconds(stops));
            world.stand_still(seconds(stood_still));
            let second = world.call();
            world.run();
            assert!(world.end(second).1.is_ok(), "{:?}", world.end(second).1);
            // The first has a time of its own, which may be over.
            assert!(stood_still > 50 || world.end(first).1.is_ok(), "{:?}", world.end(first).1);
        }
    }
}

#[test]
fn what_never_arrives_in_time_is_an_error_that_says_so() {
    let mut fetched = 0;
    let provide: Provide<'_> = Box::new(|now, _| {
        fetched += 1;
        (seconds(2), Ok(keys("ASIA1").with_expiration(now + seconds(1))))
    });
    let mut world = World::new(config(), serves(), provide);
    let call = world.call();
    world.run();
    let error = world.end(call).1.as_ref().unwrap_err().to_string();
    assert!(error.contains("expired 1 s ago by this machine's clock"), "{error}");
    drop(world);
    assert_eq!(fetched, 3);
}

#[test]
fn a_fetch_that_fails_since_the_program_stood_still_is_no_failure_of_the_next_call() {
    let mut number = 0;
    let provide: Provide<'_> = Box::new(|now, _| {
        number += 1;
        let late = CredentialsError::new("the vault", "it has not answered")
            .with_retry_class(crate::RetryClass::Transient);
        match number {
            1 => (seconds(5), Err(late.into())),
            _ => (seconds(1), Ok(keys("ASIA1").with_expiration(now + seconds(900)))),
        }
    });
    let mut world = World::new(config(), serves(), provide);
    world.call();
    world.stand_still(seconds(600));
    let call = world.call();
    world.run();
    assert!(world.end(call).1.is_ok(), "{:?}", world.end(call).1);
    assert_eq!(world.jobs, 2);
}

#[test]
fn a_session_that_ended_while_a_call_was_on_its_way_is_begun_anew() {
    let mut number = 0;
    let provide: Provide<'_> = Box::new(|now, _| {
        number += 1;
        (Duration::ZERO, Ok(keys(&format!("ASIA{number}")).with_expiration(now + seconds(60))))
    });
    let hours = seconds(36_000);
    let timeouts = Timeouts { attempt: hours, call: hours, ..Timeouts::default() };
    let mut sent = 0;
    let serve: Serve<'_> = Box::new(|now, request| {
        sent += 1;
        match sent {
            // The date is too old as well; which of the two a service says first is its own affair.
            1 => (seconds(1200), dated(now + seconds(1200), 0, refusal("ExpiredToken"))),
            _ => (Duration::ZERO, judged(now, 0, request)),
        }
    });
    let mut world = World::new(config().timeouts(timeouts), serve, provide);
    let call = world.call();
    world.run();
    assert!(world.end(call).1.is_ok(), "{:?}", world.end(call).1);
}

#[test]
fn what_expires_while_the_region_is_looked_for_signs_nothing() {
    let mut number = 0;
    let mut provide = |now: SystemTime| {
        number += 1;
        keys(&format!("ASIA{number}")).with_expiration(now + seconds(60))
    };
    let core = built(crate::client::Config::new(Env::default()).provided());
    let operation = GetCallerIdentity::new();
    let options = Presign::new(seconds(60));
    let mut presigning = core.presign(&operation, &options, 1);
    let (mut now, mut event) = (start(), Event::Start);
    let request = loop {
        event = match presigning.step(now, event).unwrap() {
            Step::Done(request) => break request,
            Step::Perform(crate::flow::Effect::Join(_)) => {
                while let Some(job) = core.job() {
                    match job {
                        crate::client::Job::Provider(job) => job.finish(now, Ok(provide(now))),
                        crate::client::Job::Flow(job) => {
                            let found = |effect| match effect {
                                crate::flow::Effect::Send(request, _) => {
                                    let token = request.uri().path().ends_with("token");
                                    answer(200, if token { "token" } else { "eu-north-1" })
                                }
                                effect => panic!("{effect:?}"),
                            };
                            drive(&core, now, job, &found).unwrap_or_else(|never| match never {});
                            now += seconds(600);
                        }
                    }
                }
                Event::Joined
            }
            Step::Perform(effect) => panic!("{effect:?}"),
        };
    };
    let query = request.uri().query().unwrap();
    assert!(query.contains("Credential=ASIA2") && query.contains("Date=20231114T2223"), "{query}");
}

#[test]
fn a_role_whose_source_expired_while_it_was_assumed_is_assumed_anew() {
    let files = "[default]\nregion = eu-west-1\nrole_arn = arn:aws:iam::123456789012:role/demo\nsource_profile = base\n\
        [profile base]\ncredential_process = tool\n";
    let env = Env::from_iter([("AWS_CONFIG_FILE", "/config")]);
    for (lasts, stood_still) in [(60, 120), (900, 1200), (3600, 86_400)] {
        let core = built_with(crate::client::Config::new(env.clone()), Some(files));
        let mut flow = core.credentials(1);
        assert!(matches!(flow.step(start(), Event::Start), Ok(Step::Perform(_))));
        let Some(crate::client::Job::Flow(mut job)) = core.job() else { panic!("no job") };
        let (mut now, mut event, mut runs, mut calls) = (start(), Event::Start, 0, 0);
        loop {
            let Ok(step) = job.step(now, event);
            event = match step {
                Step::Done(()) => break,
                Step::Perform(crate::flow::Effect::Run(_)) => {
                    runs += 1;
                    let end = now + seconds(lasts);
                    let end = date(end);
                    let stdout = format!(
                        r#"{{"Version":1,"AccessKeyId":"ASIA{runs}","SecretAccessKey":"s","SessionToken":"t","Expiration":"{end}"}}"#
                    );
                    // It stood still before the program's output was read.
                    now += if runs == 1 { seconds(stood_still) } else { Duration::ZERO };
                    Event::Exited(crate::flow::ProcessOutput {
                        status: Some(0),
                        stdout: stdout.into(),
                        stderr: bytes::Bytes::new(),
                    })
                }
                Step::Perform(crate::flow::Effect::Send(..)) => {
                    calls += 1;
                    // And before the answer was.
                    now += if calls == 1 { seconds(stood_still) } else { Duration::ZERO };
                    match calls {
                        1 => refusal("ExpiredToken"),
                        _ => session(now + seconds(900)),
                    }
                }
                Step::Perform(effect) => panic!("{effect:?}"),
            };
        }
        let got = flow.step(now, Event::Joined);
        assert!(matches!(got, Ok(Step::Done(Credentials { .. }))), "{lasts}: {got:?}");
        assert_eq!((runs, calls), (3, 2));
    }
}

#[test]
fn a_deadline_is_kept_whatever_the_program_did() {
    // The time of a call is its caller's: a call that stood still beyond it ends with its cause.
    let serve: Serve<'_> =
        Box::new(|_, _| (seconds(5), Event::Failed(TransportErrorKind::Timeout(Phase::Response).into())));
    let provide: Provide<'_> = Box::new(|_, _| (Duration::ZERO, Ok(keys("ASIA1"))));
    let mut world = World::new(config(), serve, provide);
    let call = world.call();
    world.stand_still(seconds(600));
    world.run();
    let error = world.end(call).1.as_ref().unwrap_err();
    assert_eq!(error.as_transport_error().unwrap().kind(), TransportErrorKind::Timeout(Phase::Response));
}

/// As programs print it; within two days after [`start`].
fn date(time: SystemTime) -> String {
    // The start is 22:13:20 on the 14th.
    let since = time.duration_since(start()).unwrap().as_secs() + 22 * 3600 + 13 * 60 + 20;
    let (day, hour, minute) = (14 + since / 86_400, since / 3600 % 24, since / 60 % 60);
    format!("2023-11-{day}T{hour:02}:{minute:02}:{:02}Z", since % 60)
}

/// The answer to AssumeRole.
fn session(end: SystemTime) -> Event {
    let end = end.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    answer(
        200,
        &format!(
            "<R><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
             <SessionToken>t</SessionToken><Expiration>{end}</Expiration></Credentials></AssumeRoleResult></R>"
        ),
    )
}
