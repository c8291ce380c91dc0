mod clock;
mod explain;
mod keys;
mod region;
mod settings;
mod tokens;
mod world;

use bytes::Bytes;
use http::Response;

use crate::client::{Asking, Config, Core};
use crate::error::Error;
use crate::flow::{Effect, Event, Flow, Step};
use crate::operations::{GetAccessKeyInfo, GetCallerIdentity};
use crate::retry::Retry;
use crate::settings::Env;
use world::{built, start};

#[test]
fn flows_that_are_over_stay_over() {
    let core = built(Config::isolated().region("eu-west-1").credentials(world::keys("ASIA")));
    let mut get = core.credentials(1);
    assert!(get.step(start(), Event::Start).is_ok());
    assert!(matches!(get.step(start(), Event::Start), Err(Error::OutOfTurn)));
    let mut call = core.send(GetCallerIdentity::new(), 1);
    assert!(matches!(call.step(start(), Event::Elapsed), Err(Error::OutOfTurn)));
    assert!(matches!(call.step(start(), Event::Start), Err(Error::OutOfTurn)));
}

#[test]
fn an_answer_that_cannot_be_used_leaves_nothing() {
    let core = with_keys();
    let mut asking = Asking::new(GetCallerIdentity::new());
    let mut sending = core.sending(&asking.untyped(), 1, Env::default);
    let step = sending.steps(asking.untyped()).step(start(), Event::Start);
    assert!(matches!(step, Ok(Step::Perform(Effect::Send(..)))));
    // Its result is whole, the document is not.
    let body = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>a</Arn><UserId>b</UserId>\
                <Account>1</Account></GetCallerIdentityResult></Get>";
    let answer = Event::Response(Response::new(Bytes::from(body)));
    assert!(matches!(sending.steps(asking.untyped()).step(start(), answer), Err(Error::Response(_))));
    assert!(matches!(asking.output(), Err(Error::OutOfTurn)));
}

#[test]
fn a_call_takes_its_own_operation_only() {
    let core = with_keys();
    let (mut asking, mut other) =
        (Asking::new(GetCallerIdentity::new()), Asking::new(GetAccessKeyInfo::new("AKIA")));
    let mut sending = core.sending(&asking.untyped(), 1, Env::default);
    assert!(matches!(sending.steps(other.untyped()).step(start(), Event::Start), Err(Error::OutOfTurn)));
    let step = sending.steps(asking.untyped()).step(start(), Event::Start);
    assert!(matches!(step, Ok(Step::Perform(Effect::Send(..)))));
}

fn with_keys() -> Core {
    built(Config::isolated().region("eu-west-1").credentials(world::keys("ASIA")).retry(Retry::off()))
}
