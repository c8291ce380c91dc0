//! Any environment, shared files and sequence of events for the flows that find credentials: loading
//! settings, then resolving their chain. They never panic, ask for one effect per step, end, and return an
//! error after their end.
//!
//! The input has four parts, separated by a byte 0xFF: variables, one per line; the config file; the
//! credentials file; the choice of events. When the input is used up, every effect fails, and the flow must
//! end.

#![no_main]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Response;
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use sts_fuzz::answers::{DOCUMENTS, FILES, text};
use sts_proto::client::{Load, Loaded};
use sts_proto::credentials::{Chain, Explanation, Resolve};
use sts_proto::flow::ProcessOutput;
use sts_proto::settings::Env;
use sts_proto::{
    Context, Effect, Error, Event, Flow, Secret, Settings, Step, TransportError, TransportErrorKind,
};

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(4, |byte| *byte == 0xff);
    let mut part = || parts.next().unwrap_or_default();
    let (variables, config, credentials, events) = (part(), part(), part(), part());
    let variables = String::from_utf8_lossy(variables).into_owned();
    let env =
        Env::from_iter(variables.lines().filter_map(|line| line.split_once('=')).chain([("HOME", "/h")]));
    let Ok(Loaded { settings, profiles, .. }) = load(env.clone(), config, credentials) else { return };
    settings.list().iter().for_each(|setting| short(&format!("{} {}", setting.value, setting.origin)));
    let Ok(context) = Context::without_endpoint(&settings, "fuzz/0") else { return };
    let chain = Chain::new(&env, &profiles, None);
    let flow = Resolve::new(Arc::new(chain), Arc::new(context), 7);
    run(flow, &settings, &mut Unstructured::new(events));
});

fn load(env: Env, config: &[u8], credentials: &[u8]) -> std::result::Result<Loaded, ()> {
    let mut flow = Load::new(env);
    let mut event = Event::Start;
    for file in [Some(config), Some(credentials), None] {
        match flow.step(NOW, event) {
            Ok(Step::Done(loaded)) => return Ok(loaded),
            Ok(Step::Perform(Effect::Read(_))) => {}
            Ok(Step::Perform(effect)) => panic!("loading settings must only read files, not {effect:?}"),
            Err(error) => {
                short(&error.to_string());
                return Err(());
            }
        }
        event = Event::Contents(file.map(Bytes::copy_from_slice));
    }
    panic!("more than two files were asked for");
}

const NOW: SystemTime = SystemTime::UNIX_EPOCH;

fn run(mut flow: Resolve, settings: &Settings, input: &mut Unstructured<'_>) {
    let mut now = NOW + Duration::from_secs(1_700_000_000);
    let begun_well = input.peek_bytes(1) != Some(&[0xff]);
    let (mut event, mut after_input) = (if begun_well { Event::Start } else { Event::Elapsed }, 0);
    loop {
        let effect = match flow.step(now, event) {
            Ok(Step::Perform(effect)) => effect,
            Ok(Step::Done(resolved)) => {
                assert_eq!(resolved.tried, flow.tried());
                break;
            }
            Err(error) => {
                short(&error.to_string());
                assert!(format!("{error:?}").len() < 1 << 20, "debug is bounded");
                break;
            }
        };
        assert!(format!("{effect:?} {flow:?}").len() < 1 << 20, "debug is bounded");
        after_input += u32::from(input.is_empty());
        assert!(after_input < 2000, "the flow does not end");
        event =
            self::event(&effect, &mut now, input).unwrap_or(Event::Failed(TransportErrorKind::Closed.into()));
    }
    flow.tried().iter().for_each(|tried| short(&tried.to_string()));
    drop(Explanation::new(settings.list(), flow.tried().to_vec()).to_string());
    for event in [Event::Start, Event::Elapsed, Event::Contents(None)] {
        assert!(
            matches!(flow.step(now, event), Err(Error::OutOfTurn)),
            "a flow that has ended returns an error"
        );
    }
}

/// A result of the effect, or sometimes an event that does not fit.
fn event(effect: &Effect, now: &mut SystemTime, input: &mut Unstructured<'_>) -> Result<Event> {
    let kind = input.arbitrary::<u8>()?;
    if kind >= 0xf8 {
        return Ok(Event::Elapsed);
    }
    if kind == 0xdf {
        let distance = Duration::from_secs(input.arbitrary::<u32>()?.into());
        *now = if input.arbitrary()? { now.checked_add(distance) } else { now.checked_sub(distance) }
            .unwrap_or(*now);
    }
    if kind >= 0xe0 {
        let kinds =
            [TransportErrorKind::Refused, TransportErrorKind::Closed, TransportErrorKind::Unsupported];
        return Ok(Event::Failed(TransportError::new(*input.choose(&kinds)?, "the reason")));
    }
    Ok(match effect {
        Effect::Wait(wait) => {
            *now = now.checked_add(*wait).unwrap_or(*now);
            Event::Elapsed
        }
        Effect::Read(_) if kind < 0x20 => Event::Contents(None),
        Effect::Read(_) => Event::Contents(Some(text(input, FILES)?)),
        Effect::Replace(..) => Event::Replaced,
        Effect::Run(_) => {
            let status = (kind < 0xc0).then_some(i32::from(kind < 0x20));
            // No error quotes what was printed, whatever else the program says.
            let stdout = text(input, DOCUMENTS)?;
            let stderr = stdout.clone();
            Event::Exited(ProcessOutput { status, stdout, stderr })
        }
        Effect::AskMfaCode(_) => Event::MfaCode(Secret::from("123456")),
        Effect::Join(join) => panic!("a chain must not ask for {join:?}"),
        Effect::Send(..) => {
            let mut response = Response::new(text(input, DOCUMENTS)?);
            let status = *input.choose(&[200, 200, 200, 400, 401, 403, 404, 429, 500, 302])?;
            *response.status_mut() = http::StatusCode::from_u16(status).expect("a valid status");
            Event::Response(response)
        }
    })
}

fn short(text: &str) {
    assert!(!text.contains('\n') && text.len() < 64 * 1024, "a text must be one short line: {text:?}");
}
