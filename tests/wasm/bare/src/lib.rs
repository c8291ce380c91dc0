//! The core alone: a call, signed and read, on a machine that has nothing. Neither clock nor entropy: both are arguments.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sts_proto::bytes::Bytes;
use sts_proto::operations::GetCallerIdentity;
use sts_proto::{Call, Context, Credentials, Effect, Event, Flow, Settings, Step, http};

/// How long the ARN of a caller is that asks at this time, in seconds since 1970, and is told who it is.
#[unsafe(no_mangle)]
pub extern "C" fn ask(now: u64, seed: u64) -> usize {
    call(SystemTime::UNIX_EPOCH + Duration::from_secs(now), seed).map_or(0, |arn| arn.len())
}

/// The ARN in the answer to a signed request.
pub fn call(now: SystemTime, seed: u64) -> Option<String> {
    let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI");
    let settings = Settings::new().region("eu-west-1").credentials(keys);
    let context = Arc::new(Context::new(&settings, "bare/0.0.0").ok()?);
    let mut call = Call::new(GetCallerIdentity::new(), context, seed.into());
    let Step::Perform(Effect::Send(request, _)) = call.step(now, Event::Start).ok()? else { return None };
    request.headers().get("authorization")?;
    let answer = http::Response::new(Bytes::from_static(ANSWER));
    let Step::Done(me) = call.step(now, Event::Response(answer)).ok()? else { return None };
    Some(me.arn)
}

const ANSWER: &[u8] =
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>u</UserId><Account>123456789012</Account>\
    <Arn>arn:aws:iam::123456789012:user/alice</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>";
