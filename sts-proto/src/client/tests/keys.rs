//! Credentials that are fetched once for all calls, kept fresh, and fetched anew when the service refuses them.

use std::time::Duration;

use super::world::*;
use crate::error::{CredentialsError, ErrorCode};
use crate::flow::{Effect, Event, Flow, Step, Timeouts};
use crate::operations::GetCallerIdentity;

#[test]
fn many_calls_wait_for_one_fetch() {
    let mut asked = 0;
    let provide: Provide<'_> = Box::new(|_, _| {
        asked += 1;
        (seconds(3), Ok(keys("ASIA1")))
    });
    let mut world = World::new(config(), serves(), provide);
    let calls: Vec<_> = (0..50).map(|_| world.call()).collect();
    world.run();
    for call in calls {
        let (at, called) = world.end(call);
        assert!(called.is_ok() && at == seconds(3), "{at:?} {called:?}");
    }
    assert_eq!(world.jobs, 1);
    drop(world);
    assert_eq!(asked, 1);
}

#[test]
fn a_call_that_is_given_up_takes_nothing_from_the_others() {
    let provide: Provide<'_> = Box::new(|_, _| (seconds(3), Ok(keys("ASIA1"))));
    let mut world = World::new(config(), serves(), provide);
    let (first, second) = (world.call(), world.call());
    world.run_until(start() + seconds(1));
    world.give_up(first);
    let third = world.call();
    world.run();
    for call in [second, third] {
        assert!(world.end(call).1.is_ok());
        assert_eq!(world.end(call).0, seconds(3));
    }
    assert_eq!(world.jobs, 1);
}

#[test]
fn a_job_that_is_not_taken_is_taken_by_the_next_call() {
    let provide: Provide<'_> = Box::new(|_, _| (seconds(3), Ok(keys("ASIA1"))));
    let mut world = World::new(config(), serves(), provide);
    // A flow that asks for a job and is dropped before its driver takes it.
    let mut call = world.core.send(GetCallerIdentity::new(), 99);
    assert!(matches!(call.step(start(), Event::Start), Ok(Step::Perform(Effect::Join(_)))));
    drop(call);
    let next = world.call();
    world.run();
    assert!(world.end(next).1.is_ok());
    assert_eq!(world.jobs, 1);
}

#[test]
fn a_job_that_is_lost_is_begun_again_but_not_for_ever() {
    let provide: Provide<'_> = Box::new(|_, _| (seconds(3), Ok(keys("ASIA1"))));
    let mut world = World::new(config(), serves(), provide);
    world.lose = 1;
    let calls = [world.call(), world.call()];
    world.run();
    for call in calls {
        assert!(world.end(call).1.is_ok());
    }
    assert_eq!(world.jobs, 2);

    let mut world = World::new(config(), serves(), gives_none());
    world.lose = usize::MAX;
    let call = world.call();
    world.run();
    let error = world.end(call).1.as_ref().unwrap_err().to_string();
    assert!(error.contains("the provider") && error.contains("was ended before it had answered"), "{error}");
    assert!(world.jobs < 10, "{}", world.jobs);
}

#[test]
fn a_refresh_runs_beside_the_calls() {
    let mut number = 0;
    let provide: Provide<'_> = Box::new(|now, _| {
        number += 1;
        (seconds(5), Ok(keys(&format!("ASIA{number}")).with_expiration(now + seconds(3600))))
    });
    let signers = std::cell::RefCell::new(Vec::new());
    let serve: Serve<'_> = Box::new(|now, request| {
        let at = now.duration_since(start()).unwrap().as_secs();
        signers.borrow_mut().push((at, signer(request).to_owned()));
        (Duration::ZERO, success())
    });
    let mut world = World::new(config(), serve, provide);
    world.call();
    world.run();
    // By then a refresh is due; by two thirds of the life it is not.
    for at in [2000, 3400, 3403, 3500] {
        world.run_until(start() + seconds(at));
        let call = world.call();
        world.run_until(start() + seconds(at + 1));
        assert_eq!(world.end(call).0, seconds(at), "no call waits for a refresh");
    }
    world.run();
    assert_eq!(world.jobs, 2);
    drop(world);
    let ids: Vec<_> = signers.borrow().iter().map(|(_, id)| id.clone()).collect();
    assert_eq!(ids, ["ASIA1", "ASIA1", "ASIA1", "ASIA1", "ASIA2"]);
}

#[test]
fn what_expires_is_waited_for() {
    let mut number = 0;
    let provide: Provide<'_> = Box::new(|now, _| {
        number += 1;
        (seconds(2), Ok(keys(&format!("ASIA{number}")).with_expiration(now + seconds(900))))
    });
    let mut world = World::new(config(), serves(), provide);
    world.call();
    world.run();
    world.run_until(start() + seconds(1000));
    let calls = [world.call(), world.call()];
    world.run();
    for call in calls {
        assert!(world.end(call).1.is_ok());
        assert_eq!(world.end(call).0, seconds(1002));
    }
    assert_eq!(world.jobs, 2);
}

#[test]
fn what_fetching_takes_is_part_of_the_call() {
    let provide: Provide<'_> = Box::new(|_, _| (Duration::from_millis(300), Ok(keys("ASIA1"))));
    let timeouts = Timeouts { attempt: seconds(20), call: seconds(20), ..Timeouts::default() };
    let mut world = World::new(config().timeouts(timeouts), serves(), provide);
    for _ in 0..2 {
        let call = world.call();
        world.run();
        assert!(world.end(call).1.is_ok());
    }
    assert_eq!(world.allowed, [Duration::from_millis(19_700), seconds(20)]);
}

#[test]
fn a_retry_is_not_signed_with_what_has_expired_since() {
    let mut number = 0;
    let provide: Provide<'_> = Box::new(|now, _| {
        number += 1;
        (seconds(3), Ok(keys(&format!("ASIA{number}")).with_expiration(now + seconds(103))))
    });
    let signers = std::cell::RefCell::new(Vec::new());
    let serve: Serve<'_> = Box::new(|_, request| {
        signers.borrow_mut().push(signer(request).to_owned());
        match signers.borrow().len() {
            2 => (seconds(9), answer(503, "")),
            _ => (Duration::ZERO, success()),
        }
    });
    let mut world = World::new(config(), serve, provide);
    world.call();
    world.run();
    // A refresh is due. By the time of the retry it has ended, and the old credentials have expired.
    world.run_until(start() + seconds(98));
    let call = world.call();
    world.run();
    assert_eq!(world.end(call).1.as_ref().unwrap().metadata.attempts(), 2);
    drop(world);
    assert_eq!(*signers.borrow(), ["ASIA1", "ASIA1", "ASIA2"]);
}

#[test]
fn refused_credentials_are_fetched_anew_once() {
    let told = std::cell::RefCell::new(Vec::new());
    let provide: Provide<'_> = Box::new(|_, refused| {
        told.borrow_mut().push(refused.map(str::to_owned));
        let id = if told.borrow().len() == 1 { "ASIAOLD" } else { "ASIANEW" };
        (seconds(1), Ok(keys(id)))
    });
    let serve: Serve<'_> = Box::new(|_, request| match signer(request) {
        "ASIAOLD" => (seconds(1), refusal("ExpiredToken")),
        _ => (Duration::ZERO, success()),
    });
    let mut world = World::new(config(), serve, provide);
    let calls: Vec<_> = (0..20).map(|_| world.call()).collect();
    world.run();
    for call in calls {
        let output = world.end(call).1.as_ref().unwrap();
        assert_eq!(output.metadata.attempts(), 2);
        assert_eq!(world.end(call).0, seconds(3));
    }
    assert_eq!(world.jobs, 2);
    drop(world);
    assert_eq!(*told.borrow(), [None, Some("ASIAOLD".to_owned())]);
}

#[test]
fn a_source_that_gives_refused_credentials_again_is_not_asked_without_end() {
    let provide: Provide<'_> = Box::new(|_, _| (Duration::ZERO, Ok(keys("ASIAOLD"))));
    let serve: Serve<'_> = Box::new(|_, _| (Duration::ZERO, refusal("ExpiredToken")));
    let mut world = World::new(config(), serve, provide);
    for _ in 0..10 {
        let call = world.call();
        world.run();
        let error = world.end(call).1.as_ref().unwrap_err();
        assert_eq!(error.code(), Some(&ErrorCode::ExpiredToken));
        assert_eq!(error.attempts(), 1);
    }
    assert_eq!(world.jobs, 2);
}

#[test]
fn the_deadline_counts_everything() {
    // Credentials take 4 s, and no attempt is answered.
    let provide: Provide<'_> = Box::new(|_, _| (seconds(4), Ok(keys("ASIA1"))));
    let serve: Serve<'_> = Box::new(|_, _| (seconds(1000), success()));
    let timeouts = Timeouts { call: seconds(9), ..Timeouts::default() };
    let mut world = World::new(config().timeouts(timeouts), serve, provide);
    let call = world.call();
    world.run();
    assert!(world.end(call).1.as_ref().unwrap_err().as_transport_error().is_some());
    assert_eq!(world.end(call).0, seconds(9));

    // Credentials that take too long, and what is fetched is kept for later calls.
    let provide: Provide<'_> = Box::new(|_, _| (seconds(30), Ok(keys("ASIA1"))));
    let mut world = World::new(config().timeouts(timeouts), serves(), provide);
    let call = world.call();
    world.run();
    let error = world.end(call).1.as_ref().unwrap_err();
    assert_eq!(
        error.to_string(),
        "no credentials from the provider: it has not answered after 9s, the time that the call may take"
    );
    assert_eq!(error.retry_class(), crate::RetryClass::Transient);
    assert_eq!(world.end(call).0, seconds(9));
    let later = world.call();
    world.run();
    assert!(world.end(later).1.is_ok());
    assert_eq!(world.jobs, 1);

    // A second try is within the same deadline, and where no time is left for it the refusal is what is told.
    let mut number = 0;
    let provide: Provide<'_> = Box::new(|_, _| {
        number += 1;
        (seconds(number * 3), Ok(keys(&format!("ASIA{number}"))))
    });
    let serve: Serve<'_> = Box::new(|_, _| (seconds(4), refusal("ExpiredToken")));
    let mut world = World::new(config().timeouts(timeouts), serve, provide);
    let call = world.call();
    world.run();
    assert_eq!(world.end(call).1.as_ref().unwrap_err().code(), Some(&ErrorCode::ExpiredToken));
    assert_eq!(world.end(call).0, seconds(9));
}

#[test]
fn a_failure_is_one_of_all_that_wait_and_the_next_call_tries_again() {
    let mut number = 0;
    let provide: Provide<'_> = Box::new(|_, _| {
        number += 1;
        let fails = Err(CredentialsError::new("the vault", "it is sealed").into());
        (seconds(1), if number == 1 { fails } else { Ok(keys("ASIA1")) })
    });
    let mut world = World::new(config(), serves(), provide);
    let calls = [world.call(), world.call()];
    world.run();
    for call in calls {
        let error = world.end(call).1.as_ref().unwrap_err().to_string();
        assert_eq!(error, "no credentials from the vault: it is sealed");
    }
    world.run_until(start() + seconds(3));
    let call = world.call();
    world.run();
    assert!(world.end(call).1.is_ok());
    assert_eq!(world.jobs, 2);
}
