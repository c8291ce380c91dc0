//! Any sequence of events for calls that share a context: a call never panics, asks for one effect per step,
//! sends at most its maximum number of attempts, ends, returns an error after its end, and shows no secret.
//!
//! The driver behaves correctly unless the input says otherwise: a wait takes at least as long as asked for.
//! The input can also move the clock, send events out of turn and return any response. When it is used up,
//! every attempt fails, and the call must end.

#![no_main]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use sts_fuzz::answers::{self, check_no_secret};
use sts_fuzz::times::{jump, moved, timeouts};
use sts_proto::operations::{AssumeRole, AssumeRoleWithWebIdentity, GetCallerIdentity};
use sts_proto::{
    Call, Context, Credentials, Effect, Error, Event, Flow, Operation, Output, Retry, Settings, Step,
    Timeouts, TransportErrorKind,
};

fuzz_target!(|data: &[u8]| {
    // An error means that the input is used up.
    let _ = calls(&mut Unstructured::new(data));
});

fn calls(input: &mut Unstructured<'_>) -> Result<()> {
    let mut world = World::new(input)?;
    for seed in 0..4 {
        let call_timeouts = input.ratio(1, 4)?.then(|| timeouts(input)).transpose()?;
        match input.int_in_range(0..=2)? {
            0 => world.call(GetCallerIdentity::new(), call_timeouts, seed, input),
            1 => {
                world.call(AssumeRole::new("arn", "me").token_code("PLANTED/KEY"), call_timeouts, seed, input)
            }
            _ => world.call(
                AssumeRoleWithWebIdentity::new("arn", "me", "PLANTED/KEY"),
                call_timeouts,
                seed,
                input,
            ),
        }
    }
    Ok(())
}

struct World {
    context: Arc<Context>,
    /// The maximum number of attempts of a call.
    max_attempts: u32,
    now: SystemTime,
}

impl World {
    fn new(input: &mut Unstructured<'_>) -> Result<Self> {
        let kind = input.int_in_range(0..=3)?;
        let max_attempts = if kind > 1 { u32::from(input.arbitrary::<u8>()?) } else { 3 };
        let retry = if matches!(kind, 1 | 2) { Retry::adaptive() } else { Retry::standard() };
        let retry = retry.max_attempts(max_attempts);
        let settings = Settings::new()
            .region("eu-west-1")
            .credentials(Credentials::new("AKIDEXAMPLE", "PLANTED/KEY").with_session_token("PLANTED/KEY"))
            .retry(retry.correct_clock(input.ratio(3, 4)?))
            .timeouts(timeouts(input)?);
        let context = Context::new(&settings, "fuzz/0").expect("the settings can be used");
        let now = moved(SystemTime::UNIX_EPOCH, jump(input)?);
        Ok(Self { context: Arc::new(context), max_attempts: max_attempts.max(1), now })
    }

    fn call<O: Operation>(
        &mut self,
        operation: O,
        timeouts: Option<Timeouts>,
        seed: u128,
        input: &mut Unstructured<'_>,
    ) {
        let mut call = Call::new(operation, self.context.clone(), seed);
        if let Some(timeouts) = timeouts {
            call = call.timeouts(timeouts);
        }
        let bounds = timeouts.unwrap_or(self.context.timeouts());
        let (mut event, mut sent, mut idle, mut after_input) = (Event::Start, 0, 0, 0);
        let result = loop {
            let effect = match call.step(self.now, event) {
                Ok(Step::Perform(effect)) => effect,
                Ok(Step::Done(output)) => break Ok(output),
                Err(error) => break Err(error),
            };
            check_no_secret(&format!("{effect:?} {call:?}"));
            (sent, idle) = match &effect {
                Effect::Send(request, timeouts) => {
                    check_request::<O>(request);
                    assert!(timeouts.attempt <= bounds.attempt && timeouts.connect <= timeouts.attempt);
                    assert!(timeouts.attempt <= bounds.call, "{timeouts:?} {bounds:?}");
                    (sent + 1, 0)
                }
                Effect::Wait(wait) => {
                    assert!(*wait < bounds.call, "a wait of {wait:?} does not end in time");
                    // An input that sets the clock back at each wait can have a call wait as long as it lasts.
                    (sent, if input.is_empty() { idle + 1 } else { 0 })
                }
                other => panic!("a call must not ask for {other:?}"),
            };
            assert_eq!(call.attempts(), sent);
            assert!(sent <= self.max_attempts, "{sent} attempts");
            // At most 255 attempts with a wait before each, and a few more waits for the rate limiter.
            after_input += u32::from(input.is_empty());
            assert!(after_input < 2000 && idle < 50, "the call does not end");
            event = self.event(&effect, input).unwrap_or(Event::Failed(TransportErrorKind::Closed.into()));
        };
        assert!(self.context.retry_quota() <= 500);
        match &result {
            Ok(output) => assert_eq!(output.metadata().attempts(), sent),
            Err(error) => check_error(error, sent),
        }
        for event in [Event::Start, Event::Elapsed, Event::Response(Response::new(Bytes::new()))] {
            assert!(
                matches!(call.step(self.now, event), Err(Error::OutOfTurn)),
                "a call that has ended returns an error"
            );
        }
    }

    /// A result of the effect, or what a faulty driver might return.
    fn event(&mut self, effect: &Effect, input: &mut Unstructured<'_>) -> Result<Event> {
        let hostile = input.arbitrary::<u8>()?;
        if hostile >= 0xf8 {
            self.now = moved(self.now, jump(input)?);
        } else if hostile >= 0xf0 {
            return answers::out_of_turn(input);
        }
        match effect {
            Effect::Wait(wait) => {
                let late = Duration::from_millis(input.arbitrary::<u16>()?.into());
                self.pass(wait.saturating_add(late));
                Ok(Event::Elapsed)
            }
            _ => {
                let took = Duration::from_millis(input.arbitrary::<u16>()?.into());
                self.pass(took);
                if input.ratio(1, 4)? { answers::failure(input) } else { answers::response(self.now, input) }
            }
        }
    }

    /// Advances the clock. At its maximum, it is set back first, since waiting would never end with a clock
    /// that stands still.
    fn pass(&mut self, time: Duration) {
        while self.now.checked_add(time).is_none() {
            self.now -= Duration::from_secs(30 * 86_400).max(time);
        }
        self.now += time;
    }
}

fn check_request<O: Operation>(request: &Request<Bytes>) {
    let authorization = request.headers().get("authorization");
    assert_eq!(authorization.is_some(), O::SIGNED);
    assert!(authorization.is_none_or(HeaderValue::is_sensitive));
    assert!(request.headers().get("x-amz-security-token").is_none_or(HeaderValue::is_sensitive));
    assert!(request.headers().contains_key("amz-sdk-request"));
    check_no_secret(&format!("{:?}", request.headers()));
}

fn check_error(error: &Error, sent: u32) {
    let text = error.to_string();
    assert!(!text.contains('\n') && text.len() < 4096, "an error must be one short line: {text:?}");
    check_no_secret(&format!("{text} {error:?}"));
    let service = error.as_service_error();
    service
        .into_iter()
        .flat_map(|error| error.extra())
        .for_each(|(name, text)| check_no_secret(&format!("{name} {text}")));
    check_no_secret(service.and_then(|error| error.message()).unwrap_or_default());
    // The error must report the number of attempts, unless nothing was sent.
    let silent = matches!(error, Error::OutOfTurn | Error::Sign(_)) || sent == 0;
    assert!(silent || error.attempts() == sent, "{sent} sent: {error:?}");
}
