//! Calls whose clock, or whose service's clock, is wrong or is set meanwhile.

use super::*;

#[test]
fn a_wrong_clock_is_measured_and_corrected_once() {
    // The server's clock is an hour ahead of ours.
    let server = |now: SystemTime| now + Duration::from_secs(3600);
    let dated = |now: SystemTime, event: Event| match event {
        Event::Response(mut response) => {
            let since = server(now).duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
            response.headers_mut().insert("date", since.to_string().parse().unwrap());
            Event::Response(response)
        }
        event => event,
    };
    let judge = |now: SystemTime, request: &Request<Bytes>| {
        let hour = request.headers()["x-amz-date"].to_str().unwrap()[9..11].to_owned();
        let event = if hour == "23" { success() } else { refusal(403, "SignatureDoesNotMatch") };
        (BRIEF, dated(now, event))
    };
    let shared = with(Retry::standard());
    let (waits, _, result) =
        play(Call::new(GetCallerIdentity::new(), Arc::clone(&shared), 5), start(), judge);
    assert_eq!((result.unwrap().metadata.attempts(), waits), (2, vec![Duration::ZERO]));
    let (_, _, result) = play(Call::new(GetCallerIdentity::new(), shared, 6), start(), judge);
    assert_eq!(result.unwrap().metadata.attempts(), 1, "the next call knows");

    // Once is enough: a refusal that remains is the answer.
    let stubborn =
        |now: SystemTime, _: &Request<Bytes>| (BRIEF, dated(now, refusal(403, "SignatureDoesNotMatch")));
    let (_, _, result) =
        play(Call::new(GetCallerIdentity::new(), with(Retry::standard()), 5), start(), stubborn);
    assert_eq!(result.unwrap_err().attempts(), 2);
    // It can be switched off, and so can all retries.
    for retry in [Retry::standard().correct_clock(false), Retry::off()] {
        let (_, _, result) = play(Call::new(GetCallerIdentity::new(), with(retry), 5), start(), judge);
        assert_eq!(result.unwrap_err().attempts(), 1);
    }
}

/// A web page may not see the date of an answer, and some servers write none.
#[test]
fn where_an_answer_has_no_date_the_message_of_a_refusal_has_one() {
    let at = |now: SystemTime| crate::wire::time::format(now).unwrap().replace(['-', ':'], "");
    let mut told = 0;
    let judge = |now: SystemTime, request: &Request<Bytes>| {
        let server = now + Duration::from_secs(3600);
        let date = request.headers()["x-amz-date"].to_str().unwrap().to_owned();
        let apart = server.duration_since(crate::wire::time::parse(&date).unwrap()).unwrap_or_default();
        if apart <= Duration::from_secs(900) {
            return (BRIEF, success());
        }
        told += 1;
        let earliest = at(server - Duration::from_secs(900));
        let message =
            format!("Signature expired: {date} is now earlier than {earliest} ({} - 15 min.)", at(server));
        let error = format!(
            "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>{message}</Message></Error></ErrorResponse>"
        );
        (BRIEF, answer(403, &[], &error))
    };
    let judge = std::cell::RefCell::new(judge);
    let judge = |now: SystemTime, request: &Request<Bytes>| (judge.borrow_mut())(now, request);
    let shared = with(Retry::standard());
    for attempts in [2, 1] {
        let call = Call::new(GetCallerIdentity::new(), Arc::clone(&shared), 5);
        let (waits, _, result) = play(call, start(), judge);
        assert_eq!((result.unwrap().metadata.attempts(), waits.len()), (attempts, attempts as usize - 1));
    }
    let confirmed = shared.service_time(start()).duration_since(start()).unwrap();
    assert_eq!(confirmed.as_secs_f64().round(), 3600.0, "the refusal confirms it");
    assert_eq!(told, 1);
}

#[test]
fn an_aged_answer_says_nothing_of_the_time() {
    let shared = with(Retry::standard());
    let call = Call::new(GetCallerIdentity::new(), Arc::clone(&shared), 5);
    let aged = [("date", "Tue, 14 Nov 2023 12:00:00 GMT"), ("age", "1")];
    let (_, _, result) = play(call, start(), |_, _| (BRIEF, answer(403, &aged, "")));
    assert_eq!(result.unwrap_err().attempts(), 1);
    assert_eq!(shared.shared().clock().offset(), Offset::default());
}

#[test]
fn a_date_from_nowhere_does_no_harm() {
    for date in
        ["Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "0", "-62167219200", "nonsense"]
    {
        let shared = with(Retry::standard());
        for seed in 0..3 {
            let mut first = true;
            let call = Call::new(GetCallerIdentity::new(), Arc::clone(&shared), seed);
            let (_, _, result) = play(call, start(), |_, _| {
                let event =
                    if std::mem::take(&mut first) { answer(503, &[("date", date)], "") } else { success() };
                (BRIEF, event)
            });
            assert_eq!(result.unwrap().metadata.attempts(), 2, "{date}");
        }
    }
}

#[test]
fn a_clock_that_steps_back_does_not_lengthen_the_call() {
    let mut call = Call::new(GetCallerIdentity::new(), with(Retry::standard().max_attempts(1000)), 5);
    call.step(start(), Event::Start).unwrap();
    let mut now = start() - Duration::from_secs(3600);
    let begun = now;
    let mut event = answer(503, &[], "");
    while let Ok(step) = call.step(now, event) {
        event = match step {
            Step::Perform(Effect::Wait(wait)) => {
                now += wait;
                Event::Elapsed
            }
            _ => {
                now += BRIEF;
                answer(503, &[], "")
            }
        };
    }
    assert!(now.duration_since(begun).unwrap() <= Duration::from_secs(60));
}

#[test]
fn only_a_refusal_is_blamed_on_the_clock() {
    let dated = |status, body: &'static str| {
        move || answer(status, &[("date", "Tue, 14 Nov 2023 12:00:00 GMT")], body)
    };
    for event in [dated(302, ""), dated(200, "<html/>")] {
        let call = Call::new(GetCallerIdentity::new(), with(Retry::standard()), 5);
        let (_, _, result) = play(call, start(), |_, _| (BRIEF, event()));
        assert_eq!(result.unwrap_err().attempts(), 1);
    }
    // And a failure of the service stays one, whatever it says of the clock.
    let call = Call::new(GetCallerIdentity::new(), with(Retry::standard()), 5);
    let (_, _, result) = play(call, start(), |_, _| (BRIEF, refusal(503, "RequestExpired")));
    assert_eq!(result.unwrap_err().attempts(), 3);
}

#[test]
fn a_url_is_presigned_with_the_corrected_clock() {
    let shared = with(Retry::standard());
    let call = Call::new(GetCallerIdentity::new(), Arc::clone(&shared), 5);
    let (..) =
        play(call, start(), |_, _| (BRIEF, answer(403, &[("date", "Tue, 14 Nov 2023 12:00:00 GMT")], "")));
    let options = crate::operation::Presign::new(Duration::from_secs(60));
    let request = shared.presign(&GetCallerIdentity::new(), &options, start()).unwrap();
    assert!(request.uri().query().unwrap().contains("X-Amz-Date=20231114T1[12]".split('[').next().unwrap()));
    assert!(!request.uri().query().unwrap().contains("X-Amz-Date=20231114T22"), "{}", request.uri());
}

/// The event with this date.
fn dated(now: SystemTime, ahead: i64, event: Event) -> Event {
    let Event::Response(mut response) = event else { panic!("{event:?}") };
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64 + ahead;
    response.headers_mut().insert("date", since.to_string().parse().unwrap());
    Event::Response(response)
}

/// What a service says whose clock is right: the request's date has to be within five minutes.
fn judged(now: SystemTime, request: &Request<Bytes>) -> Event {
    let date = request.headers()["x-amz-date"].to_str().unwrap();
    let date = crate::wire::time::parse(date).unwrap();
    let apart = now.duration_since(date).unwrap_or_else(|error| error.duration());
    let event =
        if apart <= Duration::from_secs(300) { success() } else { refusal(403, "RequestTimeTooSkewed") };
    dated(now, 0, event)
}

/// The dates of a call's attempts, counted from `start`, and its end.
fn dates(
    shared: &Arc<Context>,
    begin: SystemTime,
    mut serve: impl FnMut(usize, SystemTime, &Request<Bytes>) -> (Duration, Event),
) -> (Vec<i64>, SystemTime, Result<u32, Error>) {
    let mut dates = Vec::new();
    let call = Call::new(GetCallerIdentity::new(), Arc::clone(shared), 5);
    let (_, end, result) = play(call, begin, |now, request| {
        let date = crate::wire::time::parse(request.headers()["x-amz-date"].to_str().unwrap()).unwrap();
        let seconds =
            |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64;
        dates.push(seconds(date) - seconds(start()));
        serve(dates.len(), now, request)
    });
    (dates, end, result.map(|output| output.metadata.attempts()))
}

fn patient() -> Arc<Context> {
    let hours = Duration::from_secs(10 * 3600);
    let timeouts = Timeouts { connect: BRIEF, attempt: hours, call: hours };
    let keys = Credentials::new("AKID", SECRET);
    context(Settings::new().credentials(keys).timeouts(timeouts))
}

#[test]
fn a_process_that_stood_still_takes_its_clock_for_what_it_was() {
    for ahead in [0, 3600, -3600] {
        for stood_still in [1, 200, 239, 240, 600, 899] {
            for answered_after in [0, stood_still / 2, stood_still] {
                let shared = patient();
                let server =
                    |now: SystemTime, more: u64, event| dated(now + Duration::from_secs(more), ahead, event);
                // The offset is known by then.
                let first = dates(&shared, start(), |_, now, _| (Duration::ZERO, server(now, 0, success())));
                assert!(first.2.is_ok());
                let known = shared.shared().clock().offset();
                let late = dates(&shared, start(), |_, now, _| {
                    (Duration::from_secs(stood_still), server(now, answered_after, success()))
                });
                assert!(late.2.is_ok());
                assert_eq!(shared.shared().clock().offset(), known, "{ahead} {stood_still} {answered_after}");
            }
        }
    }
}

#[test]
fn what_was_refused_for_its_age_after_the_process_stood_still_is_dated_now() {
    // However long that was, and whether the server read the request before or after.
    for stood_still in [301, 600, 899, 901, 1200, 8 * 3600] {
        for retry in [Retry::standard(), Retry::standard().correct_clock(false)] {
            let timeouts = patient().timeouts();
            let keys = Credentials::new("AKID", SECRET);
            let shared = context(Settings::new().credentials(keys).timeouts(timeouts).retry(retry));
            let (dates, _, result) = dates(&shared, start(), |number, now, request| match number {
                1 => {
                    let late = Duration::from_secs(stood_still);
                    (late, judged(now + late, request))
                }
                _ => (Duration::ZERO, judged(now, request)),
            });
            assert_eq!(dates, [0, stood_still as i64]);
            assert_eq!(result.unwrap(), 2, "{stood_still}");
        }
    }
    // Within another attempt than the first, and more than once.
    let shared = patient();
    let (dates, _, result) = dates(&shared, start(), |number, now, request| {
        let late = Duration::from_secs(if number < 3 { 1200 } else { 0 });
        (late, judged(now + late, request))
    });
    assert_eq!((dates, result.unwrap()), (vec![0, 1200, 2400], 3));
}

#[test]
fn a_refusal_for_another_reason_that_comes_soon_is_not_dated_anew() {
    let shared = patient();
    let (dates, _, result) = dates(&shared, start(), |_, now, _| {
        let late = Duration::from_secs(239);
        (late, dated(now + late, 0, refusal(403, "AccessDenied")))
    });
    assert_eq!((dates.len(), result.unwrap_err().attempts()), (1, 1));
}

#[test]
fn one_answer_with_a_wrong_date_stops_no_call() {
    let wrong: [fn() -> Event; 8] = [
        success,
        || refusal(403, "AccessDenied"),
        || refusal(403, "RequestTimeTooSkewed"),
        || refusal(403, "SignatureDoesNotMatch"),
        || refusal(400, "Throttling"),
        || answer(503, &[], ""),
        || answer(302, &[], ""),
        || answer(200, &[], "<html/>"),
    ];
    for (index, wrong) in wrong.iter().enumerate() {
        for ahead in [2 * 86_400, -2 * 86_400, 301, -301, 3600, -3600, 10 * 365 * 86_400] {
            let shared = with(Retry::standard());
            // It may be the one that is refused; then it is sent once more with that date, and once more with the right one.
            let (_, end, first) = dates(&shared, start(), |number, now, request| {
                (BRIEF, if number == 1 { dated(now, ahead, wrong()) } else { judged(now, request) })
            });
            assert!(first.is_ok() || [6, 7].contains(&index), "{index} {ahead}: {first:?}");
            let call = |begin| dates(&shared, begin, |_, now, request| (BRIEF, judged(now, request)));
            let options = crate::operation::Presign::new(Duration::from_secs(60));
            let request = shared.presign(&GetCallerIdentity::new(), &options, end).unwrap();
            let query = request.uri().query().unwrap();
            assert!(query.contains("X-Amz-Date=20231114T2213"), "{index} {ahead}: {query}");
            let (_, end, second) = call(end);
            assert!(second.unwrap() <= 2, "{index} {ahead}");
            let (dates, _, third) = call(end);
            assert_eq!((dates, third.unwrap()), (vec![0], 1), "{index} {ahead}: it is forgotten");
        }
    }
}

#[test]
fn a_clock_that_is_set_while_an_answer_is_on_its_way_does_no_harm() {
    // By this machine's clock the answer comes an hour after or before the request was sent.
    for forward in [true, false] {
        let hour = Duration::from_secs(3600);
        let shared = patient();
        let mut call = Call::new(GetCallerIdentity::new(), Arc::clone(&shared), 5);
        let later = if forward { start() + hour } else { start() - hour };
        let (request, _) = sent(call.step(start(), Event::Start).unwrap());
        // The clock was wrong and is right.
        let Ok(Step::Perform(Effect::Wait(Duration::ZERO))) = call.step(later, judged(later, &request))
        else {
            panic!("it gives up");
        };
        let (request, _) = sent(call.step(later, Event::Elapsed).unwrap());
        let step = call.step(later, judged(later, &request));
        assert!(matches!(step, Ok(Step::Done(_))), "{step:?}");
    }
}
